/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Packets that came early: what is before them was lost or overtaken. A lane keeps them until their turn comes,
 * so that only what was lost is sent again.
 *
 * They are found by their PSN, in a table of fixed size, which exists while it holds anything: no
 * peer makes anybody search, or keep more than RODP_EARLY_MAX packets. Their memory counts as that of
 * packets that wait in the lane's queue. The first packet with a PSN stays, whatever comes with the
 * same one later.
 */
#ifndef RODP_QP_EARLY_H
#define RODP_QP_EARLY_H

#include "net/packet.h"
#include "qp/lane/lane.h"

/*
 * How far ahead of the expected PSN packets are kept, and how many: more than a requester of this
 * driver has on their way. A power of two.
 */
#define RODP_EARLY_MAX 256u

/* All zero: none. */
struct rodp_early {
	struct sk_buff **at; /* RODP_EARLY_MAX, by the low bits of their PSN; NULL: none is kept */
	u32 count;
};

/**
 * rodp_early_keep() - keep a packet whose turn has not come
 * @early: the packets of @lane, which is held
 * @lane: whose memory they count as
 * @expected: the PSN whose turn it is
 * @skb: a packet with a PSN behind @expected
 *
 * Context: BH disabled.
 * Return: whether it is kept, which consumes it. Not kept is what is too far ahead, what is there
 * already, and what there is no memory for.
 */
bool rodp_early_keep(struct rodp_early *early, struct rodp_lane *lane, u32 expected,
		     struct sk_buff *skb);

/**
 * rodp_early_advance() - the expected PSN moves
 * @early: the packets of @lane, which is held
 * @lane: a packet whose turn it is becomes the first one in its queue
 * @from: what was expected
 * @to: what is expected now, not before @from. Packets between them will never be wanted, and are freed.
 *
 * Context: BH disabled.
 * Return: whether there was a packet whose turn it is.
 */
bool rodp_early_advance(struct rodp_early *early, struct rodp_lane *lane, u32 from, u32 to);

/**
 * rodp_early_purge() - drop all
 * @early: the packets of @lane, which is held
 * @lane: whose memory they counted as
 *
 * Context: Process or softirq.
 */
void rodp_early_purge(struct rodp_early *early, struct rodp_lane *lane);

/**
 * rodp_early_find() - look for a packet
 * @early: the packets of a lane that is held
 * @psn: of the packet
 *
 * Context: Any.
 * Return: the packet, which stays where it is, or NULL.
 */
static inline struct sk_buff *rodp_early_find(const struct rodp_early *early, u32 psn)
{
	struct sk_buff *skb = early->at ? early->at[psn % RODP_EARLY_MAX] : NULL;

	return skb && rodp_packet(skb)->psn == psn ? skb : NULL;
}

#endif
