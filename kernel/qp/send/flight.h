/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The flight: which packets of which work requests are on their way, and how it goes back, on and
 * to its end (IBTA vol. 1, 9.7.5). Every function: send lane held.
 */
#ifndef RODP_QP_FLIGHT_H
#define RODP_QP_FLIGHT_H

#include "qp/send/sender.h"

/**
 * rodp_flight_current() - the work request to send from
 * @tx: the sender, whose lane is held
 *
 * Context: Process or softirq.
 * Return: the current one, or the next out of the ring with PSNs, or NULL. A bad request is taken
 * too, with its status set.
 */
struct rodp_swqe *rodp_flight_current(struct rodp_sender *tx);

/**
 * rodp_flight_retire() - the oldest work request is done: complete it with success and go on to the
 *	next
 * @tx: the sender, whose lane is held
 *
 * Context: Process or softirq.
 */
void rodp_flight_retire(struct rodp_sender *tx);

/* The oldest that are executed without a message (bind.h) are done, as above. */
void rodp_flight_retire_executed(struct rodp_sender *tx);

/**
 * rodp_flight_fail() - the oldest work request fails, and with it the QP, or its send queue
 * @tx: the sender, whose lane is held
 * @status: what the work request, if there is one, completes with
 *
 * Context: Process or softirq.
 */
void rodp_flight_fail(struct rodp_sender *tx, enum ib_wc_status status);

/* Go back: send again all from PSN psn on, which is not acknowledged. */
void rodp_flight_rewind(struct rodp_sender *tx, u32 psn);

/**
 * rodp_flight_repair() - send again what a repair (repair.h) says
 * @tx: the sender, whose lane is held
 * @packets: from the oldest one on, or RODP_REPAIR_ALL, or 0: nothing happens
 *
 * Context: Process or softirq. The requester sends them when it runs next.
 */
void rodp_flight_repair(struct rodp_sender *tx, u32 packets);

/* PSN of the packet that is sent next. */
u32 rodp_flight_next_psn(const struct rodp_sender *tx);

/* Ask again for the answer to una, and no further than for what came early; if nothing is being sent again. */
void rodp_flight_ask(struct rodp_sender *tx);

/* A packet of a repair has left: `behind` is the PSN behind it. With the last one sending goes on where it was. */
void rodp_flight_repaired(struct rodp_sender *tx, u32 behind);

/*
 * The peer went on, up to una: go on with a repair, or end it. acked: by an acknowledgement, else by an answer to
 * one request.
 */
void rodp_flight_went_on(struct rodp_sender *tx, bool acked);

/* The peer says that una is missing (NAK). That is a retry, unless it is on its way again already. */
void rodp_flight_missing(struct rodp_sender *tx);

/* The peer says nothing: send una again, if nothing is being sent again anyway. No retry. */
void rodp_flight_probe(struct rodp_sender *tx);

/* Whether nothing is being sent again: sending goes on behind all that was ever sent. */
bool rodp_flight_is_whole(const struct rodp_sender *tx);

/* Where the flight is: what packets change that are given to the path. */
struct rodp_flight_mark {
	u32 cur; /* work request */
	u32 cur_packet;
	u32 sent;
	u32 rd_atomic;
	u32 unrequested;
	u32 again;
	bool asking, probing;
};

/* Remember it, before packets are collected that leave later. */
struct rodp_flight_mark rodp_flight_mark(const struct rodp_sender *tx);

/* They did not leave: as if they had not been made. Only packets were made since. */
void rodp_flight_return(struct rodp_sender *tx, const struct rodp_flight_mark *mark);

/* After a rewind, answers to what was sent before may still come: skip what they acknowledge. */
void rodp_flight_catch_up(struct rodp_sender *tx);

/* Lost packets: rewind to the oldest PSN if retries are left, else fail. */
void rodp_flight_retry(struct rodp_sender *tx);

/*
 * A time-out: a retry. The first one since the peer went on is for the oldest packet only, if the peer keeps what
 * came early; else all are sent again.
 */
void rodp_flight_overdue(struct rodp_sender *tx);

/* The peer made progress up to, not including, psn: the clock starts anew. */
void rodp_flight_progress(struct rodp_sender *tx, u32 psn);

/* It ends where it is: nothing is on its way, nothing is waited for. */
void rodp_flight_land(struct rodp_sender *tx);

#endif
