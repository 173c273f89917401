# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# say: what the lab tells the person in front of it. Everything goes to stderr,
# because stdout belongs to the command that runs in the guest. Owns the
# progress display of long steps and their time limits. Used by every other file.

say() { printf 'lab: %s\n' "$*" >&2; }

# die MESSAGE [WHAT-TO-DO-NEXT]
die() {
	printf 'lab: error: %s\n' "$1" >&2
	[ $# -lt 2 ] || printf 'lab: next: %s\n' "$2" >&2
	exit 1
}

# The last line of a log that says something, cut to fit on a terminal line.
last_words() {
	tail -c 4096 "$1" 2>/dev/null | tr '\r' '\n' | grep -aE '[[:alnum:]]' | tail -n 1 | tr -cd '[:print:]' | cut -c 1-70 || true
}

# nap SECONDS: sleeps without a child. Loops that fork ten times a second run
# through all process ids, and bash then forgets the children it should wait for.
nap() {
	[ -n "${NAP_FD:-}" ] || exec {NAP_FD}<> <(:)
	read -r -t "$1" -u "$NAP_FD" || true
}

# watch_progress PID TITLE LOG: a line every 10 s while PID lives.
watch_progress() {
	local start=$SECONDS told=$SECONDS
	while kill -0 "$1" 2>/dev/null; do
		nap 0.1
		[ $((SECONDS - told)) -ge 10 ] || continue
		told=$SECONDS
		say "  $2: $((SECONDS - start)) s so far; $(last_words "$3")"
	done
}

# step TITLE LIMIT-SECONDS FUNCTION ARG...: runs a function of the lab in a
# process of its own, with its output in a log; shows how far it is, and the
# log's end when it fails. The function is ended after its limit.
step() {
	local title=$1 limit=$2 start=$SECONDS log pid status=0
	shift 2
	log=$(mktemp "$LAB_TMP/step.XXXXXX")
	say "$title ..."
	timeout --kill-after=5 "$limit" "$LAB_DIR/lab" --call "$@" >"$log" 2>&1 </dev/null &
	pid=$!
	watch_progress "$pid" "$title" "$log"
	wait "$pid" || status=$?
	if [ "$status" -ne 0 ]; then
		tail -n 40 "$log" | sed 's/^/  | /' >&2
		[ "$status" -ne 124 ] || say "$title: ended after its limit of $limit s"
		say "$title: failed (status $status)"
		return "$status"
	fi
	say "$title: done, $((SECONDS - start)) s"
}
