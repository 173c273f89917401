#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# rt: no module is built for a kernel with PREEMPT_RT, for which the driver is not right: the build says so before
# it compiles anything, and DKMS does not try. The kernel here has headers that are asked for its configuration alone.
set -euo pipefail

refusal="rodp: rodp does not support PREEMPT_RT kernels yet"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# configure WORD...: the kernel's configuration.
configure() {
	printf '%s\n' "$@" >"$dir/kdir/include/config/auto.conf"
}

fail() {
	cat "$dir/out"
	echo "rt: $*"
	exit 1
}

mkdir -p "$dir"/kdir/include/{config,generated}
echo 6.99.0-rt >"$dir/kdir/include/config/kernel.release"
touch "$dir/kdir/include/generated/autoconf.h"
printf '.DEFAULT:\n\t@echo compiled %s >>%s\n' "\$@" "$dir/compiled" >"$dir/kdir/Makefile"
build() { make -C kernel KDIR="$dir/kdir" O="$dir/out-dir" >"$dir/out" 2>&1; }

configure CONFIG_INFINIBAND=m CONFIG_PREEMPT_RT=y
! build || fail "a module for PREEMPT_RT was built"
grep -qxF "$refusal" "$dir/out" || fail "the build does not say '$refusal'"
[ ! -e "$dir/compiled" ] || fail "something was compiled before that"

configure CONFIG_INFINIBAND=m CONFIG_PREEMPT_RT_NOT=y CONFIG_PREEMPT=y
! build || fail "what has no compiler made a module"
! grep -qF PREEMPT_RT "$dir/out" || fail "a kernel without PREEMPT_RT is refused as one that has it"
[ -e "$dir/compiled" ] || fail "a kernel without PREEMPT_RT was not built for"

# shellcheck source=/dev/null
words=$(export kernel_source_dir=/none && . debian/rodp-dkms.dkms && echo "$BUILD_EXCLUSIVE_CONFIG")
for word in CONFIG_INFINIBAND CONFIG_INFINIBAND_ON_DEMAND_PAGING '!CONFIG_PREEMPT_RT'; do
	[[ " $words " == *" $word "* ]] || fail "DKMS is not told of $word, but of: $words"
done
echo "a kernel with PREEMPT_RT is refused, by the build and to DKMS"
