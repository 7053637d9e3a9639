#!/usr/bin/env bash
# Runs the tests: `cargo test --workspace`, or `cargo test` with the arguments given here.
#
#     acceptance-tests/run.sh [--skipped COUNT] [ARGUMENT...]
#
# Programs that the tests need are installed first where this script may: as root on Debian or Ubuntu. Elsewhere it says what is
# missing and how to get it; the tests that need it fail. The tests themselves install Terraform and Python packages into target/.
#
# Tests that this machine or this client cannot run are listed at the end. With --skipped, another count is a failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

expected=
if [ "${1-}" = --skipped ]; then
    expected=$2
    shift 2
fi
[ $# -gt 0 ] || set -- --workspace

command -v cargo >/dev/null || {
    echo "cargo is not in PATH: install Rust, see https://rustup.rs" >&2
    exit 1
}

# What runs when the program is there, and the package that has it on Debian and Ubuntu.
missing=()
while IFS='|' read -r check package; do
    sh -c "$check" >/dev/null 2>&1 || missing+=("$package")
done <<'END'
command -v c++|g++
command -v containerd|containerd
command -v docker-registry|docker-registry
command -v gpg|gnupg
command -v mkfs.ext4|e2fsprogs
command -v mount|mount
command -v pgrep|procps
command -v pigz|pigz
command -v zstd|zstd
python3 -c 'import ensurepip, venv'|python3-venv
END
# OpenTofu comes from npm, and only when it is asked for.
if [ "${TF_ACC_TERRAFORM_PATH-}" = tofu ] && ! command -v tofu >/dev/null && ! command -v npm >/dev/null; then
    missing+=(npm)
fi
if [ ${#missing[@]} -gt 0 ] && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "Installing with apt-get: ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends "${missing[@]}"
elif [ ${#missing[@]} -gt 0 ]; then
    echo "Missing, by the names of the packages on Debian and Ubuntu: ${missing[*]}" >&2
    echo "Install them (apt-get install ${missing[*]}), or run this script as root there. Tests that need them fail." >&2
fi

# An acceptance test runs a client (94 MiB as a library) and the provider, and mostly waits for them: three tests for each
# processor, if there is memory for them.
if [ -z "${RUST_TEST_THREADS-}" ] && [ -r /proc/meminfo ]; then
    threads=$((3 * $(nproc)))
    memory=$(awk '/^MemAvailable/ { print int($2 / 1024 / 200) }' /proc/meminfo)
    export RUST_TEST_THREADS=$((threads < memory ? threads : memory > 0 ? memory : 1))
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
[ ! -t 1 ] || export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-always}
status=0
cargo test --locked "$@" 2>&1 | tee "$log" || status=$?
# The name of a running test may stand before it on the line.
skipped=$(grep -ao 'skipped: .*' "$log" | sort || true)
count=$(grep -c . <<<"$skipped" || true)
printf '\n%d skipped\n' "$count"
[ "$count" -eq 0 ] || printf '%s\n' "$skipped"
if [ -n "$expected" ] && [ "$count" -ne "$expected" ]; then
    echo "expected $expected" >&2
    exit 1
fi
exit "$status"
