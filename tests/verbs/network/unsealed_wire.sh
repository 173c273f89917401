#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Between the two hosts is something that their kernel cannot know: what comes out of it has been on a wire. A netdev that
# completes checksums in software, as in front of a NIC without that, stands for it. The first packets have no ICRC, are dropped
# and counted; then each has one, and everything works.
#
#   hostA  a0 10.90.0.1  <-->  a1 | bridge in W | b1 (makes checksums)  <-->  b0 10.90.0.2  hostB
#   unsealed_wire.sh COMMAND...    a test that verifies its data
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../common/bad_network.sh"

command -v ethtool >/dev/null || skip "no ethtool here"
modprobe bridge || skip "this kernel has no bridge"

# host NETNS NETDEV NUMBER DEVICE: one end of the way.
host() {
	ip link add "$2" type veth peer name "${2/0/1}" || fail "no veth"
	{ ip link set "$2" netns "$1" && ip link set "${2/0/1}" netns W; } || fail "$2 does not move"
	{ ip -n "$1" link set "$2" mtu 4200 up && ip -n "$1" addr add "10.90.0.$3/24" dev "$2"; } || fail "no address of $2"
	ip -n W link set "${2/0/1}" mtu 4200 master br0 up || fail "no port of the bridge"
	ip netns exec "$1" rdma link add "$4" type rodp netdev "$2" || fail "no device on $2"
}

# What was dropped in front of the receiving device for the checksum that is none (UDP's), or by it for its ICRC.
dropped() {
	local udp icrc
	# shellcheck disable=SC2016 # awk's
	udp=$(ip netns exec "$RDMA_PEER_NETNS" awk '/^Udp:/ { if (!n) { for (i = 1; i <= NF; i++) if ($i == "InCsumErrors") n = i } else print $n }' /proc/net/snmp)
	icrc=$(cat "/proc/1/root/sys/class/infiniband/$1/ports/1/hw_counters/rcvd_icrc_err")
	echo "$((udp + icrc))"
}

ip netns add W || fail "no namespace"
{ ip -n W link add br0 type bridge && ip -n W link set br0 mtu 4200 up; } || fail "no bridge"
# shellcheck disable=SC2153 # the lab's
host "$RDMA_NETNS" a0 1 rodpa
host "$RDMA_PEER_NETNS" b0 2 rodpb
ip netns exec W ethtool -K b1 tx off >/dev/null || fail "b1 does not make checksums"
ip netns exec "$RDMA_NETNS" ping -c 1 -W 5 10.90.0.2 >/dev/null || fail "the way does not work"
timeout 200 "$@" --dev=rodpa --peer-dev=rodpb --address=10.90.0.1 --peer-address=10.90.0.2 --timeout=12 || fail "$1 says $?"
sleep 0.1 # what the counters answer may be 16 ms old
echo "packets without an ICRC that were dropped: $(dropped rodpb)"
[ "$(dropped rodpb)" -gt 0 ] || fail "not one: this proves nothing"
ip netns exec "$RDMA_NETNS" rdma link del rodpa
ip netns exec "$RDMA_PEER_NETNS" rdma link del rodpb
ip netns del W
echo "passed"
