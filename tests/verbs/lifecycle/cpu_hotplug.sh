#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# CPUs go offline and come back while QPs send, answer and wait for memory there: work that was
# to go on on such a CPU goes on elsewhere.
#
#   cpu_hotplug.sh SECONDS COMMAND...    a test that verifies its data, again and again
set -u

fail() {
	echo "FAILED: $*"
	exit 1
}

seconds=$1
shift
online=/sys/devices/system/cpu/cpu1/online
if [ ! -w $online ]; then
	echo "skipped: CPU 1 cannot go offline"
	exit 77
fi

LOG=$(mktemp)
(
	until [ "$SECONDS" -ge "$seconds" ]; do
		timeout 60 "$@" >"$LOG" 2>&1 || exit
		echo again
	done
) >"$LOG.runs" &
pid=$!

moves=0
while kill -0 $pid 2>/dev/null; do
	echo $((moves & 1)) >$online || fail "CPU 1 does not go $((moves & 1))"
	moves=$((moves + 1))
	sleep 0.1
done
echo 1 >$online
wait $pid || {
	tail -n 3 "$LOG"
	fail "$1 while CPU 1 came and went"
}
runs=$(wc -l <"$LOG.runs")
echo "$runs runs, CPU 1 went offline $((moves / 2)) times"
[ $((moves / 2)) -ge 5 ] || fail "that proves nothing"
echo "passed"
