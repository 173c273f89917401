// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* READ requests, see read.h. */
#include "net/packet.h"
#include "qp/end/path.h"
#include "qp/recv/read.h"
#include "qp/recv/reply.h"

static struct rodp_read read_of(const struct rodp_end *end, struct sk_buff *skb)
{
	const struct rodp_reth *reth = rodp_packet_header(skb, rodp_packet(skb)->op->reth);
	u32 length = be32_to_cpu(reth->length);

	return (struct rodp_read){
		.va = be64_to_cpu(reth->va),
		.length = length,
		.rkey = be32_to_cpu(reth->rkey),
		.packets = end->path->packets(end, length),
	};
}

void rodp_read_step_on(struct rodp_receiver *rx, const struct rodp_read *read)
{
	struct rodp_sequence *seq = &rx->seq;
	struct rodp_rd_atomic *res;

	rodp_end_assert_receiving(rx->rq.end);
	res = rodp_history_add(rx, RODP_OPF_READ, seq->epsn, read->packets);
	res->va = read->va;
	res->length = read->length;
	res->rkey = read->rkey;
	seq->msn = (seq->msn + 1) & RODP_PSN_MASK;
	seq->epsn = rodp_psn_add(seq->epsn, read->packets);
}

enum rodp_verdict rodp_read_execute(struct rodp_request *req)
{
	const struct rodp_end *end = rodp_request_end(req);
	struct rodp_read read = read_of(end, req->skb);
	enum rodp_verdict verdict;

	rodp_end_assert_receiving(end);
	if (!req->rx->history.size || read.length > RODP_MESSAGE_MAX ||
	    read.packets > RODP_PSN_MASK / 2)
		return rodp_request_refuse_invalid(req);
	if (read.length && !rodp_request_grant(req, &read.grant, read.rkey, IB_ACCESS_REMOTE_READ,
					       read.va, read.length))
		return rodp_request_refuse_access(req);
	verdict = end->path->read(req, &read);
	if (read.length)
		rodp_grant_put(&read.grant);
	return verdict;
}

bool rodp_read_is_rest(const struct rodp_end *end, struct sk_buff *skb,
		       const struct rodp_rd_atomic *res)
{
	const struct rodp_read read = read_of(end, skb);

	return read.rkey == res->rkey && read.va >= res->va && read.length <= res->length &&
	       read.va - res->va <= res->length - read.length;
}

void rodp_read_reply(struct rodp_receiver *rx, struct sk_buff *skb)
{
	const struct rodp_read read = read_of(rx->rq.end, skb);

	rodp_end_assert_receiving(rx->rq.end);
	rx->reply = (struct rodp_reply){
		.active = true,
		.psn = rodp_packet(skb)->psn,
		.packets = read.packets,
		.va = read.va,
		.length = read.length,
		.rkey = read.rkey,
		.srqn = rodp_request_srqn(skb),
	};
}
