# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# holder: what the tests of odpctl share. A test defines fail(); what is begun here ends with it, and $work is its own.

work=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT

# until_true WHAT COMMAND...: at most 60 s; an emulated machine is slow.
until_true() {
	local what=$1
	shift
	for _ in {1..600}; do
		! "$@" >"$work/until" 2>&1 || return 0
		sleep 0.1
	done
	cat "$work/until"
	fail "$what"
}

# Something to look at (holder.c), its process in $holder: an implicit region, 40 pages of it written by a peer and 8
# read. It waits.
start_holder() {
	"$LAB_BUILD/tests/libodp/libodp_holder" >"$work/holder" &
	holder=$!
	pids+=("$holder")
	until_true "the program that is looked at does not get ready" grep -q ready "$work/holder"
}
