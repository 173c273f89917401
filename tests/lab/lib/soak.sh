# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# soak: `lab soak`. Everything mixed in one guest for so many minutes (tests/chaos/soak.sh), which says every few seconds
# how far it is.

SOAK_SLACK=900 # seconds beyond the time that is asked for: programs end what they have begun

cmd_soak() {
	local minutes=${1:-} seed='' status=0
	[[ $minutes =~ ^[1-9][0-9]{0,4}$ ]] || die "lab soak: '$minutes' is no number of minutes" "for half an hour: lab soak 30"
	shift
	guest_defaults
	G_LINK=rodp G_TOPO=veth G_CPUS=4 G_MEM=3072 G_WORKDIR=$LAB_CHECKOUT
	while [ $# -gt 0 ]; do
		case $1 in
		--seed) need_value "$@" && seed=$2 ;;
		*) guest_option "$@" || die "lab soak: unknown option '$1'" "see lab --help" ;;
		esac
		shift 2
	done
	! is_debug_kernel "$G_KERNEL" || G_MEM=$((G_MEM * 3 / 2))
	G_LIMIT=$((minutes * 60 + SOAK_SLACK * $(kernel_slowness "$G_KERNEL")))
	guest_needs
	guest_run tests/chaos/soak.sh --down "$minutes" "$(build_path "$(guest_suite)")/tests" ${seed:+"$seed"} || status=$?
	exit "$status"
}
