#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Captures what stock upstream rxe really sends, as test vectors. Run in the lab:
#
#	tests/lab/lab run --link rxe --topo veth -- tests/unit/vectors/capture.sh
#
# Writes rxe-ipv4.txt and rxe-ipv6.txt beside itself.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
pcap=$(mktemp)

# gid_of DEVICE ADDRESS-PATTERN: index of the RoCE v2 GID that ends so.
gid_of() {
	local dir=/sys/class/infiniband/$1/ports/1 file
	for file in "$dir"/gids/*; do
		[[ $(cat "$file") == *$2 ]] || continue
		[ "$(cat "$dir/gid_attrs/types/${file##*/}" 2>/dev/null)" = "RoCE v2" ] || continue
		echo "${file##*/}" && return
	done
	echo "no GID like $2 on $1" >&2
	return 1
}

# both GID PEER-GID PROGRAM OPTION...: server in one namespace, client in the other.
both() {
	local gid=$1 peer_gid=$2 server
	shift 2
	echo "$*" >&2
	ip netns exec "$RDMA_PEER_NETNS" "$@" -F -d "$RDMA_PEER_DEV" -x "$peer_gid" >/dev/null &
	server=$!
	sleep 2
	"$@" -F -d "$RDMA_DEV" -x "$gid" "$RDMA_PEER_ADDR" >/dev/null
	wait "$server"
}

# traffic GID PEER-GID: every kind of packet that perftest can make, in several MTUs.
traffic() {
	local mtu
	for mtu in 256 1024 4096; do
		both "$@" ib_send_lat -n 5 -m "$mtu" -s $((3 * mtu - 61))
		both "$@" ib_write_bw -n 5 -m "$mtu" -s $((3 * mtu - 62))
		both "$@" ib_read_lat -n 5 -m "$mtu" -s $((3 * mtu - 63))
	done
	both "$@" ib_send_lat -n 5 -s 1
	both "$@" ib_write_lat -n 5 -s 2
	both "$@" ib_read_lat -n 5 -s 3
	both "$@" ib_atomic_lat -n 5 -A FETCH_AND_ADD
	both "$@" ib_atomic_lat -n 5 -A CMP_AND_SWAP
	both "$@" ib_send_lat -n 5 -c UD -s 77
	both "$@" ib_send_lat -n 5 -c UC -m 256 -s 700
	both "$@" ib_write_bw -n 5 -c UC -m 256 -s 700
}

# record NAME GID-PATTERN PEER-GID-PATTERN
record() {
	local tcpdump gid peer_gid
	gid=$(gid_of "$RDMA_DEV" "$2")
	peer_gid=$(gid_of "$RDMA_PEER_DEV" "$3")
	tcpdump -i "$RDMA_NETDEV" -U -w "$pcap" udp port 4791 2>/dev/null &
	tcpdump=$!
	sleep 2
	traffic "$gid" "$peer_gid"
	sleep 2
	kill "$tcpdump"
	wait "$tcpdump" || true
	"$here/pick.py" "$pcap" "rxe, Linux $(uname -r)" >"$here/$1.txt"
}

record rxe-ipv4 ffff:0a4d:0001 ffff:0a4d:0002
record rxe-ipv6 fd77:0000:0000:0000:0000:0000:0000:0001 fd77:0000:0000:0000:0000:0000:0000:0002
