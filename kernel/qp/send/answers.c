// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Answers that came early, see answers.h. */
#include "qp/end/path.h"
#include "qp/send/answers.h"
#include "qp/send/flight.h"
#include "qp/send/requester.h"

bool rodp_answers_keep(struct rodp_sender *tx, struct sk_buff *skb)
{
	u32 psn = rodp_packet(skb)->psn;

	rodp_end_assert_sending(tx->sq.end);
	if (!rodp_early_keep(&tx->early, &tx->sq.lane, tx->flight.una, skb)) {
		kfree_skb(skb);
		return false;
	}
	rodp_stats_inc(tx->sq.end->dev->stats, RODP_STAT_KEPT_EARLY);
	return rodp_psn_cmp(psn, tx->flight.asked) < 0;
}

void rodp_answers_ask(struct rodp_sender *tx, bool again)
{
	struct rodp_flight *flight = &tx->flight;

	rodp_end_assert_sending(tx->sq.end);
	if (tx->sq.end->path->direct) {
		if (!flight->resync)
			rodp_flight_retry(tx);
		return;
	}
	if (!flight->came && (again || flight->una == flight->asked))
		rodp_flight_ask(tx);
}

u32 rodp_answers_wanted(const struct rodp_sender *tx, const struct rodp_part *part)
{
	const struct rodp_flight *flight = &tx->flight;
	u32 rest = part->wqe->length - part->offset;

	rodp_end_assert_sending(tx->sq.end);
	if (!flight->again || part->wqe->message != RODP_MSG_READ || part->psn != flight->una)
		return rest;
	return min(rest, rodp_psn_distance(flight->una, flight->asked) * tx->sq.end->mtu);
}
