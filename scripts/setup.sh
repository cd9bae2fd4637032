#!/usr/bin/env bash
# Installs what ShortsAI needs to be built and run, and nothing that is already there.
#
#   scripts/setup.sh            to build and run
#   scripts/setup.sh --tests    and to run the tests
#   scripts/setup.sh --bench    and to measure
#   scripts/setup.sh --image    to try the container images without an engine
#
# Debian (12 and newer) and Ubuntu (22.04 and newer) are looked after by apt-get. On other systems it says what is missing.
set -euo pipefail
export LC_ALL=C

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cargo_home="${CARGO_HOME:-$HOME/.cargo}"
export PATH="$cargo_home/bin:$PATH"
# The oldest Rust that compiles the workspace: one number, kept in Cargo.toml.
rust_wanted="$(sed -n 's/^rust-version = "\([0-9.]*\)"$/\1/p' "$root/Cargo.toml")"

with_tests=no
with_bench=no
with_image=no
case "${1:-}" in
"") ;;
--tests) with_tests=yes ;;
--bench) with_tests=yes with_bench=yes ;;
--image) with_image=yes ;;
*)
  echo "usage: scripts/setup.sh [--tests | --bench | --image]" >&2
  exit 2
  ;;
esac

say() { printf 'setup: %s\n' "$*"; }
die() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# The narration library is opened while the program runs, so the linker would not notice that it is missing.
have_espeak_library() {
  local directory
  if [[ -x /sbin/ldconfig ]] && /sbin/ldconfig -p | grep -q 'libespeak-ng\.so\.1'; then return 0; fi
  for directory in /opt/homebrew/lib /usr/local/lib; do
    [[ -e $directory/libespeak-ng.dylib || -e $directory/libespeak-ng.1.dylib ]] && return 0
  done
  return 1
}
have_compiler() { have cc && have make; }
have_ffmpeg() { have ffmpeg && have ffprobe; }
have_festival_voice() { compgen -G "/usr/share/festival/voices/*/$1" >/dev/null; }
have_nginx() { have nginx || [[ -x /usr/sbin/nginx ]]; }
have_chromium() { have chromium || have chromium-browser || have google-chrome || have chrome; }
have_postgres() { have initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }
# Debian's Python can only make environments with a package of its own.
have_venv() { python3 -c 'import ensurepip, venv' >/dev/null 2>&1; }
have_certificates() { [[ -e /etc/ssl/certs/ca-certificates.crt || -e /etc/ssl/cert.pem || -d /etc/pki ]]; }

missing=()
# need TEST PACKAGE WHY: notes the package unless the test succeeds.
need() {
  local test="$1" package="$2" why="$3"
  if $test; then return 0; fi
  missing+=("$package")
  say "missing: $package ($why)"
}
welcome=()
# want TEST PACKAGE WHY: notes what the tests can do without, where a distribution has it; WHY says what is left out then.
want() {
  if $1 || ! have apt-get; then return 0; fi
  welcome+=("$2:$3")
}
need have_ffmpeg ffmpeg "reads and writes video and sound"
need "have espeak-ng" espeak-ng "speaks the narration, offline"
need have_espeak_library libespeak-ng1 "tells when each word is spoken"
need have_compiler build-essential "C compiler for SQLite, and the linker"
need "have pkg-config" pkg-config "finds system libraries while building"
need "have curl" curl "fetches the Rust installer"
need have_certificates ca-certificates "lets curl trust the Rust installer's site"
if [[ $with_tests == yes ]]; then
  need "have shellcheck" shellcheck "checks these scripts"
  need "have jq" jq "the commands of docs/walkthrough.md use it"
  need have_postgres postgresql "the tests start a private server of it"
  need "have python3" python3 "the tests try the API and the object store with programs in it"
  need have_venv python3-venv "keeps those programs in folders of their own"
  # The word times that the aligner finds are measured with the voices of another synthesiser.
  measured="some measurements of word times are"
  want "have festival" festival "$measured"
  want "have_festival_voice kal_diphone" festvox-kallpc16k "$measured"
  want "have_festival_voice cmu_us_slt_arctic_hts" festvox-us-slt-hts "$measured"
  want "have_festival_voice lp_diphone" festvox-italp16k "$measured"
  want "have_festival_voice upc_ca_ona_hts" festvox-ca-ona-hts "$measured"
  want "have_festival_voice suo_fi_lj_diphone" festvox-suopuhe-lj "$measured"
  # A web page's cookies, policies and live events are tried in a real browser.
  want have_chromium chromium "the test in a real browser is"
fi

if [[ $with_bench == yes ]]; then
  # A plain server of files to compare with; Debian has it outside of PATH.
  want "have_nginx" nginx-light "the comparison with nginx is"
fi

if [[ $with_image == yes ]]; then
  need "have mmdebstrap" mmdebstrap "makes the file systems that images begin with"
  need "have ip" iproute2 "gives what is tried a network of its own"
  need "have python3" python3 "reads the Dockerfile"
fi

# apt_get ARGUMENTS: as root, and waiting for the lock, which lets setup work while the system installs its own updates.
apt_get() {
  local as_root=()
  if [[ $(id -u) -ne 0 ]]; then as_root=(sudo); fi
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@"
}
may_install() { [[ $(id -u) -eq 0 ]] || have sudo; }

install_packages() {
  if ! have apt-get; then
    die "please install with your package manager: ${missing[*]}" \
      "(macOS: brew install ffmpeg espeak-ng; Fedora: dnf install ffmpeg espeak-ng gcc make), then run this again"
  fi
  may_install || die "neither root nor sudo here; have an administrator run: apt-get install ${missing[*]}"
  say "installing with apt-get: ${missing[*]}"
  apt_get update || say "apt-get update had problems (see above); trying to install all the same"
  apt_get install -y --no-install-recommends "${missing[@]}" ||
    die "apt-get could not install ${missing[*]}; its message above says why"
}

# One by one, so that what a distribution does not have keeps nothing else away.
install_welcome() {
  local package entry
  # Old lists name versions that are gone.
  if may_install; then apt_get update || say "apt-get update had problems (see above); trying to install all the same"; fi
  for entry in "${welcome[@]}"; do
    package="${entry%%:*}"
    if may_install && apt_get install -y --no-install-recommends "$package"; then continue; fi
    say "going on without $package: ${entry#*:} left out"
  done
}

# is_enough "rustc 1.95.0 (…)": whether that is at least the wanted version.
is_enough() {
  local version
  version="$(sed -n 's/^rustc \([0-9]*\.[0-9]*\).*/\1/p' <<<"$1")"
  [[ -n $version ]] && [[ $(printf '%s\n' "$rust_wanted" "$version" | sort -V | head -n 1) == "$rust_wanted" ]]
}
rust_here() { (cd "$root" && rustc --version 2>/dev/null) || true; }

# An installed toolchain that is new enough is used before anything is downloaded: it also works offline.
installed_toolchain() {
  local name
  while read -r name _; do
    case "$name" in *nightly* | *beta* | no | "") continue ;; esac
    if is_enough "$(rustup run "$name" rustc --version 2>/dev/null || true)"; then
      echo "$name"
      return 0
    fi
  done < <(rustup toolchain list)
  return 1
}

install_rust() {
  local toolchain="$rust_wanted"
  [[ $toolchain == *.*.* ]] || toolchain="$toolchain.0"
  if have rustup; then
    local found
    if found="$(installed_toolchain)"; then
      toolchain="$found"
    else
      say "installing Rust $toolchain with your rustup (your default toolchain stays as it is)"
      rustup toolchain install "$toolchain" --profile minimal
    fi
    say "using the toolchain $toolchain in this folder (undo: rustup override unset)"
    (cd "$root" && rustup override set "$toolchain")
  else
    say "installing Rust $toolchain with rustup into $cargo_home (the system's own Rust, if any, stays)"
    local installer
    installer="$(mktemp)"
    curl --proto '=https' --tlsv1.2 -fsSL https://sh.rustup.rs -o "$installer" ||
      die "could not fetch https://sh.rustup.rs; check the network, or install Rust $rust_wanted or newer yourself"
    RUSTUP_INIT_SKIP_PATH_CHECK=yes sh "$installer" -y -q --no-modify-path --profile minimal --default-toolchain "$toolchain"
    rm -f "$installer"
    say "make finds it by itself; for your own shell: . $cargo_home/env"
  fi
}

install_checkers() {
  if (cd "$root" && cargo fmt --version && cargo clippy --version) >/dev/null 2>&1; then return 0; fi
  have rustup || die "the tests need rustfmt and clippy; install them with the package manager that Rust came from"
  say "installing rustfmt and clippy (the tests check format and lints)"
  (cd "$root" && rustup component add rustfmt clippy)
}

# Checkers of libraries are built here, once, into cargo's own folder, in which a newer one may be already.
install_cargo_programs() {
  local program
  for program in cargo-deny@0.20.2 cargo-machete@0.9.2; do
    if have "${program%@*}"; then continue; fi
    say "building $program (checks the libraries; some minutes, once)"
    (cd "$root" && cargo install --quiet --locked --debug "$program") || die "$program could not be built; the message above says why"
  done
}

# Alerts are checked by Prometheus' own program. Debian has it only in a package that would also start a server here, so it is taken
# out of that package, without installing it.
install_promtool() {
  local there="${CARGO_TARGET_DIR:-$root/target}/lint/bin/promtool" fetched
  if have promtool || [[ -x $there ]] || ! have apt-get; then return 0; fi
  say "fetching promtool (checks deploy/prometheus) out of Debian's package prometheus"
  fetched="$(mktemp -d)"
  # Root's apt-get would hand the download to another user, who can't write there.
  if (cd "$fetched" && apt-get -qq -o APT::Sandbox::User=root download prometheus && dpkg-deb --extract prometheus_*.deb .); then
    install -D "$fetched/usr/bin/promtool" "$there"
  else
    say "going on without promtool: the syntax of alerts is not checked"
  fi
  rm -rf "$fetched"
}

# install_python FOLDER REQUIREMENTS: exactly the versions that are written down, under target/, so that nothing of the system's is
# touched.
install_python() {
  local there="${CARGO_TARGET_DIR:-$root/target}/$1" wanted="$root/$2"
  if cmp -s "$wanted" "$there/installed.txt"; then return 0; fi
  say "installing the programs of $2 into $there"
  rm -rf "$there"
  mkdir -p "$(dirname "$there")"
  python3 -m venv "$there"
  "$there/bin/pip" install -q --disable-pip-version-check --only-binary :all: -r "$wanted" ||
    die "pip could not install what $2 names; its message above says why"
  # Last, so that what was broken off begins again.
  cp "$wanted" "$there/installed.txt"
}

if [[ ${#missing[@]} -gt 0 ]]; then install_packages; fi
if [[ ${#welcome[@]} -gt 0 ]]; then install_welcome; fi
if ! have cargo || ! is_enough "$(rust_here)"; then
  install_rust
  hash -r
  is_enough "$(rust_here)" ||
    die "Rust $rust_wanted or newer is needed, but 'rustc --version' says: $(rust_here); unset RUSTUP_TOOLCHAIN if it is set"
fi
if [[ $with_tests == yes ]]; then
  install_checkers
  install_cargo_programs
  install_python schemathesis scripts/schemathesis/requirements.txt
  install_python python scripts/requirements-tests.txt
  install_python lint scripts/lint/requirements.txt
  install_promtool
fi
say "all there ($(rust_here | cut -d' ' -f1-2), $(ffmpeg -version | sed -n '1s/^\(ffmpeg version [^ ]*\).*/\1/p'))"
