#!/bin/sh
# Installs what the registry tests need, as root, on Debian: a registry, and the tools that unpack layers.
set -eu
missing=
for program in docker-registry pigz zstd; do
    command -v "$program" >/dev/null || missing="$missing $program"
done
[ -n "$missing" ] || exit 0
apt-get update -qq
# shellcheck disable=SC2086 # One word for each package; they are named like their programs.
DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends $missing
