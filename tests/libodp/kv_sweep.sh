#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# The key-value example with files from a quarter of the memory that it may use to four times as much, on demand and
# pinned: a table, and DIR/kv.png. Every value that is read is verified.
#
#   tests/lab/lab run --link rodp --mem 1536 -- tests/libodp/kv_sweep.sh docs/pictures
set -euo pipefail

out=${1:?directory for kv.png}
memory=256 # MiB that the program, its page cache and what it pins may take
reads=3000
table=$(mktemp)
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/common/store.sh"
make_disk
limit_memory "$memory"

# serve MIB LEVEL: values a second, the first time and again, or 0 0 when it was killed or refused.
serve() {
	local said status=0
	said=$(limited "$MNT/store$1" "$1" "$reads" "$2" 2>&1) || status=$?
	echo "kv: $1 MiB, level $2, status $status: ${said//$'\n'/; }" >&2
	if [ "$status" -eq 0 ]; then
		sed -n 's/.*verified: \([0-9]*\) a second, and again: \([0-9]*\) .*/\1 \2/p' <<<"$said"
	else
		echo 0 0
	fi
}

printf '%-10s %-14s %12s %12s %12s\n' file "of memory" "first time" again pinned
for quarter in 1 2 4 8 16; do
	mib=$((memory * quarter / 4))
	store "$MNT/store$mib" "$mib" 1 >/dev/null # makes the file
	read -r first again < <(serve "$mib" 3)
	read -r pinned _ < <(serve "$mib" 4)
	echo "$((quarter * 25)) $first $again $pinned" >>"$table"
	printf '%-10s %-14s %12s %12s %12s\n' "$mib MiB" "$((quarter * 25)) %" "$first/s" "$again/s" "$([ "$pinned" -gt 0 ] && echo "$pinned/s" || echo killed)"
	rm "$MNT/store$mib"
done
gnuplot <<EOT
set terminal pngcairo size 900,420 font "DejaVu Sans,11"
set output "$out/kv.png"
set title "Values read by RDMA from a file, by the file's size (4 KiB each, every byte verified)"
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.9
set boxwidth 0.9
set logscale y 10
set yrange [100:*]
set key outside top center horizontal
set ylabel "values a second"
set xlabel "file, in percent of the memory that the server may use; pinned ends where there is no bar"
set grid ytics
plot "$table" using 2:xtic(sprintf("%d %%", column(1))) title "on demand, first time" lc rgb "#8fb8d0", \\
     "" using 3 title "on demand, again" lc rgb "#2a6f97", \\
     "" using 4 title "pinned" lc rgb "#bc4b51"
EOT
rm "$table"
