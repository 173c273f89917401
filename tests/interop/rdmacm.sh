#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# rdmacm TOOL [ADDRESS-FAMILY]: one of librdmacm's own programs between the two ends of the link, over
# connections that the kernel's CM makes (GSI, address and route resolution). TOOL is rping,
# ucmatose, udaddy, rdma_client, rcopy, rstream or mckey. ADDRESS-FAMILY 6: by IPv6 addresses.
#
# rping checks every byte itself (-V); rcopy copies a file that is compared here. The
# others say how many messages came; where they do not, their status counts.
set -euo pipefail

WORK=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$WORK"' EXIT

TOOL=$1
FAMILY=${2:-4}
LIMIT=60 # seconds, for either side
if [ "$FAMILY" = 6 ]; then
	own=$RDMA_ADDR6 peer=$RDMA_PEER_ADDR6
else
	own=$RDMA_ADDR peer=$RDMA_PEER_ADDR
fi

server() {
	timeout "$LIMIT" ip netns exec "$RDMA_PEER_NETNS" "$@" >"$WORK/server" 2>&1 &
	server=$!
}

client() {
	timeout "$LIMIT" "$@" >"$WORK/client" 2>&1
}

# Nothing says that an RDMA port is bound: until rdma(8) lists an ID that listens.
wait_for_listener() {
	for _ in {1..100}; do
		grep -q 'state LISTEN' < <(rdma resource show cm_id 2>/dev/null) && return
		kill -0 "$server" 2>/dev/null || break
		sleep 0.1
	done
	tell
	echo "rdmacm: the server of $TOOL does not listen after 10 s"
	exit 1
}

tell() {
	sed 's/^/server: /' "$WORK/server" 2>/dev/null || true
	sed 's/^/client: /' "$WORK/client" 2>/dev/null || true
}

# pair SERVER... -- CLIENT...
pair() {
	local command=()
	while [ "$1" != -- ]; do
		command+=("$1")
		shift
	done
	shift
	server "${command[@]}"
	wait_for_listener
	client "$@" && wait "$server"
}

copy_file() {
	head -c 1000003 /dev/urandom >"$WORK/from"
	server rcopy
	wait_for_listener
	client rcopy "$WORK/from" "$peer:$WORK/to" && cmp "$WORK/from" "$WORK/to" && kill "$server"
}

# The receiver joins first. Line by line it says when it has.
wait_for_receiver() {
	for _ in {1..300}; do
		grep -q '^receiving' "$WORK/server" && return
		kill -0 "$server" 2>/dev/null || break
		sleep 0.1
	done
	tell
	echo "rdmacm: the receiver has not joined after 30 s"
	exit 1
}

multicast() {
	local group=239.77.0.1
	[ "$FAMILY" = 4 ] || group=ff0e::77:1
	server stdbuf -oL mckey -m "$group" -b "$peer" -C 20 -S 100
	wait_for_receiver
	client mckey -m "$group" -b "$own" -s -C 20 -S 100 && wait "$server"
}

run() {
	case $TOOL in
	rping) pair rping -s -a "$peer" -C 100 -S 4000 -V -- rping -c -a "$peer" -I "$own" -C 100 -S 4000 -V ;;
	ucmatose) pair ucmatose -b "$peer" -c 10 -C 20 -S 5000 -- ucmatose -s "$peer" -b "$own" -c 10 -C 20 -S 5000 ;;
	udaddy) pair udaddy -b "$peer" -c 4 -C 20 -S 1000 -- udaddy -s "$peer" -b "$own" -c 4 -C 20 -S 1000 ;;
	rdma_client) pair rdma_server -p 7171 -- rdma_client -s "$peer" -p 7171 ;;
	rstream) pair rstream -S 10000 -C 50 -- rstream -s "$peer" -S 10000 -C 50 ;;
	rcopy) copy_file ;;
	mckey) multicast ;;
	*) echo "rdmacm: no tool '$TOOL'" && return 1 ;;
	esac
}

command -v "$TOOL" >/dev/null || { echo "rdmacm: this system has no $TOOL" && exit 77; }
modprobe rdma_ucm 2>/dev/null || true
if ! run; then
	tell
	echo "rdmacm: $TOOL failed"
	exit 1
fi
tell
