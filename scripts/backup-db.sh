#!/usr/bin/env bash
# Takes a backup of the database and prints its name. Everything after it is for `shortsai backup create`, such as
# --folder FOLDER or --bucket; where backups are kept and for whom they are encrypted is configured (docs/backup.md).
#
#   scripts/backup-db.sh [OPTION …]
set -euo pipefail
# shellcheck source=scripts/shortsai-command.sh
source "$(dirname "${BASH_SOURCE[0]}")/shortsai-command.sh"
shortsai_command backup create "$@"
