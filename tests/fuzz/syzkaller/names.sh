#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# The descriptions for syzkaller name what there is, and all of it: each constant of rodp.txt is in the ABI's headers, each
# method, attribute and object of rodp_abi.h is in rodp.txt, and each type that is used is described.
set -euo pipefail

text=tests/fuzz/syzkaller/rodp.txt
abi=kernel/uapi/rodp_abi.h
bad=0

complain() {
	echo "$*"
	bad=$((bad + 1))
}

code() { grep -v '^#' "$text"; }

names() { grep -oE '\b(RODP|UVERBS|IB_USER|RDMA)_[A-Z0-9_]+\b' | sort -u; }

while read -r name; do
	grep -qwrF "$name" "$abi" /usr/include/rdma/ || complain "$text: no header has $name"
done < <(code | sed -E 's/^[a-z]+\$[A-Z_0-9]+//' | names)

while read -r name; do
	code | grep -wF "$name" >/dev/null || complain "$text: $name of $abi is missing"
done < <(sed 's,/\*.*,,' "$abi" | grep -oE '^\s+RODP_(OBJECT|METHOD|ATTR)_[A-Z_]+' | tr -d '\t ' | sort -u)

while read -r name; do
	code | grep -E "^(type |resource )?$name( \{|\[| = )" >/dev/null || complain "$text: $name is not described"
done < <(code | grep -oE '\brodp_[a-z_]+\b' | grep -v '^rodp_abi$' | sort -u)

count=$(code | grep -cE '^(ioctl|write|mmap)\$')
[ "$count" -ge 10 ] || complain "$text: only $count calls"
[ "$bad" -eq 0 ] || exit 1
echo "$count calls; their names are those of the ABI"
