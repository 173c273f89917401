#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# pods DIRECTORY-OF-THE-PROGRAMS macvlan|ipvlan|vlan: network namespaces that have a netdev above that of the host's device, as
# Kubernetes' shared device plugin gives them to pods. Their addresses are GIDs of that device, and work: what goes by
# them goes by the pod's own network, and comes in there. Nobody but the pod sends by them.
#
#   xh  e0 10.94.0.1, device rodpxh     <------->  xp  e0 10.94.0.2, device rodpxp
#   x1  m0 10.94.0.11, above xh's e0
#   x2  m0 10.94.0.12, the same (a VLAN is on the wire another network: there is no x2)
set -u
KIND=$2
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../common/under_traffic.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../common/namespaces.sh"

[[ ${RDMA_DEV:-} == rodp* ]] || skip "${RDMA_DEV:-no device}: is about rodp's devices"
[ "${RDMA_TOPO:-}" = one ] || skip "needs the topology of one device: no network namespace but the first"
modprobe "${KIND/#vlan/8021q}" || skip "this kernel has no $KIND"
modprobe rdma_ucm

PROGRAM=$1/network/pod_process
PODS=(x1 x2)
[ "$KIND" != vlan ] || PODS=(x1)
unset RDMA_GID_INDEX RDMA_PEER_GID_INDEX # of the first device only
export RDMA_DEV=rodpxh RDMA_PEER_DEV=rodpxh

# address NET NETDEV HOST-NUMBER
address() {
	ip -n "$1" link set "$2" mtu 4200 up
	ip -n "$1" addr add "10.94.0.$3/24" dev "$2"
	ip -n "$1" addr add "fd94::$3/64" dev "$2" nodad
}

# make_upper NET NETDEV: above e0.
make_upper() {
	case $KIND in
	macvlan) ip -n "$1" link add "$2" link e0 type macvlan mode bridge ;;
	ipvlan) ip -n "$1" link add "$2" link e0 type ipvlan mode l2 ;;
	vlan) ip -n "$1" link add "$2" link e0 type vlan id 94 ;;
	esac || fail "no $KIND on e0 in $1"
}

# make_pod NET HOST-NUMBER
make_pod() {
	make_net "$1"
	make_upper xh m0
	ip -n xh link set m0 netns "$1" || fail "ip link set netns says $?"
	address "$1" m0 "$2"
}

make_nets() {
	make_net xh
	make_net xp
	ip -n xh link add e0 type veth peer name e0 netns xp
	address xh e0 1
	if [ "$KIND" = vlan ]; then
		ip -n xp link set e0 mtu 4200 up
		make_upper xp v0
		address xp v0 2
	else
		address xp e0 2
	fi
	add_device xh rodpxh e0
	add_device xp rodpxp e0
	for pod in "${PODS[@]}"; do
		make_pod "$pod" "1${pod#x}"
	done
}

check_with_peer() {
	local address kind
	for address in 10.94.0. fd94::; do
		for kind in rc uc ud; do
			pingpong "$kind" xp rodpxp "${address}2" x1 rodpxh "${address}11" 10.94.0.2
		done
		pingpong rc x1 rodpxh "${address}11" xp rodpxp "${address}2" 10.94.0.11
		cm xp x1 "${address}2"
		cm x1 xp "${address}11"
	done
	pingpong rc x1 rodpxh 10.94.0.11 x1 rodpxh 10.94.0.11
	cm x1 x1 10.94.0.11
}

check_between_pods() {
	[ "$KIND" != vlan ] || return 0
	pingpong rc x1 rodpxh 10.94.0.11 x2 rodpxh 10.94.0.12
	cm x2 x1 10.94.0.12
}

# ip_count NET NAME: of /proc/net/snmp, packets that its IP layer has sent (OutRequests) or received (InDelivers).
ip_count() {
	# shellcheck disable=SC2016 # of awk
	in_net "$1" awk -v name="$2" '$1 == "Ip:" && !n { for (i = 2; i <= NF; i++) if ($i == name) n = i; next }
		$1 == "Ip:" { print $n }' /proc/net/snmp
}

transmitted() {
	in_net "$1" cat "/sys/class/net/$2/statistics/tx_packets"
}

# Whose network the packets are of.
check_way() {
	local device out in host
	echo "== packets of a pod are its own network's"
	device=$(transmitted x1 m0) out=$(ip_count x1 OutRequests) in=$(ip_count x1 InDelivers) host=$(ip_count xh OutRequests)
	pingpong rc xp rodpxp 10.94.0.2 x1 rodpxh 10.94.0.11
	device=$(($(transmitted x1 m0) - device)) out=$(($(ip_count x1 OutRequests) - out))
	in=$(($(ip_count x1 InDelivers) - in)) host=$(($(ip_count xh OutRequests) - host))
	echo "pod: $device leave by its netdev, $out are sent and $in received by its IP; host: $host are sent"
	if [ "$device" -lt 40 ] || [ "$out" -lt 40 ] || [ "$in" -lt 40 ]; then
		fail "they do not go through the pod's network"
	fi
	[ "$host" -lt 40 ] || fail "they go through the host's network"
}

check_process() {
	echo "== a process without privileges"
	[ "$KIND" != vlan ] || return 0
	await_gid rodpxh 10.94.0.12
	HOST_ADDRESS=10.94.0.1 in_net x1 "$PROGRAM" --address=10.94.0.11 --peer-address=10.94.0.12 || fail "a process in a pod"
}

# The pod goes under traffic, and another one with its address comes.
check_end() {
	echo "== a pod ends under traffic"
	export RDMA_PEER_DEV=rodpxp
	ip netns attach home $$
	IN=(ip netns exec home)
	start_traffic --address=10.94.0.11 --peer-address=10.94.0.2
	ip netns delete x1
	expect_traffic_lost
	until_true 10 "the GID of a pod outlives it" has_no_gid rodpxh 10.94.0.11
	ip netns delete home
	make_pod x1 11
	pingpong rc xp rodpxp 10.94.0.2 x1 rodpxh 10.94.0.11
	cm x1 xp 10.94.0.11
}

# The device goes while pods have its GIDs: their sockets are closed.
check_device_goes() {
	echo "== the device goes"
	in_net x1 grep -q :12B7 /proc/net/udp || fail "the pod has no socket of port 4791"
	in_net xh rdma link delete rodpxh || fail "rdma link delete says $?"
	! in_net x1 grep -q :12B7 /proc/net/udp || fail "the pod's socket outlives the device"
	add_device xh rodpxh e0
	pingpong rc xp rodpxp 10.94.0.2 x1 rodpxh 10.94.0.11
}

mark_log
trap end_nets EXIT
make_nets
check_with_peer
check_between_pods
check_way
check_process
check_end
check_device_goes
end_nets
check_log
echo "passed"
