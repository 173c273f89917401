#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# abidiff.sh [--update]: what programs that were built with libodp rely on, against libodp/abi/libodp.so.1.abi, which
# is that of the newest version: nothing of it may change (libodp(3), VERSIONS), and what is new has to be written down
# there, by --update. Then the comparison itself is tried: changes that must not be are found.
set -euo pipefail

lib=$LAB_BUILD/lib/libodp.so.1
baseline=libodp/abi/libodp.so.1.abi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

command -v abidiff >"$work/found" || { echo "skipped: abigail-tools is not in this tree" && exit 77; }
[ "$(uname -m)" = x86_64 ] || { echo "skipped: $baseline is of x86_64" && exit 77; }

# What is not in odp.h is nobody's business: the types of libibverbs are not compared, nor those inside.
only_ours=(--drop-private-types)

mkdir "$work/public"
cp libodp/odp.h "$work/public"

describe() {
	abidw --headers-dir "$work/public" "${only_ours[@]}" --no-corpus-path --no-comp-dir-path --no-show-locs --out-file "$work/abi" "$1"
	{ cat "$work/abi" && echo '<!-- SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB -->'; } >"$2"
}

# compare LIBRARY: abidiff's status and, in $work/report, what it found.
compare() {
	local status=0
	abidiff --headers-dir2 "$work/public" "${only_ours[@]}" "$baseline" "$1" >"$work/report" 2>&1 || status=$?
	echo "$status"
}

# The library as it would be if an edit of its sources were made; only the edited header differs.
changed() {
	rm -rf "$work/changed"
	mkdir "$work/changed"
	cp libodp/*.[ch] libodp/libodp.map "$work/changed"
	sed -i "$2" "$work/changed/$1"
	! cmp -s "libodp/$1" "$work/changed/$1" || { echo "abidiff: $2 changes nothing in $1" && exit 1; }
	(cd "$work/changed" && cc -g -shared -fPIC -D_GNU_SOURCE -I"$OLDPWD/kernel/uapi" -o libodp.so.1 -Wl,-soname,libodp.so.1 \
		-Wl,--version-script=libodp.map ./*.c -libverbs -lpthread) >"$work/cc" 2>&1 || { cat "$work/cc" && exit 1; }
}

if [ "${1:-}" = --update ]; then
	mkdir -p "${baseline%/*}"
	describe "$lib" "$baseline"
	exit 0
fi
status=$(compare "$lib")
if [ "$status" -ne 0 ]; then
	cat "$work/report"
	echo "abidiff: libodp differs from $baseline; what is new and nothing else: tests/libodp/abidiff.sh --update"
	exit 1
fi
while IFS='|' read -r file edit; do
	changed "$file" "$edit"
	status=$(compare "$work/changed/libodp.so.1")
	[ $((status & 4)) -ne 0 ] || { cat "$work/report" && echo "abidiff does not see: $edit (status $status)" && exit 1; }
done <<-'EOT'
	odp.h|s/uint64_t reserved\[7\];/uint64_t reserved[6];/
	libodp.map|/odp_put_many;/d
EOT
echo "abidiff: as in $baseline"
