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
	--kernel) need_value "$@" && take_kernel "$2" && G_KERNEL=$KERNEL ;;
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

# take_artifacts DIR: sets ARTIFACTS to its path.
take_artifacts() {
	mkdir -p "$1" || die "--artifacts: cannot make $1"
	ARTIFACTS=$(readlink -f "$1")
}

# run_options OPTION...: those of lab run alone; sets REST to the others.
run_options() {
	R_JUNIT='' ARTIFACTS='' REST=()
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		case $1 in
		--junit) need_value "$@" && R_JUNIT=$2 && shift ;;
		--artifacts) need_value "$@" && take_artifacts "$2" && REST+=(--share "$ARTIFACTS" --env "LAB_ARTIFACTS=$ARTIFACTS") && shift ;;
		--no-build) export LAB_NO_BUILD=yes ;;
		*) REST+=("$1") ;;
		esac
		shift
	done
	REST+=("$@")
	[ -z "$ARTIFACTS" ] || [ -n "$R_JUNIT" ] || R_JUNIT=$ARTIFACTS/junit.xml
}

# run_reason STATUS: why it is no success.
run_reason() {
	case $1 in
	0) ;;
	77) echo "this kernel cannot have such a link, or the command skipped itself" ;;
	124) echo "${GUEST_REASON:-the command says that it ran into a limit}" ;;
	"$GUEST_FAILED") echo "the guest died, or its link did not come up" ;;
	*) echo "exit status $1" ;;
	esac
}

# run_report STATUS MILLISECONDS CONSOLE: what --junit and --artifacts ask for.
run_report() {
	local result=fail
	case $1 in 0) result=pass ;; 77) result=skip ;; esac
	if [ -n "$R_JUNIT" ]; then
		junit_case "lab.run.$G_KERNEL" "${G_COMMAND[*]}" "$2" "$result" "$(run_reason "$1")" "$3" |
			junit_suite 1 "$([ "$result" = fail ] && echo 1 || echo 0)" "$([ "$result" = skip ] && echo 1 || echo 0)" "$2" \
				"rodp $(rodp_exactly)" "kernel $(kernel_exactly "$G_KERNEL")" "suite $(suite_exactly "$(guest_suite)")" \
				"accelerator $(accel_of "$G_KERNEL")" >"$R_JUNIT"
	fi
	[ -n "$ARTIFACTS" ] || return 0
	printf '{"status": %d, "reason": %s, "seconds": %s, "command": %s, "link": "%s", "topology": "%s", "rodp": %s, "kernel": %s, "suite": %s, "accelerator": "%s"}\n' \
		"$1" "$(json_string "$(run_reason "$1")")" "$(seconds_of "$2")" "$(json_string "${G_COMMAND[*]}")" "$G_LINK" "$G_TOPO" "$(json_string "$(rodp_exactly)")" \
		"$(json_string "$(kernel_exactly "$G_KERNEL")")" "$(json_string "$(suite_exactly "$(guest_suite)")")" "$(accel_of "$G_KERNEL")" >"$ARTIFACTS/result.json"
}

cmd_run() {
	local status=0 start console
	run_options "$@"
	guest_options run "${REST[@]}"
	need_command run
	[ -z "$R_JUNIT" ] || : >"$R_JUNIT" || die "--junit: cannot write $R_JUNIT"
	guest_needs
	console=$LAB_TMP/console
	[ -z "$ARTIFACTS" ] || console=$ARTIFACTS/console.log
	[ -n "$G_CONSOLE" ] || G_CONSOLE=$console
	start=${EPOCHREALTIME/./}
	guest_run "${G_COMMAND[@]}" || status=$?
	[ -z "$ARTIFACTS" ] || [ "$G_CONSOLE" -ef "$console" ] || cp "$G_CONSOLE" "$console"
	run_report "$status" "$(((${EPOCHREALTIME/./} - start) / 1000))" "$G_CONSOLE"
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
