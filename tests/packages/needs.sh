#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# needs: whether a kernel is new enough is asked by compiling, never by its version: the build for a kernel in which a need_* question
# does not compile ends before the module is compiled, with the name of what is lacking; each of them; and nothing of a version is
# in the driver, its build or DKMS' configuration. The kernel here compiles what it is told to.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
	cat "$dir/out"
	echo "needs: $*"
	exit 1
}

mkdir -p "$dir"/kdir/include/{config,generated}
echo 4.18.0-el8 >"$dir/kdir/include/config/kernel.release"
echo CONFIG_INFINIBAND=m >"$dir/kdir/include/config/auto.conf"
touch "$dir/kdir/include/generated/autoconf.h" "$dir/lacking"
# shellcheck disable=SC2016 # make expands it
printf 'modules:\n\t@echo modules >>%s/compiled\n%%.o:\n\t@! grep -qxF $(basename $@) %s/lacking && touch $(M)/$@\n' "$dir" "$dir" >"$dir/kdir/Makefile"

# build LACKING-QUESTION...: what its kernel cannot compile; true if it came as far as to the module.
build() {
	rm -rf "$dir/compiled" "$dir/out-dir"
	printf '%s\n' control_no "$@" >"$dir/lacking"
	make -C kernel KDIR="$dir/kdir" O="$dir/out-dir" >"$dir/out" 2>&1 || true
	[ -e "$dir/compiled" ]
}

build || fail "an old version with all that is needed is refused"
count=0
for file in kernel/compat/probes/need_*.c; do
	! build "$(basename "$file" .c)" || fail "$file: not needed"
	what=$(sed -nE 's#^/\* (.*) \*/$#\1#p' "$file" | sed -n 1p)
	[ -n "$what" ] || fail "$file does not say what it asks for"
	grep -qxF "rodp: this kernel lacks: $what" "$dir/out" || fail "$file: the build does not say what is lacking"
	grep -qF "it cannot be built for 4.18.0-el8" "$dir/out" || fail "the build does not say for which kernel"
	[ "$(grep -c 'this kernel lacks' "$dir/out")" -eq 1 ] || fail "$file: something else is said to be lacking"
	count=$((count + 1))
done
[ "$count" -gt 0 ] || fail "nothing is needed"
build wq_bh || fail "what compat.h stands in for is needed"

! grep -rnE 'LINUX_VERSION_CODE|KERNEL_VERSION|UTS_RELEASE|RHEL_RELEASE|BUILD_EXCLUSIVE_KERNEL|VERSION.*PATCHLEVEL' kernel debian --include='*.[ch]' --include=Makefile \
	--include=Kbuild --include='*.sh' --include='*.dkms' --include=rules || fail "a version is asked for"
echo "$count questions decide, and no version"
