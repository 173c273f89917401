# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# soak: `lab soak`. Everything mixed in one guest for so many minutes (tests/chaos/soak.sh), which says every few seconds
# how far it is.

SOAK_SLACK=900 # seconds beyond the time that is asked for: programs end what they have begun

soak_usage() {
	cat <<-'EOT'
		usage: lab soak MINUTES [GUEST-OPTION...]
		Messages of all transports, faults, invalidations, processes that are killed, a link that flaps, registrations
		that come and go, reclaim to swap: all at once on rodp, for so long. Ends with 0 if nothing failed, no object is
		left, the module could be unloaded and the kernel's log is clean.

		  GUEST-OPTIONs           such as --kernel, --cpus [4], --mem [3072]; see lab --help
		  --seed N                of the order of things [another one each time; it is printed]
	EOT
}

cmd_soak() {
	local minutes=${1:-} seed='' status=0
	case $minutes in
	'' | -h | --help) soak_usage && return ;;
	esac
	[[ $minutes =~ ^[1-9][0-9]{0,4}$ ]] || die "lab soak: '$minutes' is no number of minutes" "lab soak 30"
	shift
	guest_defaults
	G_LINK=rodp G_TOPO=veth G_CPUS=4 G_MEM=3072 G_WORKDIR=$LAB_CHECKOUT
	while [ $# -gt 0 ]; do
		case $1 in
		--seed) need_value "$@" && seed=$2 ;;
		*) guest_option "$@" || die "lab soak: unknown option '$1'" "see lab soak --help" ;;
		esac
		shift 2
	done
	! is_debug_kernel "$G_KERNEL" || G_MEM=$((G_MEM * 3 / 2))
	G_LIMIT=$((minutes * 60 + SOAK_SLACK * $(kernel_slowness "$G_KERNEL")))
	guest_needs
	guest_run tests/chaos/soak.sh --down "$minutes" "$(build_path "$(guest_suite)")/tests" ${seed:+"$seed"} || status=$?
	exit "$status"
}
