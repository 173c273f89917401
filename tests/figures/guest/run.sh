#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# run PATTERN: in the guest: runs the programs whose name matches on RDMA_DEV, and prints a line
# "DEVICE PROGRAM KEY UNIT VALUE" for each figure and "DEVICE PROGRAM result - WORD" for
# each program, tabs between. What else they say goes to stderr.
set -u

# Programs, each with a limit in seconds. Only rodp: what rxe cannot do, or not in this memory.
BOTH="first_touch:300 slow_fault:60 munmap_latency:120 evictions:300"
ONLY_RODP="huge_span:200 many_regions:300 oom_reaper:120"

type=${RDMA_DEV%%[0-9]*}

program_path() {
	local path
	for path in "$LAB_BUILD"/tests/{figures,verbs/odp}/"$1"; do
		[ ! -x "$path" ] || echo "$path"
	done
}

# The program's figures of stdin as lines of the table.
figures() {
	sed -n 's/^figure \(.*\) = \([^ ]*\) *\([^ ]*\)$/\1\t\3\t\2/p' | sed "s/^/$type\t$1\t/"
}

failed=0
for entry in $BOTH $([ "$type" != rodp ] || echo "$ONLY_RODP"); do
	name=${entry%:*}
	[[ $name =~ $1 ]] || continue
	echo "figures: $type $name" >&2
	status=0
	timeout --kill-after=5 "${entry#*:}" "$(program_path "$name")" >/run/figures.out 2>&1 || status=$?
	figures "$name" </run/figures.out
	case $status in
	0) word=ok ;;
	77) word=skipped ;;
	*) word=failed ;;
	esac
	printf '%s\t%s\tresult\t-\t%s\n' "$type" "$name" "$word"
	[ "$word" = ok ] || tail -n 3 /run/figures.out | sed "s/^/figures: $type $name: /" >&2
	[ "$word" != failed ] || failed=1
done
exit "$failed"
