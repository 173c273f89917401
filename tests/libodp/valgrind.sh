#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# valgrind.sh PROGRAM [OPTION...]: a test of libodp under valgrind: no access to memory that is not its own or was
# never written, no leak (of blocks of which only an address in their middle is kept, as libnl does, it cannot tell).
# What a device writes valgrind cannot see: the rings that are mapped from the driver are defined from the start, and
# so is what the program itself has cleared.
set -euo pipefail

# Leaks are looked for in the program's own process: a child of fork() that ends has blocks that its parent gives back.
command -v valgrind >/dev/null || { echo "valgrind is not in this tree" && exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LIBODP_VALGRIND=1
status=0
valgrind --log-file="$work/%p" --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=none --show-leak-kinds=definite \
	--num-callers=20 --fair-sched=yes "$@" &
program=$!
wait "$program" || status=$?
lost=$(grep -c 'definitely lost in' "$work/$program") || true
if [ "$status" -ne 0 ] || [ "$lost" -ne 0 ]; then
	cat "$work"/*
fi
echo "valgrind: $(grep -o 'ERROR SUMMARY: [0-9]* errors' "$work/$program" || echo "no summary"), $lost kinds of blocks lost"
[ "$status" -ne 0 ] || [ "$lost" -eq 0 ] || status=9
exit "$status"
