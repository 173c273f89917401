#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# pyverbs [--allow TEST]... [UNITTEST-OPTION...]: rdma-core's own test suite, as
# the distribution ships it, on RDMA_DEV. UNITTEST-OPTIONs choose tests, like
# -k test_qp -k test_odp; without one everything runs. A TEST given with --allow may
# fail. Python may crash after the last test, so its status says nothing:
# unittest's own lines decide. The last line is
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

allowed=()
while [ "${1:-}" = --allow ]; do
	allowed+=("$2")
	shift 2
done
copy_suite
cd "$WORK/tests"
PYTHONPATH=$WORK/tests python3 -W ignore run_tests.py --dev "$RDMA_DEV" --gid "$RDMA_GID_INDEX" -v "$@" 2>&1 | tee "$WORK/log" || true

run=$(grep -aoE '^Ran [0-9]+ test' "$WORK/log" | tail -n 1 | tr -cd 0-9)
[ -n "$run" ] || { echo "pyverbs: the suite ended before its summary" && exit 1; }
bad=$(($(number failures) + $(number errors)))
skipped=$(number skipped)
failed=$({ unexpected || true; } | wc -l)
echo "pyverbs: $run run, $((run - bad - skipped)) ok, $failed failed, $((bad - failed)) allowed to fail, $skipped skipped"
[ "$failed" -eq 0 ] || exit 1
[ "$run" -gt "$skipped" ] || exit 77
