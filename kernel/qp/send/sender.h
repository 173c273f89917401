/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The sender: one direction of a QP, as its parts see it. The requester cuts work requests into
 * packets, the completer takes the answers, a timer runs for both; send_lane.c runs the three.
 */
#ifndef RODP_QP_SENDER_H
#define RODP_QP_SENDER_H

#include <linux/hrtimer.h>

#include "qp/lane/early.h"
#include "qp/queue/sq.h"
#include "qp/send/repair.h"
#include "qp/send/rtt.h"
#include "qp/xfer/park.h"

struct rodp_loan;
struct rodp_part;
struct rodp_sender;

/* Packets sent and not yet acknowledged, at most. Half of it at most goes without an AckReq. */
#define RODP_WINDOW 128
/*
 * Packets that one run of the requester or of a READ reply sends before it lets others in: four times as many as
 * there are in 64 KiB of the longest ones, which leave together.
 */
#define RODP_SEND_BATCH 60

/* What is on its way. All zero: nothing. */
struct rodp_flight {
	u32 cur_packet; /* of the work request that is being sent: next packet */
	u32 psn; /* of the next work request's first packet */
	u32 una; /* oldest PSN without an acknowledgement */
	u32 sent; /* PSN behind the last one ever sent */
	u32 reached; /* PSN behind the last one that the peer is known to have executed; not before una */
	u32 asked; /* PSN behind what was asked for again of the answers to una; not before una */
	u32 rd_atomic; /* READs and ATOMICs under way */
	u32 unrequested; /* packets sent since the last AckReq */
	u32 again; /* packets of a repair that are sent next, before sending goes on at `sent`; 0: none */
	u8 retries; /* left */
	u8 rnr_retries; /* left; 7 stays 7 */
	u8 rnr_rounds; /* RNR NAKs since the last progress, saturated */
	bool resync; /* rewound for a lost response: ignore what is still on its way */
	bool asking; /* `again` is for an answer that was lost, and no repair */
	bool probing; /* `again` is to see whether the peer is there */
	bool came; /* the answer to una came early, and is the next packet that the lane takes */
	bool missing; /* the peer said that `reached` is missing, when answers before that were */
	bool lossy; /* something was lost, or seemed to be */
	bool rnr_wait; /* the peer asked for time */
	bool probed; /* una was sent again because nothing came; since then still nothing came */
	bool timer_fired; /* for run() */
	bool drained_told; /* IB_EVENT_SQ_DRAINED was raised in this SQD */
	u64 deadline; /* ns, ktime_get: when una is overdue */
	u64 timer_at; /* ns, ktime_get: when the timer fires, if it is queued */
	u64 rnr_until; /* ns, ktime_get: rnr_wait is over */
	struct rodp_repair repair;
	struct rodp_rtt rtt;
};

/* A response that waits for memory. */
struct rodp_answer {
	struct sk_buff *skb; /* NULL: none */
	u32 done; /* bytes of it already in memory */
};

/* A stream of doorbells (gather.h). */
struct rodp_gather {
	struct hrtimer timer; /* is started while `on`, and not `paused` */
	bool on; /* no doorbells are asked for */
	bool paused; /* the timer does not run: it is started when all that was taken has left */
	u32 streak; /* doorbells in a row */
	u32 poor; /* looks in a row that found few */
	u64 last; /* the last one, ns, ktime_get */
	u32 polled; /* of the CQ: what the process had taken out then */
	u32 heard; /* the PSN that was expected of the peer then */
};

struct rodp_sender {
	struct rodp_sq sq;
	struct rodp_flight flight;
	struct rodp_answer hand;
	struct rodp_early early; /* answers behind the one that is expected */
	struct rodp_park source; /* the requester waits for the memory of a request */
	struct rodp_park target; /* the completer waits for the memory of an answer */
	struct rodp_gather gather;
	struct hrtimer timer; /* retransmission, or the end of an RNR wait */
	bool quick; /* the doorbell that last found nothing on its way returned behind an acknowledgement */
	struct rodp_loan *loan; /* of work requests to a local peer (path/loan.h) */
};

/* What a transport's sender does; the tables are transport.c's. Send lane held. */
struct rodp_send_ops {
	/* Whether the transport has this work request; its own arguments are in the slot. */
	enum ib_wc_status (*check)(struct rodp_sender *tx, struct rodp_swqe *wqe,
				   const struct rodp_send_wqe *slot);
	/* Send what may be sent. */
	void (*run)(struct rodp_sender *tx);
	/* A packet is on its way: what the flight is then. `last` of its message. NULL: nothing. */
	void (*sent)(struct rodp_sender *tx, bool last);
};

static inline struct rodp_sender *to_rodp_sender(struct rodp_lane *lane)
{
	return container_of(lane, struct rodp_sender, sq.lane);
}

/* Packets were sent that are not acknowledged yet. */
static inline bool rodp_sender_in_flight(const struct rodp_sender *tx)
{
	return rodp_psn_cmp(tx->flight.una, tx->flight.sent) < 0;
}

#endif
