#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Keys of libodp beside regions of UCX's registration cache, by threads (docs/libodp.md): one thread's keys of the implicit level
# come cheaper than its regions.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

[ -e /usr/include/ucs/memory/rcache.h ] || { echo "skipped: libucx-dev is not in this tree" && exit 77; }
flags=(-std=gnu11 -O2 -D_GNU_SOURCE -Wall -Wextra -Werror)
cc "${flags[@]}" -DUCX_ALIGNS_CALLS -fsyntax-only tests/libodp/rivals/ucx.c 2>"$work/old" && flags+=(-DUCX_ALIGNS_CALLS)
cc "${flags[@]}" -o "$work/ucx" tests/libodp/rivals/ucx.c -lucs -lucm -lpthread
"$LAB_BUILD/tests/unit/libodp/libodp_rates" | tee "$work/libodp"
"$work/ucx" | tee "$work/ucx.txt"
awk 'FNR == NR { if ($1 == "implicit") ours = $2; next } { theirs = $(NF - 4) } END { exit !(ours > theirs && theirs > 0) }' \
	"$work/libodp" "$work/ucx.txt" || { echo "ucx: one thread: implicit keys are not faster" && exit 1; }
