#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# demo-table: what `lab demo` makes of results that are made up: medians, spreads, ratios, instructions a byte; what
# failed or was not counted; a chart of both kinds.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
demo=$PWD/tests/lab/demo

# row DEVICE MEMORY TEST VALUE...: a round each.
row() {
	local value
	for value in "${@:4}"; do printf '%s\t%s\t%s\t65536\t%s\n' "$1" "$2" "$3" "$value"; done
}

# make: the table in $dir/table, the chart in $dir/demo.png.
make_all() {
	python3 "$demo/table.py" 7.0 tcg "$dir/tsv" "$dir/json" "$dir/dat" "$dir/insn" >"$dir/table"
	gnuplot -e "data='$dir/dat'; image='$dir/demo.png'; kernel='7.0'" "$demo/chart.gp"
	[ "$(head -c 4 "$dir/demo.png" | tail -c 3)" = PNG ] || { echo "no chart" && exit 1; }
}

# has LINE: the table has it, whatever its blanks.
has() {
	grep -qxF -- "$1" < <(tr -s ' ' <"$dir/table") || { cat "$dir/table" && echo "no line: $1" && exit 1; }
}

{
	row rodp pinned verify ok
	row rodp odp verify failed
	row rodp pinned write_bw 10 30 20
	row rxe pinned write_bw 5 10 40
	row rodp odp write_bw 8 failed 6
	row rodp odp read_bw failed
} >"$dir/tsv"
printf '%s\n' 'write_bw:65536:pinned:veth:rodp 65536.0 1 2 3' 'write_bw:65536:pinned:veth:rxe 131072.0 1 2 3' \
	'write_bw:65536:odp:veth:rodp 98304.0 1 2 3' >"$dir/insn"
make_all
has 'ib_write_bw pinned 20.0 (10.0..30.0) 10.0 (5.0..40.0) 2.00 1.00 2.00 0.50'
has ' ODP 7.0 (6.0..8.0) - - 1.50 - -'
has 'ib_read_bw pinned - - - - - -'
has 'data verified: rodp pinned yes, rodp ODP NO, rxe pinned -, rxe ODP -'
python3 -c "
import json
rows = {(r['device'], r['memory'], r['test']): r for r in json.load(open('$dir/json'))['rows']}
row = rows['rodp', 'pinned', 'write_bw']
assert (row['mib_per_s'], row['least'], row['most'], row['rounds'], row['kernel_insn_per_byte']) == (20, 10, 30, [10, 30, 20], 1), row
assert rows['rodp', 'odp', 'read_bw']['mib_per_s'] is None, rows"

echo 'uncounted the emulator loads no plugins' >"$dir/insn"
make_all
has 'ib_write_bw pinned 20.0 (10.0..30.0) 10.0 (5.0..40.0) 2.00'
has 'instructions a byte: not counted, the emulator loads no plugins'
! grep -q insn "$dir/table" || { cat "$dir/table" && echo "a column without figures" && exit 1; }
echo "the demo's table says what was measured"
