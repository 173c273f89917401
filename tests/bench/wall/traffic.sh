#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# traffic ROUNDS "DEVICE..." PATTERN: the guest's part of `lab bench --wall`. The bench's streams and ping-pongs by the
# clock, of those rows whose name, TEST:BYTES:MEMORY:TOPOLOGY:DEVICE, matches PATTERN. A round runs each measurement over all
# devices before the next, and each round begins with another device: whatever else the host does comes to all alike.
# Prints a line a result, tabs between its columns:
#   TEST BYTES MEMORY TOPOLOGY DEVICE VALUE     MiB/s of a stream, us a message of a ping-pong, or "failed"
# and progress on stderr. Status 1 when anything but rxe or siw failed.
set -euo pipefail

ROUNDS=$1
DEVICES=$2
PATTERN=$3
LIMIT=90
PORT=18515
PROGRAMS=$LAB_BUILD/tests/bench
SIW=$LAB_CHECKOUT/build/bench/siw/siw.ko
TMP=$(mktemp -d)
FAILED=0
# shellcheck source=/dev/null # of the lab, checked there
. "$(dirname "$0")/../../lab/guest/listener.sh"

# iterations TEST BYTES
iterations() {
	case $1:$2 in
	pingpong:4096) echo 500 ;;
	pingpong:*) echo 200 ;;
	*:4096) echo 4000 ;;
	*) echo 500 ;;
	esac
}

# use DEVICE: its link is the one that is meant below; those without one use rodp's hosts, or whose they are.
use() {
	local link=/run/lab/link-$1.env
	[ -e "$link" ] || link=/run/lab/link.env
	# shellcheck source=/dev/null
	. "$link"
}

# siw_up: a siw beside the devices of the link.
siw_up() {
	use siw
	[ -e "$SIW" ] || { echo "wall: no siw.ko" >&2 && return 1; }
	modprobe -a rdma_ucm iw_cm && insmod "$SIW" &&
		ip netns exec "$RDMA_NETNS" rdma link add siwA type siw netdev "$RDMA_NETDEV" &&
		ip netns exec "$RDMA_PEER_NETNS" rdma link add siwB type siw netdev "$RDMA_PEER_NETDEV"
}

# ends DEVICE TOPOLOGY: SERVER_ and CLIENT_ NETNS, DEV, GID, and the server's ADDR. One host is the client's.
ends() {
	use "$1"
	CLIENT_NETNS=$RDMA_NETNS CLIENT_DEV=$RDMA_DEV CLIENT_GID=$RDMA_GID_INDEX
	SERVER_NETNS=$RDMA_PEER_NETNS SERVER_DEV=$RDMA_PEER_DEV SERVER_GID=$RDMA_PEER_GID_INDEX SERVER_ADDR=$RDMA_PEER_ADDR
	[ "$1" != siw ] || CLIENT_DEV=siwA SERVER_DEV=siwB
	[ "$2" = one ] || return 0
	SERVER_NETNS=$CLIENT_NETNS SERVER_DEV=$CLIENT_DEV SERVER_GID=$CLIENT_GID SERVER_ADDR=$RDMA_ADDR
}

# pair "SERVER COMMAND" "CLIENT COMMAND": both must succeed.
pair() {
	local server status=0
	: >"$TMP/client"
	# shellcheck disable=SC2086 # words
	ip netns exec "$SERVER_NETNS" timeout "$LIMIT" $1 >"$TMP/server" 2>&1 &
	server=$!
	wait_for_listener "$PORT" "$server" ip netns exec "$SERVER_NETNS" || status=1
	# shellcheck disable=SC2086 # words
	[ "$status" -ne 0 ] || ip netns exec "$CLIENT_NETNS" timeout "$LIMIT" $2 >"$TMP/client" 2>&1 || status=1
	[ "$status" -eq 0 ] || kill "$server" 2>/dev/null || true
	wait "$server" || status=1
	[ "$status" -eq 0 ] || tail -n 15 "$TMP/server" "$TMP/client" >&2
	return "$status"
}

# perftest TEST BYTES MEMORY DEVICE: a bandwidth test prints MiB/s, a latency test the us of half a round trip. Where perftest says
# 0.00, as it does now and then on a busy host, nothing was measured: the run is repeated.
perftest() {
	local words server client column=4
	words="ib_$1 -F -s $2 -n $(iterations "$1" "$2") -p $PORT"
	server="$words -d $SERVER_DEV" client="$words -d $CLIENT_DEV"
	case $4 in
	siw) server+=" -R --bind_source_ip $SERVER_ADDR" client+=" -R" ;;
	*) server+=" -x $SERVER_GID" client+=" -x $CLIENT_GID" ;;
	esac
	[ "$3" = pinned ] || server+=" --odp" client+=" --odp"
	[[ $1 != *_lat ]] || column=5
	for _ in {1..3}; do
		pair "$server" "$client $SERVER_ADDR" || return
		awk -v bytes="$2" -v column="$column" '$1 == bytes && $column > 0 { print $column; found = 1 } END { exit !found }' \
			"$TMP/client" && return
	done
	tail -n 15 "$TMP/client" >&2
	return 1
}

# plain TEST BYTES DEVICE
plain() {
	local words
	words="-s $2 -n $(iterations "$1" "$2")"
	[ "$1" = stream ] || words+=" -l"
	if [ "$3" = cma ]; then
		# shellcheck disable=SC2086 # words
		timeout "$LIMIT" "$PROGRAMS/cma_peer" $words
		return
	fi
	pair "$PROGRAMS/tcp_peer -p $PORT $words" "$PROGRAMS/tcp_peer -p $PORT $words $SERVER_ADDR" && cat "$TMP/client"
}

# measure ROUND TEST BYTES MEMORY TOPOLOGY DEVICE
measure() {
	local value row
	row=$(IFS=: && echo "${*:2}")
	[[ $row =~ $PATTERN ]] || return 0
	printf 'wall: %s, round %s of %s\n' "$row" "$1" "$ROUNDS" >&2
	ends "$6" "$5"
	case $6 in
	tcp | cma) value=$(plain "$2" "$3" "$6") || value=failed ;;
	*) value=$(perftest "$2" "$3" "$4" "$6") || value=failed ;;
	esac
	[[ $value != failed || $6 =~ ^(rxe|siw)$ ]] || FAILED=1
	printf '%s\t%s\t%s\t%s\t%s\t%s\n' "${@:2}" "$value"
}

# measure_kind ROUND KIND BYTES TOPOLOGY: a stream or a ping-pong of all devices.
measure_kind() {
	local way device memory test
	for way in "${ways[@]}"; do
		read -r device memory <<<"$way"
		case $device:$2 in
		tcp:* | cma:*) test=$2 ;;
		siw:pingpong) continue ;;
		*:stream) test=write_bw ;;
		*) test=write_lat ;;
		esac
		[ "$device:$4" = cma:veth ] || measure "$1" "$test" "$3" "$memory" "$4" "$device"
	done
}

has_odp() {
	grep -q 'ODP_SUPPORT' < <(ibv_devinfo -v -d "$RDMA_DEV")
}

# The devices with their memories, "DEVICE MEMORY".
ways=()
for device in $DEVICES; do
	case $device in
	siw) ! siw_up || ways+=("siw pinned") ;;
	tcp | cma) ways+=("$device copied") ;;
	*)
		use "$device"
		[[ $RDMA_DEV == "$device"* ]] || { echo "wall: this guest has no $device" >&2 && continue; }
		ways+=("$device pinned")
		! has_odp || ways+=("$device odp")
		;;
	esac
done

for ((round = 1; round <= ROUNDS; round++)); do
	for topology in one veth; do
		for kind in stream pingpong; do
			for bytes in 4096 65536; do
				measure_kind "$round" "$kind" "$bytes" "$topology"
			done
		done
	done
	ways=("${ways[@]:1}" "${ways[0]}")
done
exit "$FAILED"
