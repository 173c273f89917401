#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# bond DIRECTORY-OF-THE-PROGRAMS: a device on a bond, whose legs fail one after the other under traffic.
#
#   hostA  rodpbA on bond0 10.82.0.1         hostB  rodpbB on br0 10.82.0.2
#          legs a1, a2          <------->           ports b1, b2
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../common/under_traffic.sh"

[[ ${RDMA_DEV:-} == rodp* && ${RDMA_PEER_DEV:-} == rodp* ]] || skip "is about rodp on a bond"
[ "${RDMA_TOPO:-}" = veth ] || skip "needs the topology of two hosts"

DIR=$1
SYS=/proc/1/root/sys/class/infiniband # in a network namespace /sys shows less
PEER=(ip netns exec "$RDMA_PEER_NETNS")
unset RDMA_GID_INDEX RDMA_PEER_GID_INDEX
export RDMA_DEV=rodpbA RDMA_PEER_DEV=rodpbB
ADDRESSES=(--address=10.82.0.1 --peer-address=10.82.0.2)

make_links() {
	local leg
	ip link add bond0 mtu 4200 type bond mode active-backup miimon 50 || return
	"${PEER[@]}" ip link add br0 mtu 4200 type bridge
	for leg in 1 2; do
		ip link add "a$leg" mtu 4200 type veth peer name "b$leg" netns "$RDMA_PEER_NETNS" mtu 4200
		ip link set "a$leg" master bond0
		"${PEER[@]}" ip link set "b$leg" master br0 up
	done
	ip link set bond0 up
	"${PEER[@]}" ip link set br0 up
	ip addr add 10.82.0.1/24 dev bond0
	"${PEER[@]}" ip addr add 10.82.0.2/24 dev br0
	rdma link add rodpbA type rodp netdev bond0 || return
	"${PEER[@]}" rdma link add rodpbB type rodp netdev br0
}

end_links() {
	ip link delete bond0
	ip link delete a1
	ip link delete a2
	"${PEER[@]}" ip link delete br0
} 2>/dev/null

active_leg() {
	sed -n 's/^Currently Active Slave: //p' /proc/net/bonding/bond0
}

# The peer's port of the active leg goes down: the leg has no carrier. Returns when the other one is active.
fail_active() {
	local leg
	leg=$(active_leg)
	"${PEER[@]}" ip link set "${leg/a/b}" down
	for _ in {1..100}; do
		[ "$(active_leg)" != "$leg" ] && break
		sleep 0.1
	done
	[ "$(active_leg)" != "$leg" ] || fail "the bond stays on $leg, which has no carrier"
	echo "$leg failed, $(active_leg) goes on"
	sleep 1
	"${PEER[@]}" ip link set "${leg/a/b}" up
	sleep 1
}

mark_log
modprobe bonding max_bonds=0 || skip "this kernel has no bonds"
modprobe bridge || skip "this kernel has no bridges"
trap end_links EXIT
make_links || fail "making the bond"
timeout 10 sh -c "until grep -q ACTIVE $SYS/rodpbA/ports/1/state; do sleep 0.1; done" ||
	fail "the port of rodpbA is not active"

echo "== everything works over a bond"
"$DIR/ops/rc_ops" "${ADDRESSES[@]}" || fail "rc_ops"

echo "== a long way behind the bond"
modprobe -q sch_netem || skip "no netem in this kernel"
for leg in 1 2; do
	tc qdisc add dev "a$leg" root netem delay 80ms limit 10000 || fail "a delay on a$leg"
done
"$DIR/network/second_write" "${ADDRESSES[@]}" || fail "second_write"
for leg in 1 2; do
	tc qdisc del dev "a$leg" root
done

echo "== its legs fail under traffic"
"$TRAFFIC" --seconds=12 --timeout=17 "${ADDRESSES[@]}" >"$LOGS/traffic" 2>&1 &
traffic=$!
timeout 30 sh -c "until grep -q running '$LOGS/traffic'; do sleep 0.1; done" || fail "no traffic"
fail_active
fail_active
kill -0 "$traffic" || fail "the traffic ended before both legs had failed"
wait "$traffic" || fail "the traffic ended with $?"
"$DIR/ops/rc_random" "${ADDRESSES[@]}" || fail "rc_random"

echo "== the bond goes under traffic"
PROCESSES=1
start_traffic "${ADDRESSES[@]}"
timeout 60 ip link delete bond0 || fail "ip link delete says $?"
expect_traffic_lost
timeout 10 sh -c "while [ -e $SYS/rodpbA ]; do sleep 0.1; done" || fail "rodpbA outlives its bond"
check_log
echo "passed"
