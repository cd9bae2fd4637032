# syntax=docker/dockerfile:1
# Two images of the same program: `api` (the server, with PostgreSQL's client programs for backups) and `worker` (renders only).
#
#   docker build --target api -t shortsai .
#   docker build --target worker -t shortsai-worker .

FROM rust:1.95-bookworm AS chef
WORKDIR /src
# It builds the libraries in a layer of their own, which stays until Cargo.lock changes.
RUN cargo install cargo-chef --version 0.1.78 --locked

FROM chef AS plan
COPY Cargo.toml Cargo.lock ./
COPY crates crates
RUN cargo chef prepare --recipe-path recipe.json

FROM chef AS build
COPY --from=plan /src/recipe.json recipe.json
RUN cargo chef cook --release --locked --bin shortsai --recipe-path recipe.json
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
COPY crates crates
RUN cargo build --release --locked --bin shortsai

FROM debian:bookworm-slim AS runtime
# Captions bring their own fonts. curl is for the health check, tini hands signals on.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates curl espeak-ng ffmpeg libespeak-ng1 tini \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin shortsai \
  && install -d -o shortsai -g shortsai -m 0750 /data
COPY --from=build /src/target/release/shortsai /usr/local/bin/shortsai
ENV SHORTSAI_DATA_DIR=/data HOME=/data SHORTSAI_LOG=json
VOLUME /data
USER 10001:10001
# Secrets in files (AUTH_SECRET_FILE and so on) are the program's own affair, also for `docker compose exec api shortsai …`.
ENTRYPOINT ["tini", "--", "shortsai"]

FROM runtime AS worker
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=4 \
  CMD ["sh", "-c", "exec curl -fsS -o /dev/null \"http://127.0.0.1:${PORT:-8080}/health/live\""]
CMD ["worker"]

FROM runtime AS api
# Not older than the server that it backs up: Debian 12 has 15, as docker-compose.yml has.
USER 0:0
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install -y --no-install-recommends postgresql-client \
  && rm -rf /var/lib/apt/lists/*
USER 10001:10001
ENV SHORTSAI_LISTEN=0.0.0.0:3333
EXPOSE 3333
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s --retries=4 \
  CMD ["curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:3333/health/ready"]
CMD ["serve"]
