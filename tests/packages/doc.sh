#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# doc.sh FILE [PLACE]: runs the commands of a Markdown file, word for word, and looks whether they print
# what the file says that they print. Commands are the fenced blocks that begin with ```sh. Words after
# `sh` say more (renderers ignore them):
#
#   PLACE         host (on the machine with the checkout), install (in a clean Debian), nowhere (not
#                 run); none: in a guest. Only blocks of the wanted PLACE are run [guest]
#   terminal=N    in a second terminal, third, ...; the reader goes on while the block runs
#   listens=PORT  the block is a server: go on when it listens on that TCP port
#
# Each terminal is one bash, so variables and directories last. A block fails with the first command that
# fails. Each line of the `text` block that follows must be found in what the block printed, in that order;
# `...` stands for anything, blanks for any number of blanks.
set -euo pipefail

LIMIT=${DOC_LIMIT:-240} # seconds a block may take
file=$1 place=${2:-guest}
here=$(dirname "$(readlink -f "$0")")
dir=$(mktemp -d)
declare -A pid=() in=()

leave() {
	local terminal
	for terminal in "${!pid[@]}"; do kill -KILL -- "-${pid[$terminal]}" 2>/dev/null || true; done
	rm -rf "$dir"
}
trap leave EXIT

die() {
	printf 'doc.sh: %s\n' "$*" >&2
	exit 1
}

# word NAME WORDS...: the value of NAME=VALUE among the words.
word() {
	local name=$1 word
	shift
	for word; do [ "${word%%=*}" != "$name" ] || echo "${word#*=}"; done
}

place_of() {
	local word
	for word; do [[ $word == *=* ]] || { echo "$word" && return; }; done
	echo guest
}

# open_terminal N: a bash of its own in a session of its own, fed through a pipe.
open_terminal() {
	local n=$1 fd
	[ -z "${pid[$n]:-}" ] || return 0
	mkfifo "$dir/in.$n"
	setsid bash <"$dir/in.$n" >"$dir/out.$n" 2>&1 &
	pid[$n]=$!
	disown "$!"
	exec {fd}>"$dir/in.$n"
	in[$n]=$fd
	echo 'set -e' >&"$fd"
}

# type_block N BLOCK: the block's text into terminal N, between marks. Commands must not eat the rest.
type_block() {
	{
		echo "echo '@@ begin $2'"
		echo "{"
		cat "$dir/$2.sh"
		echo "} </dev/null"
		echo "echo '@@ end $2'"
	} >"$dir/typed"
	# A command that fails ends the terminal before all is read; wait_until() notices that.
	cat "$dir/typed" 2>/dev/null 1>&"${in[$1]}" || true
}

# output_of N BLOCK: what the block has printed so far.
output_of() {
	awk -v b="@@ begin $2" -v e="@@ end $2" '$0 == e { on = 0 } on { print } $0 == b { on = 1 }' "$dir/out.$1"
}

# wait_until WHAT N BLOCK COMMAND...: bounded; ends the test when the terminal is gone or time is over.
wait_until() {
	local what=$1 n=$2 block=$3 end=$((SECONDS + LIMIT))
	shift 3
	until "$@"; do
		kill -0 "${pid[$n]}" 2>/dev/null || "$@" || fail_block "$n" "$block" "a command failed"
		[ "$SECONDS" -lt "$end" ] || fail_block "$n" "$block" "$what: not within $LIMIT s"
		sleep 0.1
	done
}

fail_block() {
	echo "the commands:" && sed 's/^/  /' "$dir/$2.sh"
	echo "printed:" && output_of "$1" "$2" | sed 's/^/  /'
	die "$file:$(cat "$dir/$2.line"): $3"
}

has_ended() { grep -qxF "@@ end $2" "$dir/out.$1"; }

listens_on() { grep -q . < <(ss -tlnH "sport = $1"); }

# pattern_of LINE: a glob that matches what the line stands for.
pattern_of() {
	local line
	line=$(sed -E 's/[[:space:]]+/ /g; s/^ //; s/ $//; s/[][\\*?]/\\&/g; s/\.\.\./*/g' <<<"$1")
	printf '%s' "$line"
}

# compare N BLOCK: each expected line, in order.
compare() {
	local expected pattern line found
	[ -e "$dir/$2.text" ] || return 0
	output_of "$1" "$2" | sed -E 's/[[:space:]]+/ /g; s/^ //; s/ $//' >"$dir/got"
	exec {lines}<"$dir/got"
	while IFS= read -r expected; do
		pattern=$(pattern_of "$expected")
		found=
		# shellcheck disable=SC2053 # a pattern
		while IFS= read -r -u "$lines" line; do [[ $line == $pattern ]] && found=yes && break; done
		[ -n "$found" ] || fail_block "$1" "$2" "did not print this, or not in this order: $expected"
	done <"$dir/$2.text"
	exec {lines}<&-
}

finish_block() {
	wait_until "the end of the block" "$1" "$2" has_ended "$1" "$2"
	output_of "$1" "$2"
	compare "$1" "$2"
}

# run_block BLOCK WORDS...
run_block() {
	local block=$1 n port
	shift
	n=$(word terminal "$@")
	port=$(word listens "$@")
	n=${n:-1}
	open_terminal "$n"
	sed "s/^/${n/#1/}# /" "$dir/$block.sh"
	type_block "$n" "$block"
	if [ -n "$port" ]; then
		wait_until "a listener on port $port" "$n" "$block" listens_on "$port"
		servers+=("$n $block")
	else
		finish_block "$n" "$block"
	fi
	count=$((count + 1))
}

[ -e "$file" ] || die "no file $file"
awk -v out="$dir" -f "$here/blocks.awk" "$file"
count=0 servers=()
for path in "$dir"/*.words; do
	[ -e "$path" ] || die "$file has no sh block"
	block=$(basename "$path" .words)
	read -r -a words <"$path" || true
	[ "$(place_of "${words[@]}")" = "$place" ] || continue
	run_block "$block" "${words[@]}"
done
for server in "${servers[@]}"; do
	# shellcheck disable=SC2086 # two words
	finish_block $server
done
[ "$count" -gt 0 ] || die "$file has no sh block for $place"
echo "doc.sh: $file: $count blocks of commands for $place did what they should"
