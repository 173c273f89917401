# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# under_traffic: what the tests share that take a device away while it works.
# TRAFFIC is the program; $1 of such a test is the directory of the programs' folders.

PROCESSES=3
TRAFFIC=${1:?directory of the test programs}/lifecycle/traffic
LOGS=$(mktemp -d)
PIDS=()
IN=() # what the processes are started by, such as: ip netns exec NAME

skip() {
	echo "skipped: $*"
	exit 77
}

fail() {
	echo "FAILED: $*"
	tail -n 3 "$LOGS"/*
	exit 1
}

# start_traffic [OPTION...]: starts the processes, and returns when all of them
# transfer data.
start_traffic() {
	local i
	PIDS=()
	for ((i = 0; i < PROCESSES; i++)); do
		"${IN[@]}" "$TRAFFIC" --seconds=120 "$@" >"$LOGS/$i" 2>&1 &
		PIDS+=($!)
	done
	for ((i = 0; i < PROCESSES; i++)); do
		timeout 30 sh -c "until grep -q running '$LOGS/$i'; do sleep 0.1; done" ||
			fail "traffic $i does not run"
	done
}

# Every process must notice within 30 s, say so, and end.
expect_traffic_lost() {
	local pid status
	for pid in "${PIDS[@]}"; do
		timeout 30 tail --pid="$pid" -f /dev/null || fail "process $pid hangs"
		status=0
		wait "$pid" || status=$?
		[ "$status" -eq 3 ] || fail "a process ended with $status instead of saying that its traffic ended"
	done
	cat "$LOGS"/*
}

# mark_log: where the kernel log is now; check_log: nothing bad was added to it.
mark_log() {
	echo "under_traffic mark $$" >/dev/kmsg
}

check_log() {
	if dmesg | sed "1,/under_traffic mark $$/d" |
		grep -E 'WARNING|BUG|Oops|KASAN|use-after-free|leak|refcount|unregister_netdevice: waiting'; then
		fail "the kernel has something to say"
	fi
}
