#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# netns DIRECTORY-OF-THE-PROGRAMS shared|exclusive: devices in network namespaces, in either mode of the
# RDMA system, each taken away under its users, or moved: deleted, moved, its netdev moved, its namespace ended.
# Traffic ends with errors, nothing hangs, and nothing is left behind.
#
#   netns x1               netns x2               netns x3
#   v1 10.79.0.1  <------> v2 10.79.0.2           (v2 goes here)
#   rodpx1                 rodpx2
set -u
MODE=$2
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../common/under_traffic.sh"

[[ ${RDMA_DEV:-} == rodp* ]] || skip "${RDMA_DEV:-no device}: only rodp's devices are made and moved here"
[ "${RDMA_TOPO:-}" = one ] || skip "needs the topology of one device: no network namespace but the first"

UDP_PORT=12B7 # 4791, as /proc/net/udp shows it

in_net() {
	local net=$1
	shift
	ip netns exec "$net" "$@"
}

# The namespace that a device made in $1 is seen from, and where its users run.
where() {
	if [ "$MODE" = exclusive ]; then echo "$1"; else echo home; fi
}

sees() {
	in_net "$1" rdma link show "$2/1" >/dev/null 2>&1
}

# until_true SECONDS WHAT COMMAND...
until_true() {
	local limit=$1 what=$2
	shift 2
	for ((i = 0; i < limit * 10; i++)); do
		"$@" && return
		sleep 0.1
	done
	fail "after $limit s: $what"
}

gone() {
	! sees "$(where "$1")" "$2" && ! sees home "$2"
}

sockets() {
	in_net "$1" cat /proc/net/udp /proc/net/udp6 | grep -c ":$UDP_PORT "
}

has_sockets() {
	[ "$(sockets "$1")" -eq "$2" ]
}

expect_sockets() {
	until_true 10 "$1 has $(sockets "$1") sockets of port 4791 instead of $2" has_sockets "$1" "$2"
}

# add NET NETDEV DEVICE
add() {
	in_net "$1" rdma link add "$3" type rodp netdev "$2" || fail "rdma link add $3 in $1"
	until_true 10 "the port of $3 is not active" \
		in_net "$(where "$1")" grep -q ACTIVE "/sys/class/infiniband/$3/ports/1/state"
}

make_nets() {
	ip netns attach home $$
	for net in x1 x2 x3; do
		ip netns add "$net"
		ip -n "$net" link set lo up
	done
	make_veth
}

make_veth() {
	ip -n x1 link add v1 mtu 4200 type veth peer name v2 netns x2 mtu 4200
	ip -n x1 addr add 10.79.0.1/24 dev v1
	ip -n x1 link set v1 up
	address_v2 x2
	await_link_local x1 v1
}

address_v2() {
	ip -n "$1" addr replace 10.79.0.2/24 dev v2
	ip -n "$1" link set v2 mtu 4200 up
	await_link_local "$1" v2
}

has_link_local() {
	[ -n "$(ip -n "$1" -6 addr show dev "$2" scope link -tentative)" ]
}

# The link-local address is the first GID of a device, and a GID before it can be used: until the kernel
# has made sure that nobody else on the link has it, RTR asks the link for its MAC, and times out.
await_link_local() {
	until_true 10 "$2 in $1 has no link-local address that can be used" has_link_local "$1" "$2"
}

end_nets() {
	local net
	for net in x1 x2 x3 home; do
		[ ! -e "/run/netns/$net" ] || ip netns delete "$net"
	done
}

set_mode() {
	rdma system set netns "$1" 2>/dev/null && grep -q "netns $1" < <(rdma system show)
}

# Of a device in x1: traffic with itself, by processes where it is seen.
traffic_on() {
	IN=(ip netns exec "$(where "$1")")
	start_traffic --dev="$2" --memory=odp
}

works() {
	in_net "$1" "$TRAFFIC" --dev="$2" --seconds=1 >"$LOGS/works" || fail "$2 does not work in $1"
}

check_visibility() {
	local net
	echo "== who sees what"
	if [ "$MODE" = exclusive ]; then
		sees x1 rodpx1 || fail "x1 does not see its device"
		! sees x2 rodpx1 || fail "x2 sees the device of x1"
		! sees home rodpx1 || fail "the first namespace sees the device of x1"
		! sees x1 "$RDMA_DEV" || fail "x1 sees the device of the first namespace"
	else
		for net in home x1 x2; do
			sees "$net" rodpx1 || fail "$net does not see the device of x1"
		done
	fi
}

# By addresses of the namespaces, through the CM, from one to the other.
check_between() {
	echo "== between the namespaces"
	modprobe rdma_ucm
	in_net x2 timeout 60 rping -s -a 10.79.0.2 -C 20 -V >"$LOGS/rping" 2>&1 &
	local server=$!
	sleep 2
	in_net x1 timeout 60 rping -c -a 10.79.0.2 -I 10.79.0.1 -C 20 -V >>"$LOGS/rping" 2>&1 ||
		fail "rping from x1 to x2: $(cat "$LOGS/rping")"
	wait "$server" || fail "rping's server in x2: $(cat "$LOGS/rping")"
}

check_delete() {
	echo "== rdma link delete under traffic"
	traffic_on x1 rodpx1
	in_net "$(where x1)" timeout 60 rdma link delete rodpx1 || fail "rdma link delete says $?"
	expect_traffic_lost
	until_true 10 "rodpx1 is still there" gone x1 rodpx1
	expect_sockets x1 0
	add x1 v1 rodpx1
	works "$(where x1)" rodpx1
}

check_move_device() {
	echo "== rdma dev set netns"
	if [ "$MODE" = shared ]; then
		! rdma dev set rodpx1 netns x2 2>/dev/null || fail "a shared device can be moved"
		return
	fi
	traffic_on x1 rodpx1
	in_net x1 timeout 60 rdma dev set rodpx1 netns x2 || fail "rdma dev set says $?"
	expect_traffic_lost
	sees x2 rodpx1 || fail "x2 does not see what was moved there"
	! sees x1 rodpx1 || fail "x1 still sees it"
	works x2 rodpx1
	in_net x2 rdma dev set rodpx1 netns x1 || fail "rdma dev set back says $?"
	works x1 rodpx1
}

# The device goes along with its netdev, and leaves no socket behind. Who has queue pairs by the network loses his peer.
# In exclusive mode it is seen where it was until somebody moves it, too: in whatever order.
check_move_netdev() {
	echo "== the netdev goes to another namespace, under traffic"
	expect_sockets x2 2
	echo 0 >/sys/module/rodp/parameters/local_path
	traffic_on x2 rodpx2
	move_netdev x2 x3
	expect_traffic_lost
	echo 1 >/sys/module/rodp/parameters/local_path
	move_device x2 x3
	works "$(where x3)" rodpx2

	echo "== and back, in the other order"
	move_device x3 x2
	move_netdev x3 x2
	works "$(where x2)" rodpx2
}

# move_netdev FROM TO
move_netdev() {
	ip -n "$1" link set v2 netns "$2" || fail "ip link set netns says $?"
	expect_sockets "$1" 0
	expect_sockets "$2" 2
	address_v2 "$2"
}

# move_device FROM TO
move_device() {
	[ "$MODE" = exclusive ] || return 0
	sees "$1" rodpx2 || fail "rodpx2 is not seen where it was"
	in_net "$1" timeout 60 rdma dev set rodpx2 netns "$2" || fail "rdma dev set says $?"
	sees "$2" rodpx2 || fail "rodpx2 is not seen where it was moved to"
}

# With its processes, if there are any in it: they are killed in the middle of their work.
check_exit() {
	local pid
	echo "== the namespace ends under traffic"
	traffic_on x1 rodpx1
	if [ "$MODE" = exclusive ]; then
		ip netns delete x1
		for pid in "${PIDS[@]}"; do
			kill -KILL "$pid"
		done
		wait "${PIDS[@]}" 2>/dev/null
	else
		ip netns delete x1
		expect_traffic_lost
	fi
	until_true 30 "v2 outlives its peer's namespace" no_netdev
	until_true 10 "rodpx1 outlives its namespace" no_device rodpx1
}

no_device() {
	! sees home "$1" && ! sees x2 "$1"
}

no_netdev() {
	! ip -n x2 link show v2 >/dev/null 2>&1 && no_device rodpx2
}

finish() {
	end_nets
	until_true 30 "the mode does not go back to shared: is a namespace left?" set_mode shared
}

unset RDMA_GID_INDEX RDMA_PEER_GID_INDEX # of the first device only
mark_log
until_true 30 "rdma system set netns $MODE fails: is there a network namespace?" set_mode "$MODE"
make_nets
trap 'end_nets; set_mode shared' EXIT
add x1 v1 rodpx1
add x2 v2 rodpx2
check_visibility
check_between
check_delete
check_move_device
check_move_netdev
check_exit
trap - EXIT
finish
"$TRAFFIC" --seconds=1 || fail "the first namespace's device does not work any more"
check_log
echo "passed"
