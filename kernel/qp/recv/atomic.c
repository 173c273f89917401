// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Atomic requests and ATOMIC WRITE, see atomic.h. */
#include "net/packet.h"
#include "qp/lane/park.h"
#include "qp/lane/xfer.h"
#include "qp/queue/rq.h"
#include "qp/recv/ack.h"
#include "qp/recv/atomic.h"
#include "qp/recv/reply.h"

/* The operation itself: 0, -EAGAIN (parked), -EACCES, -EINVAL (not aligned). */
static int atomic_apply(struct rodp_qp *qp, struct sk_buff *skb, u64 *original)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	const struct rodp_atomiceth *eth = rodp_packet_header(skb, pkt->op->atomiceth);
	bool swap = (pkt->opcode & RODP_OP_MASK) == RODP_OP_CMP_SWAP;
	u64 va = be64_to_cpu(eth->va);
	struct rodp_grant grant;
	int err = 0;

	if (va % sizeof(u64))
		return -EINVAL;
	if (!rodp_xfer_grant(qp, rodp_request_pd(qp), &grant, be32_to_cpu(eth->rkey),
			     IB_ACCESS_REMOTE_ATOMIC, va, sizeof(u64)))
		return -EACCES;
	if (!rodp_mr_aligned(grant.mr, grant.iova))
		err = -EINVAL;
	else if (!rodp_mr_atomic(grant.mr, grant.iova,
				 swap ? RODP_ATOMIC_CMP_SWAP : RODP_ATOMIC_FETCH_ADD,
				 be64_to_cpu(eth->compare), be64_to_cpu(eth->swap_add), original))
		err = rodp_park_miss(&qp->rq.park, grant.mr, grant.iova, sizeof(u64), true);
	rodp_grant_put(&grant);
	return err;
}

enum rodp_verdict rodp_atomic_execute(struct rodp_qp *qp, struct sk_buff *skb)
{
	struct rodp_rq *rq = &qp->rq;
	struct rodp_rd_atomic *res;
	u64 original;
	int err;

	if (!rq->rd_atomic_size)
		return rodp_request_refuse_invalid(qp, skb);
	err = atomic_apply(qp, skb, &original);
	if (err == -EAGAIN)
		return RODP_KEPT;
	if (err == -EINVAL)
		return rodp_request_refuse_invalid(qp, skb);
	if (err)
		return rodp_request_refuse_access(qp, skb);
	res = rodp_rq_remember(qp, RODP_OPF_ATOMIC, rq->epsn, 1);
	res->original = original;
	rq->msn = (rq->msn + 1) & RODP_PSN_MASK;
	rodp_send_atomic_ack(qp, rq->epsn, original);
	rq->epsn = rodp_psn_add(rq->epsn, 1);
	return RODP_ANSWERED;
}

/* The store itself: 0, -EAGAIN (parked), -EACCES, -EINVAL (not aligned, not a word). */
static int atomic_write_apply(struct rodp_qp *qp, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	const struct rodp_reth *reth = rodp_packet_header(skb, pkt->op->reth);
	u64 va = be64_to_cpu(reth->va), word, original;
	struct rodp_grant grant;
	int err = 0;

	if (va % sizeof(u64) || be32_to_cpu(reth->length) != sizeof(u64) ||
	    pkt->payload != sizeof(u64))
		return -EINVAL;
	if (!rodp_xfer_grant(qp, rodp_request_pd(qp), &grant, be32_to_cpu(reth->rkey),
			     IB_ACCESS_REMOTE_WRITE, va, sizeof(u64)))
		return -EACCES;
	memcpy(&word, rodp_packet_payload(skb), sizeof(word));
	if (!rodp_mr_aligned(grant.mr, grant.iova))
		err = -EINVAL;
	else if (!rodp_mr_atomic(grant.mr, grant.iova, RODP_ATOMIC_STORE, 0, word, &original))
		err = rodp_park_miss(&qp->rq.park, grant.mr, grant.iova, sizeof(u64), true);
	rodp_grant_put(&grant);
	return err;
}

enum rodp_verdict rodp_atomic_write_execute(struct rodp_qp *qp, struct sk_buff *skb)
{
	int err;

	if (!qp->rq.rd_atomic_size)
		return rodp_request_refuse_invalid(qp, skb);
	err = atomic_write_apply(qp, skb);
	if (err == -EAGAIN)
		return RODP_KEPT;
	if (err == -EINVAL)
		return rodp_request_refuse_invalid(qp, skb);
	return err ? rodp_request_refuse_access(qp, skb)
		   : rodp_request_answer(qp, RODP_OPF_ATOMIC_WRITE);
}
