#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# no_ethernet DIRECTORY-OF-THE-PROGRAMS: devices on netdevs that carry IP packets without Ethernet: tunnels, lo, and such as
# forward nothing. What addresses they have are GIDs, also those that come later; connections need no MAC. rdma_cm
# does without them, since the kernel's lets it use Ethernet only, and says so at once; beside them it works.
#
#   x1  e1 10.79.0.1    <------->  x2  e2 10.79.0.2
#       gre1 10.96.1.1                 gre1 10.96.1.2     and so on for each kind
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../common/under_traffic.sh"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../common/namespaces.sh"

[[ ${RDMA_DEV:-} == rodp* ]] || skip "${RDMA_DEV:-no device}: is about rodp's devices"
[ "${RDMA_TOPO:-}" = one ] || skip "needs the topology of one device: no network namespace but the first"
modprobe rdma_ucm
unset RDMA_GID_INDEX RDMA_PEER_GID_INDEX
HOLDERS=()

make_nets() {
	make_net x1
	make_net x2
	ip -n x1 link add e1 mtu 4200 type veth peer name e2 netns x2 mtu 4200
	for i in 1 2; do
		ip -n "x$i" addr add "10.79.0.$i/24" dev "e$i"
		ip -n "x$i" link set "e$i" up
	done
}

# hold_tun NET NETDEV: a process has its other end, without which it has no carrier.
hold_tun() {
	in_net "$1" python3 -c 'import fcntl, signal, struct, sys
tun = open("/dev/net/tun", "r+b", buffering=0)
fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH22x", sys.argv[1].encode(), 0x1001))  # TUNSETIFF: IFF_TUN, IFF_NO_PI
signal.pause()' "$2" &
	HOLDERS+=($!)
}

# make_ends KIND NUMBER: a netdev of this kind in either namespace, with addresses 10.96.NUMBER.x and fd96:NUMBER::x.
make_ends() {
	local i
	for i in 1 2; do
		case $1 in
		gre) ip -n "x$i" link add "$1$2" type gre local "10.79.0.$i" remote "10.79.0.$((3 - i))" ;;
		ipip) ip -n "x$i" link add "$1$2" type ipip local "10.79.0.$i" remote "10.79.0.$((3 - i))" ;;
		tun) in_net "x$i" ip tuntap add dev "$1$2" mode tun && hold_tun "x$i" "$1$2" ;;
		wireguard) ip -n "x$i" link add "$1$2" type wireguard ;;
		esac || return
		ip -n "x$i" link set "$1$2" up
		ip -n "x$i" addr add "10.96.$2.$i/24" dev "$1$2"
		[ "$1" = ipip ] || ip -n "x$i" addr add "fd96:$2::$i/64" dev "$1$2" nodad
	done
}

add_ends() {
	add_device x1 rodpx1 "$1"
	add_device x2 rodpx2 "$1"
}

delete_ends() {
	in_net x1 rdma link delete rodpx1
	in_net x2 rdma link delete rodpx2
}

# check_tunnel KIND NUMBER: between the namespaces.
check_tunnel() {
	modprobe "${1/#gre/ip_gre}" || skip "this kernel has no $1"
	make_ends "$1" "$2" || fail "no $1"
	add_ends "$1$2"
	for kind in rc uc ud; do
		pingpong $kind x2 rodpx2 "10.96.$2.2" x1 rodpx1 "10.96.$2.1"
	done
	[ "$1" = ipip ] || pingpong rc x2 rodpx2 "fd96:$2::2" x1 rodpx1 "fd96:$2::1" "10.96.$2.2"
	delete_ends
}

# check_alone KIND NUMBER: nobody is at the other end, or it is a process's: a device with itself.
check_alone() {
	modprobe "$1" || skip "this kernel has no $1"
	make_ends "$1" "$2" || fail "no $1"
	add_device x1 rodpx1 "$1$2"
	pingpong rc x1 rodpx1 "10.96.$2.1" x1 rodpx1 "10.96.$2.1"
	pingpong rc x1 rodpx1 "fd96:$2::1" x1 rodpx1 "fd96:$2::1" "10.96.$2.1"
	in_net x1 rdma link delete rodpx1
}

# check_later DEVICE NETDEV: addresses come and go.
check_later() {
	echo "== addresses of $2 come and go"
	ip -n x1 addr add 10.97.0.1/32 dev "$2"
	ip -n x1 addr add fd97::1/128 dev "$2" nodad
	await_gid "$1" 10.97.0.1
	await_gid "$1" fd97::1
	pingpong rc x1 "$1" 10.97.0.1 x1 "$1" 10.97.0.1
	ip -n x1 addr del 10.97.0.1/32 dev "$2"
	ip -n x1 addr del fd97::1/128 dev "$2"
	if ! grep -q roce_del_all_netdev_gids /proc/kallsyms; then
		echo "(this kernel lets no driver delete GIDs)"
		return
	fi
	until_true 10 "10.97.0.1 stays a GID of $1" has_no_gid "$1" 10.97.0.1
	until_true 10 "fd97::1 stays a GID of $1" has_no_gid "$1" fd97::1
}

check_lo() {
	local guid
	add_device x1 rodpx1 lo
	add_device x2 rodpx2 lo
	pingpong rc x1 rodpx1 127.0.0.1 x1 rodpx1 127.0.0.1
	pingpong uc x1 rodpx1 ::1 x1 rodpx1 ::1 127.0.0.1
	pingpong ud x1 rodpx1 127.0.0.1 x1 rodpx1 127.0.0.1
	check_later rodpx1 lo
	guid=$(cat "$SYS/rodpx1/node_guid")
	[ "$guid" != "$(cat "$SYS/rodpx2/node_guid")" ] || fail "two devices have the GUID $guid"
	delete_ends
}

# rdma_cm refuses, and does not wait. On a dummy of the same host it works.
check_cm() {
	local status=0
	echo "== rdma_cm on lo, and beside it"
	add_device x1 rodpx1 lo
	in_net x1 timeout 10 rping -s -a 127.0.0.1 -C 1 >"$LOGS/server" 2>&1 || status=$?
	case $status in
	0 | 124) fail "rdma_cm on lo says $status" ;;
	esac
	ip -n x1 link add d1 mtu 4200 type dummy
	ip -n x1 addr add 10.98.0.1/24 dev d1
	ip -n x1 link set d1 up
	add_device x1 rodpx3 d1
	cm x1 x1 10.98.0.1
	in_net x1 rdma link delete rodpx1
	in_net x1 rdma link delete rodpx3
}

# A tunnel of Ethernet in such a tunnel.
check_cm_in_tunnel() {
	local i
	echo "== rdma_cm by Ethernet in a tunnel"
	modprobe vxlan || skip "this kernel has no vxlan"
	for i in 1 2; do
		ip -n "x$i" link add vx type vxlan id 42 dstport 4789 local "10.96.1.$i" remote "10.96.1.$((3 - i))" || fail "no vxlan"
		ip -n "x$i" link set vx up
		ip -n "x$i" addr add "10.99.0.$i/24" dev vx
	done
	add_ends vx
	cm x2 x1 10.99.0.2
	delete_ends
}

finish() {
	[ ${#HOLDERS[@]} -eq 0 ] || kill "${HOLDERS[@]}"
	HOLDERS=()
	end_nets
}

mark_log
trap finish EXIT
make_nets
check_tunnel gre 1
check_tunnel ipip 2
check_alone wireguard 3
check_alone tun 4
check_lo
check_cm
check_cm_in_tunnel
finish
check_log
echo "passed"
