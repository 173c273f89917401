/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The world of a scenario: two sides with a queue pair each, which is the driver's own, and their
 * applications, which post, poll and own the memory. A way is what one side asks of the other. With
 * XRC each side has two queue pairs: one that asks, one that answers.
 */
#ifndef MODEL_WORLD_H
#define MODEL_WORLD_H

#include "env/kernel.h"

#include "memory.h"
#include "qp/qp.h"
#include "qp/queue/srq.h"
#include "scenario.h"

struct side {
	struct rodp_qp qp; /* asks, and answers unless there is a */
	struct rodp_qp target; /* XRC */
	struct rodp_srq srq; /* of who answers, if receives are shared */
	struct rodp_cq send_cq, recv_cq;
	struct ib_pd pd;
	struct ib_xrcd xrcd;
	bool told; /* there are completions to look for */
	bool limit_told; /* the SRQ had fewer receives than its limit */
};

struct way {
	const struct op *op[SCENARIO_OPS];
	const struct receive *receive[SCENARIO_RECEIVES];
	u32 ops, receives;
	u32 posted; /* work requests, and */
	u32 done; /* how many of them are complete */
	u32 receives_posted, receives_done;
	u32 begun, receives_begun; /* of these, before the connection that there is now */
	u32 receives_base; /* the one in slot 0 of the ring */
	u32 taken; /* work requests that took a receive: how far receives have come in op[] */
	u32 succeeded; /* of these, before the first that failed; only if one did */
	u32 refused; /* the first that its peer must refuse, or more than there are */
	bool failed; /* a work request failed, and the queue pair of the requester with it */
	bool flushed; /* receives came back unused */
	struct rodp_mr *local_mr, *target_mr, *receive_mr;
	struct env_event poster, receive_poster;
	u8 local[SCENARIO_LOCAL]; /* the requester's */
	u8 image[SCENARIO_LOCAL]; /* what was in it when its work requests were posted */
	u8 target[SCENARIO_TARGET]; /* its peer's */
	u8 expect[SCENARIO_TARGET]; /* what must be there after all that is complete */
	u8 received[SCENARIO_RECEIVES][SCENARIO_MESSAGE]; /* its peer's */
};

struct world {
	const struct scenario *scenario;
	struct rodp_dev dev;
	struct env_event restart;
	u32 lives; /* connections that there were */
	struct side side[2]; /* way[n] leads from side[n] to the other */
	struct way way[2];
};

extern struct world world;

/* What the application puts where its memory is its own again. */
#define WORLD_SCRIBBLE 0xee

/* Once: what the driver makes when it is loaded. */
void world_init(void);

/* Make and connect the two, and let the applications begin. */
void world_begin(const struct scenario *scenario);

/* The applications look for completions, where they were told of some. */
void world_poll(void);

/* All is over: stop, and see that nothing is left. */
void world_end(void);

/* Who answers side n: its only queue pair, or the second one. */
static inline struct rodp_qp *side_answers(struct side *side)
{
	return scenario_has_targets(world.scenario) ? &side->target : &side->qp;
}

static inline u32 way_number(const struct way *way)
{
	return way - world.way;
}

/* Where receives for what this way brings are posted. */
static inline struct rodp_ring *way_receive_ring(const struct way *way)
{
	struct side *side = &world.side[!way_number(way)];

	return world.scenario->shared ? &side->srq.ring : &side_answers(side)->rx.rq.ring;
}

/* Receives that were taken, to be filled or filled already, since the ring was empty. */
static inline u32 way_receives_taken(const struct way *way)
{
	return way->receives_base + rodp_ring_cons(way_receive_ring(way));
}

/* Bytes of a receive in front of the message: what a datagram's network header is kept in. */
static inline u32 world_receive_offset(void)
{
	return scenario_has_datagrams(world.scenario) ? RODP_GRH_BYTES : 0;
}

/* Work requests that can have been executed: those behind one that is refused are not. */
static inline u32 way_reach(const struct way *way)
{
	return min(way->posted, way->refused);
}

/* Whether the peer refuses one, or has. */
static inline bool way_is_refused(const struct way *way)
{
	return way->posted > way->refused;
}

#endif
