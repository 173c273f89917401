# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
# shellcheck shell=bash
#
# plan: the rows of the bench and how they are shared out among guests. A guest is a directory
# build/bench/guests/DEVICE-TOPOLOGY with its plan in it; "floor" is a guest too.

BENCH_TOPOLOGIES="one veth"
BENCH_TESTS="write_bw read_bw send_bw write_lat"
BENCH_SIZES="4096 65536"
BENCH_MEMORIES="pinned odp"

# What a 1 MiB WRITE costs, by the state of its target: pinned; of an on-demand region, used before, used never
# (cold), or prefetched; and, without a device, the CPU's own first touch of 1 MiB.
BENCH_TOUCH_BYTES=1048576
BENCH_TOUCHES="pinned warm cold prefetched cpu"

# What --quick measures.
BENCH_QUICK_ROWS='^(floor:4096|write_bw:4096:(pinned|odp):one:.*|write_lat:4096:pinned:veth:.*|first_touch:.*:rodp)$'

# bench_iterations ROW: "FEW MANY TIMES", the iterations of the row's two runs, and how often both are done. Chosen by
# measurement: short messages settle into another rhythm in every run, so runs are worth more than iterations.
bench_iterations() {
	case $1${BENCH_QUICK:+:quick} in
	first_touch:*) echo 20 120 1 ;;
	floor:*) echo 1000 11000 1 ;;
	*:quick) echo 100 600 1 ;;
	*_lat:4096:*) echo 100 5100 3 ;;
	*_lat:*) echo 100 2100 3 ;;
	*:4096:*:one:rodp) echo 1000 41000 5 ;;
	*:4096:*) echo 1000 31000 3 ;;
	*:one:rodp) echo 200 8200 4 ;;
	*) echo 200 4200 1 ;;
	esac
}

# bench_rows DEVICE TOPOLOGY: every row's name, in the order of measurement.
bench_rows() {
	local test bytes memory
	for bytes in $BENCH_SIZES; do
		if [ "$1" = floor ]; then
			echo "floor:$bytes"
			continue
		fi
		for test in $BENCH_TESTS; do
			for memory in $BENCH_MEMORIES; do
				echo "$test:$bytes:$memory:$2:$1"
			done
		done
	done
	[ "$2" = one ] || return 0
	for memory in $BENCH_TOUCHES; do
		[ "$1:$memory" = rxe:prefetched ] || echo "first_touch:$BENCH_TOUCH_BYTES:$memory:$2:$1"
	done
}

# The rows of a guest that were asked for. The floor is always among them.
bench_wanted_rows() {
	bench_rows "$1" "$2" |
		if [ -n "$BENCH_QUICK" ]; then grep -E "$BENCH_QUICK_ROWS"; else cat; fi |
		if [ "$1" = floor ]; then cat; else grep -E -- "$BENCH_PATTERN"; fi || true
}

# bench_plan_guest DIR DEVICE TOPOLOGY: makes the guest's directory unless it has nothing to do.
bench_plan_guest() {
	local row rows
	rows=$(bench_wanted_rows "$2" "$3")
	[ -n "$rows" ] || return 0
	mkdir -p "$1"
	echo "$2 $3" >"$1/kind"
	for row in $rows; do
		echo "$row $(bench_iterations "$row")"
	done >"$1/plan"
}

# bench_can_run DEVICE TOPOLOGY: whether the kernel's driver can do it at all. Before 7.x two rxe devices in two network
# namespaces do not talk to one another.
bench_can_run() {
	[ "$1:$2" != rxe:veth ] || [ "$BENCH_KERNEL" = 7 ] || {
		say "kernel $BENCH_KERNEL: rxe does not work between namespaces, so it has no veth rows"
		return 1
	}
}

# bench_plan_guests DIR: one directory for each guest.
bench_plan_guests() {
	local device topology
	rm -rf "$1"
	for device in $BENCH_DEVICES; do
		for topology in $BENCH_TOPOLOGIES; do
			! bench_can_run "$device" "$topology" ||
				bench_plan_guest "$1/$device-$topology" "$device" "$topology"
		done
	done
	[ -e "$1" ] || die "no row matches '$BENCH_PATTERN'" "a row's name is like write_bw:65536:odp:one:rxe"
	bench_plan_guest "$1/floor" floor none
}
