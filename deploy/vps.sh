#!/usr/bin/env bash
# Brings a clone on a VPS to a commit and starts its containers again. A backup is taken before; when the new one is not well, what ran
# before comes back. That works unless the new one has taken something out of the schema (docs/upgrading.md): then what ran before
# does not open it, and that backup is to be restored.
#
#   deploy/vps.sh FOLDER COMMIT
set -euo pipefail

# Two minutes are enough for a start with new steps of the schema; more rows than usual may need more.
healthy() {
  local _
  for _ in $(seq 40); do
    if curl -fsS -o /dev/null --max-time 10 http://127.0.0.1:3333/health/ready; then return 0; fi
    sleep 3
  done
  return 1
}

# tag FROM TO: the images of that name, if there are any: nothing may have run here yet.
tag() {
  local image
  for image in shortsai shortsai-worker; do
    docker tag "$image:$1" "$image:$2" 2>/dev/null || true
  done
}

# The clone and the images are those of what ran before, so that whatever is started next is that.
put_back() {
  git checkout --quiet --detach "$before"
  tag before local
}

# The whole script is read before anything of it is done: it may come through standard input, from which programs read too.
main() {
  if [[ $# -ne 2 || ! $2 =~ ^[0-9a-f]{40}$ ]]; then
    echo "usage: deploy/vps.sh FOLDER COMMIT (40 hexadecimal digits)" >&2
    exit 2
  fi
  local folder="$1" commit="$2"
  cd "$folder"
  before="$(git rev-parse HEAD)"

  git fetch --quiet origin main
  git merge-base --is-ancestor "$commit" origin/main || { echo "vps: $commit is not on main" >&2; exit 2; }
  git checkout --quiet --detach "$commit"
  # Built beside what runs, which a failure does not touch.
  tag local before
  if ! docker compose build api worker; then
    put_back
    echo "vps: $commit can't be built; $before runs on" >&2
    exit 1
  fi
  if docker compose ps --status running --services | grep -qx api && ! docker compose exec -T api shortsai backup create; then
    put_back
    echo "vps: no backup could be taken; $before runs on" >&2
    exit 1
  fi
  if docker compose up -d --wait --wait-timeout 300 && healthy; then
    docker image prune --force >/dev/null
    echo "vps: $commit is running"
    exit 0
  fi

  echo "vps: $commit is not well; going back to $before" >&2
  docker compose logs --tail 100 api >&2 || true
  put_back
  docker compose up -d --no-build --wait --wait-timeout 300 || true
  if healthy; then echo "vps: $before is running again" >&2; else echo "vps: neither is well; look at: docker compose logs api" >&2; fi
  exit 1
}

main "$@" </dev/null
