// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* FLUSH requests, see flush.h. */
#include "../mem/key.h"
#include "../net/packet.h"
#include "flush.h"

struct rodp_flush rodp_flush_of(struct sk_buff *skb)
{
	const struct rodp_opcode_info *op = rodp_packet(skb)->op;
	const struct rodp_feth *feth = rodp_packet_header(skb, op->feth);
	const struct rodp_reth *reth = rodp_packet_header(skb, op->reth);
	u32 bits = be32_to_cpu(feth->bits);

	return (struct rodp_flush){
		.placement = bits & RODP_FETH_PLT_MASK,
		.level = bits >> RODP_FETH_SEL_SHIFT & RODP_FETH_SEL_MASK,
		.va = be64_to_cpu(reth->va),
		.length = be32_to_cpu(reth->length),
		.rkey = be32_to_cpu(reth->rkey),
	};
}

bool rodp_flush_is_valid(const struct rodp_flush *flush)
{
	return IB_DEVICE_FLUSH_GLOBAL && flush->placement &&
	       !(flush->placement & ~(RODP_FETH_GLOBAL | RODP_FETH_PERSISTENT)) &&
	       flush->level <= RODP_FETH_SEL_MR;
}

bool rodp_flush_is_granted(struct rodp_qp *qp, struct ib_pd *pd, const struct rodp_flush *flush)
{
	const struct rodp_mr *mr;
	bool granted;

	if (flush->placement & RODP_FETH_PERSISTENT)
		return false; /* no region can have that right */
	if (flush->level == RODP_FETH_SEL_RANGE && !flush->length)
		return true; /* of nothing, no key is checked */
	rcu_read_lock();
	mr = rodp_key_lookup(qp->dev, flush->rkey);
	granted = mr && mr->ib.pd == pd && (mr->access & IB_ACCESS_FLUSH_GLOBAL) &&
		  (flush->level == RODP_FETH_SEL_MR ||
		   rodp_mr_covers(mr, flush->va, flush->length));
	rcu_read_unlock();
	return granted;
}

/* FLUSH (annex A19): what was executed before is in memory, and memory is coherent. */
enum rodp_verdict rodp_flush_execute(struct rodp_qp *qp, struct sk_buff *skb)
{
	struct rodp_flush flush = rodp_flush_of(skb);

	if (!qp->rq.rd_atomic_size || !rodp_flush_is_valid(&flush))
		return rodp_request_refuse_invalid(qp, skb);
	if (!rodp_flush_is_granted(qp, rodp_request_pd(qp), &flush))
		return rodp_request_refuse_access(qp, skb);
	smp_mb();
	return rodp_request_answer(qp, RODP_OPF_FLUSH);
}
