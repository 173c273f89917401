#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# link_add_race ROUNDS: devices are added to one netdev by several at once. One of them wins, the others
# are told that there is one (EEXIST).
set -u

ROUNDS=$1
RACERS=4
NETDEV=race0

fail() {
	echo "FAILED: $*"
	exit 1
}

# The devices on the netdev, one a line.
devices() {
	rdma link show | sed -n "s,^link \\([^/]*\\)/.* netdev $NETDEV *\$,\\1,p"
}

end_links() {
	for device in $(devices); do
		rdma link delete "$device"
	done
	ip link delete "$NETDEV"
} 2>/dev/null

ip link add "$NETDEV" mtu 4200 type dummy || fail "no netdev"
trap end_links EXIT
ip link set "$NETDEV" up
ip addr add 10.83.0.1/24 dev "$NETDEV"
LOGS=$(mktemp -d)

for ((round = 0; round < ROUNDS; round++)); do
	pids=()
	for ((i = 0; i < RACERS; i++)); do
		rdma link add "rodprace$i" type rodp netdev "$NETDEV" 2>"$LOGS/$i" &
		pids+=($!)
	done
	won=0
	for i in "${!pids[@]}"; do
		if wait "${pids[i]}"; then
			won=$((won + 1))
		elif ! grep -q 'File exists' "$LOGS/$i"; then
			cat "$LOGS/$i"
			fail "round $round: who was late was told something else"
		fi
	done
	[ "$won" -eq 1 ] || fail "round $round: $won of $RACERS added a device"
	[ "$(devices | wc -l)" -eq 1 ] || fail "round $round: $(devices | wc -l) devices on one netdev"
	rdma link delete "$(devices)" || fail "round $round: deleting it"
done
echo "$ROUNDS times one of $RACERS won"
echo "passed"
