# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# run: the options that describe a guest, and the commands that are little more
# than those: run, shell, build, in-tree, clean, bench.

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
	--kernel) need_value "$@" && check_word --kernel "$2" $LAB_KERNELS && G_KERNEL=$2 ;;
	--suite) need_value "$@" && check_word --suite "$2" bookworm trixie sid && G_SUITE=$2 ;;
	--tree) need_value "$@" && check_word --tree "$2" $(tree_varieties) && G_TREE=$2 ;;
	--installed) need_value "$@" && check_word --installed "$2" yes no && G_INSTALLED=$2 && G_TREE=clean ;;
	--link) need_value "$@" && check_word --link "$2" none rxe rodp rodp:rxe rxe:rodp rodp+rxe && G_LINK=$2 ;;
	--topo) need_value "$@" && check_word --topo "$2" one veth && G_TOPO=$2 ;;
	--share) need_value "$@" && add_share "$2" ;;
	--cpus) need_value "$@" && G_CPUS=$2 ;;
	--mem) need_value "$@" && G_MEM=$2 ;;
	--numa) need_value "$@" && G_NUMA=$2 ;;
	--pmem) need_value "$@" && G_PMEM=$2 ;;
	--huge) need_value "$@" && G_HUGE=$2 ;;
	--limit) need_value "$@" && G_LIMIT=$2 ;;
	--append) need_value "$@" && G_APPEND=$2 ;;
	--env) need_value "$@" && G_ENV+=("$2") ;;
	--console) need_value "$@" && G_CONSOLE=$2 ;;
	--mirror) need_value "$@" && export LAB_MIRROR=$2 ;;
	*) return 1 ;;
	esac
}

# guest_options COMMAND-NAME ARG...: takes the options up to --, leaves the rest
# in G_COMMAND.
guest_options() {
	local name=$1
	shift
	guest_defaults
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		guest_option "$@" || die "lab $name: unknown option '$1'" "see lab --help; a command follows --"
		shift 2
	done
	[ $# -eq 0 ] || shift
	G_COMMAND=("$@")
}

need_command() {
	[ "${#G_COMMAND[@]}" -gt 0 ] || die "lab $1: no command" "lab $1 [OPTION...] -- COMMAND..."
}

cmd_run() {
	local status=0
	guest_options run "$@"
	need_command run
	guest_needs
	guest_run "${G_COMMAND[@]}" || status=$?
	exit "$status"
}

# The terminal is QEMU's while the guest runs; Ctrl-C goes to the guest.
cmd_shell() {
	local status=0 saved=''
	guest_options shell "$@"
	G_LIMIT=86400
	guest_needs
	G_TERMINAL=$(stty size 2>/dev/null || echo 24 80)
	saved=$(stty -g 2>/dev/null || true)
	say "a shell in the guest; exit or Ctrl-D ends it"
	guest_run bash --login -i || status=$?
	[ -z "$saved" ] || stty "$saved"
	exit "$status"
}

cmd_build() {
	guest_options build "$@"
	G_LINK=rodp
	guest_needs
}

cmd_in_tree() {
	guest_options in-tree "$@"
	need_command in-tree
	need_host
	need_kernel "$G_KERNEL"
	need_tree "$(guest_suite)"
	in_tree "$(guest_suite)" "$G_KERNEL" "${G_COMMAND[@]}"
}

cmd_clean() {
	say "removing $(cache_dir)"
	rm -rf --one-file-system "$(cache_dir)"
}

# The benchmark has a room of its own, which uses the trees and kernels of this one.
cmd_bench() {
	local script=$LAB_CHECKOUT/tests/bench/bench.sh
	[ -e "$script" ] || die "this checkout has no tests/bench/bench.sh"
	# shellcheck source=/dev/null
	. "$script"
	bench_main "$@"
}
