#!/usr/bin/env bash
# Lets schemathesis try every route of a running server with what the OpenAPI document allows and with what it forbids. No
# answer may be a server error, or one that the document does not tell of.
#
#   scripts/schemathesis.sh path/to/shortsai
#
# It is done twice at once, each time with a server of its own over a throw-away data folder: as this machine's owner, with
# simulated vendors behind it; and with sign-in, as a program with an access token, where nothing may be had without one.
set -euo pipefail
export LC_ALL=C

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
shortsai="$(realpath "${1:?usage: scripts/schemathesis.sh path/to/shortsai}")"
schemathesis="${CARGO_TARGET_DIR:-$root/target}/schemathesis/bin/schemathesis"
if [[ ! -x $schemathesis ]]; then
  echo "schemathesis: it is not installed; install it with: scripts/setup.sh --tests" >&2
  exit 1
fi

folder="$(mktemp -d)"
running=()
tried=()
stop() {
  local process
  for process in "${running[@]}" "${tried[@]##* }"; do
    kill "$process" 2>/dev/null || true
    wait "$process" 2>/dev/null || true
  done
}
trap 'stop; rm -rf "$folder"' EXIT

# begin NAME WORDS COMMAND…: starts a server in the background and waits until it says its address after those words; puts
# that into $address.
begin() {
  local name="$1" words="$2"
  shift 2
  : >"$folder/$name.out"
  "$@" >"$folder/$name.out" 2>"$folder/$name.log" &
  running+=("$!")
  address=""
  for _ in {1..300}; do
    address="$(sed -n "s/^$words //p" "$folder/$name.out")"
    if [[ -n $address ]]; then return 0; fi
    if ! kill -0 "${running[-1]}" 2>/dev/null; then break; fi
    sleep 0.1
  done
  echo "schemathesis: $name did not start:" >&2
  cat "$folder/$name.out" "$folder/$name.log" >&2
  exit 1
}

# try NAME ARGUMENT…: sends the requests to the server of that name at $address, in the background.
try() {
  local name="$1"
  shift
  # In a folder of its own, because it leaves files behind where it runs.
  mkdir "$folder/$name.tried"
  cp "$root/scripts/schemathesis/hooks.py" "$folder/$name.tried"
  (cd "$folder/$name.tried" && SCHEMATHESIS_HOOKS=hooks exec "$schemathesis" --no-color \
    --config-file "$root/scripts/schemathesis/config.toml" run "$address/api/openapi.json" "$@") >"$folder/$name.said" 2>&1 &
  tried+=("$name $!")
}

# furnish HEADER: makes one of each thing at $address, so that not only what is missing is asked for.
furnish() {
  local header="$1" project scene render character folder show webhook message
  make() { curl -sSf -H "$header" -H "content-type: application/json" -d "$2" "$address/api/$1" | jq -r "$3"; }
  project="$(make projects '{"topic":"The Moon"}' .id)"
  scene="$(make scenes "{\"project_id\":\"$project\",\"scene_number\":1,\"narration\":\"One.\"}" .id)"
  render="$(make shorts '{"script":"Words."}' .id)"
  character="$(make characters "{\"name\":\"Ana\",\"images\":[\"$picture\"]}" .id)"
  folder="$(make folders '{"name":"Week 1"}' .id)"
  show="$(make shows '{"name":"Night talks"}' .id)"
  # Nobody has that name, so that nothing leaves this machine.
  webhook="$(make webhooks '{"url":"https://hooks.invalid/in"}' .id)"
  message="$(make "webhooks/$webhook/test" '{}' .messageId)"
  SCHEMATHESIS_THERE="$(jq -n '$ARGS.named' --arg project "$project" --arg scene "$scene" --arg render "$render" \
    --arg character "$character" --arg folder "$folder" --arg show "$show" \
    --arg webhook "$webhook" --arg message "$message")"
  export SCHEMATHESIS_THERE
}

# 64 by 64 pixels, all alike.
picture="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJAAAAT0lEQVR42u3PQQkAAAgEsItmFKMY3Qi+hcEKLNP1WgQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQELgujswEPkfdDAwAAAABJRU5ErkJggg=="
# Nobody types as fast as this.
printf '[server]\nrequests_per_minute = 4000000000\naddress_requests_per_minute = 4000000000\n' >"$folder/shortsai.toml"
serve() { "$shortsai" serve --listen 127.0.0.1:0 --config "$folder/shortsai.toml" --data-dir "$folder/$1"; }

begin vendors "Vendors are simulated on" "$shortsai" simulate-vendors --listen 127.0.0.1:0
export SHORTSAI_VENDOR_BASE="$address" GEMINI_API_KEY=simulated WORKER_SECRET=worker
begin owner "ShortsAI listens on" serve owner
furnish "x-nobody: asks"
try owner --exclude-checks ignored_auth,positive_data_acceptance

unset SHORTSAI_VENDOR_BASE GEMINI_API_KEY
export AUTH_SECRET=a-secret-of-the-tests AUTH_URL=http://localhost GOOGLE_CLIENT_ID=client GOOGLE_CLIENT_SECRET=secret
# Nobody is there: nobody can sign in, and nothing leaves this machine.
export GOOGLE_ISSUER=http://127.0.0.1:9
user() { "$shortsai" user --data-dir "$folder/signed" "$@"; }
user create --admin someone@example.com >/dev/null
token="$(user token --scope write someone@example.com)"
begin signed "ShortsAI listens on" serve signed
furnish "x-api-key: $token"
try signed --header "x-api-key: $token" --exclude-checks positive_data_acceptance

verdict=0
for each in "${tried[@]}"; do
  name="${each% *}"
  wait "${each##* }" || verdict=1
  printf 'schemathesis, as %s:\n' "$name"
  if [[ $verdict -ne 0 ]]; then cat "$folder/$name.said"; else tail -n 12 "$folder/$name.said"; fi
  # Even an answer that nobody saw.
  if grep "a request failed" "$folder/$name.log" >&2; then verdict=1; fi
done
if [[ $verdict -ne 0 ]]; then
  echo "schemathesis: the API does not do what its document says, see above" >&2
  exit 1
fi
