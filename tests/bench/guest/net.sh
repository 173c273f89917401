# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
# shellcheck shell=sh
#
# The two ends of a measurement.
#
#   one:   dummy0 (10.7.0.1, MTU 4200) with one device, both processes in the first namespace
#   veth:  namespace "far" (10.7.0.1) --- veth, MTU 4200 --- namespace "near" (10.7.0.2), a device in each
#
# MTU 4200 gives a path MTU of 4096 bytes. Server: far; client: near. Without an RDMA device, `tcp` and `cma`, there are only
# the netdevs; what goes to 10.7.0.1 from its own host goes over lo.

MTU=4200
FAR_IP=10.7.0.1
NEAR_IP=10.7.0.2

# network_up TOPOLOGY LINK-TYPE
network_up() {
	ip link set lo up
	case $1 in
	one) one_up "$2" ;;
	veth) veth_up "$2" ;;
	esac
	sleep 3 # IPv6 address detection and its timers are over; virtual time, so it costs nothing
}

one_up() {
	IN_FAR='' IN_NEAR='' FAR_DEV=${1}0 NEAR_DEV=${1}0
	[ -e /sys/class/net/dummy0 ] || ip link add dummy0 type dummy || fail "dummy0"
	end_up "" dummy0 "$FAR_IP" "$1" "$FAR_DEV"
	FAR_GID=$(gid_index "$FAR_DEV")
	NEAR_GID=$FAR_GID
}

veth_up() {
	IN_FAR="ip netns exec far" IN_NEAR="ip netns exec near" FAR_DEV=${1}0 NEAR_DEV=${1}1
	ip netns add far || fail "network namespaces"
	ip netns add near
	ip link add vfar netns far type veth peer name vnear netns near || fail "veth"
	end_up "$IN_FAR" vfar "$FAR_IP" "$1" "$FAR_DEV"
	end_up "$IN_NEAR" vnear "$NEAR_IP" "$1" "$NEAR_DEV"
	FAR_GID=$(gid_index "$FAR_DEV")
	# shellcheck disable=SC2034 # measure.sh uses it
	NEAR_GID=$(gid_index "$NEAR_DEV")
}

# end_up NAMESPACE-PREFIX NETDEV IP LINK-TYPE DEVICE
end_up() {
	$1 ip link set lo up
	$1 ip link set "$2" mtu "$MTU" up
	$1 ip address add "$3/24" dev "$2"
	case $4 in
	tcp | cma) ;;
	*) $1 rdma link add "$5" type "$4" netdev "$2" || fail "rdma link add $5 type $4" ;;
	esac
}

# The index of the GID that is an IPv4 address; the kernel makes it a little after the device. Only RoCE has such.
gid_index() {
	case $1 in rodp* | rxe*) ;; *) return ;; esac
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		for gid in /sys/class/infiniband/"$1"/ports/1/gids/*; do
			case $(cat "$gid" 2>/dev/null) in
			0000:0000:0000:0000:0000:ffff:*)
				echo "${gid##*/}"
				return
				;;
			esac
		done
		sleep 0.5
	done
	fail "$1 has no IPv4 GID"
}
