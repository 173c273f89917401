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
#   report/        counters -> rows -> table, bench.json, bench.png; curves; profile -> functions
#   lib/wall.sh    the same work by the clock, for those who want to see MiB/s

BENCH_DIR=$LAB_CHECKOUT/tests/bench
BENCH_BUILD=$LAB_CHECKOUT/build/bench

# The emulator, and the kernel that is measured; exported for the lab's steps, which are processes of their own.
export BENCH_QEMU=${BENCH_QEMU:-qemu-system-x86_64}
export BENCH_KERNEL=${BENCH_KERNEL:-7}

. "$BENCH_DIR/lib/plan.sh"
. "$BENCH_DIR/lib/plugin.sh"
. "$BENCH_DIR/lib/rodp.sh"
. "$BENCH_DIR/lib/siw.sh"
. "$BENCH_DIR/lib/modules.sh"
. "$BENCH_DIR/lib/image.sh"
. "$BENCH_DIR/lib/guest.sh"
. "$BENCH_DIR/lib/report.sh"
. "$BENCH_DIR/lib/wall.sh"

bench_usage() {
	cat <<-'EOT'
		usage: lab bench [OPTION]...
		Counts the instructions that one message costs, on rodp, on rxe, and without either.

		  --device DEVICE         what to measure: rodp, rxe, siw (built from the kernel's source), tcp, cma
		                          (process_vm_writev), both (the first two), all (all)
		  -k PATTERN              only rows whose name matches this extended regular expression; a row's name
		                          is TEST:BYTES:MEMORY:TOPOLOGY:DEVICE, such as write_bw:65536:odp:one:rodp
		  --kernel 6.1|6.12|7     the kernel to boot (7)
		  --quick                 a few rows with few iterations: does the bench work?
		  --profile ROW           where the instructions of this row go: the top 40 functions
		  --curves                instead of the rows, WRITEs of 4 KiB over 1 to 1,024 queue pairs and 1 to 100,000
		                          regions, on rodp and rxe
		  --wall                  instead, MiB/s and us by the clock of one guest with two CPUs, devices in turn
		  --rounds N              how often, with --wall (5)
		  --repeat                boot every guest twice and check that the counters are the same
		  --mirror URL            the Debian mirror, on hosts that are not Debian

		Writes build/bench.json and build/bench.png; --curves writes bench-curves, --wall bench-wall. Instructions compare
		within one QEMU version only: versions count string instructions differently.
	EOT
}

# The options, in variables of their own.
bench_options() {
	BENCH_PATTERN=. BENCH_QUICK='' BENCH_PROFILE='' BENCH_REPEAT='' BENCH_CURVES='' BENCH_WALL='' BENCH_ROUNDS=5
	bench_use all
	while [ $# -gt 0 ]; do
		case $1 in
		--quick) BENCH_QUICK=1 ;;
		--repeat) BENCH_REPEAT=1 ;;
		--curves) BENCH_CURVES=1 ;;
		--wall) BENCH_WALL=1 ;;
		-h | --help) bench_usage && exit 0 ;;
		*) bench_option "$@" && shift ;;
		esac
		shift
	done
}

# bench_option OPTION VALUE
bench_option() {
	[[ $1 =~ ^(--device|-k|--kernel|--profile|--rounds|--mirror)$ ]] || die "unknown option '$1'" "see lab bench --help"
	need_value "$@"
	case $1 in
	--device) bench_use "$2" ;;
	-k) BENCH_PATTERN=$2 ;;
	--kernel) check_word "$1" "$2" 6.1 6.12 7 && BENCH_KERNEL=$2 ;;
	--profile) BENCH_PROFILE=$2 BENCH_DEVICES=${2##*:} ;;
	--rounds) BENCH_ROUNDS=$2 ;;
	--mirror) export LAB_MIRROR=$2 ;;
	esac
}

cmd_bench() {
	bench_options "$@"
	[ -z "$BENCH_CURVES" ] || bench_only_devices
	if [ -n "$BENCH_WALL" ]; then bench_wall; else bench_count; fi
}

# By the counter: everything but --wall.
bench_count() {
	need_host gcc:build-essential debugfs:e2fsprogs
	need_tree "$(bench_suite)"
	need_tree trixie # which has gnuplot
	need_kernel "$BENCH_KERNEL"
	bench_need_rodp
	bench_need_siw
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
	local guests=$BENCH_BUILD/guests${BENCH_CURVES:+-curves}
	bench_plan_guests "$guests"
	bench_run_guests "$guests"
	[ -z "$BENCH_REPEAT" ] || bench_repeat_guests "$guests"
	"bench_report${BENCH_CURVES:+_curves}" "$guests" "$LAB_CHECKOUT/build"
	bench_check_guests "$guests"
}
