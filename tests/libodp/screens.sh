#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# screens.sh [DIRECTORY]: each view of odpctl on a terminal, as a picture: DIRECTORY/odpctl-VIEW.png (build/odpctl without
# one). Those of docs/odpctl.md are made by
#
#   tests/lab/lab run --kernel 7 --tree pictures --link rodp -- tests/libodp/screens.sh docs/pictures
set -euo pipefail

out=${1:-build/odpctl}
export DISPLAY=:9

fail() {
	echo "screens: $*"
	exit 1
}

# shellcheck source=SCRIPTDIR/common/holder.sh
. "$(dirname "$0")/common/holder.sh"

start_display() {
	Xvfb "$DISPLAY" -screen 0 1200x800x24 -nolisten tcp >"$work/display" 2>&1 &
	pids+=($!)
	until_true "there is no display" [ -e /tmp/.X11-unix/X9 ]
}

# Every half second it loses a page and has it back.
keep_it_busy() {
	while kill -USR1 "$holder" 2>/dev/null; do sleep 0.5; done &
	pids+=($!)
}

# view NAME ROWS WORDS [OPTION]: what `odpctl WORDS` shows; live: it does not end by itself.
view() {
	local name=$1 rows=$2 words=$3 live=${4:-} terminal picture=$out/odpctl-$1.png
	rm -f "$work/shown"
	cat >"$work/run" <<-EOT
		PATH=$LAB_BUILD/bin:\$PATH
		printf '\033[1m\$\033[0m odpctl %s\n' '$words'
		${live:+(sleep 8; touch $work/shown) &}
		odpctl $words
		touch $work/shown
		exec sleep 600
	EOT
	xterm -T "$name" -geometry "100x$rows" -fa 'DejaVu Sans Mono' -fs 10 -bg '#101418' -fg '#d8dee9' -b 8 +sb \
		-e bash "$work/run" 2>"$work/terminal" &
	terminal=$!
	pids+=("$terminal")
	until_true "odpctl $words does not end" [ -e "$work/shown" ]
	sleep 2 # the last lines are drawn
	until_true "no picture of $name" import -window "$name" -colors 64 "$picture"
	kill "$terminal"
	wait "$terminal" 2>/dev/null || true
	[ "$(convert "$picture" -unique-colors -format '%w' info:)" -gt 4 ] || fail "$picture is empty"
	echo "written: $picture"
}

command -v Xvfb xterm import >"$work/found" || { echo "skipped: xvfb, xterm or imagemagick is not in this tree" && exit 77; }
mkdir -p "$out"
start_display
start_holder
keep_it_busy
view caps 15 "caps"
view mr 9 "top" live
view hist 10 "hist $RDMA_DEV"
view pages 8 "map $holder"
view watch 10 "watch --interval 500 --count 6"
rdma link delete "$RDMA_DEV"
view missing 12 "doctor"
rdma link add "$RDMA_DEV" type rodp netdev "$RDMA_NETDEV"
