#!/usr/bin/env bash
# Creates, shows and destroys an image cache with a real Terraform, against a simulator of the Tencent Cloud API.
# Needs Rust, a C compiler and Python 3 with pip; installs Terraform into target/ unless TF_ACC_TERRAFORM_PATH names one.
# Leaves nothing but target/.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)

step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

for tool in cargo cc python3; do
  command -v "$tool" >/dev/null || { echo "$tool is not in PATH. The demo needs Rust (https://rustup.rs), a C compiler and Python 3." >&2; exit 1; }
done
target=$(cd "$root" && cargo metadata --format-version 1 --no-deps --locked | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')

step "Finding Terraform; on first use, it is installed into target/"
terraform=$("$root/acceptance-tests/install-terraform" "$target")
echo "$terraform"

step "Building the provider and the simulator; on first use, this takes some minutes and 2 GB of disk space"
(cd "$root" && cargo build --locked --package terraform-provider-eks --package tencentcloud-simulator --bins)

work=$(mktemp -d)
simulator=
finish() {
  if [ -n "$simulator" ]; then
    kill "$simulator" 2>/dev/null || true
    wait "$simulator" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap finish EXIT

# A mirror in the file system, so that `terraform init` installs the provider as it would install a published one.
platform="$(uname -s | tr '[:upper:]' '[:lower:]')_$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')"
version=$("$target/debug/terraform-provider-eks" --version)
for host in registry.terraform.io registry.opentofu.org; do
  plugin="$work/mirror/$host/supernode/eks/$version/$platform"
  mkdir -p "$plugin"
  ln -s "$target/debug/terraform-provider-eks" "$plugin/terraform-provider-eks_v$version"
done
cat > "$work/terraform.rc" <<EOT
provider_installation {
  filesystem_mirror {
    path = "$work/mirror"
  }
}
EOT

step "Starting the simulator; a build takes 12 seconds there"
"$target/debug/tencentcloud-simulator" --build-time 12s > "$work/simulator.log" &
simulator=$!
until grep -q '^listening on ' "$work/simulator.log"; do kill -0 "$simulator"; sleep 0.1; done
url=$(sed -n 's/^listening on //p' "$work/simulator.log")
echo "$url"

# Nothing of the caller's own account may get into this.
for variable in $(compgen -e | grep -E '^(TENCENTCLOUD_|TKE_|TF_)' || true); do unset "$variable"; done
export TENCENTCLOUD_ENDPOINT_URL=$url TENCENTCLOUD_SECRET_ID=AKIDSIMULATOR TENCENTCLOUD_SECRET_KEY=simulator-secret-key
export TF_CLI_CONFIG_FILE="$work/terraform.rc" TF_IN_AUTOMATION=1 CHECKPOINT_DISABLE=1
cp "$here/main.tf" "$work/"
cd "$work"

step "terraform init"
# A mirror in the file system has no checksums of other platforms, of which init would warn. Here none are needed.
"$terraform" providers lock -fs-mirror="$work/mirror" >/dev/null
"$terraform" init
step "terraform plan"
"$terraform" plan -out=tfplan
step "terraform apply: creates the cache, waits until it is Ready, and prints the annotations for the Pods"
"$terraform" apply tfplan
step "terraform plan again: nothing to do"
"$terraform" plan -detailed-exitcode
step "terraform destroy"
"$terraform" destroy -auto-approve
