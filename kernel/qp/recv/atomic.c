// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Atomic requests and ATOMIC WRITE, see atomic.h. */
#include "net/packet.h"
#include "qp/recv/ack.h"
#include "qp/recv/atomic.h"
#include "qp/recv/reply.h"

/* What is done to the word. */
struct atomic_work {
	enum rodp_atomic_op op;
	u64 va;
	u32 rkey;
	u32 access; /* that the key must grant */
	u64 compare, swap_add;
	u64 original; /* the result */
};

/* 0, -EAGAIN (parked), -EACCES, -EINVAL (not aligned). */
static int atomic_apply(struct rodp_request *req, struct atomic_work *work)
{
	struct rodp_grant grant;
	int err = 0;

	if (work->va % sizeof(u64))
		return -EINVAL;
	if (!rodp_request_grant(req, &grant, work->rkey, work->access, work->va, sizeof(u64)))
		return -EACCES;
	if (!rodp_mr_aligned(grant.mr, grant.iova))
		err = -EINVAL;
	else if (!rodp_mr_atomic(grant.mr, grant.iova, work->op, work->compare, work->swap_add,
				 &work->original))
		err = rodp_park_miss(&req->rx->park, grant.mr, grant.iova, sizeof(u64), true);
	rodp_grant_put(&grant);
	return err;
}

/* Of an err of atomic_apply() that is not 0. */
static enum rodp_verdict atomic_stopped(struct rodp_request *req, int err)
{
	if (err == -EAGAIN)
		return RODP_KEPT;
	return err == -EINVAL ? rodp_request_refuse_invalid(req) : rodp_request_refuse_access(req);
}

enum rodp_verdict rodp_atomic_execute(struct rodp_request *req)
{
	const struct rodp_packet *pkt = rodp_packet(req->skb);
	const struct rodp_atomiceth *eth = rodp_packet_header(req->skb, pkt->op->atomiceth);
	bool swap = (pkt->opcode & RODP_OP_MASK) == RODP_OP_CMP_SWAP;
	struct rodp_sequence *seq = &req->rx->seq;
	struct atomic_work work = {
		.op = swap ? RODP_ATOMIC_CMP_SWAP : RODP_ATOMIC_FETCH_ADD,
		.va = be64_to_cpu(eth->va),
		.rkey = be32_to_cpu(eth->rkey),
		.access = IB_ACCESS_REMOTE_ATOMIC,
		.compare = be64_to_cpu(eth->compare),
		.swap_add = be64_to_cpu(eth->swap_add),
	};
	int err;

	rodp_end_assert_receiving(rodp_request_end(req));
	if (!req->rx->history.size)
		return rodp_request_refuse_invalid(req);
	err = atomic_apply(req, &work);
	if (err)
		return atomic_stopped(req, err);
	rodp_history_add(req->rx, RODP_OPF_ATOMIC, seq->epsn, 1)->original = work.original;
	seq->msn = (seq->msn + 1) & RODP_PSN_MASK;
	rodp_send_atomic_ack(req->rx, seq->epsn, work.original);
	seq->epsn = rodp_psn_add(seq->epsn, 1);
	return RODP_ANSWERED;
}

enum rodp_verdict rodp_atomic_write_execute(struct rodp_request *req)
{
	const struct rodp_packet *pkt = rodp_packet(req->skb);
	const struct rodp_reth *reth = rodp_packet_header(req->skb, pkt->op->reth);
	struct atomic_work work = {
		.op = RODP_ATOMIC_STORE,
		.va = be64_to_cpu(reth->va),
		.rkey = be32_to_cpu(reth->rkey),
		.access = IB_ACCESS_REMOTE_WRITE,
	};
	int err;

	rodp_end_assert_receiving(rodp_request_end(req));
	if (!req->rx->history.size || be32_to_cpu(reth->length) != sizeof(u64) ||
	    pkt->payload != sizeof(u64))
		return rodp_request_refuse_invalid(req);
	memcpy(&work.swap_add, rodp_packet_payload(req->skb), sizeof(u64));
	err = atomic_apply(req, &work);
	return err ? atomic_stopped(req, err) : rodp_request_answer(req, RODP_OPF_ATOMIC_WRITE);
}
