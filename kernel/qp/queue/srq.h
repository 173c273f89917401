/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Shared receive queues: a ring of receive work requests that the lanes of many QPs take
 * from.
 *
 * An SRQ has one lock, inside the lanes' locks: whoever holds a receive lane takes one
 * request at a time, and nobody holds the lanes of two QPs for it. What the SRQ's user
 * must be told (its limit event; of an XRC SRQ also completion events) is told by the
 * SRQ's own work item.
 *
 * A basic SRQ is kept by its QPs. An XRC SRQ is found by the number that a packet bears,
 * under RCU, and used with a reference that lasts for one packet, never across a wait: so
 * a peer that stops in the middle of a message holds up nobody who destroys the SRQ.
 */
#ifndef RODP_QP_SRQ_H
#define RODP_QP_SRQ_H

#include <linux/completion.h>
#include <linux/refcount.h>

#include "qp/end/end.h"
#include "qp/queue/rwqe.h"
#include "ring/ring.h"

struct rodp_srq {
	struct ib_srq ib;
	struct rodp_dev *dev;
	spinlock_t lock; /* BH disabled; ring.cons, limit */
	spinlock_t post_lock; /* the writer's side of the ring of a kernel consumer; any context */
	struct rodp_ring ring;
	u32 cons; /* next to take out of the ring */
	u32 max_sge;
	u32 limit; /* requests; 0: not armed */
	unsigned long pending; /* enum srq_pending, for the work item */
	struct work_struct work;
	/* XRC only. */
	u64 serial; /* never used twice, other than its number; 0: not an XRC SRQ */
	struct rodp_cq *cq;
	refcount_t ref;
	struct completion unused;
};

static inline struct rodp_srq *to_rodp_srq(struct ib_srq *ib)
{
	return container_of(ib, struct rodp_srq, ib);
}

/*
 * Make the SRQ that ib_core allocated and init describes; of an XRC SRQ ib.ext is filled.
 * init->attr becomes what was granted. With a ucontext the ring can be mapped, see resp.
 * Sleeps. Returns 0, -EINVAL (sizes), -EOPNOTSUPP (type), -ENOMEM, -EBUSY (no number is free).
 */
int rodp_srq_create(struct rodp_srq *srq, struct ib_srq_init_attr *init, struct ib_ucontext *uctx,
		    struct rodp_create_srq_resp *resp);
/* No QP has it any more (ib_core sees to that); of an XRC SRQ waits for packets under way. */
void rodp_srq_destroy(struct rodp_srq *srq);

/*
 * Arm the limit event: it is raised once, when fewer than `limit` requests are left,
 * at once if that is so already. 0 disarms. Returns 0, or -EINVAL (more than the ring has).
 */
int rodp_srq_arm(struct rodp_srq *srq, u32 limit);
u32 rodp_srq_limit(struct rodp_srq *srq);

/*
 * Go over to the new ring, whose slots are as large, with what is posted. *ring becomes the
 * old one, for the caller to destroy. Returns 0, or -EINVAL (the requests, or the limit, do
 * not fit, or the process wrote nonsense into its counter). Process context.
 */
int rodp_srq_replace_ring(struct rodp_srq *srq, struct rodp_ring *ring);

/*
 * Take a receive work request. A receive lane is held.
 * Returns 0, -ENOENT (none is posted), or -EINVAL (a malformed one, taken).
 */
int rodp_srq_take(struct rodp_srq *srq, struct rodp_rwqe *rwqe);

/* XRC: complete a request that was taken, to the SRQ's CQ. The receive lane of end is held. */
void rodp_srq_complete(struct rodp_srq *srq, struct rodp_end *end, struct rodp_cqe *cqe,
		       bool solicited);

/* XRC: its number; else 0. */
static inline u32 rodp_srq_number(const struct rodp_srq *srq)
{
	return srq->serial ? srq->ib.ext.xrc.srq_num : 0;
}

/* XRC: the SRQ of number srqn, referenced, if it is in the domain; else NULL. Any context. */
struct rodp_srq *rodp_srq_get(struct ib_xrcd *xrcd, u32 srqn);
void rodp_srq_put(struct rodp_srq *srq);

void rodp_srq_module_exit(void);

#endif
