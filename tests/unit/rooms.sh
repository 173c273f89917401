#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Nobody in kernel/ includes a room above its own, or beside it. A room is a directory; which one is
# above which is read from the table of rooms in docs/architecture.md, from the ground up, so that
# page and code cannot differ. Since every include leads to a lower row, there is no circle either.
set -euo pipefail

page=docs/architecture.md
declare -A floor=()
bad=0 includes=0

complain() {
	echo "$*"
	bad=$((bad + 1))
}

# table: "floor room" for each room of the page.
table() {
	awk -F '|' '
		/^\| layer \|/ { inside = 1; next }
		!/^\|/ { inside = 0 }
		inside && $2 !~ /^-+$/ {
			floor++
			n = split($2, part, "`")
			for (i = 2; i <= n; i += 2)
				print floor, part[i]
		}' "$page"
}

# sources: every file that has a room.
sources() {
	find kernel -name '*.[ch]' -not -path 'kernel/compat/probes/*' | sort
}

# look FILE INCLUDED: whether the one may include the other.
look() {
	local from to=${2%/*}
	from=$(dirname "${1#kernel/}")
	[ -e "kernel/$2" ] || complain "$1: there is no kernel/$2"
	[ "$from" != "$to" ] || return 0
	if [ -z "${floor[$from]:-}" ] || [ -z "${floor[$to]:-}" ]; then
		complain "$1: includes $2, and $page does not say which room is above"
	elif [ "${floor[$to]}" -ge "${floor[$from]}" ]; then
		complain "$1: includes $2, of a room that is not below $from"
	fi
}

while read -r number room; do
	[ -d "kernel/$room" ] || complain "$page: there is no room kernel/$room"
	[ -z "${floor[$room]:-}" ] || complain "$page: room $room stands twice"
	floor[$room]=$number
done < <(table)
[ ${#floor[@]} -ge 10 ] || { echo "$page: the table of rooms has only ${#floor[@]}" && exit 1; }

while read -r file; do
	room=$(dirname "${file#kernel/}")
	[ -n "${floor[$room]:-}" ] || complain "$file: room $room is not in the table of $page"
	while read -r included; do
		includes=$((includes + 1))
		look "$file" "$included"
	done < <(sed -nE '/"rodp_config\.h"/d;s/^[[:space:]]*#[[:space:]]*include[[:space:]]+"([^"]+)".*/\1/p' "$file")
done < <(sources)
[ "$includes" -ge 100 ] || complain "only $includes includes were found"

[ "$bad" -eq 0 ] || exit 1
echo "${#floor[@]} rooms, $includes includes: all of them lead down"
