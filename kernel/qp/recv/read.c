// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* READ requests, see read.h. */
#include "net/packet.h"
#include "qp/lane/xfer.h"
#include "qp/queue/rq.h"
#include "qp/recv/ack.h"
#include "qp/recv/read.h"
#include "qp/recv/reply.h"

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
static enum rodp_verdict deliver_read(struct rodp_qp *qp, struct sk_buff *skb,
				      const struct rodp_grant *grant,
				      const struct read_request *req)
{
	struct rodp_xfer xfer = rodp_request_xfer(qp, skb, req->length, req->length, false);
	u32 psn = rodp_packet(skb)->psn;
	int err = 0;

	if (req->length)
		err = rodp_xfer_mr(&qp->rq.park, grant->mr, grant->iova, &xfer);
	qp->rq.hand_done = xfer.done;
	if (unlikely(err))
		return rodp_request_stopped_at_rkey(qp, skb, err);
	if (psn == qp->rq.epsn)
		read_step_on(qp, req);
	rodp_send_read_placed(qp, psn);
	return RODP_ANSWERED;
}

enum rodp_verdict rodp_read_execute(struct rodp_qp *qp, struct sk_buff *skb)
{
	const struct read_request req = read_request(qp, skb);
	enum rodp_verdict verdict = RODP_ANSWERED;
	struct rodp_grant grant;
	u32 psn = qp->rq.epsn;

	if (!qp->rq.rd_atomic_size || req.packets > RODP_PSN_MASK / 2)
		return rodp_request_refuse_invalid(qp, skb);
	if (req.length && !rodp_xfer_grant(qp, rodp_request_pd(qp), &grant, req.rkey,
					   IB_ACCESS_REMOTE_READ, req.va, req.length))
		return rodp_request_refuse_access(qp, skb);
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

bool rodp_read_is_rest(struct rodp_qp *qp, struct sk_buff *skb, const struct rodp_rd_atomic *res)
{
	const struct read_request req = read_request(qp, skb);

	return req.rkey == res->rkey && req.va >= res->va && req.length <= res->length &&
	       req.va - res->va <= res->length - req.length;
}

void rodp_read_again(struct rodp_qp *qp, struct sk_buff *skb)
{
	const struct read_request req = read_request(qp, skb);

	rodp_reply_start(qp, rodp_packet(skb)->psn, req.va, req.length, req.rkey, true);
}
