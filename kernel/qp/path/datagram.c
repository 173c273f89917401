// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The path of datagrams: each goes where its address handle leads (ud/ud_sender.c), and may come
 * from anywhere. Operations of messages are not called. See qp/end/path.h.
 */
#include "net/owner.h"
#include "net/packet.h"
#include "net/place.h"
#include "qp/path/path.h"
#include "qp/queue/sq.h"

/* The kernel's own hears what comes in in any namespace. */
static bool datagram_hears(const struct rodp_end *end, const struct net *net)
{
	return !end->user || rodp_place_is_open(end->dev, net, end->net);
}

/* It must have been sent to an address of the QP's own device. */
static enum rodp_stat datagram_admit(struct rodp_end *end, struct net *net, struct sk_buff *skb)
{
	if (!datagram_hears(end, net))
		return RODP_STAT_NO_QP;
	if (!rodp_owner_is(end->dev, net, skb))
		return RODP_STAT_WRONG_PEER;
	rodp_packet(skb)->vlan = rodp_owner_vlan(net, skb, &rodp_packet(skb)->sl);
	return RODP_STAT_NONE;
}

/* The sender looked whether the QP is behind the address. */
static bool datagram_expects(const struct rodp_end *end, struct sk_buff *skb)
{
	return true;
}

static u32 datagram_packets(const struct rodp_end *end, u32 bytes)
{
	return 1;
}

static void datagram_retire(struct rodp_sq *sq)
{
	rodp_end_assert_sending(sq->end);
	sq->at.tail++;
}

const struct rodp_path_ops rodp_datagram_path = {
	.name = "wire",
	.admit = datagram_admit,
	.expects = datagram_expects,
	.packets = datagram_packets,
	.retire = datagram_retire,
};
