#!/usr/bin/env bash
# Times the main job on examples/moon-landing.md: once from nothing, once with everything already made.
#
#   scripts/bench.sh PROGRAM RESULT.json
#
# Prints seconds of work per second of video and writes the same numbers as JSON. Everything happens in a throw-away folder.
set -euo pipefail
export LC_ALL=C

program="${1:?usage: scripts/bench.sh PROGRAM RESULT.json}"
result="${2:?usage: scripts/bench.sh PROGRAM RESULT.json}"
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

# run NAME: one run of the main job; prints the seconds it took.
run() {
  local begin="$EPOCHREALTIME"
  # By name, so that whoever has keys in the environment pays nobody and measures the same.
  "$program" make "$root/examples/moon-landing.md" --data-dir "$folder/data" -o "$folder/$1.mp4" \
    --set image-vendor=poster --set speech-vendor=espeak --set music-vendor=composer >"$folder/$1.log" 2>&1 || {
    cat "$folder/$1.log" >&2
    return 1
  }
  awk -v begin="$begin" -v end="$EPOCHREALTIME" 'BEGIN { printf "%.2f", end - begin }'
}
per_second() { awk -v work="$1" -v video="$2" 'BEGIN { printf "%.3f", work / video }'; }

fresh="$(run fresh)"
warm="$(run warm)"
video="$(ffprobe -v error -show_entries format=duration -of csv=p=0 "$folder/fresh.mp4")"
cores="$(getconf _NPROCESSORS_ONLN)"
fresh_rate="$(per_second "$fresh" "$video")"
warm_rate="$(per_second "$warm" "$video")"

mkdir -p "$(dirname "$result")"
printf '{"videoSeconds":%.3f,"cores":%d,"fresh":{"seconds":%s,"perVideoSecond":%s},"warm":{"seconds":%s,"perVideoSecond":%s}}\n' \
  "$video" "$cores" "$fresh" "$fresh_rate" "$warm" "$warm_rate" >"$result"

printf 'video   %8.2f s, %d cores\n' "$video" "$cores"
printf 'fresh   %8.2f s  = %s s per second of video\n' "$fresh" "$fresh_rate"
printf 'warm    %8.2f s  = %s s per second of video\n' "$warm" "$warm_rate"
printf 'written to %s\n' "$result"
