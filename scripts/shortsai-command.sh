# The program for the scripts of this folder, to be read in by them: the one on this machine, or the one in its container.
# shellcheck shell=bash
#
#   SHORTSAI            the program to run [default: shortsai in PATH, else this folder's own build]
#   SHORTSAI_COMPOSE    the folder of a docker-compose.yml whose service `api` is to run it
#   SHORTSAI_SERVICE    another name of that service

# shortsai_command ARGUMENT …: runs the program.
shortsai_command() {
  local root program
  root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
  if [[ -n ${SHORTSAI_COMPOSE:-} ]]; then
    # A terminal only where there is one: cron has none.
    local terminal=(-T)
    if [[ -t 0 && -t 1 ]]; then terminal=(); fi
    (cd "$SHORTSAI_COMPOSE" && docker compose run --rm "${terminal[@]}" "${SHORTSAI_SERVICE:-api}" "$@")
    return
  fi
  for program in "${SHORTSAI:-}" "$(command -v shortsai || true)" "$root/target/release/shortsai"; do
    if [[ -n $program && -x $program ]]; then
      "$program" "$@"
      return
    fi
  done
  echo "shortsai is not found: put it into PATH, or name it in SHORTSAI (or its docker-compose.yml's folder in SHORTSAI_COMPOSE)" >&2
  return 1
}
