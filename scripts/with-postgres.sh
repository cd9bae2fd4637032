#!/usr/bin/env bash
# Runs a command with a private PostgreSQL server beside it: a throw-away cluster in a temporary folder, reached only through
# a socket in that folder, gone when the command ends. The command finds it in SHORTSAI_TEST_POSTGRES_URL.
#
#   scripts/with-postgres.sh COMMAND [ARGUMENT …]
#
# A server that is already named in SHORTSAI_TEST_POSTGRES_URL is used instead.
set -euo pipefail
export LC_ALL=C

if [[ -n "${SHORTSAI_TEST_POSTGRES_URL:-}" ]]; then exec "$@"; fi

# Debian keeps the programs of each version in a folder of its own, outside of PATH; the newest one is taken.
programs="$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)"
if [[ ! -x "$programs/initdb" ]]; then
  programs="$(dirname "$(command -v initdb || true)")"
fi
if [[ ! -x "$programs/initdb" ]]; then
  echo "with-postgres: no PostgreSQL server programs found; install them with: sudo apt-get install postgresql" >&2
  exit 1
fi

folder="$(mktemp -d)"
# PostgreSQL refuses to run as root: root lends it the account that Debian's package made for it.
as_server=()
if [[ $(id -u) -eq 0 ]]; then
  as_server=(runuser -u postgres --)
  chown postgres "$folder"
fi

stop() {
  "${as_server[@]}" "$programs/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$folder"
}
trap stop EXIT

cd "$folder"
# Nothing in it outlives the command, so it need not be safe against a power cut.
"${as_server[@]}" "$programs/initdb" -D data -U tester -A trust -E UTF8 --no-sync >"$folder.log" 2>&1 ||
  { cat "$folder.log" >&2; rm -f "$folder.log"; exit 1; }
rm -f "$folder.log"
"${as_server[@]}" "$programs/pg_ctl" -D data -w -l "$folder/server.log" \
  -o "-c listen_addresses='' -c unix_socket_directories='$folder' -c fsync=off -c max_connections=200" start >/dev/null ||
  { cat "$folder/server.log" >&2; exit 1; }
cd "$OLDPWD"

encoded="${folder//\//%2F}"
export SHORTSAI_TEST_POSTGRES_URL="postgres://tester@$encoded/postgres"
"$@"
