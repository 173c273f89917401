# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# demo: `lab demo`. Boots a guest with a link of each device, lets demo/traffic.sh run stock
# perftest over them, has the bench count the kernel's instructions, and makes of the results a table, build/demo.json and
# build/demo.png.

DEMO_COUNTED='^(write|read|send)_bw:65536:(pinned|odp):veth:' # rows of the bench

# demo_link: the devices that one guest of kernel G_KERNEL can have.
demo_link() {
	if [ ! -e "$LAB_CHECKOUT/kernel/Kbuild" ]; then
		say "this checkout has no kernel/ directory: rxe alone"
		echo rxe
	elif [ "$G_KERNEL" = 7 ] || is_standin_kernel "$G_KERNEL"; then
		echo rodp+rxe
	else
		say "two rxe in two network namespaces do not talk before kernel 7: rodp alone"
		echo rodp
	fi
}

# demo_uncounted: why nothing can be counted here, if so.
demo_uncounted() {
	if is_debug_kernel "$G_KERNEL"; then
		echo "kernel $G_KERNEL checks more than it does"
	elif ! command -v gcc >/dev/null; then
		echo "this host has no gcc to build the counter with"
	elif ! (mkdir -p "$BENCH_BUILD" && bench_plugin_api) >/dev/null 2>&1; then
		echo "$BENCH_QEMU loads no TCG plugins, which count"
	fi
}

# demo_count KERNEL "DEVICE..." OUT: rows of the bench (report/rows.awk), with few iterations.
demo_count() {
	local guests=$BENCH_BUILD/demo
	bench_options --kernel "$1"
	BENCH_DEVICES=$2 BENCH_QUICK=1 BENCH_QUICK_ROWS=$DEMO_COUNTED
	mkdir -p "$BENCH_BUILD"
	need_userland "$(bench_suite)"
	bench_plugin_build
	bench_common_build
	bench_plan_guests "$guests"
	bench_run_guests "$guests"
	bench_check_guests "$guests"
	bench_rows_of "$guests" >"$3"
}

# demo_instructions LINK OUT: the rows of its devices, or a line that says why there are none.
demo_instructions() {
	local why
	why=$(demo_uncounted)
	if [ -n "$why" ]; then
		say "instructions are not counted: $why"
		echo "uncounted $why" >"$2"
		return
	fi
	"$LAB_DIR/lab" --call demo_count "$G_KERNEL" "${1/+/ }" "$2" && return
	echo "uncounted the bench failed" >"$2"
	return 1
}

cmd_demo() {
	local rounds=3 link='' failed=0 results=$LAB_TMP/demo.tsv insn=$LAB_CHECKOUT/build/demo.insn
	guest_defaults
	G_TOPO=veth G_LIMIT=1500 G_WORKDIR=$LAB_CHECKOUT
	while [ $# -gt 0 ]; do
		case $1 in
		--rounds) need_value "$@" && rounds=$2 ;;
		--device) need_value "$@" && check_word --device "$2" rodp rxe && link=$2 ;;
		*) guest_option "$@" || die "lab demo: unknown option '$1'" "see lab --help" ;;
		esac
		shift 2
	done
	[ -n "$link" ] || link=$(demo_link)
	! command -v apt-get >/dev/null || need_host gcc:build-essential
	report_guests "$link" "$results" tests/lab/demo/traffic.sh "$rounds" || failed=1
	demo_instructions "$link" "$insn" || failed=1
	report_write demo "$results" tests/lab/demo/table.py tests/lab/demo/chart.gp "$LAB_CHECKOUT/build/demo.dat" "$insn"
	return "$failed"
}
