/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The world of a scenario: two sides with a queue pair each, which is the driver's own, and their
 * applications, which post, poll and own the memory. A way is what one side asks of the other.
 */
#ifndef MODEL_WORLD_H
#define MODEL_WORLD_H

#include "env/kernel.h"

#include "memory.h"
#include "qp/qp.h"
#include "scenario.h"

struct side {
	struct rodp_qp qp;
	struct rodp_cq send_cq, recv_cq;
	struct ib_pd pd;
	bool told; /* there are completions to look for */
};

struct way {
	const struct op *op[SCENARIO_OPS];
	const struct receive *receive[SCENARIO_RECEIVES];
	u32 ops, receives;
	u32 posted; /* work requests, and */
	u32 done; /* how many of them are complete */
	u32 receives_posted, receives_done;
	u32 begun, receives_begun; /* of these, before the connection that there is now */
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

static inline u32 way_number(const struct way *way)
{
	return way - world.way;
}

#endif
