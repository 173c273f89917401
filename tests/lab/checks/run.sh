#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# run: what `lab run` promises to those who call it: exit status, separate output
# streams, the shared directory, the working directory, its own time limit, the
# end of a guest that panics.
set -euo pipefail

lab=$(dirname "$(readlink -f "$0")")/../lab
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# expect STATUS WHAT COMMAND...
expect() {
	local want=$1 what=$2 status=0
	shift 2
	"$@" >"$dir/out" 2>"$dir/err" || status=$?
	[ "$status" -eq "$want" ] && echo "ok: $what" && return
	echo "$what: status $status instead of $want"
	cat "$dir/out" "$dir/err"
	exit 1
}

expect 7 "the command's status" "$lab" run --share "$dir" --env WORD='two words' -- \
	bash -c "echo out; echo err >&2; echo \"\$WORD\" >'$dir/file'; exit 7"
[ "$(cat "$dir/out")" = out ] || { echo "stdout is not the command's" && exit 1; }
grep -qx err "$dir/err" || { echo "stderr is not there" && exit 1; }
[ "$(cat "$dir/file")" = "two words" ] || { echo "the shared file is not there" && exit 1; }

expect 124 "the guest's time limit" "$lab" run --limit 15 -- sleep 1000
expect 125 "a panic" "$lab" run -- bash -c 'echo c >/proc/sysrq-trigger; sleep 60'
grep -q 'sysrq triggered crash' "$dir/err" || { echo "the kernel log is not shown" && exit 1; }
