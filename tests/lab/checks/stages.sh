#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# stages: what is laid over a guest's root is not taken away from who copies it: a build with the same content changes nothing, one with
# another makes a new one and leaves what is held, and what nobody holds any more goes.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck source=/dev/null
. tests/lab/lib/build.sh

fail() {
	find "$dir"
	echo "stages: $*"
	exit 1
}

# build TEXT: as make_userland() does.
build() {
	mkdir -p "$dir/stage.new/etc"
	echo "$1" >"$dir/stage.new/etc/file"
	ln -s etc/file "$dir/stage.new/link"
	keep_stage "$dir/stages" "$dir/stage"
}

count() { find "$dir/stages" -mindepth 1 -maxdepth 1 | wc -l; }

mkdir -p "$dir/stage" # as older labs left it
build one
first=$(readlink -f "$dir/stage")
inode=$(stat -c %i "$first/etc/file")
build one
[ "$(stat -c %i "$dir/stage/etc/file")" = "$inode" ] || fail "the same content was laid anew"

hold_stage "$first" || fail "cannot hold what is there"
build two
[ "$(cat "$dir/stage/etc/file")" = two ] || fail "another content is not the newest"
[ "$(cat "$first/etc/file")" = one ] || fail "what is held was taken away"
[ "$(count)" -eq 2 ] || fail "$(count) stages instead of two"

exec {STAGE_LOCK}<&-
build two
[ "$(count)" -eq 1 ] || fail "what nobody holds is still there"
[ "$(cat "$dir/stage/etc/file")" = two ] || fail "the newest is gone"
! hold_stage "$first" 2>/dev/null || fail "what is gone can be held"
if [ -e "$dir/stage.new" ] || [ -e "$dir/stage.link" ]; then fail "something is left over"; fi
echo "who copies keeps what he copies"
