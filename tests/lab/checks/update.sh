#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# update: what `lab update` does with what it kept, of an archive that is made up: the newest stays, what is older is made anew, and an
# archive that cannot be asked is an error and not the newest.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
	cat "$dir/said"
	echo "update: $*"
	exit 1
}

# The lab, with this archive: NEWEST has packages of a kernel, NEWER names of packages, and with BROKEN it does not answer.
# shellcheck disable=SC2317 # they are called
lab() {
	(
		# shellcheck source=/dev/null
		. tests/lab/lib/say.sh && . tests/lab/lib/update.sh
		export LAB_TMP=$dir/tmp DEBIAN_RELEASES='' DEBIAN_FLAVOURS='' DEBUG_KERNELS='debug'
		CACHE=$dir
		need_host() { :; }
		make_private_apt() { [ -z "$BROKEN" ]; }
		private_apt() { tr ' ' '\n' <<<"$NEWER" | sed -n 's/..*/Inst & [1] (2)/p'; }
		kernel_packages() { echo "$NEWEST"; }
		kernel_suite() { echo trixie; }
		kernel_release() { echo trixie; }
		kernel_flavour() { echo amd64; }
		kernel_exactly() { echo "Linux version $1"; }
		kernel_path() { echo "$CACHE/kernel-$1"; }
		debug_path() { echo "$CACHE/debug"; }
		module_dir() { echo "$CACHE/built"; }
		kernel_tests_dir() { echo "$CACHE/built-tests"; }
		tree_varieties() { :; }
		tree_path() { echo "$CACHE/tree-$1"; }
		need_kernel() { mkdir "$(kernel_path "$1")" && echo "made $1"; }
		need_tree() { mkdir "$(tree_path "$1")" && echo "made tree $1"; }
		cmd_update "$@"
	) >"$dir/said" 2>&1
}

has() { [ -e "$dir/$1" ]; }

says() { grep -qF -- "$1" "$dir/said" || fail "it does not say: $1"; }

mkdir -p "$dir"/{tmp,kernel-7,debug,built,built-tests,tree-sid/root/var/lib/dpkg}
touch "$dir/tree-sid/root/var/lib/dpkg/status"
echo linux-image-7=1 >"$dir/kernel-7/packages"

BROKEN='' NEWEST=linux-image-7=1 NEWER='' lab || fail "it fails where nothing is newer"
says "kernel 7 is the newest"
says "tree sid is the newest"
if ! has debug || ! has built; then fail "what is the newest is made anew"; fi

BROKEN='' NEWEST=linux-image-7=2 NEWER='bash gcc' lab --list || fail "--list fails"
says "kernel 7 was Linux version 7"
says "tree sid: newer are bash gcc"
says "2 of what is kept would be made anew"
if ! has kernel-7/packages || ! has tree-sid/root; then fail "--list makes something anew"; fi

! BROKEN=yes NEWEST='' NEWER='' lab || fail "an archive that does not answer is no error"
! grep -q 'is the newest' "$dir/said" || fail "an archive that does not answer has nothing newer"
rm -r "$dir/kernel-7"
! BROKEN=yes NEWEST='' NEWER='' lab || fail "an archive that does not answer about a tree is no error"
! grep -q 'is the newest' "$dir/said" || fail "an archive that does not answer has no newer tree"
mkdir "$dir/kernel-7"
echo linux-image-7=1 >"$dir/kernel-7/packages"

BROKEN='' NEWEST=linux-image-7=2 NEWER='bash' lab || fail "it fails where something is newer"
says "made 7"
says "made tree sid"
for name in debug built built-tests kernel-7/packages tree-sid/root; do
	! has "$name" || fail "$name is there although it is not of the newest"
done
echo "the newest stays, what is older is made anew"
