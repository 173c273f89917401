// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * What `rdma resource show` and `rdma statistic show mr` tell of single objects.
 *
 * An MR is whole while it is told of; of a QP, CQ or SRQ the driver's part may be gone already:
 * only plain fields are read, without locks.
 */
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <net/netlink.h>
#include <rdma/restrack.h>
#include <uapi/rdma/rdma_netlink.h>

#include "mem/count.h"
#include "mem/on_demand.h"
#include "qp/end/path.h"
#include "qp/qp.h"
#include "qp/queue/srq.h"
#include "ring/cq.h"
#include "uapi/rodp_abi.h"
#include "verbs/verbs.h"

/* Ends the table; whatever did not fit makes the core try again with more room. */
static int restrack_table_end(struct sk_buff *msg, struct nlattr *table, int err)
{
	if (err) {
		nla_nest_cancel(msg, table);
		return -EMSGSIZE;
	}
	nla_nest_end(msg, table);
	return 0;
}

/* Counters of an object. */
struct restrack_stat {
	const char *name;
	u64 value;
};

static int restrack_put_stats(struct sk_buff *msg, const struct restrack_stat *stat, size_t n)
{
	int err = 0;

	for (; n && !err; n--, stat++)
		err = rdma_nl_stat_hwcounter_entry(msg, stat->name, stat->value);
	return err;
}

static int restrack_fill_mr_stats(struct sk_buff *msg, const struct rodp_mr_stats *stats)
{
	const struct restrack_stat list[] = {
		{ "page_faults", stats->page_faults },
		{ "page_faults_handled", stats->page_faults_handled },
		{ "page_invalidations", stats->page_invalidations },
		{ "page_invalidations_handled", stats->page_invalidations_handled },
		{ "page_prefetch", stats->page_prefetch },
	};

	return restrack_put_stats(msg, list, ARRAY_SIZE(list));
}

int rodp_fill_stat_mr(struct sk_buff *msg, struct ib_mr *ib)
{
	struct rodp_mr *mr = to_rodp_mr(ib);
	struct rodp_mr_stats stats;
	struct nlattr *table;

	if (!rodp_mr_is_on_demand(mr))
		return 0;
	table = nla_nest_start(msg, RDMA_NLDEV_ATTR_STAT_HWCOUNTERS);
	if (!table)
		return -EMSGSIZE;
	rodp_mr_count(mr, &stats);
	return restrack_table_end(msg, table, restrack_fill_mr_stats(msg, &stats));
}

/* No addresses: anybody may ask. */
int rodp_fill_res_mr(struct sk_buff *msg, struct ib_mr *ib)
{
	struct rodp_mr *mr = to_rodp_mr(ib);
	struct nlattr *table;
	int err = 0;

	table = nla_nest_start(msg, RDMA_NLDEV_ATTR_DRIVER);
	if (!table)
		return -EMSGSIZE;
	if (rodp_mr_is_on_demand(mr))
		err = rdma_nl_put_driver_string(msg, "odp",
						rodp_mr_is_implicit(mr) ? "implicit" : "explicit");
	if (!err)
		err = rdma_nl_put_driver_string(msg, "memory", mr->ops->name);
	if (!err)
		err = rdma_nl_put_driver_u32_hex(msg, "access", mr->access);
	return restrack_table_end(msg, table, err);
}

/* Fields of an object, each a u32. */
struct restrack_field {
	const char *name;
	u32 value;
};

static int restrack_put_fields(struct sk_buff *msg, const struct restrack_field *field, size_t n)
{
	int err = 0;

	for (; n && !err; n--, field++)
		err = rdma_nl_put_driver_u32(msg, field->name, field->value);
	return err;
}

/* For how long a lane has waited for memory, ms; 0: it does not. */
static u32 restrack_parked_ms(const struct rodp_park *park)
{
	if (!READ_ONCE(park->waiting))
		return 0;
	return min_t(u64, (ktime_get_ns() - READ_ONCE(park->waiter.since)) / NSEC_PER_MSEC,
		     U32_MAX);
}

/* What is under way, and what a lane that does nothing waits for. */
static int restrack_fill_sq(struct sk_buff *msg, struct rodp_sender *tx)
{
	const struct rodp_flight *flight = &tx->flight;
	struct rodp_sq *sq = &tx->sq;
	const struct restrack_field fields[] = {
		{ "send_parked", READ_ONCE(tx->source.waiting) || READ_ONCE(tx->target.waiting) },
		{ "send_parked_ms",
		  max(restrack_parked_ms(&tx->source), restrack_parked_ms(&tx->target)) },
		{ "send_resting", READ_ONCE(sq->lane.state.resting) },
		{ "send_backlog", skb_queue_len_lockless(&sq->lane.backlog) },
		{ "send_queued", READ_ONCE(sq->at.head) - READ_ONCE(sq->at.tail) },
		{ "send_timer", hrtimer_is_queued(&tx->timer) },
		{ "send_rnr_wait", READ_ONCE(flight->rnr_wait) },
		{ "send_retries", READ_ONCE(flight->retries) },
		{ "send_rd_atomic", READ_ONCE(flight->rd_atomic) },
	};

	return restrack_put_fields(msg, fields, ARRAY_SIZE(fields));
}

static int restrack_fill_rq(struct sk_buff *msg, const struct rodp_receiver *rx)
{
	const struct rodp_lane *lane = &rx->rq.lane;
	const struct restrack_field fields[] = {
		{ "recv_parked", READ_ONCE(rx->park.waiting) },
		{ "recv_parked_ms", restrack_parked_ms(&rx->park) },
		{ "recv_resting", READ_ONCE(lane->state.resting) },
		{ "recv_backlog", skb_queue_len_lockless(&lane->backlog) },
	};

	return restrack_put_fields(msg, fields, ARRAY_SIZE(fields));
}

static int restrack_fill_psns(struct sk_buff *msg, const struct rodp_qp *qp)
{
	const struct restrack_field fields[] = {
		{ "send_una", READ_ONCE(qp->tx.flight.una) },
		{ "send_sent", READ_ONCE(qp->tx.flight.sent) },
		{ "recv_epsn", READ_ONCE(qp->rx.seq.epsn) },
		{ "recv_msn", READ_ONCE(qp->rx.seq.msn) },
	};

	return rodp_qp_shows_psns(qp) ? restrack_put_fields(msg, fields, ARRAY_SIZE(fields)) : 0;
}

int rodp_fill_res_qp(struct sk_buff *msg, struct ib_qp *ib)
{
	struct rodp_qp *qp = to_rodp_qp(ib);
	struct nlattr *table = nla_nest_start(msg, RDMA_NLDEV_ATTR_DRIVER);
	int err;

	if (!table)
		return -EMSGSIZE;
	err = rdma_nl_put_driver_string(msg, "path", READ_ONCE(qp->end.path)->name);
	if (!err)
		err = restrack_fill_sq(msg, &qp->tx);
	if (!err)
		err = restrack_fill_rq(msg, &qp->rx);
	if (!err)
		err = restrack_fill_psns(msg, qp);
	return restrack_table_end(msg, table, err);
}

static int restrack_fill_cq(struct sk_buff *msg, const struct rodp_cq *cq)
{
	const struct restrack_field fields[] = {
		{ "completions", READ_ONCE(cq->prod) },
		{ "overflow", READ_ONCE(cq->overflow) },
	};

	return restrack_put_fields(msg, fields, ARRAY_SIZE(fields));
}

int rodp_fill_res_cq(struct sk_buff *msg, struct ib_cq *ib)
{
	struct nlattr *table = nla_nest_start(msg, RDMA_NLDEV_ATTR_DRIVER);

	if (!table)
		return -EMSGSIZE;
	return restrack_table_end(msg, table, restrack_fill_cq(msg, to_rodp_cq(ib)));
}

static int restrack_fill_srq(struct sk_buff *msg, const struct rodp_srq *srq)
{
	const struct restrack_field fields[] = {
		{ "max_wr", READ_ONCE(srq->ring.entries) },
		{ "max_sge", srq->max_sge },
		{ "limit", READ_ONCE(srq->limit) },
		{ "taken", READ_ONCE(srq->cons) },
	};

	return restrack_put_fields(msg, fields, ARRAY_SIZE(fields));
}

int rodp_fill_res_srq(struct sk_buff *msg, struct ib_srq *ib)
{
	struct nlattr *table = nla_nest_start(msg, RDMA_NLDEV_ATTR_DRIVER);

	if (!table)
		return -EMSGSIZE;
	return restrack_table_end(msg, table, restrack_fill_srq(msg, to_rodp_srq(ib)));
}
