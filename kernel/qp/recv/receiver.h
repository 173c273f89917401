/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The receiver: the other direction of a QP. Its lane runs the responder, which executes the
 * peer's requests (responder.h), or takes datagrams (ud/ud_receiver.h).
 */
#ifndef RODP_QP_RECEIVER_H
#define RODP_QP_RECEIVER_H

#include "mem/grant.h"
#include "qp/lane/early.h"
#include "qp/queue/rq.h"
#include "qp/xfer/park.h"
#include "wire/header.h"

struct rodp_receiver;
struct rodp_request;

/* What became of a request packet. */
enum rodp_verdict {
	RODP_DONE, /* executed: step on and acknowledge */
	RODP_ANSWERED, /* executed, and the answer is the acknowledgement */
	RODP_KEPT, /* parked with the packet in hand */
	RODP_DROPPED, /* nothing more to do with it */
};

/* How long the peer has heard nothing because memory is waited for. All zero: it is not. */
struct rodp_silence {
	u64 since; /* ns, ktime_get; 0: it has heard something */
	bool probed; /* the peer has looked whether something was lost */
};

/* Which packet is next. All zero: no packet came yet. */
struct rodp_sequence {
	u32 epsn; /* expected */
	u32 msn;
	bool ack_owed; /* for all before epsn (ack.h) */
	bool nak_sent; /* a PSN sequence NAK is on its way: send no second one */
	bool repeated; /* since the last one that was expected, one came that was executed before */
	bool established_told; /* IB_EVENT_COMM_EST was raised */
	bool asked_for_time; /* the peer waits for the packet in hand: tell it as soon as that is done */
	bool gap_behind; /* an answer closed a gap, and what came early is behind another one */
};

/* The message that is being received. All zero: none. */
struct rodp_incoming {
	u32 in; /* RODP_OPF_SEND or RODP_OPF_WRITE, or 0 between messages */
	u32 received; /* bytes */
	u64 va; /* WRITE: of the next byte */
	u32 rkey;
	u32 left; /* WRITE: bytes to come */
	u32 total; /* WRITE: length of the message */
};

/* The answer to a READ that is being sent. All zero: none. */
struct rodp_reply {
	bool active;
	u32 psn; /* of the next packet */
	u32 packet; /* its number, from 0 */
	u32 packets;
	u64 va;
	u32 length; /* bytes */
	u32 rkey;
	u32 srqn; /* XRC: of the SRQ whose PD the key belongs to */
};

/* A request with an answer of its own, which may have to be given again. */
struct rodp_rd_atomic {
	u32 kind; /* RODP_OPF_READ, _ATOMIC, _FLUSH or _ATOMIC_WRITE */
	u32 first_psn;
	u32 packets;
	u64 va;
	u64 original; /* ATOMIC: the answer */
	u32 length; /* READ: bytes */
	u32 rkey;
	bool valid;
};

/* The last of them: a ring of max_dest_rd_atomic. */
struct rodp_history {
	struct rodp_rd_atomic *entry;
	u32 size; /* entries; 0: such requests are refused */
	u32 next;
};

/* A request packet that waits for memory, or for room. */
struct rodp_pending {
	struct sk_buff *skb; /* NULL: none */
	u64 done; /* bytes of it already in memory */
};

struct rodp_receiver {
	struct rodp_rq rq;
	struct rodp_sequence seq;
	struct rodp_silence silence;
	struct rodp_incoming message;
	struct rodp_reply reply;
	struct rodp_history history;
	struct rodp_pending hand;
	struct rodp_early early; /* requests behind the one that is expected */
	struct rodp_park park;
};

/* What a transport's receiver does; the tables are transport.c's. Receive lane held. */
struct rodp_receive_ops {
	/* Complete the receive that was taken. */
	void (*complete)(struct rodp_rq *rq, struct rodp_cqe *cqe, bool solicited);
	/* Execute a request whose turn it is, with the SRQ and the PD that are meant. */
	enum rodp_verdict (*execute)(struct rodp_request *req);
	/* Whether the peer may still read what a READ's answer is made of; then rodp_grant_put(). */
	bool (*grant)(struct rodp_receiver *rx, struct rodp_grant *grant, u64 va, u32 bytes);
	/* See rodp_request_refuse(). */
	enum rodp_verdict (*refuse)(struct rodp_request *req, enum rodp_nak code,
				    enum ib_wc_status status, u32 tell);
	/* No receive is posted. */
	enum rodp_verdict (*not_ready)(struct rodp_request *req);
	/* The peer asks to be told that what was executed is. */
	void (*ack)(struct rodp_receiver *rx);
};

static inline struct rodp_receiver *to_rodp_receiver(struct rodp_lane *lane)
{
	return container_of(lane, struct rodp_receiver, rq.lane);
}

/**
 * rodp_receiver_init() - make a receiver that is stopped
 * @rx: zeroed but for its end, and its lane's `qpn` and home
 *
 * Context: Process.
 */
void rodp_receiver_init(struct rodp_receiver *rx);

/**
 * rodp_receiver_quiesce() - one step of stopping: nothing of the receiver is under way any more
 * @rx: its lane was stopped, and a grace period has passed since
 *
 * Context: Process, sleeps.
 */
void rodp_receiver_quiesce(struct rodp_receiver *rx);

/**
 * rodp_receiver_reset() - back to how it was created, but for the history, which modify_qp makes
 *	anew
 * @rx: stopped and quiesced, its lane held
 *
 * Context: Process.
 */
void rodp_receiver_reset(struct rodp_receiver *rx);

/**
 * rodp_receiver_replace_history() - take another ring for requests with answers of their own
 * @rx: both lanes are held
 * @history: the new one; becomes the old one, for the caller to free
 *
 * Context: Process.
 */
void rodp_receiver_replace_history(struct rodp_receiver *rx, struct rodp_history *history);

/**
 * rodp_receiver_flush() - the QP failed: complete all receives with a flush error
 * @rx: the receiver, whose lane is held
 *
 * As many as may be done in one go; the lane's work item does the rest.
 *
 * Context: Process or softirq.
 */
void rodp_receiver_flush(struct rodp_receiver *rx);

/**
 * rodp_receiver_after() - struct rodp_lane_ops.after of every receiver
 * @lane: the receiver's lane, which is not held any more
 * @tell: RODP_TELL_*
 *
 * Context: BH disabled.
 */
void rodp_receiver_after(struct rodp_lane *lane, u32 tell);

#endif
