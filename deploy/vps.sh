#!/usr/bin/env bash
# Brings a clone on a VPS to a commit and starts its containers again. A backup is taken before; when the new one is not well, what ran
# before comes back. That works unless the new one has taken something out of the schema (docs/upgrading.md): then what ran before
# does not open it, and that backup is to be restored.
#
#   deploy/vps.sh FOLDER COMMIT
set -euo pipefail
folder="$1" commit="$2"
cd "$folder"
if [[ ! $commit =~ ^[0-9a-f]{40}$ ]]; then echo "vps: $commit is no commit" >&2; exit 2; fi
before="$(git rev-parse HEAD)"

# Two minutes are enough for a start with new steps of the schema; more rows than usual may need more.
healthy() {
  local _
  for _ in $(seq 40); do
    if curl -fsS -o /dev/null --max-time 10 http://127.0.0.1:3333/health/ready; then return 0; fi
    sleep 3
  done
  return 1
}

git fetch --quiet origin main
git merge-base --is-ancestor "$commit" origin/main || { echo "vps: $commit is not on main" >&2; exit 2; }
git checkout --quiet --detach "$commit"
# Built beside what runs; a build that fails changes nothing.
docker tag shortsai:local shortsai:before 2>/dev/null || true
docker tag shortsai-worker:local shortsai-worker:before 2>/dev/null || true
if ! docker compose build api worker; then
  git checkout --quiet --detach "$before"
  exit 1
fi
if docker compose ps --status running --services | grep -qx api; then
  docker compose exec -T api shortsai backup create
fi
if docker compose up -d --wait --wait-timeout 300 && healthy; then
  docker image prune --force >/dev/null
  echo "vps: $commit is running"
  exit 0
fi

echo "vps: $commit is not well; going back to $before" >&2
docker compose logs --tail 100 api >&2 || true
git checkout --quiet --detach "$before"
docker tag shortsai:before shortsai:local
docker tag shortsai-worker:before shortsai-worker:local
docker compose up -d --no-build --wait --wait-timeout 300 || true
if healthy; then echo "vps: $before is running again" >&2; else echo "vps: neither is well; look at: docker compose logs api" >&2; fi
exit 1
