#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# The programs of docs/examples do what they say. On rxe, which loses data in on-demand regions, libodp with pinned ones.
set -euo pipefail

bin=$LAB_BUILD/docs/examples

# expect PATTERN PROGRAM ARGUMENT...: its output has a line like this.
expect() {
	local pattern=$1 out
	shift
	echo "+ $*"
	out=$("$bin/example_$1" "${@:2}") || { echo "$out" && echo "examples: $1 failed" && exit 1; }
	echo "$out"
	grep -qE "$pattern" <<<"$out" || { echo "examples: $1: no line like $pattern" && exit 1; }
}

case $RDMA_DEV in
rodp*)
	expect '^in the middle of 1 TiB: written where there was no memory$' explicit
	expect '^on the heap: from a constant$' implicit
	expect '^in the file: from the stack$' implicit
	expect '^100000 bytes with implicit regions: the same$' libodp
	expect '^prefetched: +0$' prefetch
	waits=$("$bin/example_prefetch" | awk '$1 == "cold:" { print $2 }')
	expect '^100000 bytes with explicit regions: the same$' libodp 2
	[ "$waits" -ge 4 ] || { echo "examples: cold memory made only $waits waits" && exit 1; }
	;;
esac
expect '^100000 bytes with pinned regions: the same$' libodp 4
