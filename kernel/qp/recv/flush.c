// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* FLUSH requests, see flush.h. */
#include <linux/sizes.h>

#include "mem/key.h"
#include "net/packet.h"
#include "qp/recv/flush.h"

struct flush {
	u32 placement; /* RODP_FETH_GLOBAL, RODP_FETH_PERSISTENT */
	u32 level; /* RODP_FETH_SEL_* */
	u64 va; /* with RODP_FETH_SEL_RANGE */
	u64 length; /* bytes; the same */
	u32 rkey;
};

static struct flush flush_of(struct sk_buff *skb)
{
	const struct rodp_opcode_info *op = rodp_packet(skb)->op;
	const struct rodp_feth *feth = rodp_packet_header(skb, op->feth);
	const struct rodp_reth *reth = rodp_packet_header(skb, op->reth);
	u32 bits = be32_to_cpu(feth->bits);

	return (struct flush){
		.placement = bits & RODP_FETH_PLT_MASK,
		.level = bits >> RODP_FETH_SEL_SHIFT & RODP_FETH_SEL_MASK,
		.va = be64_to_cpu(reth->va),
		.length = be32_to_cpu(reth->length),
		.rkey = be32_to_cpu(reth->rkey),
	};
}

/* Whether such a FLUSH exists, and the device has any. */
static bool flush_is_valid(const struct flush *flush)
{
	return IB_DEVICE_FLUSH_GLOBAL && flush->placement &&
	       !(flush->placement & ~(RODP_FETH_GLOBAL | RODP_FETH_PERSISTENT)) &&
	       flush->level <= RODP_FETH_SEL_MR;
}

/* The rights that QP and key must have, IB_ACCESS_FLUSH_*. */
static u32 flush_rights(const struct flush *flush)
{
	u32 rights = 0;

	if (flush->placement & RODP_FETH_GLOBAL)
		rights |= IB_ACCESS_FLUSH_GLOBAL;
	if (flush->placement & RODP_FETH_PERSISTENT)
		rights |= IB_ACCESS_FLUSH_PERSISTENT;
	return rights;
}

/* All that the key opens, as it is now: whether that is so is looked at with the key's rights. */
static bool flush_widen(struct rodp_dev *dev, struct flush *flush)
{
	const struct rodp_window *window;
	const struct rodp_mr *mr;

	rcu_read_lock();
	mr = rodp_key_lookup(dev, flush->rkey);
	window = mr ? NULL : rodp_key_lookup_window(dev, flush->rkey);
	if (mr) {
		flush->va = mr->iova;
		flush->length = mr->length;
	} else if (window) {
		flush->va = READ_ONCE(window->va);
		flush->length = READ_ONCE(window->length);
	}
	rcu_read_unlock();
	return mr || window;
}

/* Bytes that are written back in one go, with BH disabled, and how often before others get the CPU. */
#define FLUSH_PIECE  SZ_64K
#define FLUSH_PIECES 16
/* What is faulted in ahead, at most. */
#define FLUSH_AHEAD SZ_16M

/* 0, -EAGAIN: later, -EACCES, -EFAULT: not to be had. */
static int flush_write_back(struct rodp_receiver *rx, const struct rodp_grant *grant, u64 bytes)
{
	int pieces = FLUSH_PIECES;
	ssize_t done;
	u64 iova;

	for (; rx->hand.done < bytes; rx->hand.done += done) {
		if (!pieces--) {
			rodp_lane_rest(&rx->rq.lane, 0);
			return -EAGAIN;
		}
		iova = grant->iova + rx->hand.done;
		done = rodp_mr_write_back(grant->mr, iova,
					  min_t(u64, bytes - rx->hand.done, FLUSH_PIECE));
		if (done < 0)
			return done;
		rodp_stats_add(rx->rq.end->dev->stats, RODP_STAT_FLUSHED_BYTES, done);
		if (!done)
			return rodp_park_miss(&rx->park, grant->mr, iova,
					      min_t(u64, bytes - rx->hand.done, FLUSH_AHEAD),
					      false);
	}
	wmb();
	return 0;
}

/* What was executed before is in memory, and memory is coherent: only persistence needs work. */
static int flush_apply(struct rodp_request *req, struct flush *flush)
{
	struct rodp_grant grant;
	int err = 0;

	if (flush->level == RODP_FETH_SEL_MR && !flush_widen(rodp_request_end(req)->dev, flush))
		return -EACCES;
	if (!flush->length && flush->level == RODP_FETH_SEL_RANGE)
		return 0; /* of nothing, no key is checked */
	if (!rodp_request_grant(req, &grant, flush->rkey, flush_rights(flush), flush->va,
				flush->length))
		return -EACCES;
	smp_mb();
	if (flush->placement & RODP_FETH_PERSISTENT)
		err = flush_write_back(req->rx, &grant, flush->length);
	rodp_grant_put(&grant);
	return err;
}

enum rodp_verdict rodp_flush_execute(struct rodp_request *req)
{
	struct flush flush = flush_of(req->skb);
	u32 rights = flush_rights(&flush);
	int err;

	rodp_end_assert_receiving(rodp_request_end(req));
	if (!req->rx->history.size || !flush_is_valid(&flush) ||
	    (rodp_request_end(req)->access & rights) != rights)
		return rodp_request_refuse_invalid(req);
	err = flush_apply(req, &flush);
	if (err == -EAGAIN)
		return RODP_KEPT;
	return err ? rodp_request_refuse_access(req) : rodp_request_answer(req, RODP_OPF_FLUSH);
}
