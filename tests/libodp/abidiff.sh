#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# abidiff.sh [--update]: what programs that were built with libodp rely on, against libodp/abi/libodp.so.1.abi, which
# is that of the newest version: nothing of it may change (libodp(3), VERSIONS), and what is new has to be written down
# there, by --update. Then the comparison itself is tried: changes that must not be are found.
set -euo pipefail

lib=$LAB_BUILD/lib/libodp.so.1
baseline=libodp/abi/libodp.so.1.abi
read -ra libraries < <(pkg-config --cflags --libs libibverbs libnl-3.0)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

command -v abidiff >"$work/found" || { echo "skipped: abigail-tools is not in this tree" && exit 77; }
[ "$(uname -m)" = x86_64 ] || { echo "skipped: $baseline is of x86_64" && exit 77; }

# describe LIBRARY HEADER FILE: what is in the header; what is not in there, of libibverbs or inside, is nobody's business,
# nor is what the library itself needs of others.
describe() {
	mkdir -p "$work/public"
	cp "$2" "$work/public/odp.h"
	abidw --headers-dir "$work/public" --drop-private-types --no-show-locs --no-corpus-path --no-comp-dir-path --out-file "$work/abi" "$1"
	sed -e '1a <!-- SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB -->' -e '/<elf-needed>/,/<\/elf-needed>/d' \
		-e '/<undefined-elf-/,/<\/undefined-elf-/d' "$work/abi" >"$3"
}

# compare LIBRARY HEADER: abidiff's status; what it found is in $work/report.
compare() {
	local status=0
	describe "$1" "$2" "$work/is.abi"
	abidiff "$baseline" "$work/is.abi" >"$work/report" 2>&1 || status=$?
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
		-Wl,--version-script=libodp.map ./*.c "${libraries[@]}") >"$work/cc" 2>&1 || { cat "$work/cc" && exit 1; }
}

if [ "${1:-}" = --update ]; then
	mkdir -p "${baseline%/*}"
	describe "$lib" libodp/odp.h "$baseline"
	exit 0
fi
status=$(compare "$lib" libodp/odp.h)
if [ "$status" -ne 0 ]; then
	cat "$work/report"
	echo "abidiff: libodp differs from $baseline; what is new and nothing else: tests/libodp/abidiff.sh --update"
	exit 1
fi
# Which bit of the status an edit sets: 4, a difference; 0, none: it is within the library.
while IFS='|' read -r bit file edit; do
	changed "$file" "$edit"
	status=$(compare "$work/changed/libodp.so.1" "$work/changed/odp.h")
	[ $((status & 4)) -eq "$bit" ] || { cat "$work/report" && echo "abidiff: status $status of: $edit" && exit 1; }
done <<-'EOT'
	4|odp.h|s/uint64_t reserved\[7\];/uint64_t reserved[6];/
	4|libodp.map|/odp_put_many;/d
	0|domain.h|s/bool prefetches;/bool prefetches, other;/
EOT
echo "abidiff: as in $baseline"
