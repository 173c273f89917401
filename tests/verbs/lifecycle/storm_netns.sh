#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# storm_netns DIRECTORY-OF-THE-PROGRAMS [N]: N network namespaces (64), each with a device, all on one bridge;
# connections in a ring from each to the next, all at once; then all namespaces end at once, and nothing
# is left.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../common/under_traffic.sh"

[[ ${RDMA_DEV:-} == rodp* ]] || skip "is about rodp's devices"
[ "${RDMA_TOPO:-}" = one ] || skip "needs the topology of one device"

N=${2:-64}
DIR=$1
unset RDMA_GID_INDEX RDMA_PEER_GID_INDEX

address() {
	echo "10.83.0.$(($1 + 1))"
}

now_ms() {
	echo "$((${EPOCHREALTIME/./} / 1000))"
}

# phase WHAT COMMAND...: says how long it took.
phase() {
	local what=$1 begin
	begin=$(now_ms)
	shift
	"$@" || fail "$what"
	echo "$N times $what: $(($(now_ms) - begin)) ms"
}

# In batches where there are some: a process costs an emulated guest some 70 ms.
make_nets() {
	local i
	for ((i = 0; i < N; i++)); do
		echo "netns add storm$i"
	done | ip -batch -
}

make_links() {
	local i
	ip link add storm0 mtu 4200 type bridge || return
	ip link set storm0 up
	for ((i = 0; i < N; i++)); do
		echo "link add s$i mtu 4200 type veth peer name eth0 netns storm$i mtu 4200"
		echo "link set s$i master storm0 up"
	done | ip -batch - || return
	for ((i = 0; i < N; i++)); do
		printf 'link set lo up\nlink set eth0 up\naddr add %s/24 dev eth0\n' "$(address "$i")" |
			ip -n "storm$i" -batch - || return
	done
}

make_devices() {
	local i
	for ((i = 0; i < N; i++)); do
		nsenter --net="/run/netns/storm$i" rdma link add "rodps$i" type rodp netdev eth0 || return
	done
}

end_nets() {
	local i
	for ((i = 0; i < N; i++)); do
		echo "netns delete storm$i"
	done | ip -batch - 2>/dev/null
	ip link delete storm0 2>/dev/null
}

devices() {
	local i
	for ((i = 0; i < N; i++)); do
		echo "rodps$i=$(address "$i")"
	done
}

devices_left() {
	rdma link show | grep -c rodps
}

mark_log
modprobe bridge || skip "this kernel has no bridges"
trap end_nets EXIT
phase "a namespace" make_nets
phase "a link" make_links
phase "a device" make_devices
[ "$(devices_left)" -eq "$N" ] || fail "there are $(devices_left) devices instead of $N"

mapfile -t DEVICES < <(devices)
"$DIR/lifecycle/storm" --rounds="$((4 * N))" "${DEVICES[@]}" || fail "the storm"

start=$(now_ms)
end_nets
for ((i = 0; i < 600; i++)); do
	[ "$(devices_left)" -eq 0 ] && break
	sleep 0.1
done
[ "$(devices_left)" -eq 0 ] || fail "$(devices_left) devices outlive their namespaces"
trap - EXIT
echo "$N namespaces ended: $(($(now_ms) - start)) ms"
"$TRAFFIC" --seconds=1 || fail "the first device does not work any more"
check_log
echo "passed"
