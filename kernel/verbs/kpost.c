// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Posting by kernel consumers: their lists of work requests go into the same rings that processes
 * fill themselves, and take the same way from there.
 *
 * May be called in any context, with interrupts off and with the caller's locks held, so that
 * the lane is never run from here (it calls completion handlers): a work item does that, and only
 * when nobody else would notice the new entries (RODP_RING_NEED_KICK).
 */
#include "qp/qp.h"
#include "qp/queue/srq.h"
#include "qp/ud/address.h"
#include "verbs/verbs.h"

/* The slot behind the last one posted, or NULL when the ring is full. */
static void *kpost_free_slot(struct rodp_ring *ring, u32 prod)
{
	return prod - rodp_ring_cons(ring) < ring->entries ? rodp_ring_slot(ring, prod) : NULL;
}

/* Show the kernel's side all entries up to prod. */
static void kpost_publish(struct rodp_ring *ring, struct rodp_lane *lane, u32 prod)
{
	rodp_ring_publish_prod(ring, prod);
	smp_mb(); /* prod before flags; pairs with rodp_ring_want_kick() */
	if (READ_ONCE(ring->hdr->flags) & RODP_RING_NEED_KICK)
		rodp_lane_schedule(lane, 0);
}

static void kpost_copy_sges(struct rodp_sge *dst, const struct ib_sge *src, int n)
{
	int i;

	for (i = 0; i < n; i++)
		dst[i] = (struct rodp_sge){ src[i].addr, src[i].length, src[i].lkey };
}

static int kpost_fill_inline(const struct rodp_sq *sq, struct rodp_send_wqe *wqe,
			     const struct ib_send_wr *wr)
{
	int i;

	for (i = 0; i < wr->num_sge; i++) {
		if (wr->sg_list[i].length > sq->limits.max_inline - wqe->inline_len)
			return -EINVAL;
		memcpy((void *)wqe->sge + wqe->inline_len, (void *)(uintptr_t)wr->sg_list[i].addr,
		       wr->sg_list[i].length);
		wqe->inline_len += wr->sg_list[i].length;
	}
	return 0;
}

static int kpost_fill_data(const struct rodp_sq *sq, struct rodp_send_wqe *wqe,
			   const struct ib_send_wr *wr)
{
	if (wr->num_sge < 0 || wr->num_sge > sq->limits.max_sge)
		return -EINVAL;
	if (wr->send_flags & IB_SEND_INLINE)
		return kpost_fill_inline(sq, wqe, wr);
	kpost_copy_sges(wqe->sge, wr->sg_list, wr->num_sge);
	wqe->num_sge = wr->num_sge;
	return 0;
}

/* What the operation wants beside data. Every operation that a kernel consumer may post is here. */
static int kpost_fill_arguments(struct rodp_qp *qp, struct rodp_send_wqe *wqe,
				const struct ib_send_wr *wr)
{
	switch (wr->opcode) {
	case IB_WR_SEND:
	case IB_WR_SEND_WITH_IMM:
		wqe->imm_data = wr->ex.imm_data;
		if (qp->end.transport->tp == RODP_TP_UD) {
			wqe->ud.remote_qpn = ud_wr(wr)->remote_qpn;
			wqe->ud.remote_qkey = ud_wr(wr)->remote_qkey;
			wqe->ud.ah_num = to_rodp_ah(ud_wr(wr)->ah)->num;
		}
		return 0;
	case IB_WR_RDMA_WRITE:
	case IB_WR_RDMA_WRITE_WITH_IMM:
	case IB_WR_RDMA_READ:
		wqe->imm_data = wr->ex.imm_data;
		wqe->rdma.remote_addr = rdma_wr(wr)->remote_addr;
		wqe->rdma.rkey = rdma_wr(wr)->rkey;
		return 0;
	case IB_WR_ATOMIC_CMP_AND_SWP:
	case IB_WR_ATOMIC_FETCH_AND_ADD:
		wqe->atomic.remote_addr = atomic_wr(wr)->remote_addr;
		wqe->atomic.compare_add = atomic_wr(wr)->compare_add;
		wqe->atomic.swap = atomic_wr(wr)->swap;
		wqe->atomic.rkey = atomic_wr(wr)->rkey;
		return 0;
	case IB_WR_SEND_WITH_INV:
	case IB_WR_LOCAL_INV:
		wqe->invalidate_rkey = wr->ex.invalidate_rkey;
		return 0;
	case IB_WR_REG_MR:
		wqe->bind.new_rkey = reg_wr(wr)->key;
		wqe->bind.access = reg_wr(wr)->access;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static int kpost_fill_send(struct rodp_qp *qp, u32 prod, const struct ib_send_wr *wr)
{
	struct rodp_send_wqe *wqe = kpost_free_slot(&qp->tx.sq.ring, prod);
	int err;

	lockdep_assert_held(&qp->tx.sq.post_lock);
	if (!wqe)
		return -ENOMEM;
	memset(wqe, 0, RODP_SEND_WQE_HDR);
	wqe->wr_id = wr->wr_id;
	wqe->opcode = wr->opcode;
	wqe->flags = wr->send_flags;
	err = kpost_fill_arguments(qp, wqe, wr);
	if (err)
		return err;
	return kpost_fill_data(&qp->tx.sq, wqe, wr);
}

int rodp_kpost_send(struct rodp_qp *qp, const struct ib_send_wr *wr, const struct ib_send_wr **bad)
{
	enum ib_qp_state state = READ_ONCE(qp->end.state);
	struct rodp_sq *sq = &qp->tx.sq;
	unsigned long flags;
	u32 first, prod;
	int err = 0;

	if (state == IB_QPS_RESET || state == IB_QPS_INIT || state == IB_QPS_RTR) {
		*bad = wr;
		return -EINVAL;
	}
	spin_lock_irqsave(&sq->post_lock, flags);
	first = prod = sq->ring.hdr->prod;
	for (; wr; wr = wr->next, prod++) {
		err = kpost_fill_send(qp, prod, wr);
		if (err) {
			*bad = wr;
			break;
		}
	}
	if (prod != first)
		kpost_publish(&sq->ring, &sq->lane, prod);
	spin_unlock_irqrestore(&sq->post_lock, flags);
	return err;
}

static int kpost_fill_recv(struct rodp_ring *ring, u32 prod, u32 max_sge,
			   const struct ib_recv_wr *wr)
{
	struct rodp_recv_wqe *wqe = kpost_free_slot(ring, prod);

	if (!wqe)
		return -ENOMEM;
	if (wr->num_sge < 0 || wr->num_sge > max_sge)
		return -EINVAL;
	wqe->wr_id = wr->wr_id;
	wqe->num_sge = wr->num_sge;
	kpost_copy_sges(wqe->sge, wr->sg_list, wr->num_sge);
	return 0;
}

/* As many of the list as fit, from slot *prod on, which moves. */
static int kpost_fill_recvs(struct rodp_ring *ring, spinlock_t *post_lock, u32 *prod, u32 max_sge,
			    const struct ib_recv_wr *wr, const struct ib_recv_wr **bad)
{
	int err;

	lockdep_assert_held(post_lock);
	for (; wr; wr = wr->next, ++*prod) {
		err = kpost_fill_recv(ring, *prod, max_sge, wr);
		if (err) {
			*bad = wr;
			return err;
		}
	}
	return 0;
}

int rodp_kpost_recv(struct rodp_qp *qp, const struct ib_recv_wr *wr, const struct ib_recv_wr **bad)
{
	struct rodp_rq *rq = &qp->rx.rq;
	unsigned long flags;
	u32 first, prod;
	int err;

	if (!rq->ring.hdr || READ_ONCE(qp->end.state) == IB_QPS_RESET) {
		*bad = wr;
		return -EINVAL;
	}
	spin_lock_irqsave(&rq->post_lock, flags);
	first = prod = rq->ring.hdr->prod;
	err = kpost_fill_recvs(&rq->ring, &rq->post_lock, &prod, rq->max_sge, wr, bad);
	if (prod != first)
		kpost_publish(&rq->ring, &rq->lane, prod);
	spin_unlock_irqrestore(&rq->post_lock, flags);
	return err;
}

int rodp_kpost_srq_recv(struct rodp_srq *srq, const struct ib_recv_wr *wr,
			const struct ib_recv_wr **bad)
{
	unsigned long flags;
	u32 prod;
	int err;

	spin_lock_irqsave(&srq->post_lock, flags);
	prod = srq->ring.hdr->prod;
	err = kpost_fill_recvs(&srq->ring, &srq->post_lock, &prod, srq->max_sge, wr, bad);
	rodp_ring_publish_prod(&srq->ring, prod);
	spin_unlock_irqrestore(&srq->post_lock, flags);
	return err;
}
