#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# ipv6_only DIRECTORY-OF-THE-PROGRAMS: netdevs without an IPv4 address: all by global IPv6 addresses, then by
# link-local ones only, and a device that is made there.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../common/under_traffic.sh"

[[ ${RDMA_DEV:-} == rodp* && ${RDMA_PEER_DEV:-} == rodp* ]] || skip "is about rodp's devices"
[ "${RDMA_TOPO:-}" = veth ] || skip "needs the topology of two hosts"

DIR=$1
SYS=/proc/1/root/sys/class/infiniband # in a network namespace /sys shows less
PEER=(ip netns exec "$RDMA_PEER_NETNS")
unset RDMA_GID_INDEX RDMA_PEER_GID_INDEX

link_local() {
	"$@" | awk '$3 == "inet6" { sub("/.*", "", $4); print $4; exit }'
}

# check PROGRAM ADDRESS PEER-ADDRESS
check() {
	echo "== $1: $2 to $3"
	"$DIR/ops/$1" --address="$2" --peer-address="$3" || fail "$1 from $2 to $3"
}

check_rping() {
	echo "== rping"
	timeout 60 "${PEER[@]}" rping -s -a "$RDMA_PEER_ADDR6" -C 20 -V >"$LOGS/rping" 2>&1 &
	local server=$!
	sleep 2
	timeout 60 rping -c -a "$RDMA_PEER_ADDR6" -I "$RDMA_ADDR6" -C 20 -V >>"$LOGS/rping" 2>&1 ||
		fail "rping: $(cat "$LOGS/rping")"
	wait "$server" || fail "rping's server: $(cat "$LOGS/rping")"
}

mark_log
modprobe rdma_ucm
ip -4 addr flush dev "$RDMA_NETDEV"
"${PEER[@]}" ip -4 addr flush dev "$RDMA_PEER_NETDEV"
check rc_ops "$RDMA_ADDR6" "$RDMA_PEER_ADDR6"
check uc_ops "$RDMA_ADDR6" "$RDMA_PEER_ADDR6"
check_rping

echo "== a device is made on such a netdev"
rdma link delete "$RDMA_DEV" || fail "rdma link delete"
rdma link add "$RDMA_DEV" type rodp netdev "$RDMA_NETDEV" || fail "rdma link add"
timeout 10 sh -c "until grep -q ACTIVE $SYS/$RDMA_DEV/ports/1/state; do sleep 0.1; done" ||
	fail "the new device's port is not active"
check rc_ops "$RDMA_ADDR6" "$RDMA_PEER_ADDR6"

echo "== link-local addresses"
ip -6 addr del "$RDMA_ADDR6/64" dev "$RDMA_NETDEV"
"${PEER[@]}" ip -6 addr del "$RDMA_PEER_ADDR6/64" dev "$RDMA_PEER_NETDEV"
own=$(link_local ip -6 -o addr show dev "$RDMA_NETDEV" scope link)
peer=$(link_local "${PEER[@]}" ip -6 -o addr show dev "$RDMA_PEER_NETDEV" scope link)
[[ $own && $peer ]] || fail "no link-local addresses"
check rc_ops "$own" "$peer"
check uc_ops "$own" "$peer"
check_log
echo "passed"
