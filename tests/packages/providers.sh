#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# providers: those for all releases of rdma-core, built on one machine. Each has the symbols and versions of its release and nothing of a C library
# that is too new; those for 44, 56 and 65 are loaded by Debian's libraries, and move data in guests of 44 and 65. odpctl doctor
# --container tells which one a root directory needs, and is content when the files are where it says.
set -euo pipefail

GLIBC_MOST=35 # 2.35: Ubuntu 22.04
here=$(dirname "$(readlink -f "$0")")
lab=$here/../lab/lab
build=build/providers
list=providers/rodp/layout/releases.list

fail() {
	echo "providers: $*"
	exit 1
}

in_tree() { "$lab" in-tree -- "$@"; }

# provider FIRST LAST ABI: its file.
provider() { echo "$build/lib/providers/$1-$2/librodp-rdmav$3.so"; }

# check_symbols FIRST LAST ABI
check_symbols() {
	local file glibc
	file=$(provider "$@")
	[ -e "$file" ] || fail "no $file"
	in_tree objdump -T -p "$file" >"$build/symbols"
	grep -qE "\(IBVERBS_PRIVATE_$3\) *verbs_register_driver_$3$" "$build/symbols" || fail "$file does not make itself known to ABI $3"
	! grep 'IBVERBS_PRIVATE_' "$build/symbols" | grep -v "IBVERBS_PRIVATE_$3" | grep . || fail "$file wants symbols of another ABI"
	! grep -E 'RPATH|RUNPATH' "$build/symbols" || fail "$file has a path of this machine"
	glibc=$(grep -oE 'GLIBC_2\.[0-9]+' "$build/symbols" | sort -uV | sed -n '$s/.*\.//p')
	[ "$glibc" -le "$GLIBC_MOST" ] || fail "$file wants glibc 2.$glibc"
	echo "$1-$2: ABI $3, glibc 2.$glibc"
}

# loads SUITE RELEASE: the provider for it, by that suite's libibverbs, with all symbols looked up at once.
loads() {
	local first last abi
	"$lab" --call need_tree "$1"
	while read -r first last abi; do
		if [[ $first == \#* ]] || [ "$2" -lt "$first" ] || [ "$last" -lt "$2" ]; then continue; fi
		"$lab" --call in_tree "$1" none python3 -c 'import ctypes, sys; ctypes.CDLL(sys.argv[1], mode=2)' "$PWD/$(provider "$first" "$last" "$abi")" ||
			fail "$1's libibverbs does not load the provider for $first-$last"
		echo "$1: loads $first-$last"
		check_container "$1" "$first" "$last" "$abi"
		return
	done <"$list"
	fail "no layout has release $2"
}

doctor() { in_tree "$build/bin/odpctl" doctor --container "$@" --providers "$PWD/$build/lib/providers"; }

# check_container SUITE FIRST LAST ABI: with as much of that suite as a container would bring.
check_container() {
	local root=$build/root-$1 dir=usr/lib/x86_64-linux-gnu tree said
	tree=$("$lab" --call tree_path "$1")/root
	said=$(basename "$(provider "${@:2}")")
	rm -rf "$root"
	mkdir -p "$root/$dir/libibverbs" "$root/etc/libibverbs.d"
	cp -a "$tree/$dir"/libibverbs.so.1* "$tree/$dir/libc.so.6" "$root/$dir/"
	! doctor "$root" >"$build/said" || fail "nothing is missing in a container without the provider"
	grep -F "docker run --device=/dev/infiniband -v $PWD/$(provider "${@:2}"):/$dir/libibverbs/$said:ro" "$build/said" ||
		{ cat "$build/said" && fail "doctor does not say how $1 gets its provider"; }
	cp "$(provider "${@:2}")" "$root/$dir/libibverbs/"
	cp "$build/lib/providers/rodp.driver" "$root/etc/libibverbs.d/"
	doctor "$root" || fail "doctor finds something missing in $1 that has all"
	mv "$root/$dir"/libibverbs.so.1.*.*.* "$root/$dir/libibverbs.so.1.14.99.0"
	! doctor "$root" >"$build/said" || fail "a container with a release that nobody knows lacks nothing"
	grep -qF "nothing is known of rdma-core 99" "$build/said" || fail "doctor does not say that a release is not known"
}

# moves_data SUITE KERNEL FIRST LAST ABI: in a guest, with this provider in place of the suite's own.
moves_data() {
	# shellcheck disable=SC2016 # expands in the guest
	"$lab" run --kernel "$2" --suite "$1" --link rodp --env "PROVIDER=$PWD/$(provider "${@:3}")" -- sh -ec '
		mount --bind "$PROVIDER" "/usr/lib/x86_64-linux-gnu/libibverbs/${PROVIDER##*/}"
		cmp "$PROVIDER" "/usr/lib/x86_64-linux-gnu/libibverbs/${PROVIDER##*/}"
		"$LAB_BUILD/tests/verbs/ops/rc_ops"' || fail "$1: the provider for $3-$4 does not work"
}

in_tree cmake -S . -B "$build" -G Ninja -DBUILD_TESTING=OFF -DRODP_LAYOUTS=all -DRODP_WERROR=ON
in_tree ninja -C "$build"
while read -r first last abi; do
	[[ $first == \#* ]] || check_symbols "$first" "$last" "$abi"
done <"$list"
loads bookworm 44
loads trixie 56
loads sid 65
[ "${1:-}" != quick ] || exit 0
moves_data bookworm 6.1 44 44 34
moves_data sid 7 65 65 65
echo "one machine has built the providers for all releases"
