#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# rt: whether a module is built for a kernel with PREEMPT_RT. As long as kernel/compat/probe.sh says no (rt=no), the build
# says so before it compiles anything, unless it is told RODP_RT=yes as the lab does, and DKMS does not try; once it
# says yes, neither refuses. The kernel here has headers that are asked for its configuration alone.
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
build() { make -C kernel KDIR="$dir/kdir" O="$dir/out-dir" "$@" >"$dir/out" 2>&1; }

# refused: the build ends before it compiles anything. tried WORD...: it does not; the kernel here has no compiler.
refused() {
	rm -f "$dir/compiled"
	! build || fail "a module for PREEMPT_RT was built"
	grep -qxF "$refusal" "$dir/out" || fail "the build does not say '$refusal'"
	[ ! -e "$dir/compiled" ] || fail "something was compiled before that"
}

tried() {
	rm -f "$dir/compiled"
	! build "$@" || fail "what has no compiler made a module"
	! grep -qF "$refusal" "$dir/out" || fail "a kernel with PREEMPT_RT is refused"
	[ -e "$dir/compiled" ] || fail "nothing was compiled"
}

rt=$(sed -n 's/^rt=//p' kernel/compat/probe.sh)
configure CONFIG_INFINIBAND=m CONFIG_PREEMPT_RT=y
case $rt in
no) refused ;;
yes) tried ;;
*) fail "kernel/compat/probe.sh says rt='$rt'" ;;
esac
tried RODP_RT=yes

rm -f "$dir/compiled"
configure CONFIG_INFINIBAND=m CONFIG_PREEMPT_RT_NOT=y CONFIG_PREEMPT=y
! build || fail "what has no compiler made a module"
! grep -qF PREEMPT_RT "$dir/out" || fail "a kernel without PREEMPT_RT is refused as one that has it"
[ -e "$dir/compiled" ] || fail "a kernel without PREEMPT_RT was not built for"

# shellcheck source=/dev/null
words=$(export kernel_source_dir=/none && . debian/rodp-dkms.dkms && echo "$BUILD_EXCLUSIVE_CONFIG")
wanted=(CONFIG_INFINIBAND CONFIG_INFINIBAND_ON_DEMAND_PAGING)
[ "$rt" = yes ] || wanted+=('!CONFIG_PREEMPT_RT')
[ "$words" = "${wanted[*]}" ] || fail "DKMS is told '$words', not '${wanted[*]}'"
echo "kernels with PREEMPT_RT: $rt, for the build and for DKMS"
