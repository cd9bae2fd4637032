# ShortsAI: the commands of everyday work. `make` alone lists them.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup setup-tests setup-bench build demo test test-crash rehearse test-image serve bench bench-encoders lint lint-format lint-scripts lint-alerts lint-deploy lint-supply lint-code lint-docs papers fmt clean

# rustup's folder goes first: a fresh installation is not in PATH yet, and a distribution's own cargo is often too old.
export PATH := $(or $(CARGO_HOME),$(HOME)/.cargo)/bin:$(PATH)
TARGET := $(or $(CARGO_TARGET_DIR),target)
SHORTSAI := $(TARGET)/release/shortsai

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## install what is missing to build and run (asks for sudo only when something is)
	@scripts/setup.sh

setup-tests:
	@scripts/setup.sh --tests

setup-bench:
	@scripts/setup.sh --bench

build: setup ## build the program in release mode: target/release/shortsai
	cargo build --release --bin shortsai

demo: build ## make out/moon-landing.mp4 out of examples/moon-landing.md
	@mkdir -p out
	$(SHORTSAI) make examples/moon-landing.md -o out/moon-landing.mp4

test: setup-tests lint ## run all checks and all tests, installing what is missing
	cargo test --quiet --workspace --doc
	@if cargo nextest --version >/dev/null 2>&1; then \
		echo "cargo nextest run --workspace"; scripts/with-postgres.sh cargo nextest run --workspace; \
	else \
		echo "cargo test --workspace"; scripts/with-postgres.sh cargo test --workspace --lib --bins --tests; \
	fi
	scripts/schemathesis.sh $(TARGET)/debug/shortsai

test-crash: setup-tests ## kill processes for a minute on each database and see that nothing is lost (in `make test`: 4 seconds)
	SHORTSAI_CRASH_SECONDS=60 SHORTSAI_CRASH_EVERY=1 scripts/with-postgres.sh cargo test --workspace --test crash -- --nocapture --test-threads=1

rehearse: setup-tests ## play a production life with real processes: sign-in, backup, disaster, new secrets, a roll-out (1 minute)
	scripts/with-postgres.sh cargo test --workspace --test cli rehearsal -- --nocapture

test-image: build ## do what the Dockerfile does without a container engine, and start what comes out (as root; with IMAGE=all it also builds in it)
	@scripts/setup.sh --image
	scripts/test-image.py $(if $(filter all,$(IMAGE)),,--program $(SHORTSAI))

serve: build ## start the server and its page on http://127.0.0.1:3333
	$(SHORTSAI) serve

bench: setup-bench build ## measure renderer, aligner, queue, main job, server and workers; numbers go to target/bench (about 20 minutes, 6 GB of disk)
	cargo bench --package render --bench render -- $(abspath $(TARGET))/bench/render.json
	cargo bench --package providers --bench alignment -- $(abspath $(TARGET))/bench/alignment.json
	scripts/with-postgres.sh cargo bench --package engine --bench queue -- $(abspath $(TARGET))/bench/engine.json
	@scripts/bench.sh $(SHORTSAI) $(TARGET)/bench/main.json
	scripts/with-postgres.sh cargo bench --package shortsai --bench api -- $(abspath $(TARGET))/bench/engine.json
	scripts/with-postgres.sh cargo bench --package shortsai --bench cloud -- $(abspath $(TARGET))/bench/cloud.json

bench-encoders: setup ## compare encoder settings: size, likeness to the original and processor time
	cargo bench --package render --bench encoders

papers: setup ## write the licences of all libraries and the list of them (SBOM) into out/, as a release has them
	scripts/papers.sh

lint: lint-format lint-scripts lint-alerts lint-deploy lint-supply lint-code lint-docs ## check format, scripts, lints and documentation without running tests

lint-format:
	cargo fmt --all --check

lint-scripts:
	@if command -v shellcheck >/dev/null; then \
		echo "shellcheck scripts, deploy and .ci/run"; shellcheck scripts/*.sh deploy/*.sh deploy/*/*.sh .ci/run; \
	else \
		echo "shellcheck is not installed: scripts not checked"; \
	fi

lint-alerts:
	@promtool="$$(command -v promtool || echo $(TARGET)/lint/bin/promtool)"; if [[ -x $$promtool ]]; then \
		$$promtool check rules deploy/prometheus/alerts.yml; \
		$$promtool test rules deploy/prometheus/alerts_test.yml; \
	else \
		echo "promtool is not installed: the syntax of alerts is not checked"; \
	fi

lint-deploy:
	@bin=$(TARGET)/lint/bin; if [[ -x $$bin/hadolint ]]; then \
		$$bin/hadolint Dockerfile; \
		$$bin/yamllint -s docker-compose.yml deploy .github; \
		$$bin/check-jsonschema -q --builtin-schema vendor.compose-spec docker-compose.yml; \
		$$bin/check-jsonschema -q --builtin-schema vendor.github-workflows .github/workflows/*.yml; \
		$$bin/zizmor -q --offline .github; \
	else \
		echo "the linters of scripts/lint/requirements.txt are not installed: deployment files not checked"; \
	fi

# Licences, sources and unwanted libraries; libraries that nothing uses. Known holes are looked up by GitHub's CI.
lint-supply:
	cargo deny --log-level error check bans licenses sources
	cargo machete --skip-target-dir

lint-code:
	cargo clippy --quiet --workspace --all-targets -- -D warnings

lint-docs:
	RUSTDOCFLAGS="-D warnings" cargo doc --quiet --workspace --no-deps

fmt: ## format the Rust code
	cargo fmt --all

clean: ## remove everything that was built (your data folder and out/ stay)
	cargo clean
