# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# link: the RDMA devices of the guest and the network below them.
#
#   one    dummy0 (10.77.0.1, fd77::1), one device that talks to itself
#
#   veth   netns hostA                     netns hostB
#          vethA 10.77.0.1 fd77::1  <-->   vethB 10.77.0.2 fd77::2
#          RDMA_DEV                        RDMA_PEER_DEV
#
# A link is a device type (rxe, rodp), none, or TYPE:PEER-TYPE on veth. rxe has
# its UDP socket only in the initial netns before 7.x: there its side of a mixed
# link has its veth end in the initial netns, under the name hostA or hostB.
# What is up is described in /run/lab/link.env, which the command gets as its
# environment.
#
# TYPE+OTHER is two links on veth, for what compares them: that of OTHER is between
# hostC and hostD, 10.78.0.1 and 10.78.0.2. The command runs in hostA, with the environment of TYPE's
# link; /run/lab/link-TYPE.env and link-OTHER.env have that of either.

LINK_MTU=4200 # the RoCE path MTU of 4096 and its headers
LINK_ENV=/run/lab/link.env

in_host() {
	local host=$1
	shift
	ip netns exec "$host" "$@"
}

kernel_at_least_7() {
	[ "$(uname -r | cut -d. -f1)" -ge 7 ]
}

# load_type TYPE: the modules of a device type.
load_type() {
	modprobe -a ib_core ib_uverbs rdma_ucm ib_umad udp_tunnel ip6_udp_tunnel
	case $1 in
	rxe)
		modprobe crc32_generic 2>/dev/null
		modprobe rdma_rxe
		;;
	rodp)
		[ -e "$RODP_KO" ] || { echo "no rodp.ko at $RODP_KO" && return 1; }
		[ -e /sys/module/rodp ] || insmod "$RODP_KO"
		;;
	*) echo "unknown device type '$1'" && return 1 ;;
	esac
}

# add_addresses HOST NETDEV NET N: one process for all, each costs a guest 70 ms.
add_addresses() {
	ip -n "$1" -batch - <<-EOT
		link set $2 mtu $LINK_MTU up
		addr add 10.$3.0.$4/24 dev $2
		addr add fd$3::$4/64 dev $2 nodad
	EOT
}

# add_device HOST DEVICE TYPE NETDEV
add_device() {
	in_host "$1" rdma link add "$2" type "$3" netdev "$4" ||
		{ echo "rdma link add $2 type $3 netdev $4 failed" && return 1; }
	wait_for_port "$2"
}

# wait_for_port DEVICE: until its port is active.
wait_for_port() {
	local state
	for _ in {1..50}; do
		{ read -r state <"/sys/class/infiniband/$1/ports/1/state" && [[ $state = *ACTIVE* ]]; } 2>/dev/null && return
		sleep 0.1
	done
	echo "port of $1 is not active after 5 s"
	return 1
}

# gid_index DEVICE ADDRESS: the RoCE v2 GID of an IPv4 address. Without processes, each costs a guest 70 ms.
gid_index() {
	local dir=/sys/class/infiniband/$1/ports/1 file gid is type
	# shellcheck disable=SC2046,SC2183 # four numbers
	gid=$(printf '0000:0000:0000:0000:0000:ffff:%02x%02x:%02x%02x' $(tr . ' ' <<<"$2"))
	for _ in {1..50}; do
		for file in "$dir"/gids/*; do
			{ read -r is <"$file" && [ "$is" = "$gid" ]; } 2>/dev/null || continue
			{ read -r type <"$dir/gid_attrs/types/${file##*/}" && [ "$type" = "RoCE v2" ]; } 2>/dev/null || continue
			echo "${file##*/}"
			return
		done
		sleep 0.1
	done
	echo "no RoCE v2 GID for $2 on $1" >&2
	return 1
}

# link_env NAME VALUE...
link_env() {
	while [ $# -gt 0 ]; do
		printf 'export %s=%q\n' "$1" "$2"
		shift 2
	done >>"$LINK_ENV"
}

# The host a device type lives in: see above.
make_host() {
	if [ "$2" = rxe ] && ! kernel_at_least_7; then
		ip netns attach "$1" 1
	else
		ip netns add "$1"
		ip -n "$1" link set lo up
	fi
}

one_up() {
	local index
	modprobe dummy numdummies=0
	ip link add dummy0 type dummy
	ip netns attach hostA 1
	add_addresses hostA dummy0 77 1
	load_type "$1" || return
	add_device hostA "${1}0" "$1" dummy0 || return
	index=$(gid_index "${1}0" 10.77.0.1) || return
	link_env RDMA_DEV "${1}0" RDMA_ADDR 10.77.0.1 RDMA_ADDR6 fd77::1 RDMA_NETDEV dummy0 RDMA_GID_INDEX "$index"
	link_env RDMA_PEER_DEV "${1}0" RDMA_PEER_NETDEV dummy0 RDMA_PEER_ADDR 10.77.0.1 RDMA_PEER_ADDR6 fd77::1 RDMA_PEER_GID_INDEX "$index"
	link_env RDMA_NETNS '' RDMA_PEER_NETNS hostA
}

# keep_order HOST NETDEV: what comes in stays in order even if its sender sends one flow from several CPUs: with RPS a flow is received on
# one CPU. rxe before kernel 7 does that to its requests, and brings wrong data or nothing when it is told so (docs/network.md).
keep_order() {
	local cpus
	cpus=$(printf '%x' $(((1 << $(nproc)) - 1)))
	ip netns exec "$1" sh -c "echo $cpus >/sys/class/net/$2/queues/rx-0/rps_cpus"
}

# veth_up TYPE PEER-TYPE [A B NET]: between the hosts of these letters.
veth_up() {
	local type=$1 peer=$2 a=${3:-A} b=${4:-B} net=${5:-77} index peer_index
	if [ "$type$peer" = rxerxe ] && ! kernel_at_least_7; then
		echo "two rxe in two network namespaces do not talk before kernel 7"
		return 77
	fi
	make_host "host$a" "$type"
	make_host "host$b" "$peer"
	ip link add "veth$a" type veth peer name "veth$b"
	ip link set "veth$a" netns "host$a"
	ip link set "veth$b" netns "host$b"
	add_addresses "host$a" "veth$a" "$net" 1
	add_addresses "host$b" "veth$b" "$net" 2
	if [ "$type$peer" = rxerodp ] && ! kernel_at_least_7; then
		keep_order "host$b" "veth$b" || return
	fi
	load_type "$type" || return
	[ "$peer" = "$type" ] || load_type "$peer" || return
	add_device "host$a" "${type}0" "$type" "veth$a" || return
	add_device "host$b" "${peer}1" "$peer" "veth$b" || return
	index=$(gid_index "${type}0" "10.$net.0.1") || return
	peer_index=$(gid_index "${peer}1" "10.$net.0.2") || return
	link_env RDMA_DEV "${type}0" RDMA_ADDR "10.$net.0.1" RDMA_ADDR6 "fd$net::1" RDMA_NETDEV "veth$a" RDMA_GID_INDEX "$index"
	link_env RDMA_PEER_DEV "${peer}1" RDMA_PEER_NETDEV "veth$b" RDMA_PEER_ADDR "10.$net.0.2" RDMA_PEER_ADDR6 "fd$net::2" \
		RDMA_PEER_GID_INDEX "$peer_index"
	link_env RDMA_NETNS "host$a" RDMA_PEER_NETNS "host$b"
}

# begin_env LINK TOPO FILE: what is said from now on is of that link.
begin_env() {
	LINK_ENV=$3
	: >"$LINK_ENV"
	link_env RDMA_LINK "$1" RDMA_TOPO "$2"
}

two_up() {
	begin_env "$1" veth "/run/lab/link-$1.env"
	veth_up "$1" "$1" || return
	cp "$LINK_ENV" /run/lab/link.env
	begin_env "$2" veth "/run/lab/link-$2.env"
	veth_up "$2" "$2" C D 78 || return
	LINK_ENV=/run/lab/link.env
	link_env RDMA_LINK "$1+$2"
}

# link_up LINK TOPO: status 77 when this kernel cannot have such a link.
link_up() {
	local type=${1%%:*} peer=${1#*:}
	begin_env "$1" "$2" /run/lab/link.env
	case $1/$2 in
	none/*) ;;
	*[:+]*/one) echo "a link of two types needs --topo veth" && return 1 ;;
	*+*/veth) two_up "${1%+*}" "${1#*+}" ;;
	*/one) one_up "$type" ;;
	*/veth) veth_up "$type" "$peer" ;;
	*) echo "unknown topology '$2'" && return 1 ;;
	esac
}

# link_down: undoes link_up, every step by its own name; says what resists.
link_down() {
	local device module failed=0
	for device in /sys/class/infiniband/*; do
		[ ! -e "$device" ] || rdma link delete "${device##*/}" || failed=1
	done
	for device in dummy0 vethA vethB vethC vethD play0; do # play0: the documents' own
		[ ! -e "/sys/class/net/$device" ] || ip link delete "$device"
	done
	for device in hostA hostB hostC hostD; do
		[ ! -e "/run/netns/$device" ] || ip netns delete "$device"
	done
	for module in rodp odp_monitor; do
		[ ! -e "/sys/module/$module" ] || rmmod "$module" || failed=1
	done
	return "$failed"
}
