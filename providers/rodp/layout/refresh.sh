#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# refresh.sh CLONE [RELEASE=COMMIT...]: writes facts.list and releases.list anew, from a clone of rdma-core with its tags.
# A release is read from its first tag and from its last, which must agree. RELEASE=COMMIT names one that has no tag
# yet. Wants git, cc and python3; CI does not run it (README.md).
set -euo pipefail

OLDEST=39 # what Ubuntu 22.04 has, the oldest that anybody asked for
here=$(dirname "$(readlink -f "$0")")
ours=$here/../compat/infiniband
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

die() { printf 'refresh.sh: %s\n' "$*" >&2; exit 1; }

# headers COMMIT DIR: the headers, as that release's own build lays them out.
headers() {
	mkdir -p "$2/src" "$2/include"/{infiniband,rdma,ccan,util,kernel-abi}
	git -C "$clone" archive "$1" libibverbs kernel-headers ccan util buildlib/make_abi_structs.py CMakeLists.txt | tar -x -C "$2/src"
	cp "$2"/src/libibverbs/*.h "$2/src/kernel-headers/rdma/ib_user_ioctl_verbs.h" "$2/include/infiniband/"
	cp "$2"/src/kernel-headers/rdma/*.h "$2/include/rdma/"
	cp "$2"/src/ccan/*.h "$2/include/ccan/"
	cp "$2"/src/util/*.h "$2/include/util/"
	python3 "$2/src/buildlib/make_abi_structs.py" "$2/src/kernel-headers/rdma/ib_user_verbs.h" "$2/include/kernel-abi/ib_user_verbs.h"
	touch "$2/include/config.h"
}

# abi DIR: the provider ABI.
abi() {
	sed -nE 's/^set\(IBVERBS_PABI_VERSION "([0-9]+)"\)/\1/p' "$1/src/CMakeLists.txt"
}

# nodes DIR: under which version the library exports each call.
nodes() {
	sed "s/@IBVERBS_PABI_VERSION@/$(abi "$1")/" "$1/src/libibverbs/libibverbs.map.in" |
		awk '/\{$/ { node = $1 } /;$/ { sub(/;/, "", $1); if ($1 != "*" && $1 !~ /^}/) print $1, node }' |
		sed -E 's/^verbs_register_driver_[0-9]+ /verbs_register_driver /' |
		while read -r name node; do ! grep -q "^call $name " "$1/facts" || echo "node $name $node"; done
}

# facts COMMIT: prints them.
facts() {
	local work
	work=$(mktemp -d "$dir/release.XXXXXX")
	headers "$1" "$work"
	python3 "$here/facts.py" "$ours" "-I$work/include" "-DIBVERBS_PABI_VERSION=$(abi "$work")" >"$work/facts" || die "cannot read $1"
	{
		echo "abi $(abi "$work")"
		cat "$work/facts"
		nodes "$work"
	} | LC_ALL=C sort
	rm -rf "$work"
}

tags() { git -C "$clone" tag --list "v$1.*" | sort -V; }

# read_release RELEASE COMMIT...: into $dir/facts-RELEASE.
read_release() {
	local release=$1 commit
	shift
	echo "$release: $*" >&2
	for commit; do
		facts "$commit" >"$dir/one"
		[ ! -e "$dir/facts-$release" ] || cmp -s "$dir/one" "$dir/facts-$release" ||
			die "release $release is not one: $* differ" "$(diff "$dir/one" "$dir/facts-$release" | sed -n 1,5p)"
		mv "$dir/one" "$dir/facts-$release"
	done
}

# layouts RELEASE...: FIRST LAST ABI of neighbours that agree in all.
layouts() {
	local release first=$1 last=$1
	for release in "${@:2}" end; do
		if ! cmp -s "$dir/facts-$first" "$dir/facts-$release"; then
			echo "$first $last $(sed -n 's/^abi //p' "$dir/facts-$first")"
			first=$release
		fi
		last=$release
	done
}

# ranges RELEASE...: FIRST LAST FACT, where FACT holds for all of these.
ranges() {
	local release
	for release; do sed "s/^/$release /" "$dir/facts-$release"; done |
		awk '{ release = $1; sub(/^[0-9]+ /, "")
		       if (last[$0] != release - 1) first[$0] = release
		       last[$0] = release; range[$0, first[$0]] = release; fact[$0, first[$0]] = $0; start[$0, first[$0]] = first[$0] }
		     END { for (i in range) print start[i], range[i], fact[i] }' | LC_ALL=C sort -k3 -k1,1n
}

# write FILE WHAT: stdin, under a head.
write() {
	{
		printf '# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB\n# Written by refresh.sh: %s\n' "$2"
		cat
	} >"$here/$1"
}

clone=${1:?refresh.sh CLONE [RELEASE=COMMIT...]}
git -C "$clone" rev-parse --git-dir >/dev/null || die "$clone is no clone of rdma-core"
releases=()
for ((release = OLDEST;; release++)); do
	mapfile -t commits < <(tags "$release" | sed -n '1p;$p' | uniq)
	for word in "${@:2}"; do [ "${word%%=*}" != "$release" ] || commits=("${word#*=}"); done
	[ "${#commits[@]}" -gt 0 ] || break
	read_release "$release" "${commits[@]}"
	releases+=("$release")
done
layouts "${releases[@]}" | write releases.list "releases of rdma-core with one layout: first, last, provider ABI."
ranges "${releases[@]}" | write facts.list "what holds from a release of rdma-core to another, first and last; see facts.py."
