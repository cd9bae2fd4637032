#!/usr/bin/env bash
# Takes a backup of the database, and removes old ones only if that went well.
#
#   scripts/backup-rotate.sh [--keep-last COUNT] [--keep-daily COUNT] [--keep-weekly COUNT] [--keep-monthly COUNT]
#                            [--folder FOLDER] [--bucket]
set -euo pipefail
# shellcheck source=scripts/shortsai-command.sh
source "$(dirname "${BASH_SOURCE[0]}")/shortsai-command.sh"

place=() keep=()
while [[ $# -gt 0 ]]; do
  case "$1" in
    --bucket) place+=("$1"); shift ;;
    --folder | --keep-last | --keep-daily | --keep-weekly | --keep-monthly)
      if [[ $# -lt 2 ]]; then echo "backup-rotate: $1 needs a value" >&2; exit 2; fi
      if [[ $1 == --folder ]]; then place+=("$1" "$2"); else keep+=("$1" "$2"); fi
      shift 2
      ;;
    *) echo "backup-rotate: $1 is not known; see the top of this script" >&2; exit 2 ;;
  esac
done
shortsai_command backup create "${place[@]}"
shortsai_command backup prune "${place[@]}" "${keep[@]}"
