#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# smoke: the bench without a guest. What its reports make of counters that are made up: tables, JSON and pictures of the rows, the
# curves and the clock. And the programs without RDMA: both move messages and say so, and one that is given another's bytes
# fails.
set -euo pipefail

dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$dir"' EXIT
bench=$PWD/tests/bench
programs=$LAB_BUILD/tests/bench

complain() { echo "$*" && exit 1; }

# has FILE LINE: the file has it, whatever its blanks.
has() {
	grep -qxF -- "$2" < <(tr -s ' ' <"$1" | sed 's/ $//') || { cat "$1" && complain "no line: $2"; }
}

is_png() {
	[ "$(tail -c +2 "$1" | dd bs=3 count=1 status=none)" = PNG ] || complain "no picture $1"
}

# windows ROW KERNEL SYSCALLS: two windows of 100 and 300 iterations, each with 5000 instructions of set-up.
windows() {
	local n
	for n in 100 300; do
		echo "window $1:$n user 0 kernel $((5000 + n * $2)) module $((n * $2 / 2)) syscalls $((7 + n * $3))"
	done
}

check_rows() {
	{
		windows floor:4096 1500 0
		windows write_bw:4096:pinned:one:rodp 8000 1
		windows write_bw:4096:odp:one:rodp 8400 1
		windows write_bw:4096:pinned:one:rxe 24000 2
		windows write_bw:4096:pinned:one:siw 30000 3
		windows stream:4096:copied:one:tcp 9000 2
		windows pingpong:4096:copied:one:cma 10000 4
	} >"$dir/counters"
	awk -f "$bench/report/rows.awk" "$dir/counters" >"$dir/rows"
	awk -f "$bench/report/table.awk" "$dir/rows" >"$dir/table"
	has "$dir/table" 'one write_bw 4096 8.00 ( 4.00) 8.40 ( 4.20) 1.050 5.600 1.000 1.000'
	has "$dir/table" 'one write_bw 4096 30.00 ( 15.00) - - - 3.000 -'
	has "$dir/table" 'one stream 4096 8.40 (1.00) 24.00 (2.00) 30.00 (3.00) 9.00 (2.00) - 1.50'
	has "$dir/table" 'one ping-pong 4096 - - - - 5.00 (2.00) 1.50'
	awk -v kernel=7 -f "$bench/report/json.awk" "$dir/rows" | python3 -c '
import json, sys
rows = {r["device"]: r for r in json.load(sys.stdin)["rows"]}
assert rows["cma"]["kernel_insn"] == 5000 and rows["tcp"]["syscalls"] == 2, rows'
	awk -f "$bench/report/bars.awk" "$dir/rows" >"$dir/bars"
	gnuplot -e "bars='$dir/bars'; sizes=1; kernel='7'; out='$dir/bars.png'" "$bench/report/bars.gp"
	is_png "$dir/bars.png"
}

check_curves() {
	{
		windows qps=64:4096:odp:one:rodp 8800 1
		windows qps=1:4096:odp:one:rodp 8000 1
		windows qps=1:4096:pinned:veth:rxe 30000 1
		windows mrs=1000:4096:odp:veth:rodp 20000 1
	} >"$dir/counters"
	awk -f "$bench/report/rows.awk" "$dir/counters" | awk -f "$bench/report/curves.awk" >"$dir/curves"
	has "$dir/curves" '1 8.00 1.000 - - - - 30.00 1.000'
	has "$dir/curves" '64 8.80 1.100 - - - - - -'
	has "$dir/curves" '1000 - - 20.00 1.000 - - - -'
	gnuplot -e "curves='$dir/curves'; kernel='7'; out='$dir/curves.png'" "$bench/report/curves.gp"
	is_png "$dir/curves.png"
}

check_wall() {
	printf 'write_bw\t4096\todp\tone\trodp\t%s\n' 10 30 20 >"$dir/tsv"
	printf 'pingpong\t4096\tcopied\tone\tcma\t%s\n' 5 failed >>"$dir/tsv"
	printf 'write_bw\t4096\tpinned\tone\trxe\tfailed\n' >>"$dir/tsv"
	python3 "$bench/wall/table.py" 7 tcg "$dir/tsv" "$dir/json" "$dir/dat" >"$dir/table"
	has "$dir/table" 'one stream 4096 - 20.0 (10.0..30.0) - - - - -'
	has "$dir/table" 'one pingpong 4096 - - - - - - 5.0 (5.0..5.0)'
	gnuplot -e "data='$dir/dat'; image='$dir/wall.png'; kernel='7'" "$bench/wall/chart.gp"
	is_png "$dir/wall.png"
}

# value FILE: it has one line, a number above 0.
value() {
	awk 'NR == 1 && NF == 1 && $1 > 0 { good = 1 } END { exit !(good && NR == 1) }' "$1" || { cat "$1" && complain "no figure"; }
}

# ends SERVER-OPTIONS CLIENT-OPTIONS: the statuses are in $server and $client.
ends() {
	local pid
	server=0 client=0
	# shellcheck disable=SC2086 # words
	timeout 20 "$programs/tcp_peer" -p 28515 $1 >"$dir/server" 2>&1 &
	pid=$!
	until grep -q ':6F63 .* 0A ' "/proc/$pid/net/tcp"; do kill -0 "$pid" || complain "the server does not listen"; done
	# shellcheck disable=SC2086 # words
	timeout 20 "$programs/tcp_peer" -p 28515 $2 127.0.0.1 >"$dir/client" 2>&1 || client=$?
	wait "$pid" || server=$?
}

check_programs() {
	local mode
	for mode in "-s 65536 -n 300" "-s 8 -n 500 -l"; do
		ends "$mode" "$mode"
		[ "$server$client" = 00 ] || { cat "$dir/server" "$dir/client" && complain "tcp_peer $mode failed"; }
		value "$dir/client"
		# shellcheck disable=SC2086 # words
		timeout 20 "$programs/cma_peer" $mode >"$dir/client" || complain "cma_peer $mode failed"
		value "$dir/client"
	done
	ends "-s 4096 -n 10" "-s 4104 -n 10"
	if [ "$server" -eq 0 ] || ! grep -q 'came as' "$dir/server"; then
		complain "a server took messages of another size for right"
	fi
}

check_rows
check_curves
check_wall
ip link set lo up 2>/dev/null || true
check_programs
echo "reports and programs of the bench work"
