#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# The library against its map and its header: what it exports is what the map lists, under the map's version, each
# name is declared in odp.h and has a manual page, nothing else leaks out; pkg-config leads to it. Every page tells what
# is returned and has an example, which compiles with what is installed.
set -euo pipefail

build=$LAB_BUILD
lib_dir=$build/lib
lib=$lib_dir/libodp.so.1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
	echo "libodp: $*"
	exit 1
}

sed -n 's/^\t\t\(odp_[a-z_]*\);$/\1@@ODP_1.0/p' libodp/libodp.map | sort >"$work/map"
nm -D --defined-only "$lib" | awk '$2 != "A" { print $3 }' | sort >"$work/exported"
diff -u "$work/map" "$work/exported" || fail "exports and libodp.map differ (- map, + library)"
[ "$(wc -l <"$work/map")" -ge 20 ] || fail "the map lists only $(wc -l <"$work/map") names"
grep -q 'SONAME.*\[libodp.so.1\]' < <(readelf -d "$lib") || fail "the soname is not libodp.so.1"

grep -oE '\bodp_[a-z_]+\(' libodp/odp.h | grep -vE '\(3\)' | tr -d '(' | sort -u >"$work/declared"
sed 's/@@.*//' "$work/map" | while read -r name; do
	grep -qx "$name" "$work/declared" || fail "$name is not declared in odp.h"
	grep -qw "$name" < <(grep -hE '^(libodp, )?odp_.* \\- ' libodp/man/*.3) || fail "no manual page in libodp/man names $name"
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

		return odp_get(0, &key, 0, 0, &key) && odp_can(0, ODP_RC, ODP_READ) && odp_version() == ODP_VERSION;
	}
EOT
export PKG_CONFIG_PATH=${pc%/*}
read -ra flags < <(pkg-config --define-variable=includedir="$work/root/usr/include" \
	--define-variable=libdir="$(dirname "$(find "$work/root" -name libodp.so)")" --cflags --libs libodp)
cc -Wall -Wextra -Werror -o "$work/program" "$work/program.c" "${flags[@]}" || fail "a program does not link with: ${flags[*]}"
grep -q 'NEEDED.*libodp.so.1' < <(readelf -d "$work/program") || fail "the program does not ask for libodp.so.1"

# example PAGE: its lines between .EX and .EE.
example() {
	awk '$1 == ".EE" { on = 0 } on { gsub(/\\\\e/, "\\\\"); gsub(/\\\\-/, "-"); print } $1 == ".EX" { on = 1 }' "$1"
}

pages=0
for page in libodp/man/*.[34]; do
	grep -q '^\.SH RETURN VALUE$' "$page" || fail "$page does not tell what is returned"
	grep -q '^\.SH EXAMPLES$' "$page" || fail "$page has no example"
	example "$page" >"$work/example.c"
	[ -s "$work/example.c" ] || fail "the example of $page is empty"
	cc -std=gnu11 -Wall -Wextra -Werror -c -o "$work/example.o" "$work/example.c" "${flags[@]}" || fail "the example of $page does not compile"
	pages=$((pages + 1))
done
[ "$pages" -ge 7 ] || fail "only $pages pages"
for page in libodp/man/*.1 providers/rodp/man/*.7; do
	grep -qE '^\.SH EXAMPLES?$' "$page" || fail "$page has no example"
done

# One number, three places.
version=$(awk '/^#define ODP_VERSION_(MAJOR|MINOR|PATCH) / { printf "%s%s", dot, $3; dot = "." }' libodp/odp.h)
[ "$(pkg-config --modversion libodp)" = "$version" ] || fail "pkg-config says $(pkg-config --modversion libodp), odp.h $version"
[ -e "$lib_dir/libodp.so.$version" ] || fail "there is no libodp.so.$version"
echo "libodp: $(wc -l <"$work/map") names"
