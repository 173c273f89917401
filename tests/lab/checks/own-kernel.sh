#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# own-kernel: --kernel with packages boots just that kernel, with a rodp that was built for it; a path that is no kernel and a word that
# is none are refused with what would be right; lab update finds what is kept to be the newest, or says what is newer.
set -euo pipefail

lab=$(dirname "$(readlink -f "$0")")/../lab
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
	echo "own-kernel: $*"
	exit 1
}

# refused WORD TEXT
refused() {
	! "$lab" run --kernel "$1" -- true 2>"$dir/err" || fail "--kernel $1 is taken"
	grep -qF -- "$2" "$dir/err" || { cat "$dir/err" && fail "--kernel $1: lab does not say '$2'"; }
}

refused 5.4 "--kernel cannot be '5.4'"
refused trixie+hot "--kernel cannot be 'trixie+hot'"
refused "$dir" "no kernel was built there"
refused ./none.deb "'./none.deb' is neither a directory nor a .deb"

"$lab" --call make_private_apt "$dir/apt" trixie
mapfile -t packages < <("$lab" --call kernel_packages "$dir/apt" trixie amd64)
mkdir "$dir/debs"
(cd "$dir/debs" && "$lab" --call private_apt "$dir/apt" download "${packages[@]}")
debs=$(printf '%s,' "$dir"/debs/*.deb)
version=$(basename "$dir"/debs/linux-image-*.deb | sed 's/^linux-image-//; s/_.*//')
# shellcheck disable=SC2016 # expands in the guest
"$lab" run --kernel "${debs%,}" --link rodp -- sh -c 'uname -r && ibv_devinfo -d $RDMA_DEV' >"$dir/out"
grep -qx "$version" "$dir/out" || { cat "$dir/out" && fail "the guest's kernel is not $version"; }
grep -q PORT_ACTIVE "$dir/out" || fail "the guest has no rodp device"

"$lab" update --list 2>"$dir/err" || { cat "$dir/err" && fail "lab update --list fails"; }
grep -qE '^lab: kernel (6\.1|6\.12|7) (is the newest: Linux version|was Linux version)' "$dir/err" || { cat "$dir/err" && fail "lab update says nothing of a kernel"; }
grep -qE '^lab: tree trixie( is the newest|: newer are)' "$dir/err" || { cat "$dir/err" && fail "lab update says nothing of the tree"; }
echo "a kernel of one's own, from its packages"
