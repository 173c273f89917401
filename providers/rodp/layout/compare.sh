#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# compare.sh [RELEASE...]: compares what our headers (../compat/infiniband) say, on top of the installed <infiniband/verbs.h>, with
# what facts.list knows of each release; of all layouts, or of those with these releases.
# compare.sh --tree INCLUDE RELEASE ABI: the same with the headers that the build of an rdma-core tree has in INCLUDE.
# Wants cc, python3 and pkg-config. Our headers may declare less than a release has, but what they declare must lie
# where it does, and have its type.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
ours=$here/../compat/infiniband
facts=${RODP_FACTS:-$here/facts.list}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# known RELEASE PATTERN: facts of that release.
known() {
	awk -v release="$1" '!/^#/ && $1 <= release && release <= $2 { sub(/^[0-9]+ [0-9]+ /, ""); print }' "$facts" | grep -E "$2"
}

offset() { known "$1" "^field $2 " | cut -d' ' -f3; }

# definitions RELEASE ABI INSTALLED-RELEASE: as the build has them (cmake/Provider.cmake).
definitions() {
	printf '%s\n' "-I$here/../compat" "-DRODP_RDMA_CORE=$1" "-DIBVERBS_PABI_VERSION=$2"
	[ "$1" -eq "$3" ] || printf '%s\n' "-DRODP_OTHER_RELEASE=$3" "-DRODP_VERBS_CONTEXT_START=$(offset "$1" verbs_context.context)" \
		"-DRODP_VERBS_QP_COMP_MASK=$(offset "$1" verbs_qp.comp_mask)"
}

# What we do not use is declared without a type. Another release's verbs_qp has room for the longer public structure.
comparable() { grep -vE '^op [^ ]+ void \(void\)$|^field verbs_qp\.before ' | LC_ALL=C sort; }

# agree RELEASE ABI: ours and theirs of $dir.
agree() {
	grep -E '^(size|field|value) ' "$dir/ours" >"$dir/ours-places"
	grep -E '^(size|field|value) ' "$dir/theirs" >"$dir/theirs-places"
	[ -s "$dir/ours-places" ] && diff "$dir/theirs-places" "$dir/ours-places" && ! comm -23 "$dir/ours" "$dir/theirs" | grep . &&
		echo "release $1, provider ABI $2: $(wc -l <"$dir/ours") facts agree"
}

complain() { echo "release $1: our headers are wrong (<: theirs alone, >: ours alone, and types of ours that it does not have)"; }

# compare RELEASE ABI INSTALLED-RELEASE
compare() {
	local flags
	mapfile -t flags < <(definitions "$@")
	python3 "$here/facts.py" "$ours" "${flags[@]}" | comparable >"$dir/ours"
	known "$1" '^(size|field|value|op|call) ' | LC_ALL=C sort >"$dir/theirs"
	agree "$1" "$2" || { complain "$1" && return 1; }
}

# compare_tree INCLUDE RELEASE ABI
compare_tree() {
	local flags=("-DRODP_RDMA_CORE=$2" "-DIBVERBS_PABI_VERSION=$3" "-I$1")
	python3 "$here/facts.py" "$ours" "-I$here/../compat" "${flags[@]}" | comparable >"$dir/ours"
	python3 "$here/facts.py" "$ours" "${flags[@]}" | LC_ALL=C sort >"$dir/theirs"
	agree "$2" "$3" || { complain "$2" && return 1; }
}

if [ "${1:-}" = --tree ]; then
	compare_tree "${@:2}"
	exit
fi

installed=$(pkg-config --modversion libibverbs | cut -d. -f3)
bad=0
while read -r first last abi; do
	[[ $first != \#* ]] || continue
	if [ $# -gt 0 ]; then
		wanted=0
		for release; do [ "$release" -lt "$first" ] || [ "$release" -gt "$last" ] || wanted=1; done
		[ "$wanted" -eq 1 ] || continue
	fi
	release=$first
	[ "$installed" -lt "$first" ] || [ "$installed" -gt "$last" ] || release=$installed
	compare "$release" "$abi" "$installed" || bad=1
done <"$here/releases.list"
exit "$bad"
