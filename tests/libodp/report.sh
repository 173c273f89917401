#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# odpctl report: what it makes of a recording (report/sample.trace) and of ones that are none; `report.sh long`: of one with
# more than a million events; `report.sh browser`: the page as Chromium sees it.
set -euo pipefail

odpctl=$LAB_BUILD/bin/odpctl
here=$(dirname "$0")/report
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
	echo "report: $*"
	exit 1
}

refuses() {
	local pattern=$1
	shift
	! "$@" >"$work/out" 2>&1 || fail "no error: $*"
	grep -q "$pattern" "$work/out" || { cat "$work/out" && fail "no word of '$pattern': $*"; }
}

# Bounded: of more events than are kept, the rest is counted; and every wait has its bar or is said to have none.
check_long() {
	{
		echo '#odpctl-record 1'
		awk 'BEGIN { for (i = 1; i <= 550000; i++) {
			printf " a-1 (1) [000] ...1. %.6f: rodp_qp_park: qpn=%d lane=recv key=0x1 iova=0x1000 bytes=1 write=1\n", i / 1000, i % 50
			printf " a-1 (1) [000] ...1. %.6f: rodp_qp_resume: qpn=%d lane=recv error=0 ns=%d\n", (i + .5) / 1000, i % 50, i % 10000 } }'
	} >"$work/long"
	"$odpctl" report --output "$work/long.html" "$work/long" >"$work/out"
	grep -q ' 524288 waits of 1048576 events, 51424 of them lost$' "$work/out" || { cat "$work/out" && fail "a long recording"; }
	[ "$(stat -c %s "$work/long.html")" -lt 3000000 ] || fail "its page has $(stat -c %s "$work/long.html") bytes"
}

# Of others' making: each event with a name and an address space of its own. It ends, and the page is no longer than others.
check_wide() {
	{
		echo '#odpctl-record 1'
		awk 'BEGIN {
			for (i = 0; i < 100000; i++) printf "#area 7 %x %x /a\n", i * 4096, i * 4096 + 4095
			for (i = 1; i < 200000; i++) {
				printf " p%d-7 (7) [000] ...1. %.6f: rodp_fault_begin: mirror=%x va=0x%x bytes=4096 write=1\n", i, i / 1000, i, i * 4096
				printf " p%d-7 (7) [000] ...1. %.6f: rodp_fault_end: mirror=%x va=0x%x error=0 ns=1000\n", i, (i + .5) / 1000, i, (i + 1) * 4096 } }'
	} >"$work/wide"
	timeout 100 "$odpctl" report --output "$work/wide.html" "$work/wide" >"$work/out" || fail "a wide recording"
	grep -q ' 199999 faults, 0 waits of 399998 events, 0 of them lost$' "$work/out" || { cat "$work/out" && fail "a wide recording"; }
	[ "$(stat -c %s "$work/wide.html")" -lt 1000000 ] || fail "its page has $(stat -c %s "$work/wide.html") bytes"
}

"$odpctl" report --output "$work/page.html" --perfetto "$work/trace.json" "$here/sample.trace"
"$here/check.py" "$work/page.html" "$work/trace.json"

if [ "${1:-}" = browser ]; then
	command -v chromium >"$work/found" || { echo "skipped: chromium is not in this tree" && exit 77; }
	browse=(chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$work/user" --virtual-time-budget=5000)
	HOME=$work timeout 100 "${browse[@]}" --dump-dom "file://$work/page.html" >"$work/dom" 2>"$work/err" || { cat "$work/err" && fail "chromium failed"; }
	grep -q 'data-drawn="yes"' "$work/dom" || { cat "$work/err" && fail "the page's script did not come to its end"; }
	[ "$(grep -o 'class="wait"' "$work/dom" | wc -l)" -eq 4 ] || fail "not 4 bars of waits"
	[ "$(grep -o 'class="cell"' "$work/dom" | wc -l)" -ge 100 ] || fail "hardly any cells in the heat map"
	grep -q 'Bad address' "$work/dom" || fail "a cause is missing"
	mkdir -p build/odpctl
	HOME=$work timeout 100 "${browse[@]}" --window-size=1160,1500 --screenshot="$PWD/build/odpctl/report.png" "file://$work/page.html" >"$work/out" 2>&1
	[ "$(head -c 4 build/odpctl/report.png | tail -c 3)" = PNG ] || fail "no picture"
	echo "report: written: build/odpctl/report.png"
	exit 0
fi

if [ "${1:-}" = long ]; then
	check_long
	check_wide
	exit 0
fi
head -c 3000 "$here/sample.trace" >"$work/cut"
"$odpctl" report --output "$work/cut.html" "$work/cut" >"$work/out" || fail "a recording that is cut off"
echo '#odpctl-record 1' >"$work/empty"
"$odpctl" report --output "$work/empty.html" "$work/empty" >"$work/out" || fail "an empty recording"
{ echo '#odpctl-record 1' && head -c 100000 "$odpctl" && echo && cat "$here/sample.trace"; } >"$work/noise"
"$odpctl" report --output "$work/noise.html" "$work/noise" >"$work/out" || fail "noise"
# Names of files are any bytes; a page and a trace are UTF-8, without what controls a terminal.
sed 's/values\.db/v\xff\xc3\xa9\x1b.db/' "$here/sample.trace" >"$work/bytes"
"$odpctl" report --output "$work/bytes.html" --perfetto "$work/bytes.json" "$work/bytes" >"$work/out" || fail "a name of any bytes"
grep -q 'v?é?\.db' "$work/bytes.html" || fail "a name of any bytes is another: $(grep -oa 'data/.\{50\}' "$work/bytes.html")"
iconv -f UTF-8 -t UTF-8 "$work/bytes.html" "$work/bytes.json" >"$work/out" || fail "a page that is no UTF-8"
refuses 'No space left' "$odpctl" report --output /dev/full "$here/sample.trace"
refuses 'is no recording' "$odpctl" report --output "$work/x" "$odpctl"
refuses 'No such file' "$odpctl" report "$work/nothing"
refuses 'Is a directory' "$odpctl" report --output "$work" "$here/sample.trace"
echo "report: as expected"
