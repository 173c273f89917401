# shellcheck shell=bash source-path=SCRIPTDIR
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# bench: how many instructions a message costs, counted, not timed. Guests with one virtual CPU run stock perftest under
# QEMU's emulation, where a plugin (plugin/) counts; the same boot gives the same counters to the last digit.
# `lab bench` is cmd_bench; it uses the lab's functions for trees, kernels and progress. The steps:
#
#   lib/plan.sh    which rows, how many iterations, which guests
#   lib/plugin.sh  the counter, built for this host's QEMU
#   lib/image.sh   initramfs: programs, modules, plan
#   lib/guest.sh   runs the guests, two at a time
#   report/        counters -> rows -> table, bench.json, bench.png; profile -> functions

BENCH_DIR=$LAB_CHECKOUT/tests/bench
BENCH_BUILD=$LAB_CHECKOUT/build/bench

# The emulator, and the kernel that is measured; exported for the lab's steps, which are processes of their own.
export BENCH_QEMU=${BENCH_QEMU:-qemu-system-x86_64}
export BENCH_KERNEL=${BENCH_KERNEL:-7}

. "$BENCH_DIR/lib/plan.sh"
. "$BENCH_DIR/lib/plugin.sh"
. "$BENCH_DIR/lib/rodp.sh"
. "$BENCH_DIR/lib/modules.sh"
. "$BENCH_DIR/lib/image.sh"
. "$BENCH_DIR/lib/guest.sh"
. "$BENCH_DIR/lib/report.sh"

bench_usage() {
	cat <<-'EOT'
		usage: lab bench [OPTION]...
		Counts the instructions that one RDMA message costs, on rodp and on rxe.

		  --device rodp|rxe|both  what to measure (both)
		  -k PATTERN              only rows whose name matches this extended regular expression; a row's name
		                          is TEST:BYTES:MEMORY:TOPOLOGY:DEVICE, such as write_bw:65536:odp:one:rodp
		  --kernel 6.1|6.12|7     the kernel to boot (7)
		  --quick                 a few rows with few iterations: does the bench work?
		  --profile ROW           where the instructions of this row go: the top 40 functions
		  --repeat                boot every guest twice and check that the counters are the same
		  --mirror URL            the Debian mirror, on hosts that are not Debian

		Writes build/bench.json and build/bench.png. Figures compare within one QEMU version only: versions count
		string instructions differently.
	EOT
}

# The options, in variables of their own.
bench_options() {
	BENCH_DEVICES="rodp rxe" BENCH_PATTERN=. BENCH_QUICK='' BENCH_PROFILE='' BENCH_REPEAT=''
	while [ $# -gt 0 ]; do
		case $1 in
		--quick) BENCH_QUICK=1 ;;
		--repeat) BENCH_REPEAT=1 ;;
		-h | --help) bench_usage && exit 0 ;;
		*) bench_option "$@" && shift ;;
		esac
		shift
	done
}

# bench_option OPTION VALUE
bench_option() {
	[[ $1 =~ ^(--device|-k|--kernel|--profile|--mirror)$ ]] || die "unknown option '$1'" "see lab bench --help"
	need_value "$@"
	case $1 in
	--device) check_word "$1" "$2" rodp rxe both && BENCH_DEVICES=${2/both/rodp rxe} ;;
	-k) BENCH_PATTERN=$2 ;;
	--kernel) check_word "$1" "$2" 6.1 6.12 7 && BENCH_KERNEL=$2 ;;
	--profile) BENCH_PROFILE=$2 BENCH_DEVICES=${2##*:} ;;
	--mirror) export LAB_MIRROR=$2 ;;
	esac
}

cmd_bench() {
	bench_options "$@"
	need_host gcc:build-essential gnuplot:gnuplot-nox debugfs:e2fsprogs
	need_tree "$(bench_suite)"
	need_kernel "$BENCH_KERNEL"
	bench_need_rodp
	need_userland "$(bench_suite)"
	mkdir -p "$BENCH_BUILD"
	bench_plugin_build
	bench_floor_build
	bench_common_build
	if [ -n "$BENCH_PROFILE" ]; then
		bench_profile "$BENCH_PROFILE"
	else
		bench_measure
	fi
}

# All guests, then the report.
bench_measure() {
	local guests=$BENCH_BUILD/guests
	bench_plan_guests "$guests"
	bench_run_guests "$guests"
	[ -z "$BENCH_REPEAT" ] || bench_repeat_guests "$guests"
	bench_report "$guests" "$LAB_CHECKOUT/build"
	bench_check_guests "$guests"
}
