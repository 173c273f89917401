// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Patience, see patience.h. */
#include "patience.h"

#include "fail.h"
#include "net/packet.h"
#include "qp/send/timer.h"
#include "world.h"

static struct {
	u64 until; /* ns */
	u32 una; /* what was not acknowledged then */
} patience[2];

void patience_begin(void)
{
	memset(patience, 0, sizeof(patience));
}

static const struct rodp_flight *patience_flight(u32 side)
{
	return &world.side[side].qp.tx.flight;
}

/* ns, or 0: it is no RNR NAK. */
static u64 patience_wanted(struct sk_buff *skb)
{
	const struct rodp_opcode_info *op = rodp_packet(skb)->op;
	u8 syndrome;

	if (!op->aeth || skb->corrupt)
		return 0;
	syndrome = rodp_aeth_syndrome(rodp_packet_header(skb, op->aeth));
	if ((syndrome & RODP_AETH_KIND_MASK) != RODP_AETH_RNR_NAK)
		return 0;
	return rodp_rnr_code_to_ns(syndrome & RODP_AETH_VALUE_MASK);
}

struct patience_word patience_hear(struct sk_buff *skb)
{
	return (struct patience_word){
		.to = skb->to,
		.ns = patience_wanted(skb),
		.waits = patience_flight(skb->to)->rnr_wait,
	};
}

/* Who waits already may be told of a shorter time. If a lane had no time to look, nothing is known of it. */
void patience_heed(const struct patience_word *word)
{
	const struct rodp_flight *flight = patience_flight(word->to);
	u64 until = env_now + word->ns;

	if (!word->ns)
		return;
	patience[word->to].until = min(patience[word->to].until, until);
	if (word->waits || !flight->rnr_wait)
		return;
	patience[word->to].until = until;
	patience[word->to].una = flight->una;
}

void patience_ask(struct sk_buff *skb)
{
	u32 side = !skb->to;

	if (env_now >= patience[side].until || !(rodp_packet(skb)->op->flags & RODP_OPF_REQUEST) ||
	    patience_flight(side)->una != patience[side].una)
		return;
	fail("%c: asks %llu ns before the time that it was to wait for is over", 'A' + side,
	     (unsigned long long)(patience[side].until - env_now));
}
