#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# The library against its map and its header: what it exports is what the map lists, under the map's version, each
# name is declared in odp.h and has a manual page, nothing else leaks out; pkg-config leads to it.
set -euo pipefail

build=$LAB_BUILD
lib=$build/lib/libodp.so.0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
	echo "libodp: $*"
	exit 1
}

sed -n 's/^\t\t\(odp_[a-z_]*\);$/\1@@ODP_0.1/p' libodp/libodp.map | sort >"$work/map"
nm -D --defined-only "$lib" | awk '$2 != "A" { print $3 }' | sort >"$work/exported"
diff -u "$work/map" "$work/exported" || fail "exports and libodp.map differ (- map, + library)"
[ "$(wc -l <"$work/map")" -ge 20 ] || fail "the map lists only $(wc -l <"$work/map") names"
grep -q 'SONAME.*\[libodp.so.0\]' < <(readelf -d "$lib") || fail "the soname is not libodp.so.0"

grep -oE '\bodp_[a-z_]+\(' libodp/odp.h | grep -vE '\(3\)' | tr -d '(' | sort -u >"$work/declared"
sed 's/@@.*//' "$work/map" | while read -r name; do
	grep -qx "$name" "$work/declared" || fail "$name is not declared in odp.h"
	grep -qw "$name" < <(grep -hE '^odp_.* \\- ' libodp/man/*.3) || fail "no manual page in libodp/man names $name"
done

# A program outside of the tree, with nothing but what is installed.
DESTDIR=$work/root ninja -C "$build" install >"$work/install.log" || { cat "$work/install.log" && fail "ninja install fails"; }
sed 's/@@.*//' "$work/map" | while read -r name; do
	[ -e "$work/root/usr/share/man/man3/$name.3" ] || fail "man $name would find nothing"
done
pc=$(find "$work/root" -name libodp.pc)
[ -n "$pc" ] || fail "no libodp.pc is installed"
cat >"$work/program.c" <<-'EOT'
	#include <odp.h>

	int main(void)
	{
		struct odp_key key;

		return odp_get(0, &key, 0, 0, &key) && odp_can(0, ODP_RC, ODP_READ);
	}
EOT
export PKG_CONFIG_PATH=${pc%/*}
read -ra flags < <(pkg-config --define-variable=includedir="$work/root/usr/include" \
	--define-variable=libdir="$(dirname "$(find "$work/root" -name libodp.so)")" --cflags --libs libodp)
cc -Wall -Wextra -Werror -o "$work/program" "$work/program.c" "${flags[@]}" || fail "a program does not link with: ${flags[*]}"
grep -q 'NEEDED.*libodp.so.0' < <(readelf -d "$work/program") || fail "the program does not ask for libodp.so.0"
echo "libodp: $(wc -l <"$work/map") names"
