#!/usr/bin/env bash
# Puts a backup in the place of the database, after a question: a name out of `shortsai backup list`, the path of a file, or
# latest. What was there stays under another name. Stop the server first. More options: `shortsai backup restore --help`.
#
#   scripts/restore-db.sh NAME|latest [OPTION …]
set -euo pipefail
# shellcheck source=scripts/shortsai-command.sh
source "$(dirname "${BASH_SOURCE[0]}")/shortsai-command.sh"
if [[ $# -eq 0 ]]; then
  shortsai_command backup list
  echo "Say which one: scripts/restore-db.sh NAME (or latest)" >&2
  exit 2
fi
shortsai_command backup restore "$@"
