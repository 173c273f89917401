// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The responder: executes the peer's requests in order (IBTA vol. 1, 9.7.4). Receive
 * lane held throughout.
 *
 * A request is checked once, when its turn comes. A miss while it executes keeps
 * the packet in hand; it is executed again from where it stopped, and nothing
 * behind it is looked at until then.
 */
#include "../mem/invalidate.h"
#include "../net/packet.h"
#include "ack.h"
#include "flush.h"
#include "loan.h"
#include "reply.h"
#include "responder.h"
#include "rq.h"
#include "srq.h"
#include "tell.h"
#include "xfer.h"

/* What became of a packet. */
enum verdict {
	DONE, /* executed: step on and acknowledge */
	ANSWERED, /* executed, and the answer is the acknowledgement */
	KEPT, /* parked with the packet in hand */
	DROPPED, /* nothing more to do with it */
};

/* UC: what came of the message is lost; the receive that was taken for it serves the next one. */
static enum verdict abandon(struct rodp_rq *rq)
{
	rq->in_message = 0;
	rq->received = 0;
	return DROPPED;
}

/*
 * Refuse the request: NAK, complete a receive that was taken with `status`, and
 * fail. `tell` is the asynchronous event for requests that consume no receive.
 * An unreliable peer is not told, and does no harm by what it asks for: unless it
 * is our own memory that failed, its message is lost and that is all (9.9.3).
 */
static enum verdict refuse(struct rodp_qp *qp, struct sk_buff *skb, enum rodp_nak code,
			   enum ib_wc_status status, u32 tell)
{
	struct rodp_cqe cqe = { .status = status, .opcode = IB_WC_RECV };
	bool completes = qp->rq.rwqe_taken && qp->rq.in_message == RODP_OPF_SEND;

	if (rodp_qp_is_reliable(qp))
		rodp_send_nak(qp, rodp_packet(skb)->psn, code);
	else if (code != RODP_NAK_REM_OP)
		return abandon(&qp->rq);
	if (completes)
		rodp_rq_complete(qp, &cqe, true);
	rodp_qp_fail(qp, &qp->rq.lane, completes ? 0 : tell);
	return DROPPED;
}

static enum verdict refuse_invalid(struct rodp_qp *qp, struct sk_buff *skb)
{
	return refuse(qp, skb, RODP_NAK_INV_REQ, IB_WC_LOC_QP_OP_ERR, RODP_TELL_QP_REQ_ERR);
}

static enum verdict refuse_access(struct rodp_qp *qp, struct sk_buff *skb)
{
	return refuse(qp, skb, RODP_NAK_REM_ACCESS, IB_WC_LOC_PROT_ERR, RODP_TELL_QP_ACCESS_ERR);
}

/*
 * A transfer of the request's payload; on the local path it is still in the
 * requester's memory, and a READ's answer goes there.
 */
static struct rodp_xfer request_xfer(struct rodp_qp *qp, struct sk_buff *skb, u32 bytes, u64 extent,
				     bool write)
{
	bool lent = rodp_packet(skb)->lent.loan;

	return (struct rodp_xfer){
		.buf = lent ? NULL : rodp_packet_payload(skb),
		.lent = lent ? &rodp_packet(skb)->lent : NULL,
		.bytes = bytes,
		.done = qp->rq.hand_done,
		.extent = extent,
		.pd = rodp_rq_pd(qp),
		.write = write,
	};
}

/* The PD that the peer's keys must belong to: of an XRC packet, that of the SRQ it names. */
static struct ib_pd *request_pd(const struct rodp_qp *qp)
{
	return qp->init.xrcd ? qp->rq.srq->ib.pd : qp->ib.pd;
}

/* The transfer stopped short, for a reason of the local path: DONE if for none of these. */
static enum verdict local_verdict(struct rodp_qp *qp, struct sk_buff *skb, int err)
{
	switch (err) {
	case -EINPROGRESS:
		rodp_lane_rest(&qp->rq.lane, 0);
		return KEPT;
	case -EREMOTEIO:
		rodp_send_local_error(qp, rodp_packet(skb)->psn, IB_WC_LOC_PROT_ERR);
		return DROPPED;
	case -ESTALE:
		return DROPPED;
	}
	return DONE;
}

/* No receive is posted: the peer is to come back. What it sent behind this is dropped silently. */
static enum verdict not_ready(struct rodp_qp *qp, struct sk_buff *skb)
{
	if (!rodp_qp_is_reliable(qp))
		return abandon(&qp->rq);
	qp->rq.nak_sent = true;
	rodp_send_rnr_nak(qp, rodp_packet(skb)->psn);
	return DROPPED;
}

/* Take a receive for this message unless it has one. DONE, or the verdict that ends it. */
static enum verdict need_rwqe(struct rodp_qp *qp, struct sk_buff *skb)
{
	if (qp->rq.rwqe_taken)
		return DONE;
	switch (rodp_rq_take(qp)) {
	case 0:
		return DONE;
	case -ENOENT:
		return not_ready(qp, skb);
	default:
		qp->rq.in_message = RODP_OPF_SEND;
		return refuse(qp, skb, RODP_NAK_REM_OP, IB_WC_LOC_QP_OP_ERR, 0);
	}
}

/* Message order (9.7.4.1.2): a message is begun, continued and ended by its own kind. */
static bool in_order(const struct rodp_rq *rq, const struct rodp_opcode_info *op)
{
	u32 kind = op->flags & (RODP_OPF_SEND | RODP_OPF_WRITE);

	if (op->flags & (RODP_OPF_MIDDLE | RODP_OPF_LAST))
		return kind && rq->in_message == kind;
	return !rq->in_message;
}

/* Payload lengths (9.7.4.1.6): full packets, except the last. A local message is one packet. */
static bool length_ok(const struct rodp_qp *qp, const struct rodp_packet *pkt)
{
	if (pkt->sqpn)
		return true;
	if (pkt->op->flags & (RODP_OPF_FIRST | RODP_OPF_MIDDLE))
		return pkt->payload == qp->mtu;
	if (pkt->op->flags & RODP_OPF_LAST)
		return pkt->payload >= 1 && pkt->payload <= qp->mtu;
	return pkt->payload <= qp->mtu;
}

static bool allowed(const struct rodp_qp *qp, const struct rodp_opcode_info *op)
{
	u32 need = 0;

	if (op->flags & RODP_OPF_WRITE)
		need = IB_ACCESS_REMOTE_WRITE;
	else if (op->flags & RODP_OPF_READ)
		need = IB_ACCESS_REMOTE_READ;
	else if (op->flags & RODP_OPF_ATOMIC)
		need = IB_ACCESS_REMOTE_ATOMIC;
	else if (op->flags & RODP_OPF_ATOMIC_WRITE)
		need = IB_ACCESS_REMOTE_WRITE;
	else if (op->flags & RODP_OPF_FLUSH)
		need = IB_ACCESS_FLUSH_GLOBAL;
	else if (!(op->flags & RODP_OPF_SEND))
		return false;
	return (qp->access & need) == need;
}

static u32 ieth_rkey(struct sk_buff *skb)
{
	const struct rodp_ieth *ieth = rodp_packet_header(skb, rodp_packet(skb)->op->ieth);

	return be32_to_cpu(ieth->rkey);
}

static enum verdict end_of_message(struct rodp_qp *qp, struct sk_buff *skb, u32 bytes)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	struct rodp_cqe cqe = {
		.status = IB_WC_SUCCESS,
		.opcode = pkt->op->flags & RODP_OPF_WRITE ? IB_WC_RECV_RDMA_WITH_IMM : IB_WC_RECV,
		.byte_len = bytes,
	};

	if (pkt->op->immdt) {
		cqe.wc_flags |= IB_WC_WITH_IMM;
		cqe.imm_data = ((struct rodp_immdt *)rodp_packet_header(skb, pkt->op->immdt))->imm;
	}
	if (pkt->op->ieth) {
		cqe.wc_flags |= RODP_WC_WITH_INV;
		cqe.invalidated_rkey = ieth_rkey(skb);
		if (rodp_key_invalidate(qp->dev, request_pd(qp), qp->serial, cqe.invalidated_rkey))
			return refuse_access(qp, skb);
	}
	if (qp->rq.rwqe_taken)
		rodp_rq_complete(qp, &cqe, pkt->solicited);
	return DONE;
}

static enum verdict refuse_receive(struct rodp_qp *qp, struct sk_buff *skb, int err)
{
	if (err == -EINVAL) /* longer than the receive's buffers */
		return refuse(qp, skb, RODP_NAK_INV_REQ, IB_WC_LOC_LEN_ERR, 0);
	return refuse(qp, skb, RODP_NAK_REM_OP, IB_WC_LOC_PROT_ERR, 0);
}

/* What a fault maps ahead for a message that goes on, at least, bytes. */
#define RECEIVE_AHEAD (256u << 10)

/*
 * The bytes that are sure or likely to come for this receive, from this packet on. Its buffer
 * may be far longer than the message: of one that goes on, as much again as has come.
 */
static u32 receive_extent(const struct rodp_rq *rq, const struct rodp_packet *pkt)
{
	if (pkt->op->flags & RODP_OPF_END)
		return pkt->payload;
	return max3(pkt->payload, rq->received, RECEIVE_AHEAD);
}

static enum verdict execute_send(struct rodp_qp *qp, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	struct rodp_rq *rq = &qp->rq;
	struct rodp_xfer xfer = request_xfer(qp, skb, pkt->payload, receive_extent(rq, pkt), true);
	enum verdict verdict = need_rwqe(qp, skb);
	int err = 0;

	if (verdict != DONE)
		return verdict;
	rq->in_message = RODP_OPF_SEND;
	if (xfer.bytes > rq->rwqe.length - min(rq->received, rq->rwqe.length))
		return refuse_receive(qp, skb, -EINVAL);
	if (xfer.bytes)
		err = rodp_xfer_sgl(qp, &rq->park, rq->rwqe.sge, rq->rwqe.num_sge, rq->received,
				    &xfer);
	rq->hand_done = xfer.done;
	if (err == -EAGAIN)
		return KEPT;
	verdict = local_verdict(qp, skb, err);
	if (verdict != DONE)
		return verdict;
	if (err)
		return refuse_receive(qp, skb, err);
	rq->received += pkt->payload;
	return pkt->op->flags & RODP_OPF_END ? end_of_message(qp, skb, rq->received) : DONE;
}

static void begin_write(struct rodp_rq *rq, struct sk_buff *skb)
{
	const struct rodp_reth *reth = rodp_packet_header(skb, rodp_packet(skb)->op->reth);

	rq->va = be64_to_cpu(reth->va);
	rq->rkey = be32_to_cpu(reth->rkey);
	rq->total = be32_to_cpu(reth->length);
	rq->left = rq->total;
}

/* The whole range is checked with the first packet, each packet's part again with its own. */
static bool write_target(struct rodp_qp *qp, const struct rodp_packet *pkt,
			 struct rodp_grant *grant)
{
	struct rodp_rq *rq = &qp->rq;
	u32 bytes = pkt->op->flags & RODP_OPF_BEGIN ? rq->left : pkt->payload;

	return rodp_xfer_grant(qp, request_pd(qp), grant, rq->rkey, IB_ACCESS_REMOTE_WRITE, rq->va,
			       bytes);
}

static enum verdict write_payload(struct rodp_qp *qp, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	struct rodp_rq *rq = &qp->rq;
	struct rodp_xfer xfer = request_xfer(qp, skb, pkt->payload, rq->left, true);
	struct rodp_grant grant;
	enum verdict verdict;
	int err;

	if (!write_target(qp, pkt, &grant))
		return refuse_access(qp, skb);
	err = rodp_xfer_mr(&rq->park, grant.mr, grant.iova, &xfer);
	rodp_grant_put(&grant);
	rq->hand_done = xfer.done;
	if (err == -EAGAIN)
		return KEPT;
	verdict = local_verdict(qp, skb, err);
	if (verdict != DONE)
		return verdict;
	return err ? refuse_access(qp, skb) : DONE;
}

static enum verdict execute_write(struct rodp_qp *qp, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	struct rodp_rq *rq = &qp->rq;
	enum verdict verdict = DONE;

	if (pkt->op->reth && !rq->hand)
		begin_write(rq, skb);
	if (pkt->op->flags & RODP_OPF_END ? pkt->payload != rq->left : pkt->payload >= rq->left)
		return refuse_invalid(qp, skb);
	if (pkt->op->flags & RODP_OPF_RWQE)
		verdict = need_rwqe(qp, skb);
	if (verdict == DONE && pkt->payload)
		verdict = write_payload(qp, skb);
	if (verdict != DONE)
		return verdict;
	rq->in_message = RODP_OPF_WRITE;
	rq->va += pkt->payload;
	rq->left -= pkt->payload;
	return pkt->op->flags & RODP_OPF_END ? end_of_message(qp, skb, rq->total) : DONE;
}

/* What a READ request asks for. */
struct read_request {
	u64 va;
	u32 length; /* bytes */
	u32 rkey;
	u32 packets; /* of the answer */
};

static struct read_request read_request(struct rodp_qp *qp, struct sk_buff *skb)
{
	const struct rodp_reth *reth = rodp_packet_header(skb, rodp_packet(skb)->op->reth);
	u32 length = be32_to_cpu(reth->length);

	return (struct read_request){
		.va = be64_to_cpu(reth->va),
		.length = length,
		.rkey = be32_to_cpu(reth->rkey),
		.packets = qp->local ? 1 : max(1u, DIV_ROUND_UP(length, qp->mtu)),
	};
}

/* The READ is executed, or its answer is about to be sent: it will not be executed as new again. */
static void read_step_on(struct rodp_qp *qp, const struct read_request *req)
{
	struct rodp_rq *rq = &qp->rq;
	struct rodp_rd_atomic *res = rodp_rq_remember(qp, RODP_OPF_READ, rq->epsn, req->packets);

	res->va = req->va;
	res->length = req->length;
	res->rkey = req->rkey;
	rq->msn = (rq->msn + 1) & RODP_PSN_MASK;
	rq->epsn = rodp_psn_add(rq->epsn, req->packets);
}

/* Local path: put the data where the requester wants it. */
static enum verdict deliver_read(struct rodp_qp *qp, struct sk_buff *skb,
				 const struct rodp_grant *grant, const struct read_request *req)
{
	struct rodp_xfer xfer = request_xfer(qp, skb, req->length, req->length, false);
	u32 psn = rodp_packet(skb)->psn;
	enum verdict verdict;
	int err = 0;

	if (req->length)
		err = rodp_xfer_mr(&qp->rq.park, grant->mr, grant->iova, &xfer);
	qp->rq.hand_done = xfer.done;
	if (err == -EAGAIN)
		return KEPT;
	verdict = local_verdict(qp, skb, err);
	if (verdict != DONE)
		return verdict;
	if (err)
		return refuse_access(qp, skb);
	if (psn == qp->rq.epsn)
		read_step_on(qp, req);
	rodp_send_read_placed(qp, psn);
	return ANSWERED;
}

static enum verdict execute_read(struct rodp_qp *qp, struct sk_buff *skb)
{
	const struct read_request req = read_request(qp, skb);
	enum verdict verdict = ANSWERED;
	struct rodp_grant grant;
	u32 psn = qp->rq.epsn;

	if (!qp->rq.rd_atomic_size || req.packets > RODP_PSN_MASK / 2)
		return refuse_invalid(qp, skb);
	if (req.length && !rodp_xfer_grant(qp, request_pd(qp), &grant, req.rkey,
					   IB_ACCESS_REMOTE_READ, req.va, req.length))
		return refuse_access(qp, skb);
	if (rodp_packet_is_local(skb)) {
		verdict = deliver_read(qp, skb, &grant, &req);
	} else {
		read_step_on(qp, &req);
		rodp_reply_start(qp, psn, req.va, req.length, req.rkey, false);
	}
	if (req.length)
		rodp_grant_put(&grant);
	return verdict;
}

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
	if (!rodp_xfer_grant(qp, request_pd(qp), &grant, be32_to_cpu(eth->rkey),
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

static enum verdict execute_atomic(struct rodp_qp *qp, struct sk_buff *skb)
{
	struct rodp_rq *rq = &qp->rq;
	struct rodp_rd_atomic *res;
	u64 original;
	int err;

	if (!rq->rd_atomic_size)
		return refuse_invalid(qp, skb);
	err = atomic_apply(qp, skb, &original);
	if (err == -EAGAIN)
		return KEPT;
	if (err == -EINVAL)
		return refuse_invalid(qp, skb);
	if (err)
		return refuse_access(qp, skb);
	res = rodp_rq_remember(qp, RODP_OPF_ATOMIC, rq->epsn, 1);
	res->original = original;
	rq->msn = (rq->msn + 1) & RODP_PSN_MASK;
	rodp_send_atomic_ack(qp, rq->epsn, original);
	rq->epsn = rodp_psn_add(rq->epsn, 1);
	return ANSWERED;
}

/* Answer with an empty READ response, which says that it is done. */
static enum verdict answer_done(struct rodp_qp *qp, u32 kind)
{
	struct rodp_rq *rq = &qp->rq;

	rodp_rq_remember(qp, kind, rq->epsn, 1);
	rq->msn = (rq->msn + 1) & RODP_PSN_MASK;
	rodp_send_read_placed(qp, rq->epsn);
	rq->epsn = rodp_psn_add(rq->epsn, 1);
	return ANSWERED;
}

/* FLUSH (annex A19): what was executed before is in memory, and memory is coherent. */
static enum verdict execute_flush(struct rodp_qp *qp, struct sk_buff *skb)
{
	struct rodp_flush flush = rodp_flush_of(skb);

	if (!qp->rq.rd_atomic_size || !rodp_flush_is_valid(&flush))
		return refuse_invalid(qp, skb);
	if (!rodp_flush_is_granted(qp, request_pd(qp), &flush))
		return refuse_access(qp, skb);
	smp_mb();
	return answer_done(qp, RODP_OPF_FLUSH);
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
	if (!rodp_xfer_grant(qp, request_pd(qp), &grant, be32_to_cpu(reth->rkey),
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

static enum verdict execute_atomic_write(struct rodp_qp *qp, struct sk_buff *skb)
{
	int err;

	if (!qp->rq.rd_atomic_size)
		return refuse_invalid(qp, skb);
	err = atomic_write_apply(qp, skb);
	if (err == -EAGAIN)
		return KEPT;
	if (err == -EINVAL)
		return refuse_invalid(qp, skb);
	return err ? refuse_access(qp, skb) : answer_done(qp, RODP_OPF_ATOMIC_WRITE);
}

static enum verdict execute(struct rodp_qp *qp, struct sk_buff *skb)
{
	const struct rodp_opcode_info *op = rodp_packet(skb)->op;

	if (op->flags & RODP_OPF_SEND)
		return execute_send(qp, skb);
	if (op->flags & RODP_OPF_WRITE)
		return execute_write(qp, skb);
	if (op->flags & RODP_OPF_READ)
		return execute_read(qp, skb);
	if (op->flags & RODP_OPF_FLUSH)
		return execute_flush(qp, skb);
	if (op->flags & RODP_OPF_ATOMIC_WRITE)
		return execute_atomic_write(qp, skb);
	return execute_atomic(qp, skb);
}

/*
 * The same for XRC (annex A14): with the SRQ that the packet names. All packets of a message that
 * takes a receive name the same one.
 */
static enum verdict execute_xrc(struct rodp_qp *qp, struct sk_buff *skb)
{
	struct rodp_rq *rq = &qp->rq;
	struct rodp_srq *srq = rodp_srq_get(qp->init.xrcd, rq->srqn);
	enum verdict verdict;

	if (!srq)
		return refuse_invalid(qp, skb);
	if (rq->rwqe_taken && srq->serial != rq->rwqe_serial) {
		verdict = refuse_invalid(qp, skb);
	} else {
		rq->srq = srq;
		verdict = execute(qp, skb);
		rq->srq = NULL;
	}
	rodp_srq_put(srq);
	return verdict;
}

/* A SEND or WRITE packet is executed. */
static void step_on(struct rodp_qp *qp, const struct rodp_packet *pkt)
{
	struct rodp_rq *rq = &qp->rq;

	if (pkt->op->flags & RODP_OPF_END) {
		rq->in_message = 0;
		rq->received = 0;
		rq->msn = (rq->msn + 1) & RODP_PSN_MASK;
	}
	rq->epsn = rodp_psn_add(pkt->psn, 1);
	if ((pkt->ackreq || rq->asked_for_time) && rodp_qp_is_reliable(qp))
		rodp_send_ack(qp, pkt->psn);
}

/* Execute, keep or free. Nothing else frees or keeps a request. */
static void carry_out(struct rodp_qp *qp, struct sk_buff *skb)
{
	struct rodp_rq *rq = &qp->rq;
	enum verdict verdict = qp->init.xrcd ? execute_xrc(qp, skb) : execute(qp, skb);

	if (verdict == KEPT) {
		if (rq->hand != skb)
			rodp_packet_keep(skb);
		rq->hand = skb;
		rq->lane.stalled = true;
		return;
	}
	rq->hand = NULL;
	rq->hand_done = 0;
	if (verdict == DONE)
		step_on(qp, rodp_packet(skb));
	rq->asked_for_time = false;
	kfree_skb(skb);
	rodp_reply_run(qp);
	rq->lane.stalled = rq->reply.active;
}

/* Consumes or keeps skb. */
static void answer_read_again(struct rodp_qp *qp, struct sk_buff *skb,
			      const struct rodp_rd_atomic *res)
{
	const struct read_request req = read_request(qp, skb);

	/* The rest of the READ, and nothing else. */
	if (req.rkey != res->rkey || req.va < res->va || req.length > res->length ||
	    req.va - res->va > res->length - req.length) {
		kfree_skb(skb);
		return;
	}
	if (rodp_packet_is_local(skb)) {
		carry_out(qp, skb);
		return;
	}
	rodp_reply_start(qp, rodp_packet(skb)->psn, req.va, req.length, res->rkey, true);
	kfree_skb(skb);
	rodp_reply_run(qp);
	qp->rq.lane.stalled = qp->rq.reply.active;
}

/*
 * Executed before (9.7.5.1): acknowledge again, answer again; never execute again.
 * Consumes or keeps skb.
 */
static void duplicate(struct rodp_qp *qp, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	const struct rodp_rd_atomic *res;

	rodp_stats_inc(qp->dev->stats, RODP_STAT_DUPLICATE_REQ);
	if (pkt->op->flags & (RODP_OPF_SEND | RODP_OPF_WRITE)) {
		if (pkt->ackreq)
			rodp_send_ack(qp, rodp_psn_add(qp->rq.epsn, RODP_PSN_MASK));
	} else {
		res = rodp_rq_recall(qp, pkt->psn);
		if (res && !(pkt->op->flags & res->kind))
			res = NULL;
		if (res && res->kind == RODP_OPF_READ) {
			answer_read_again(qp, skb, res);
			return;
		}
		if (res && res->kind == RODP_OPF_ATOMIC)
			rodp_send_atomic_ack(qp, pkt->psn, res->original);
		else if (res)
			rodp_send_read_placed(qp, pkt->psn);
	}
	kfree_skb(skb);
}

static void out_of_sequence(struct rodp_qp *qp)
{
	rodp_stats_inc(qp->dev->stats, RODP_STAT_OUT_OF_SEQ);
	if (qp->rq.nak_sent)
		return;
	qp->rq.nak_sent = true;
	rodp_send_nak(qp, qp->rq.epsn, RODP_NAK_PSN_SEQ);
}

static void tell_established(struct rodp_qp *qp)
{
	if (qp->state != IB_QPS_RTR || qp->rq.comm_est_told)
		return;
	qp->rq.comm_est_told = true;
	qp->rq.lane.tell |= RODP_TELL_COMM_EST;
}

/*
 * UC (9.7.4, 9.8.3): a gap loses the message that it is in, a packet that begins one is always
 * welcome, and nobody is told anything.
 */
static void unreliable_packet(struct rodp_qp *qp, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	struct rodp_rq *rq = &qp->rq;

	if (!rodp_qp_may_receive(qp)) {
		kfree_skb(skb);
		return;
	}
	if (pkt->psn != rq->epsn) {
		rodp_stats_inc(qp->dev->stats, RODP_STAT_OUT_OF_SEQ);
		abandon(rq);
	}
	if (pkt->op->flags & RODP_OPF_BEGIN)
		abandon(rq);
	if (!in_order(rq, pkt->op) || !length_ok(qp, pkt) || !allowed(qp, pkt->op)) {
		abandon(rq);
		rq->epsn = rodp_psn_add(pkt->psn, 1);
		kfree_skb(skb);
		return;
	}
	rq->epsn = pkt->psn;
	tell_established(qp);
	carry_out(qp, skb);
}

static u32 named_srqn(struct sk_buff *skb)
{
	const struct rodp_xrceth *eth = rodp_packet_header(skb, rodp_packet(skb)->op->xrceth);

	return rodp_packet(skb)->op->xrceth ? be32_to_cpu(eth->srqn) & RODP_QPN_MASK : 0;
}

static void rq_packet(struct rodp_qp *qp, struct sk_buff *skb)
{
	const struct rodp_packet *pkt = rodp_packet(skb);
	s32 order = rodp_psn_cmp(pkt->psn, qp->rq.epsn);

	if (!rodp_qp_is_reliable(qp)) {
		unreliable_packet(qp, skb);
		return;
	}
	qp->rq.srqn = named_srqn(skb);

	/* Answers go out where requests come in: in order with those before. */
	rodp_lane_is_here(&qp->rq.lane, in_serving_softirq() || pkt->sqpn);

	if (!rodp_qp_may_receive(qp)) {
		kfree_skb(skb);
	} else if (order > 0) {
		out_of_sequence(qp);
		kfree_skb(skb);
	} else if (order < 0) {
		duplicate(qp, skb);
	} else {
		qp->rq.nak_sent = false;
		tell_established(qp);
		if (in_order(&qp->rq, pkt->op) && length_ok(qp, pkt) && allowed(qp, pkt->op)) {
			carry_out(qp, skb);
		} else {
			refuse_invalid(qp, skb);
			kfree_skb(skb);
		}
	}
}

/*
 * Parked. If the peer has gone back, its timer ran out: it cannot know that we are at it, and
 * would give up in the end. So it is asked for time, and sends again later what is dropped here.
 */
static void ask_for_time(struct rodp_qp *qp)
{
	struct rodp_rq *rq = &qp->rq;
	struct sk_buff *newest = skb_peek_tail(&rq->lane.backlog);
	u32 psn, at;

	if (!newest)
		return;
	psn = rodp_packet(newest)->psn;
	/* What waits for memory: the packet in hand, or the answer to the one before. */
	at = rq->hand ? rodp_packet(rq->hand)->psn : rodp_psn_add(rq->epsn, RODP_PSN_MASK);
	if (rodp_psn_cmp(psn, at) > 0)
		return;
	skb_queue_purge(&rq->lane.backlog);
	rq->asked_for_time = rq->hand;
	rodp_send_wait(qp, psn);
}

static void rq_run(struct rodp_qp *qp)
{
	struct rodp_rq *rq = &qp->rq;

	if (qp->state == IB_QPS_ERR) {
		rodp_rq_flush(qp);
		return;
	}
	if (rq->park.waiting && rodp_qp_is_reliable(qp))
		ask_for_time(qp);
	if (rq->park.waiting || rq->lane.resting)
		return;
	if (rq->hand) {
		carry_out(qp, rq->hand);
	} else if (rq->reply.active) {
		rodp_reply_run(qp);
		rq->lane.stalled = rq->reply.active;
	}
	if (qp->state == IB_QPS_ERR)
		rodp_rq_flush(qp);
}

const struct rodp_lane_ops rodp_responder_ops = {
	.packet = rq_packet,
	.run = rq_run,
	.after = rodp_qp_after,
};
