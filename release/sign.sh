#!/usr/bin/env bash
# Checks the files of a release against their checksums, and signs the checksums.
#
#     GPG_FINGERPRINT=KEY release/sign.sh DIRECTORY/terraform-provider-eks_VERSION_SHA256SUMS
#
# GPG_FINGERPRINT  the key, as `gpg --local-user` accepts it, preferably its fingerprint
# GPG_PASSPHRASE   its passphrase, if it has one that is not in an agent
#
# Writes the detached binary signature next to the checksums, with .sig appended. It runs sha256sum and gpg only, and no program
# of a build, so that the workflow can run it in the job that has the key.
#
# The Terraform Registry accepts RSA and DSA signatures only, and a published version is final:
# https://developer.hashicorp.com/terraform/registry/providers/publishing. The algorithm of the key does not determine that of the
# signature, because gpg prefers a subkey that can sign. gpg reports the algorithm of the signature:
# https://github.com/gpg/gnupg/blob/master/doc/DETAILS, SIG_CREATED.
set -euo pipefail
fail() {
    echo "$0: $*" >&2
    exit 1
}

sums=${1:?Usage: GPG_FINGERPRINT=KEY $0 SHA256SUMS}
key=${GPG_FINGERPRINT:?names no key to sign with}
(cd "$(dirname "$sums")" && sha256sum --check --strict --quiet "$(basename "$sums")")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passphrase=()
[ -z "${GPG_PASSPHRASE-}" ] || passphrase=(--pinentry-mode loopback --passphrase-fd 4)
gpg --batch "${passphrase[@]}" --local-user "$key" --status-fd 3 --output "$work/signature" --no-armor --detach-sign "$sums" \
    3>"$work/status" 4<<<"${GPG_PASSPHRASE-}" || fail "gpg did not sign with the key $key."

awk '$2 == "SIG_CREATED" { print $4, $8 }' "$work/status" >"$work/made"
[ -s "$work/made" ] || fail "gpg reported no signature."
while read -r algorithm signer; do
    case $algorithm in
    1 | 17) continue ;; # RSA, DSA
    19) algorithm=ECDSA ;;
    22) algorithm=EdDSA ;;
    27) algorithm=Ed25519 ;;
    28) algorithm=Ed448 ;;
    *) algorithm="OpenPGP algorithm $algorithm" ;;
    esac
    fail "The signature by $signer is $algorithm; the Terraform Registry accepts RSA and DSA only." \
        "Set GPG_FINGERPRINT to an RSA key. To use exactly that primary key or subkey, append ! to its fingerprint."
done <"$work/made"
mv "$work/signature" "$sums.sig"
