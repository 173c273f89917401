#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# What a key costs in instructions, of which a loaded machine makes no more: between two runs of the same pairs of odp_get()
# and odp_put(), one of which makes more of them, over a device that costs nothing. The bounds are a fifth above what
# was counted when they were written down (docs/libodp.md).
set -euo pipefail

rates=$LAB_BUILD/tests/unit/libodp/libodp_rates
few=1024 many=5120
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

command -v valgrind >"$work/found" || { echo "skipped: valgrind is not in this tree" && exit 77; }

# count LEVEL PAIRS: all instructions of such a run.
count() {
	valgrind --tool=callgrind --callgrind-out-file="$work/out" --log-file="$work/log" "$rates" --pairs "$2" --level "$1" ||
		{ cat "$work/log" && return 1; }
	awk '/^(summary|totals):/ { print $2; exit }' "$work/out"
}

bad=0
while IFS='|' read -r level name bound; do
	less=$(count "$level" $few)
	more=$(count "$level" $many)
	each=$(((more - less) / (many - few)))
	echo "$name: $each instructions a pair (at most $bound)"
	if [ "$each" -le 0 ] || [ "$each" -gt "$bound" ]; then
		echo "instructions: $name: $each is not within 1 and $bound"
		bad=1
	fi
done <<-'EOT'
	0|implicit|190
	1|explicit|920
	2|explicit, 64 a call|550
EOT
exit "$bad"
