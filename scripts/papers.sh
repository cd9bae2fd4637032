#!/usr/bin/env bash
# Writes what a release tells of the libraries in it: out/THIRD-PARTY-LICENSES.html with the texts of their licences, and
# out/shortsai.cdx.json, the list of them in CycloneDX's form (SBOM). The programs for it are installed under target/, once.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools="${CARGO_TARGET_DIR:-$PWD/target}/tools"

# tool NAME VERSION OPTION…: unless it is there in that version.
tool() {
  if [[ "$("$tools/bin/$1" "${1#cargo-}" --version 2>/dev/null || true)" == *"$2"* ]]; then return 0; fi
  cargo install --quiet --locked --root "$tools" "$1@$2" "${@:3}"
}

tool cargo-about 0.9.3 --features cli
tool cargo-cyclonedx 0.5.9
mkdir -p out
PATH="$tools/bin:$PATH"
# Only what the libraries bring themselves: asking their repositories would make each run another one.
cargo fetch --quiet --locked
cargo about generate --frozen --fail --output-file out/THIRD-PARTY-LICENSES.html about.hbs
# It writes beside each crate's manifest.
cargo cyclonedx --quiet --format json --spec-version 1.5 --manifest-path crates/shortsai/Cargo.toml
# Where it was built is nobody's business.
find crates -name '*.cdx.json' -path 'crates/shortsai/*' -exec sed "s|file://$PWD/|file:///|g" {} \; >out/shortsai.cdx.json
find crates -name '*.cdx.json' -delete
echo "papers: out/THIRD-PARTY-LICENSES.html, out/shortsai.cdx.json"
