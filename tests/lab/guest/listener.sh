# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# listener: to wait for a server that was just started. Included by whoever starts one in a guest.

# wait_for_listener PORT PID [PREFIX...]: until somebody listens on this TCP port. PREFIX runs a command where the server
# is (ip netns exec NAME). False once process PID, the server, has ended, or after 30 seconds.
wait_for_listener() {
	local port=$1 pid=$2
	shift 2
	for _ in {1..300}; do
		grep -q . < <("$@" ss -tlnH "sport = :$port") && return
		kill -0 "$pid" 2>/dev/null || return 1
		sleep 0.1
	done
	return 1
}
