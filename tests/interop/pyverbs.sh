#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# pyverbs [--allow TEST]... [--at-least N] [UNITTEST-OPTION...]: rdma-core's own test
# suite, as the distribution ships it, on RDMA_DEV. UNITTEST-OPTIONs choose tests, like
# -k test_qp -k test_odp; without one everything runs. A TEST given with --allow may
# fail; N tests at least must be ok. Python may crash after the last test, so its status
# says nothing: unittest's own lines decide. At the end come the reasons of what was
# skipped, and the last line is
#   pyverbs: N run, N ok, N failed, N allowed to fail, N skipped
set -euo pipefail

SUITE=/usr/share/doc/rdma-core/tests
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

copy_suite() {
	[ -d "$SUITE" ] || { echo "this system has no $SUITE" && exit 77; }
	cp -r "$SUITE" "$WORK/tests"
	find "$WORK/tests" -name '*.gz' -exec gunzip {} +
}

# number NAME: from unittest's summary, as in "FAILED (errors=1, skipped=3)".
number() {
	grep -aE '^(OK|FAILED)( |$)' "$WORK/log" | tail -n 1 | grep -oE "$1=[0-9]+" | cut -d= -f2 || echo 0
}

# The tests with a FAIL: or ERROR: heading that may not fail.
unexpected() {
	grep -aE '^(FAIL|ERROR): ' "$WORK/log" | while read -r _ name _; do
		[[ " ${allowed[*]} " == *" $name "* ]] || echo "$name"
	done
}

# How many tests were skipped for each reason.
reasons() {
	grep -aoE "skipped ['\"].*['\"]\$" "$WORK/log" | sed -E "s/^skipped .(.*).\$/\1/" | sort | uniq -c | sort -rn |
		sed -E 's/^ *([0-9]+) /pyverbs: \1 skipped: /'
}

allowed=() least=0
while [[ "${1:-}" =~ ^--(allow|at-least)$ ]]; do
	if [ "$1" = --allow ]; then allowed+=("$2"); else least=$2; fi
	shift 2
done
# The suite's tests of several processes inherit their objects by fork(), which from Python
# 3.14 on is no longer how processes are started by default.
start_by_fork() {
	mkdir "$WORK/site"
	echo "import multiprocessing; multiprocessing.set_start_method('fork')" >"$WORK/site/sitecustomize.py"
}

copy_suite
start_by_fork
cd "$WORK/tests"
PYTHONPATH=$WORK/tests:$WORK/site python3 -W ignore run_tests.py --dev "$RDMA_DEV" --gid "$RDMA_GID_INDEX" -v "$@" 2>&1 | tee "$WORK/log" || true

run=$(grep -aoE '^Ran [0-9]+ test' "$WORK/log" | tail -n 1 | tr -cd 0-9)
[ -n "$run" ] || { echo "pyverbs: the suite ended before its summary" && exit 1; }
bad=$(($(number failures) + $(number errors)))
skipped=$(number skipped)
failed=$({ unexpected || true; } | wc -l)
ok=$((run - bad - skipped))
reasons || true
[ "$ok" -ge "$least" ] || echo "pyverbs: $ok tests are ok, and $least are to be"
echo "pyverbs: $run run, $ok ok, $failed failed, $((bad - failed)) allowed to fail, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$ok" -ge "$least" ] || exit 1
[ "$run" -gt "$skipped" ] || exit 77
