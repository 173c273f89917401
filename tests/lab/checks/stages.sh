#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# stages: what is laid over a guest's root is not taken away from who copies it: a build with the same content changes nothing, one with
# another makes a new one and leaves what is held, and what nobody holds any more goes; one whose removal was interrupted is laid anew.
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

# A removal that does not come to its end.
# shellcheck disable=SC2317 # it is called
rm() {
	[ "${*: -1}" != "$dir/stages.gone" ] || [ ! -e "$dir/stages.gone" ] || exit 9
	command rm "$@"
}
! (build one) || fail "nothing was removed"
unset -f rm
[ -e "$dir/stages.gone/etc/file" ] || fail "what is half removed still has its name"
build two
[ "$(cat "$dir/stage/etc/file")" = two ] || fail "what was half removed is laid over a guest"

# The same name, another directory.
first=$(readlink -f "$dir/stage")
# shellcheck disable=SC2317 # it is called
flock() { mv -T "$first" "$dir/away" && mkdir "$first"; }
! hold_stage "$first" || fail "another directory than the one that was opened is held"
unset -f flock
for name in stage.new stage.link stages.gone; do [ ! -e "$dir/$name" ] || fail "$name is left over"; done
echo "who copies keeps what he copies"
