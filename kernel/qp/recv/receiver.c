// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* What all receivers have in common, see receiver.h. */
#include "qp/end/tell.h"
#include "qp/recv/receiver.h"

void rodp_receiver_init(struct rodp_receiver *rx)
{
	struct rodp_rq *rq = &rx->rq;

	spin_lock_init(&rq->post_lock);
	rodp_lane_init(&rq->lane, rq->end->transport->receive_lane, rq->end->dev->stats);
	rodp_park_init(&rx->park, &rq->lane);
}

void rodp_receiver_quiesce(struct rodp_receiver *rx)
{
	rodp_lane_quiesce(&rx->rq.lane);
	rodp_park_quiesce(&rx->park);
}

/* What it had begun is not gone on with. */
static void receiver_drop_hand(struct rodp_receiver *rx)
{
	rodp_end_assert_receiving(rx->rq.end);
	kfree_skb(rx->hand.skb);
	rx->hand = (struct rodp_pending){};
	rx->reply = (struct rodp_reply){};
}

void rodp_receiver_reset(struct rodp_receiver *rx)
{
	receiver_drop_hand(rx);
	rodp_early_purge(&rx->early, &rx->rq.lane);
	rx->seq = (struct rodp_sequence){};
	rx->silence = (struct rodp_silence){};
	rx->message = (struct rodp_incoming){};
	rodp_rq_reset(&rx->rq);
}

void rodp_receiver_replace_history(struct rodp_receiver *rx, struct rodp_history *history)
{
	rodp_end_assert_both(rx->rq.end);
	swap(rx->history, *history);
}

void rodp_receiver_flush(struct rodp_receiver *rx)
{
	struct rodp_lane *lane = &rx->rq.lane;

	lockdep_assert_held(&lane->lock);
	rodp_park_cancel(&rx->park);
	receiver_drop_hand(rx);
	rodp_early_purge(&rx->early, lane);
	lane->state.stalled = false;
	if (!rodp_rq_flush(&rx->rq, rx->rq.end->transport->receive->complete))
		rodp_lane_hurry(lane);
}

void rodp_receiver_after(struct rodp_lane *lane, u32 tell)
{
	rodp_end_after(to_rodp_receiver(lane)->rq.end, tell);
}
