// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Shared receive queues, see srq.h. */
#include <linux/xarray.h>

#include "qp/end/tell.h"
#include "qp/queue/rwqe.h"
#include "qp/queue/srq.h"
#include "wire/header.h"

/* Bits of rodp_srq.pending. */
enum srq_pending {
	SRQ_LIMIT_REACHED,
	SRQ_CQ_EVENT,
	SRQ_CQ_FAILED,
};

/* XRC SRQs of the module by number, read under RCU. 0 is no number: it reads like "none". */
static DEFINE_XARRAY_ALLOC(srqn_table);
static u32 srqn_next = 1;
static atomic64_t srq_serial;

#define SRQN_LIMIT XA_LIMIT(1, RODP_QPN_MASK)

static void srq_tell(struct rodp_srq *srq, int bit)
{
	set_bit(bit, &srq->pending);
	queue_work(rodp_lane_wq, &srq->work);
}

static void srq_tell_limit(struct rodp_srq *srq)
{
	struct ib_event event = {
		.device = srq->ib.device,
		.element.srq = &srq->ib,
		.event = IB_EVENT_SRQ_LIMIT_REACHED,
	};

	if (srq->ib.event_handler)
		srq->ib.event_handler(&event, srq->ib.srq_context);
}

static void srq_work(struct work_struct *work)
{
	struct rodp_srq *srq = container_of(work, struct rodp_srq, work);

	if (test_and_clear_bit(SRQ_LIMIT_REACHED, &srq->pending))
		srq_tell_limit(srq);
	if (test_and_clear_bit(SRQ_CQ_EVENT, &srq->pending))
		rodp_cq_notify(srq->cq);
	if (test_and_clear_bit(SRQ_CQ_FAILED, &srq->pending))
		rodp_cq_fail(srq->cq);
}

static int srq_make_xrc(struct rodp_srq *srq)
{
	u32 srqn;
	int err;

	srq->cq = to_rodp_cq(srq->ib.ext.cq);
	srq->serial = atomic64_inc_return(&srq_serial);
	refcount_set(&srq->ref, 1);
	init_completion(&srq->unused);
	err = xa_alloc_cyclic(&srqn_table, &srqn, NULL, SRQN_LIMIT, &srqn_next, GFP_KERNEL_ACCOUNT);
	if (err < 0)
		return err;
	srq->ib.ext.xrc.srq_num = srqn;
	xa_store(&srqn_table, srqn, srq, GFP_KERNEL_ACCOUNT);
	return 0;
}

static int srq_check(const struct ib_srq_init_attr *init)
{
	if (init->srq_type != IB_SRQT_BASIC && init->srq_type != IB_SRQT_XRC)
		return -EOPNOTSUPP;
	if (!init->attr.max_wr || init->attr.max_wr > RODP_MAX_WR ||
	    init->attr.max_sge > RODP_MAX_SGE || init->attr.srq_limit > init->attr.max_wr)
		return -EINVAL;
	return 0;
}

int rodp_srq_create(struct rodp_srq *srq, struct ib_srq_init_attr *init, struct ib_ucontext *uctx,
		    struct rodp_create_srq_resp *resp)
{
	int err = srq_check(init);

	if (err)
		return err;
	srq->dev = to_rodp_dev(srq->ib.device);
	spin_lock_init(&srq->lock);
	spin_lock_init(&srq->post_lock);
	mutex_init(&srq->resize);
	INIT_WORK(&srq->work, srq_work);
	srq->max_sge = max(init->attr.max_sge, 1u);
	srq->limit = init->attr.srq_limit;
	err = rodp_ring_create(&srq->ring, uctx, init->attr.max_wr,
			       sizeof(struct rodp_recv_wqe) +
				       srq->max_sge * sizeof(struct rodp_sge),
			       resp ? &resp->ring : NULL);
	if (err)
		return err;
	if (init->srq_type == IB_SRQT_XRC)
		err = srq_make_xrc(srq);
	if (err) {
		rodp_ring_destroy(&srq->ring);
		return err;
	}
	if (resp && srq->serial)
		resp->srq_num = srq->ib.ext.xrc.srq_num;
	init->attr.max_wr = srq->ring.entries;
	init->attr.max_sge = srq->max_sge;
	return 0;
}

void rodp_srq_put(struct rodp_srq *srq)
{
	if (refcount_dec_and_test(&srq->ref))
		complete(&srq->unused);
}

/* After this no packet finds it, and none that found it is under way. */
static void srq_hide(struct rodp_srq *srq)
{
	xa_erase(&srqn_table, srq->ib.ext.xrc.srq_num);
	rodp_srq_put(srq);
	wait_for_completion(&srq->unused);
	synchronize_rcu_expedited();
}

void rodp_srq_destroy(struct rodp_srq *srq)
{
	if (srq->serial)
		srq_hide(srq);
	cancel_work_sync(&srq->work);
	rodp_ring_destroy(&srq->next);
	rodp_ring_destroy(&srq->ring);
}

struct rodp_srq *rodp_srq_get(struct ib_xrcd *xrcd, u32 srqn)
{
	struct rodp_srq *srq;

	rcu_read_lock();
	srq = xa_load(&srqn_table, srqn);
	if (srq && (srq->ib.ext.xrc.xrcd != xrcd || !refcount_inc_not_zero(&srq->ref)))
		srq = NULL;
	rcu_read_unlock();
	return srq;
}

/* Requests in the ring that were not taken yet; a nonsensical counter reads as none. */
static u32 srq_posted(const struct rodp_srq *srq)
{
	u32 posted = rodp_ring_prod(&srq->ring) - srq->cons;

	lockdep_assert_held(&srq->lock);
	return posted <= srq->ring.entries ? posted : 0;
}

/* Raises the event if it is armed and due: once. */
static void srq_look_at_limit(struct rodp_srq *srq, u32 left)
{
	lockdep_assert_held(&srq->lock);
	if (left >= srq->limit)
		return;
	srq->limit = 0;
	srq_tell(srq, SRQ_LIMIT_REACHED);
}

int rodp_srq_arm(struct rodp_srq *srq, u32 limit)
{
	if (limit > srq->ring.entries)
		return -EINVAL;
	spin_lock_bh(&srq->lock);
	srq->limit = limit;
	srq_look_at_limit(srq, srq_posted(srq));
	spin_unlock_bh(&srq->lock);
	return 0;
}

/* What is posted on its way to another ring. */
struct srq_carry {
	struct rodp_ring *to;
	u32 first; /* number of the first that was not taken when this began: goes to slot 0 */
	u32 done; /* so many are there */
};

/* Work requests that are copied under one hold of the lock: of 528 bytes at most. */
#define SRQ_CARRY_BATCH 128

/*
 * Copy the next ones. What is taken meanwhile is skipped in the end. Returns whether all are there,
 * or -EINVAL.
 */
static int srq_carry_batch(struct rodp_srq *srq, struct srq_carry *carry)
{
	u32 left = rodp_ring_prod(&srq->ring) - carry->first, n;

	lockdep_assert_held(&srq->lock);
	if (left > srq->ring.entries || left > carry->to->entries ||
	    srq->limit > carry->to->entries || left < carry->done)
		return -EINVAL;
	for (n = 0; n < SRQ_CARRY_BATCH && carry->done < left; n++, carry->done++)
		memcpy(rodp_ring_slot(carry->to, carry->done),
		       rodp_ring_slot(&srq->ring, carry->first + carry->done), carry->to->stride);
	return carry->done == left;
}

/* All requests are in the ring: it is the SRQ's from now on, and the old one is in its place. */
static void srq_take_ring(struct rodp_srq *srq, const struct srq_carry *carry)
{
	lockdep_assert_held(&srq->lock);
	srq->cons -= carry->first;
	rodp_ring_publish_prod(carry->to, carry->done);
	rodp_ring_publish_cons(carry->to, srq->cons);
	swap(srq->ring, *carry->to);
}

/* The ring, and the SRQ's, change places. */
static int srq_replace_ring(struct rodp_srq *srq, struct rodp_ring *ring)
{
	struct srq_carry carry = { .to = ring, .first = READ_ONCE(srq->cons) };
	int err;

	lockdep_assert_held(&srq->resize);
	do {
		spin_lock_bh(&srq->lock);
		err = srq_carry_batch(srq, &carry);
		if (err > 0)
			srq_take_ring(srq, &carry);
		spin_unlock_bh(&srq->lock);
		cond_resched();
	} while (!err);
	return min(err, 0);
}

void rodp_srq_prepare_ring(struct rodp_srq *srq, struct rodp_ring *ring)
{
	mutex_lock(&srq->resize);
	swap(srq->next, *ring);
	mutex_unlock(&srq->resize);
}

int rodp_srq_commit_ring(struct rodp_srq *srq, struct rodp_ring *ring)
{
	int err = -EINVAL;

	*ring = (struct rodp_ring){};
	mutex_lock(&srq->resize);
	if (srq->next.hdr)
		err = srq_replace_ring(srq, &srq->next);
	if (!err)
		swap(srq->next, *ring);
	mutex_unlock(&srq->resize);
	return err;
}

u32 rodp_srq_limit(struct rodp_srq *srq)
{
	return READ_ONCE(srq->limit);
}

int rodp_srq_take(struct rodp_srq *srq, struct rodp_rwqe *rwqe)
{
	int err = -ENOENT;
	u32 posted;

	spin_lock_bh(&srq->lock);
	posted = srq_posted(srq);
	if (posted) {
		err = rodp_rwqe_copy(rwqe, rodp_ring_slot(&srq->ring, srq->cons), srq->max_sge);
		rodp_ring_publish_cons(&srq->ring, ++srq->cons);
		srq_look_at_limit(srq, posted - 1);
	}
	spin_unlock_bh(&srq->lock);
	return err;
}

void rodp_srq_complete(struct rodp_srq *srq, struct rodp_end *end, struct rodp_cqe *cqe,
		       bool solicited)
{
	rodp_end_assert_receiving(end);
	switch (rodp_cq_add(srq->cq, cqe, solicited || cqe->status)) {
	case RODP_CQ_QUIET:
		break;
	case RODP_CQ_EVENT:
		srq_tell(srq, SRQ_CQ_EVENT);
		break;
	case RODP_CQ_OVERFLOW:
		srq_tell(srq, SRQ_CQ_FAILED);
		rodp_end_fail(end, end->receive_lane, RODP_TELL_QP_FATAL);
		break;
	}
}

void rodp_srq_module_exit(void)
{
	WARN_ON(!xa_empty(&srqn_table));
	xa_destroy(&srqn_table);
}
