#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# image: what ci/image.sh lays out for an image runs a guest, at another place, without building and without this checkout's cache; the
# programs that the lab needs are in the Containerfile's list; the step of action.yml runs a command, with what GitHub gives it.
# No image is built here: that wants a container runtime and a registry.
set -euo pipefail

dir=$(mktemp -d "$PWD/build/image.XXXXXX")
trap 'rm -rf --one-file-system "$dir"' EXIT

fail() {
	[ ! -e "$dir/out" ] || cat "$dir/out"
	echo "image: $*"
	exit 1
}

ci/image.sh "$dir/image"
du -sm "$dir/image" | sed 's/\t.*/ MiB for the image, beside its Debian/'
start=$SECONDS
# shellcheck disable=SC2016 # expands in the guest
env XDG_CACHE_HOME="$dir/image/opt/cache" LAB_NO_BUILD=yes "$dir/image/opt/rodp/tests/lab/lab" run --link rodp --share "$dir" -- \
	sh -c 'ibv_devinfo -d $RDMA_DEV' >"$dir/out" 2>&1 || fail "the image's lab does not run a guest"
grep -q PORT_ACTIVE "$dir/out" || fail "there is no device in the image's guest"
! grep -qE 'Building|Getting|Making' "$dir/out" || fail "the image's lab builds or downloads"
echo "its first guest: $((SECONDS - start)) s"

while read -r command package; do
	grep -qw -- "$package" ci/Containerfile || fail "the Containerfile does not install $package, which has $command"
done < <(tests/lab/lab --call host_needs)

# As a runner does: inputs become the step's environment, and the step is run in the workspace.
mkdir "$dir/workspace"
export GITHUB_ACTION_PATH=$PWD GITHUB_OUTPUT=$dir/outputs
mapfile -t steps < <(sed -n "s/^      run: '\(.*\)'$/\1/p" action.yml)
[ "${#steps[@]}" -eq 2 ] || fail "the action has ${#steps[@]} steps of its own"
bash -c "${steps[0]}" >"$dir/out" 2>&1 || fail "the action does not know what it keeps"
sed -n 's/.*steps\.kept\.outputs\.\([a-z]*\).*/\1/p' action.yml | while read -r output; do
	grep -qE "^$output=[^,]+$" "$GITHUB_OUTPUT" || fail "the action has no $output"
done
failed=
# shellcheck disable=SC2016 # expands in the guest
(cd "$dir/workspace" && RODP_RUN='echo "$RDMA_DEV" >device; exit 5' RODP_OPTIONS='--cpus 1' bash -c "${steps[1]}") >"$dir/out" 2>&1 || failed=yes
[ -n "$failed" ] || fail "a command that fails is a success"
grep -q '"status": 5,' "$dir/workspace/rodp-artifacts/result.json" || fail "the action has another status than the command"
grep -qx rodp0 "$dir/workspace/device" || fail "the command did not see the device, or not the workspace"
sed -n '/^inputs:/,/^runs:/s/^  \([a-z]*\):$/\1/p' action.yml | while read -r input; do
	grep -q "\${{ inputs.$input }}" action.yml || fail "the input $input does nothing"
done
echo "what the image and the action are made of works"
