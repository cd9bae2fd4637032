#!/usr/bin/env bash
# Has cron take backups (scripts/backup-rotate.sh) for this user. Without an option it asks. A server can do the same by itself
# ([backup] in shortsai.toml): one of the two is enough.
#
#   scripts/setup-cron.sh [--every-6h | --every-12h | --daily | --remove | --show] [-- OPTION OF backup-rotate.sh …]
#
# Variables that begin with SHORTSAI_, DATABASE_URL, R2_… and S3_… are not copied into the crontab, because others may read it: name
# a file with them, which only you can read, in SHORTSAI_ENV_FILE.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
mark="# ShortsAI backup"
log="${SHORTSAI_BACKUP_LOG:-$HOME/shortsai-backup.log}"

if ! command -v crontab >/dev/null; then
  echo "setup-cron: there is no crontab here; install cron (apt-get install cron), or use [backup] in shortsai.toml" >&2
  exit 1
fi

choice=""
case "${1:-}" in
  --every-6h | --every-12h | --daily | --remove | --show) choice="${1#--}"; shift ;;
  "" | --) ;;
  *) echo "setup-cron: $1 is not known; see the top of this script" >&2; exit 2 ;;
esac
if [[ ${1:-} == -- ]]; then shift; fi

if [[ -z $choice ]]; then
  if [[ ! -t 0 ]]; then echo "setup-cron: nobody is there to be asked; add --every-6h, --every-12h, --daily or --remove" >&2; exit 2; fi
  PS3="How often? "
  select answer in "every 6 hours" "every 12 hours" "daily at 03:00" "remove the schedule" "leave it as it is"; do
    case "$answer" in
      "every 6 hours") choice=every-6h ;;
      "every 12 hours") choice=every-12h ;;
      "daily at 03:00") choice=daily ;;
      "remove the schedule") choice=remove ;;
      "leave it as it is") exit 0 ;;
      *) continue ;;
    esac
    break
  done
fi

case "$choice" in
  every-6h) when="0 */6 * * *" ;;
  every-12h) when="0 */12 * * *" ;;
  daily) when="0 3 * * *" ;;
  *) when="" ;;
esac

# All lines but ours.
others="$(crontab -l 2>/dev/null | grep -vF "$mark" || true)"
if [[ $choice == show ]]; then
  crontab -l 2>/dev/null | grep -F "$mark" || echo "There is no schedule."
  exit 0
fi

line=""
if [[ -n $when ]]; then
  command="$(printf '%q ' "$here/backup-rotate.sh" "$@")"
  if [[ -n ${SHORTSAI_ENV_FILE:-} ]]; then
    if [[ ! -r $SHORTSAI_ENV_FILE ]]; then echo "setup-cron: $SHORTSAI_ENV_FILE can't be read" >&2; exit 1; fi
    command="set -a; . $(printf '%q' "$(realpath "$SHORTSAI_ENV_FILE")"); set +a; $command"
  fi
  if [[ -n ${SHORTSAI_COMPOSE:-} ]]; then command="SHORTSAI_COMPOSE=$(printf '%q' "$(realpath "$SHORTSAI_COMPOSE")") $command"; fi
  # cron takes a percent sign for the end of the line.
  line="$when PATH=$(printf '%q' "$PATH"); ${command//%/\\%}>>$(printf '%q' "$log") 2>&1 $mark"
fi
{
  if [[ -n $others ]]; then printf '%s\n' "$others"; fi
  if [[ -n $line ]]; then printf '%s\n' "$line"; fi
} | crontab -
if [[ -n $line ]]; then
  echo "Backups are taken ($choice); what is said goes to $log."
else
  echo "The schedule is removed; backups stay where they are."
fi
