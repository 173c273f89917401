# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
# shellcheck shell=bash
#
# plan: the rows of the bench and how they are shared out among guests. A guest is a directory
# build/bench/guests/DEVICE-TOPOLOGY with its plan in it; "floor" is a guest too.

BENCH_TOPOLOGIES="one veth"
BENCH_SIZES="4096 65536"

# Beside the two devices, what else would bring the bytes: iWARP in software, a TCP connection, process_vm_writev().
BENCH_ALL_DEVICES="rodp rxe siw tcp cma"

# bench_use WORD: the devices that --device names.
bench_use() {
	# shellcheck disable=SC2086 # a list
	check_word --device "$1" $BENCH_ALL_DEVICES both all
	case $1 in
	both) BENCH_DEVICES="rodp rxe" ;;
	all) BENCH_DEVICES=$BENCH_ALL_DEVICES ;;
	*) BENCH_DEVICES=$1 ;;
	esac
}

# Curves are of devices with queue pairs and keys in a table.
bench_only_devices() {
	local device kept=
	for device in $BENCH_DEVICES; do
		[[ ! $device =~ ^(rodp|rxe)$ ]] || kept+=" $device"
	done
	[ -n "$kept" ] || die "no curves of $BENCH_DEVICES" "they are of rodp and rxe"
	BENCH_DEVICES=${kept# }
}

# bench_tests_of DEVICE, bench_memories_of DEVICE: what is measured of it. Peers without RDMA copy what they are given. Two
# siw that poll on one CPU leave its own threads no turn.
bench_tests_of() {
	case $1 in
	tcp | cma) echo stream pingpong ;;
	siw) echo write_bw read_bw send_bw ;;
	*) echo write_bw read_bw send_bw write_lat ;;
	esac
}

bench_memories_of() {
	case $1 in
	tcp | cma) echo copied ;;
	siw) echo pinned ;;
	*) echo pinned odp ;;
	esac
}

# The points of the curves (--curves): WRITEs of 4 KiB spread over so many queue pairs, or so many regions.
BENCH_CURVE_BYTES=4096
BENCH_CURVE_QPS="1 4 16 64 256 1024"
BENCH_CURVE_MRS="1 10 100 1000 10000 100000"

# What a 1 MiB WRITE costs, by the state of its target: pinned; of an on-demand region, used before, used never
# (cold), or prefetched; and, without a device, the CPU's own first touch of 1 MiB.
BENCH_TOUCH_BYTES=1048576
BENCH_TOUCHES="pinned warm cold prefetched cpu"

# What --quick measures.
BENCH_QUICK_ROWS='^(floor:4096|write_bw:4096:(pinned|odp):one:.*|write_lat:4096:pinned:veth:.*|first_touch:.*:rodp'
BENCH_QUICK_ROWS+='|stream:4096:.*|qps=.?.?:.*|mrs=1?0?0:.*)$'

# bench_iterations ROW: "FEW MANY TIMES", the iterations of the row's two runs, and how often both are done. Chosen by
# measurement: short messages settle into another rhythm in every run, so runs are worth more than iterations.
bench_iterations() {
	case $1${BENCH_QUICK:+:quick} in
	first_touch:*) echo 20 120 1 ;;
	floor:*) echo 1000 11000 1 ;;
	qps=* | mrs=*) echo 256 8448 1 ;; # the difference is a multiple of the QPs
	*:quick) echo 100 600 1 ;;
	pingpong:*) echo 100 5100 1 ;;
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
	case $1:$2 in
	floor:*) bench_floor_rows ;;
	cma:veth) ;; # one host
	*) bench_device_rows "$@" ;;
	esac
}

bench_floor_rows() {
	local bytes
	for bytes in $BENCH_SIZES; do
		echo "floor:$bytes"
	done
}

bench_device_rows() {
	local test bytes memory
	for bytes in $BENCH_SIZES; do
		for test in $(bench_tests_of "$1"); do
			for memory in $(bench_memories_of "$1"); do
				echo "$test:$bytes:$memory:$2:$1"
			done
		done
	done
	[[ $1:$2 =~ ^(rodp|rxe):one$ ]] || return 0
	for memory in $BENCH_TOUCHES; do
		[ "$1:$memory" = rxe:prefetched ] || echo "first_touch:$BENCH_TOUCH_BYTES:$memory:$2:$1"
	done
}

# bench_curve_rows DEVICE TOPOLOGY: the points of its curves; rodp's memory is on demand, rxe's pinned.
bench_curve_rows() {
	local count memory=odp
	[ "$1" = rodp ] || memory=pinned
	for count in $BENCH_CURVE_QPS; do
		echo "qps=$count:$BENCH_CURVE_BYTES:$memory:$2:$1"
	done
	for count in $BENCH_CURVE_MRS; do
		echo "mrs=$count:$BENCH_CURVE_BYTES:$memory:$2:$1"
	done
}

# The rows of a guest that were asked for. The floor is always among them.
bench_wanted_rows() {
	if [ -z "$BENCH_CURVES" ]; then bench_rows "$@"; else bench_curve_rows "$@"; fi |
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
	[ -n "$BENCH_CURVES" ] || bench_plan_guest "$1/floor" floor none
}
