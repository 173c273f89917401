# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# apply: puts the two series on the sources that they are made for.

# has_dep3_header PATCH: what Debian wants to know about a patch.
has_dep3_header() {
	local field
	for field in From Subject Forwarded; do
		grep -q "^$field: ." "$1" || fail "$1 has no field '$field' in its header"
	done
}

series() {
	sed 's/#.*//; /^[[:space:]]*$/d' "$PATCHES/debian-25.01/series"
}

# apply_debian DIR: the series, without fuzz, by quilt where there is one.
apply_debian() {
	local dir=$1 patch
	for patch in $(series); do has_dep3_header "$PATCHES/debian-25.01/$patch"; done
	if command -v quilt >/dev/null; then
		(cd "$dir" && QUILT_PATCHES=$PATCHES/debian-25.01 quilt push -a --fuzz=0) >"$WORK/apply.log" 2>&1 ||
			fail "quilt push -a --fuzz=0: $(tail -n 3 "$WORK/apply.log")"
		return
	fi
	for patch in $(series); do
		patch -d "$dir" -p1 -F0 --no-backup-if-mismatch <"$PATCHES/debian-25.01/$patch" >"$WORK/apply.log" 2>&1 ||
			fail "$patch does not apply without fuzz: $(tail -n 3 "$WORK/apply.log")"
		! grep -q 'offset\|fuzz' "$WORK/apply.log" || fail "$patch applies with an offset; refresh it"
	done
}

# apply_upstream GIT DIR: git am on BASE in a fresh clone DIR of GIT, patch after patch.
apply_upstream() {
	local base
	base=$(grep -oE '^[0-9a-f]{40}' "$PATCHES/upstream/BASE")
	git clone -q --shared --no-checkout "$1" "$2" || fail "cannot clone $1"
	git -C "$2" cat-file -e "$base^{commit}" 2>/dev/null || skip "PERFTEST_GIT=$1 has no commit $base"
	git -C "$2" checkout -q --detach "$base"
	git -C "$2" -c user.name=check -c user.email=check@localhost am -q "$PATCHES"/upstream/*.patch >"$WORK/am.log" 2>&1 ||
		fail "git am on $base: $(tail -n 3 "$WORK/am.log")"
}
