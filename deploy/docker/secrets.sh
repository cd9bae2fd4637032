#!/usr/bin/env bash
# Makes the secrets that docker-compose.yml reads, where they are not there yet, in secrets/ beside it. Google's client secret can't
# be made up: it is asked for, or taken from GOOGLE_CLIENT_SECRET.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mkdir -p secrets
chmod 700 secrets
for name in database_password auth_secret worker_secret storage_secret; do
  if [[ -s secrets/$name ]]; then continue; fi
  printf '%s' "$(openssl rand -hex 32)" >"secrets/$name"
  echo "secrets/$name was made"
done
if [[ ! -s secrets/google_client_secret ]]; then
  secret="${GOOGLE_CLIENT_SECRET:-}"
  if [[ -z $secret && -t 0 ]]; then read -rsp "Google's client secret: " secret; echo; fi
  if [[ -z $secret ]]; then
    echo "secrets: Google's client secret is missing; set it in GOOGLE_CLIENT_SECRET (docs/sign-in.md)" >&2
    exit 1
  fi
  printf '%s' "$secret" >secrets/google_client_secret
fi
# The program in the container is another user, and Compose binds these files as they are; the folder keeps others out.
chmod 644 secrets/*
