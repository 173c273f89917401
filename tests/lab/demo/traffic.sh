#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# traffic ROUNDS: the guest's part of `lab demo`: one link on veth, or two of two devices. Runs
# stock perftest and ibv_rc_pingpong between the two hosts of each link, with pinned memory and with
# on-demand paging where the device has it, and verifies data first. Each test of a round is run over all
# devices and memories before the next, and each round begins with another of them: whatever else the host does
# comes to all alike. Prints a line a result, tabs between its columns:
#   DEVICE MEMORY TEST BYTES VALUE     VALUE in MiB/s, or ok|failed for `verify`
# and progress on stderr. Status 1 when anything failed over rodp; what fails over rxe is shown.
set -euo pipefail

ROUNDS=$1
BYTES=65536
COUNT=500    # messages of BYTES a run
LIMIT=90     # seconds a run may take
PORT=18515   # the default of both perftest and pingpong
TMP=$(mktemp -d)
FAILED=0
# shellcheck source=SCRIPTDIR/../guest/listener.sh
. "$(dirname "$0")/../guest/listener.sh"

# use DEVICE: its link is the one that is meant below.
use() {
	DEVICE=$1
	# shellcheck source=/dev/null
	[ ! -e "/run/lab/link-$1.env" ] || . "/run/lab/link-$1.env"
}

in_host() { ip netns exec "$RDMA_NETNS" "$@"; }
in_peer() { ip netns exec "$RDMA_PEER_NETNS" "$@"; }

# What fails over rxe is shown, not counted.
blame() { [ "$DEVICE" = rxe ] || FAILED=1; }

# pair COMMAND OPTION...: server in one host, client in the other; both must succeed.
pair() {
	local server status=0
	: >"$TMP/client"
	in_peer timeout "$LIMIT" "$@" -d "$RDMA_PEER_DEV" "$GID_OPTION" "$RDMA_PEER_GID_INDEX" >"$TMP/server" 2>&1 &
	server=$!
	wait_for_listener "$PORT" "$server" in_peer || status=1
	[ "$status" -ne 0 ] || in_host timeout "$LIMIT" "$@" -d "$RDMA_DEV" "$GID_OPTION" "$RDMA_GID_INDEX" "$RDMA_PEER_ADDR" \
		>"$TMP/client" 2>&1 || status=1
	[ "$status" -eq 0 ] || kill "$server" 2>/dev/null || true
	wait "$server" || status=1
	[ "$status" -eq 0 ] || tail -n 15 "$TMP/server" "$TMP/client" >&2
	return "$status"
}

# perftest TEST MEMORY: MiB/s of ib_TEST. On a busy host perftest prints a bandwidth of 0.00 now and then, of any device,
# although all bytes were moved within seconds. That is no measurement: the run is repeated.
perftest() {
	local odp=()
	GID_OPTION=-x
	[ "$2" = pinned ] || odp=(--odp)
	for _ in {1..3}; do
		pair "ib_$1" -F -s "$BYTES" -n "$COUNT" "${odp[@]}" || return
		awk -v bytes="$BYTES" '$1 == bytes && NF == 5 && $4 > 0 { print $4; found = 1 } END { exit !found }' "$TMP/client" &&
			return
	done
	tail -n 15 "$TMP/client" >&2
	return 1
}

# pingpong MEMORY OPTION...: MiB/s of ibv_rc_pingpong.
pingpong() {
	local odp=()
	GID_OPTION=-g
	[ "$1" = pinned ] || odp=(-o)
	pair ibv_rc_pingpong -s "$BYTES" -n "$COUNT" "${odp[@]}" "${@:2}" || return
	awk '/Mbit\/sec/ { printf "%.2f\n", $(NF - 1) * 1e6 / 8 / 1048576; found = 1 } END { exit !found }' "$TMP/client"
}

# The verbs room may bring a better check than pingpong's own.
verify() {
	local check=$LAB_CHECKOUT/tests/verbs/demo-verify.sh
	if [ -x "$check" ]; then
		"$check" "$1" >&2
	else
		pingpong "$1" -c >/dev/null
	fi
}

has_odp() {
	grep -q 'ODP_SUPPORT' < <(ibv_devinfo -v -d "$RDMA_DEV")
}

result() {
	printf '%s\t%s\t%s\t%s\t%s\n' "$DEVICE" "$@"
}

# measure ROUND MEMORY TEST
measure() {
	local value
	printf 'demo: %s %s %s, round %s of %s\n' "$DEVICE" "$2" "$3" "$1" "$ROUNDS" >&2
	case $3 in
	pingpong) value=$(pingpong "$2") || value=failed ;;
	*) value=$(perftest "$3" "$2") || value=failed ;;
	esac
	[ "$value" != failed ] || blame
	result "$2" "$3" "$BYTES" "$value"
}

# check MEMORY
check() {
	local word=ok
	printf 'demo: %s %s: verifying data\n' "$DEVICE" "$1" >&2
	if ! verify "$1"; then word=failed && blame; fi
	result "$1" verify "$BYTES" "$word"
}

# The devices with their memories, "DEVICE MEMORY".
ways=()
for device in ${RDMA_LINK//+/ }; do
	use "$device"
	ways+=("$DEVICE pinned")
	if has_odp; then ways+=("$DEVICE odp"); else echo "demo: $DEVICE has no on-demand paging on this kernel" >&2; fi
done

for way in "${ways[@]}"; do
	use "${way% *}"
	check "${way#* }"
done
for ((round = 1; round <= ROUNDS; round++)); do
	for test in write_bw read_bw send_bw pingpong; do
		for way in "${ways[@]}"; do
			use "${way% *}"
			measure "$round" "${way#* }" "$test"
		done
	done
	ways=("${ways[@]:1}" "${ways[0]}")
done
exit "$FAILED"
