# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# rows: the rows of the loss table: what is wrong with the network, how it is made and unmade. Included by run.sh,
# behind which bad_network.sh knows how to make a network worse.

# shellcheck disable=SC2034,SC2154 # of run.sh, and for it

ROWS=(loss-0.1% loss-1% loss-5% loss-20% duplicate reorder jitter corrupt tiny-queue everything flap mtu address removal)
QUICK_ROWS="jitter tiny-queue everything flap removal"
DEVICES=/proc/1/root/sys/class/infiniband # in a network namespace, /sys hides them

# row_counters ROW: what rodp has counted after it, or nobody noticed.
row_counters() {
	case $1 in
	loss-1% | loss-5% | loss-20%) echo retransmits out_of_seq_request ;;
	duplicate) echo duplicate_request ;;
	reorder | jitter) echo out_of_seq_request ;;
	corrupt) echo rcvd_icrc_err retransmits ;;
	everything) echo retransmits duplicate_request rcvd_icrc_err ;;
	flap | mtu | address) echo local_ack_timeout_err ;;
	esac
}

# row_options ROW: of the program. Where nothing gets through for some time, or a fifth is lost, a request may end because its
# retries ran out.
row_options() {
	case $1 in
	loss-20%) echo --lossy --rounds=10 ;;
	flap | mtu | address) echo --lossy --seconds=2 ;;
	removal) echo --gone ;;
	*) [ "$quick" = no ] || echo --rounds=10 ;;
	esac
}

# row_qdisc ROW: the queueing discipline of both hosts, as tc's words; nothing for rows that are something else.
row_qdisc() {
	case $1 in
	loss-*) echo netem limit 10000 loss "${1#loss-}" ;;
	duplicate) echo netem limit 10000 duplicate 10% ;;
	reorder) echo netem limit 10000 delay 1ms reorder 25% 50% ;;
	jitter) echo netem limit 10000 delay 1ms 1ms ;;
	corrupt) echo netem limit 10000 corrupt 3% ;;
	tiny-queue) echo netem limit 4 delay 200us ;;
	everything) echo netem limit 1000 delay 300us 100us loss 1% duplicate 1% corrupt 1% reorder 2% ;;
	esac
}

# seeded WORD...: netem's words with a seed, if tc and the kernel know it.
seeded() {
	if tc qdisc replace dev lo root netem seed 1 2>/dev/null && tc qdisc del dev lo root; then
		echo "$* seed $seed"
	else
		echo "$*"
	fi
}

# make_bad ROW: false where the kernel cannot.
make_bad() {
	local words
	words=$(row_qdisc "$1")
	[ -n "$words" ] || return 0
	words=$(seeded "$words")
	# shellcheck disable=SC2086 # words
	tc "${HERE[@]/show/replace}" root $words && tc "${THERE[@]/show/replace}" root $words
}

# good_again: after a row, whatever it was.
good_again() {
	tc "${HERE[@]/show/del}" root 2>/dev/null
	tc "${THERE[@]/show/del}" root 2>/dev/null
	return 0
}

# in_first COMMAND...: in the namespaces of process 1, with the functions of the lab's guest side.
in_first() {
	# shellcheck disable=SC2016 # the inner shell's
	nsenter -t 1 -m -n bash -c '. /run/lab/link.sh; "$@"' in_first "$@"
}

both_active() {
	in_first wait_for_port "$RDMA_DEV" && in_first wait_for_port "$RDMA_PEER_DEV"
}

# Disturbances that last for a moment.

flap() {
	ip link set "$RDMA_NETDEV" down
	sleep 0.15
	ip link set "$RDMA_NETDEV" up
	introduce
}

mtu() {
	ip link set "$RDMA_NETDEV" mtu 1500
	sleep 0.15
	ip link set "$RDMA_NETDEV" mtu 4200
}

address() {
	ip addr del "$RDMA_ADDR/24" dev "$RDMA_NETDEV"
	sleep 0.15
	ip addr add "$RDMA_ADDR/24" dev "$RDMA_NETDEV"
	introduce
}

# removal: the netdev goes, and the devices of both hosts with it; then they are made anew.
removal() {
	ip link del "$RDMA_NETDEV"
	for _ in {1..100}; do
		[ -e "$DEVICES/$RDMA_DEV" ] || [ -e "$DEVICES/$RDMA_PEER_DEV" ] || break
		sleep 0.1
	done
	in_first ip link add vethA netns hostA type veth peer name vethB netns hostB
	in_first add_addresses hostA vethA 77 1
	in_first add_addresses hostB vethB 77 2
	in_first add_device hostA "$RDMA_DEV" "$type" vethA
	in_first add_device hostB "$RDMA_PEER_DEV" "$type" vethB
	introduce
}

# meanwhile ROW PID: once the program is connected, what the row does until it ends.
meanwhile() {
	case $1 in
	flap | mtu | address | removal) ;;
	*) return ;;
	esac
	until [ -e "$work/ready" ] || ! kill -0 "$2" 2>/dev/null; do sleep 0.05; done
	sleep 0.2
	if [ "$1" = removal ]; then
		removal
		return
	fi
	while kill -0 "$2" 2>/dev/null; do
		"$1"
		sleep 0.4
	done
	both_active
}
