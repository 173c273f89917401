# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
# shellcheck shell=bash
#
# wall: `lab bench --wall`. One guest with two CPUs and a link of each device; wall/traffic.sh runs the bench's work over
# all of them in turn, by the clock. Medians, the least and the most: what else the host does comes to all alike, and stays in
# the figures.

# bench_wall_link: rodp and rxe side by side where the kernel can.
bench_wall_link() {
	case " $BENCH_DEVICES " in
	*" rodp "*" rxe "*) [ "$BENCH_KERNEL" = 7 ] && echo rodp+rxe || echo rodp ;;
	*" rxe "*) echo rxe ;;
	*) echo rodp ;; # whose two hosts the others use
	esac
}

bench_wall() {
	local results=$LAB_TMP/wall.tsv failed=0 link
	[[ $BENCH_ROUNDS =~ ^[1-9][0-9]*$ ]] || die "--rounds cannot be '$BENCH_ROUNDS'" "it is how often, at least once"
	guest_defaults
	# shellcheck disable=SC2034 # the lab's
	G_KERNEL=$BENCH_KERNEL G_TOPO=veth G_LIMIT=$((600 + 600 * BENCH_ROUNDS)) G_WORKDIR=$LAB_CHECKOUT
	need_host
	need_kernel "$BENCH_KERNEL"
	need_tree "$(bench_suite)"
	mkdir -p "$BENCH_BUILD"
	bench_need_siw
	link=$(bench_wall_link)
	report_guests "$link" "$results" tests/bench/wall/traffic.sh "$BENCH_ROUNDS" "$BENCH_DEVICES" "$BENCH_PATTERN" || failed=1
	report_write bench-wall "$results" tests/bench/wall/table.py tests/bench/wall/chart.gp "$BENCH_BUILD/wall.dat"
	return "$failed"
}
