#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# werror: a compiler that warns of something does not keep a user from building the module; RODP_WERROR=yes, which the
# lab's own builds say, makes each warning an error. The module here is one file that warns, built by the driver's own
# Makefile and Kbuild flags; it needs none of the probes' answers.
set -euo pipefail

kdir=$(compgen -G "/usr/src/linux-headers-$LAB_KERNEL.*-amd64" | sed -n 1p)
[ -n "$kdir" ] || { echo "there are no headers of kernel $LAB_KERNEL in /usr/src" && exit 1; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

mkdir "$dir/kernel"
cp -r kernel/{Makefile,Kbuild,compat} "$dir/kernel/"
find "$dir/kernel/compat" -name '*.[ch]' ! -name 'control_*' -delete
echo >"$dir/kernel/compat/compat.h"
sed -i -E 's/^rodp-y [:+]?=.*//' "$dir/kernel/Kbuild"
echo 'rodp-y := warns.o' >>"$dir/kernel/Kbuild"
cat >"$dir/kernel/warns.c" <<'EOC'
#include <linux/module.h>
static void nobody_calls_it(void)
{
}
MODULE_LICENSE("GPL");
EOC

# build VARIABLE...: status of the build, its words in $dir/out.
build() {
	make -C "$dir/kernel" KDIR="$kdir" O="$dir/out-dir" "$@" >"$dir/out" 2>&1
}

fail() {
	cat "$dir/out"
	echo "werror: $*"
	exit 1
}

build || fail "the module does not build where its compiler warns"
grep -q "warning: .*nobody_calls_it" "$dir/out" || fail "the compiler did not warn: this test shows nothing"
[ -e "$dir/out-dir/rodp.ko" ] || fail "there is no module"
! build RODP_WERROR=yes || fail "RODP_WERROR=yes lets a warning pass"
grep -q "error: .*nobody_calls_it" "$dir/out" || fail "the build failed for another reason"
! grep -q PROBE "$dir/out" || fail "RODP_WERROR=yes asked the kernel's headers all questions again"
echo "a warning is a warning; an error with RODP_WERROR=yes"
