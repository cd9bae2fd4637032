#!/usr/bin/env bash
# Builds the worker's image, brings it to Artifact Registry and has Cloud Run use it: deploy/cloud-run/worker.yaml with the values of these
# variables. Whoever is signed in to gcloud must be allowed to.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
: "${PROJECT:?the project of Google Cloud}" "${REGION:?such as europe-west1}" "${REPOSITORY:?of Artifact Registry}"
: "${R2_ACCOUNT_ID:?}" "${R2_BUCKET_NAME:?}" "${SERVICE_ACCOUNT:?whom the worker runs as}" "${COMMIT:=$(git rev-parse HEAD)}"
export PROJECT REGION REPOSITORY R2_ACCOUNT_ID R2_BUCKET_NAME SERVICE_ACCOUNT COMMIT
export IMAGE="$REGION-docker.pkg.dev/$PROJECT/$REPOSITORY/shortsai-worker:$COMMIT"

gcloud auth configure-docker "$REGION-docker.pkg.dev" --quiet
docker build --target worker --tag "$IMAGE" .
docker push "$IMAGE"
service="$(mktemp)"
trap 'rm -f "$service"' EXIT
# shellcheck disable=SC2016 # they are names for envsubst
envsubst '$IMAGE $R2_ACCOUNT_ID $R2_BUCKET_NAME $SERVICE_ACCOUNT' <deploy/cloud-run/worker.yaml >"$service"
gcloud run services replace "$service" --project "$PROJECT" --region "$REGION"
gcloud run services describe shortsai-worker --project "$PROJECT" --region "$REGION" --format 'value(status.url)'
