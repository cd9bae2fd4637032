#!/bin/sh
# Starts the program in a container. A secret may be in a file that its variable with _FILE behind names, as Docker's and
# Kubernetes' secrets are: AUTH_SECRET_FILE=/run/secrets/auth_secret.
set -eu
for name in AUTH_SECRET AUTH_SECRET_PREVIOUS DATABASE_URL PGPASSWORD GOOGLE_CLIENT_SECRET R2_ACCESS_KEY_ID R2_SECRET_ACCESS_KEY \
  S3_ACCESS_KEY_ID S3_SECRET_ACCESS_KEY WORKER_SECRET SHORTSAI_BACKUP_PASSPHRASE SHORTSAI_METRICS_TOKEN OTEL_EXPORTER_OTLP_HEADERS \
  GEMINI_API_KEY OPENAI_API_KEY ELEVENLABS_API_KEY GROQ_API_KEY SUNO_API_KEY PEXELS_API_KEY PIXABAY_API_KEY OPENVERSE_TOKEN; do
  eval "file=\${${name}_FILE:-}"
  [ -n "$file" ] || continue
  eval "given=\${$name:-}"
  if [ -n "$given" ]; then
    echo "entrypoint: $name and ${name}_FILE are both set; remove one of them" >&2
    exit 2
  fi
  if [ ! -r "$file" ]; then
    echo "entrypoint: ${name}_FILE names $file, which can't be read" >&2
    exit 2
  fi
  value="$(cat "$file")"
  export "$name=$value"
  unset "${name}_FILE"
done
exec shortsai "$@"
