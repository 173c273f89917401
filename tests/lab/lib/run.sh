# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# run: the options that describe a guest, and `lab run`.

# need_value OPTION VALUE...
need_value() {
	[ $# -ge 2 ] || die "$1 needs a value" "see lab --help"
}

check_word() {
	local what=$1 word=$2
	shift 2
	[[ " $* " == *" $word "* ]] || die "$what cannot be '$word'" "use one of: $*"
}

add_share() {
	[ -d "$1" ] || die "--share: no directory '$1'"
	[[ $1 != *[[:space:],]* ]] || die "--share: '$1' has a blank or a comma in its name" "share another directory"
	G_SHARES+=("$(readlink -f "$1")")
}

# guest_option OPTION [VALUE]: takes one option of a guest; false when it is none.
guest_option() {
	case $1 in
	--kernel) need_value "$@" && check_word --kernel "$2" 6.1 6.12 7 && G_KERNEL=$2 ;;
	--suite) need_value "$@" && check_word --suite "$2" bookworm trixie sid && G_SUITE=$2 ;;
	--link) need_value "$@" && check_word --link "$2" none rxe rodp rodp:rxe rxe:rodp && G_LINK=$2 ;;
	--topo) need_value "$@" && check_word --topo "$2" one veth && G_TOPO=$2 ;;
	--share) need_value "$@" && add_share "$2" ;;
	--cpus) need_value "$@" && G_CPUS=$2 ;;
	--mem) need_value "$@" && G_MEM=$2 ;;
	--limit) need_value "$@" && G_LIMIT=$2 ;;
	--append) need_value "$@" && G_APPEND=$2 ;;
	--env) need_value "$@" && G_ENV+=("$2") ;;
	--console) need_value "$@" && G_CONSOLE=$2 ;;
	--mirror) need_value "$@" && export LAB_MIRROR=$2 ;;
	*) return 1 ;;
	esac
}

cmd_run() {
	local status=0
	guest_defaults
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		guest_option "$@" || die "lab run: unknown option '$1'" "see lab --help; the command follows --"
		shift 2
	done
	[ $# -ge 2 ] || die "lab run: no command" "lab run [OPTION...] -- COMMAND..."
	shift
	guest_needs
	guest_run "$@" || status=$?
	exit "$status"
}
