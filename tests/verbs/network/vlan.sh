#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# vlan DIRECTORY-OF-THE-PROGRAMS: GIDs of VLANs above the netdevs of the two hosts, by verbs and by
# rdma_cm, over IPv4 and IPv6; then a VLAN goes away under traffic.
#
#   hostA  RDMA_NETDEV.100 10.80.0.1 fd80::1  <-->  hostB  .100 10.80.0.2 fd80::2
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../common/under_traffic.sh"

[[ ${RDMA_DEV:-} == rodp* && ${RDMA_PEER_DEV:-} == rodp* ]] || skip "is about rodp's VLANs"
[ "${RDMA_TOPO:-}" = veth ] || skip "needs the topology of two hosts"

QOS="0:0 1:1 2:2 3:3 4:4 5:5 6:6 7:7"
PROGRAM=$1/network/vlan
PEER=(ip netns exec "$RDMA_PEER_NETNS")

# add_vlan NETDEV ID HOST-NUMBER [COMMAND-PREFIX...]
add_vlan() {
	local netdev=$1 id=$2 host=$3
	shift 3
	# shellcheck disable=SC2086 # the maps are words
	"$@" ip link add link "$netdev" name "$netdev.$id" type vlan id "$id" \
		egress-qos-map $QOS ingress-qos-map $QOS || fail "no VLAN on $netdev"
	"$@" ip link set "$netdev.$id" mtu 4200 up
	"$@" ip addr add "10.80.0.$host/24" dev "$netdev.$id"
	"$@" ip addr add "fd80::$host/64" dev "$netdev.$id" nodad
}

# check_vlan ID ADDRESS PEER-ADDRESS
check_vlan() {
	echo "== VLAN $1: $2 to $3"
	VLAN=$1 "$PROGRAM" --address="$2" --peer-address="$3" || fail "VLAN $1, $2 to $3"
}

check_rping() {
	local from=$1 to=$2
	echo "== rping from $from to $to"
	timeout 60 "${PEER[@]}" rping -s -a "$to" -C 20 -V >"$LOGS/rping" 2>&1 &
	local server=$!
	sleep 2
	timeout 60 rping -c -a "$to" -I "$from" -C 20 -V >>"$LOGS/rping" 2>&1 || fail "rping: $(cat "$LOGS/rping")"
	wait "$server" || fail "rping's server: $(cat "$LOGS/rping")"
}

check_udaddy() {
	echo "== udaddy"
	timeout 60 "${PEER[@]}" udaddy -b 10.80.0.2 -C 5 >"$LOGS/udaddy" 2>&1 &
	local server=$!
	sleep 2
	timeout 60 udaddy -s 10.80.0.2 -b 10.80.0.1 -C 5 >>"$LOGS/udaddy" 2>&1 || fail "udaddy: $(cat "$LOGS/udaddy")"
	wait "$server" || fail "udaddy's server: $(cat "$LOGS/udaddy")"
}

mark_log
modprobe 8021q || skip "this kernel has no VLANs"
modprobe rdma_ucm
add_vlan "$RDMA_NETDEV" 100 1
add_vlan "$RDMA_PEER_NETDEV" 100 2 "${PEER[@]}"
if "${PEER[@]}" rdma link add rodpv type rodp netdev "$RDMA_PEER_NETDEV.100" 2>/dev/null; then
	fail "a device on a VLAN would have no GIDs"
fi
check_vlan 0 "$RDMA_ADDR" "$RDMA_PEER_ADDR"
check_vlan 100 10.80.0.1 10.80.0.2
check_vlan 100 fd80::1 fd80::2
check_rping 10.80.0.1 10.80.0.2
check_rping fd80::1 fd80::2
check_udaddy

echo "== the VLAN goes under traffic"
start_traffic --address=10.80.0.1 --peer-address=10.80.0.2
timeout 60 ip link delete "$RDMA_NETDEV.100" || fail "ip link delete says $?"
expect_traffic_lost
check_vlan 0 "$RDMA_ADDR" "$RDMA_PEER_ADDR"
check_log
echo "passed"
