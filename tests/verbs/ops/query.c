// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * What is set is what is told: each attribute of a QP after each change, of RC, UC and UD, and
 * nothing of a change that is refused; SRQs; sizes at their limits and one beyond; objects up to
 * max_pd and max_ah with --rounds=1.
 */
#include "vt.h"

#define ALL_RC                                                                                    \
	(IBV_QP_STATE | IBV_QP_ACCESS_FLAGS | IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_AV |       \
	 IBV_QP_PATH_MTU | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY | IBV_QP_RQ_PSN | \
	 IBV_QP_MAX_QP_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER | IBV_QP_SQ_PSN |                         \
	 IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_CAP | IBV_QP_DEST_QPN)

struct setup {
	struct vt_device *a, *b;
	struct ibv_cq *cq;
	struct ibv_qp *qp;
};

static struct ibv_qp_attr query(struct ibv_qp *qp)
{
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;

	memset(&attr, 0xaa, sizeof(attr));
	vt_check(!ibv_query_qp(qp, &attr, ALL_RC, &init));
	vt_check(init.qp_type == qp->qp_type && init.send_cq == qp->send_cq &&
		 init.recv_cq == qp->recv_cq && init.srq == qp->srq);
	vt_check(attr.cur_qp_state == attr.qp_state && attr.qp_state == qp->state);
	return attr;
}

static void begin(struct setup *s, enum ibv_qp_type type, int sq_sig_all)
{
	struct ibv_qp_init_attr init = {
		.send_cq = s->cq,
		.recv_cq = s->cq,
		.cap = { 5, 6, 3, 2, 40 },
		.qp_type = type,
		.sq_sig_all = sq_sig_all,
	}, told;
	struct ibv_qp_attr attr;

	s->qp = ibv_create_qp(s->a->pd, &init);
	if (!s->qp)
		vt_fail("a QP of type %d: %m", type);
	vt_check(init.cap.max_send_wr >= 5 && init.cap.max_recv_wr >= 6 &&
		 init.cap.max_send_sge >= 3 && init.cap.max_recv_sge >= 2 &&
		 init.cap.max_inline_data >= 40);
	vt_check(!ibv_query_qp(s->qp, &attr, IBV_QP_CAP, &told));
	vt_check(!memcmp(&attr.cap, &init.cap, sizeof(attr.cap)));
	vt_check(!memcmp(&told.cap, &init.cap, sizeof(told.cap)));
	vt_check(told.sq_sig_all == sq_sig_all);
}

static void modify(struct setup *s, struct ibv_qp_attr *attr, int mask)
{
	int err = ibv_modify_qp(s->qp, attr, mask);

	if (err)
		vt_fail("modifying 0x%x: %s", mask, strerror(err));
}

static void to_init(struct setup *s, int access)
{
	struct ibv_qp_attr attr = { .qp_state = IBV_QPS_INIT, .port_num = 1 }, is;

	attr.qp_access_flags = access;
	attr.qkey = 0x12345678;
	modify(s, &attr,
	       IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT |
		       (s->qp->qp_type == IBV_QPT_UD ? IBV_QP_QKEY : IBV_QP_ACCESS_FLAGS));
	is = query(s->qp);
	vt_check(is.qp_state == IBV_QPS_INIT && is.port_num == 1 && !is.pkey_index);
	if (s->qp->qp_type == IBV_QPT_UD)
		vt_check(is.qkey == attr.qkey);
	else
		vt_check((int)is.qp_access_flags == access);
}

static struct ibv_qp_attr rtr_attr(struct setup *s)
{
	return (struct ibv_qp_attr){
		.qp_state = IBV_QPS_RTR,
		.path_mtu = IBV_MTU_512,
		.dest_qp_num = 0x123456,
		.rq_psn = 0xfedcba,
		.max_dest_rd_atomic = 7,
		.min_rnr_timer = 19,
		.ah_attr = {
			.is_global = 1,
			.port_num = 1,
			.sl = 3,
			.grh = {
				.dgid = s->b->gid,
				.sgid_index = s->a->gid_index,
				.hop_limit = 33,
				.traffic_class = 0x48,
				.flow_label = 0x54321,
			},
		},
	};
}

static void check_path(const struct ibv_ah_attr *is, const struct ibv_ah_attr *was)
{
	vt_check(is->is_global && is->port_num == was->port_num && is->sl == was->sl);
	vt_check(!memcmp(&is->grh.dgid, &was->grh.dgid, sizeof(is->grh.dgid)));
	vt_check(is->grh.sgid_index == was->grh.sgid_index);
	vt_check(is->grh.hop_limit); /* the core puts the route's there */
	vt_check(is->grh.traffic_class == was->grh.traffic_class);
	vt_check(is->grh.flow_label == was->grh.flow_label);
}

static void to_rtr(struct setup *s)
{
	struct ibv_qp_attr attr = rtr_attr(s), is;
	const bool rc = s->qp->qp_type == IBV_QPT_RC;

	modify(s, &attr,
	       IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN |
		       (rc ? IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER : 0));
	is = query(s->qp);
	vt_check(is.qp_state == IBV_QPS_RTR && is.path_mtu == IBV_MTU_512);
	vt_check(is.dest_qp_num == 0x123456 && is.rq_psn == 0xfedcba);
	if (rc)
		vt_check(is.max_dest_rd_atomic == 7 && is.min_rnr_timer == 19);
	check_path(&is.ah_attr, &attr.ah_attr);
}

static void to_rts(struct setup *s)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTS,
		.sq_psn = 0xabcdef,
		.max_rd_atomic = 9,
		.timeout = 21,
		.retry_cnt = 5,
		.rnr_retry = 6,
	}, is;
	const bool rc = s->qp->qp_type == IBV_QPT_RC;

	modify(s, &attr,
	       IBV_QP_STATE | IBV_QP_SQ_PSN |
		       (rc ? IBV_QP_MAX_QP_RD_ATOMIC | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT |
					IBV_QP_RNR_RETRY
			   : 0));
	is = query(s->qp);
	vt_check(is.qp_state == IBV_QPS_RTS && is.sq_psn == 0xabcdef && !is.sq_draining);
	if (rc)
		vt_check(is.max_rd_atomic == 9 && is.timeout == 21 && is.retry_cnt == 5 &&
			 is.rnr_retry == 6);
}

/* RTS to RTS, and SQD, where everything may change. */
static void change_later(struct setup *s)
{
	struct ibv_qp_attr attr = {
		.qp_access_flags = IBV_ACCESS_REMOTE_READ,
		.min_rnr_timer = 2,
		.qp_state = IBV_QPS_SQD,
		.timeout = 3,
		.retry_cnt = 1,
		.rnr_retry = 0,
		.max_rd_atomic = 128,
		.max_dest_rd_atomic = 128,
	}, is;

	modify(s, &attr, IBV_QP_ACCESS_FLAGS | IBV_QP_MIN_RNR_TIMER);
	is = query(s->qp);
	vt_check(is.qp_access_flags == IBV_ACCESS_REMOTE_READ && is.min_rnr_timer == 2);
	modify(s, &attr, IBV_QP_STATE);
	attr.ah_attr = rtr_attr(s).ah_attr;
	attr.ah_attr.sl = 5;
	attr.ah_attr.grh.hop_limit = 7;
	modify(s, &attr,
	       IBV_QP_AV | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY |
		       IBV_QP_MAX_QP_RD_ATOMIC | IBV_QP_MAX_DEST_RD_ATOMIC);
	is = query(s->qp);
	vt_check(is.qp_state == IBV_QPS_SQD && is.timeout == 3 && is.retry_cnt == 1 &&
		 is.rnr_retry == 0);
	vt_check(is.max_rd_atomic == 128 && is.max_dest_rd_atomic == 128);
	check_path(&is.ah_attr, &attr.ah_attr);
	attr.qp_state = IBV_QPS_RTS;
	modify(s, &attr, IBV_QP_STATE);
}

static void expect_refused(struct setup *s, struct ibv_qp_attr attr, int mask, const char *what)
{
	struct ibv_qp_attr before = query(s->qp), after;
	int err = ibv_modify_qp(s->qp, &attr, mask);

	if (!err)
		vt_fail("%s is accepted", what);
	after = query(s->qp);
	if (memcmp(&before, &after, sizeof(after)))
		vt_fail("%s is refused, and something has changed", what);
}

/* What is wrong changes nothing, also not what came with it. In SQD, where it could. */
static void test_refused(struct setup *s)
{
	const struct ibv_qp_attr good = rtr_attr(s);
	struct ibv_qp_attr attr = { .qp_state = IBV_QPS_SQD };

	vt_case("attributes that cannot be");
	modify(s, &attr, IBV_QP_STATE);
	attr = good;
	attr.timeout = 32;
	expect_refused(s, attr, IBV_QP_AV | IBV_QP_TIMEOUT, "timeout 32");
	attr.retry_cnt = 8;
	expect_refused(s, attr, IBV_QP_AV | IBV_QP_RETRY_CNT, "retry_cnt 8");
	attr.rnr_retry = 8;
	expect_refused(s, attr, IBV_QP_AV | IBV_QP_RNR_RETRY, "rnr_retry 8");
	attr.min_rnr_timer = 32;
	expect_refused(s, attr, IBV_QP_AV | IBV_QP_MIN_RNR_TIMER, "min_rnr_timer 32");
	attr.max_rd_atomic = 129;
	expect_refused(s, attr, IBV_QP_AV | IBV_QP_MAX_QP_RD_ATOMIC, "max_rd_atomic 129");
	attr.max_dest_rd_atomic = 129;
	expect_refused(s, attr, IBV_QP_AV | IBV_QP_MAX_DEST_RD_ATOMIC, "max_dest_rd_atomic 129");
	attr.port_num = 2;
	expect_refused(s, attr, IBV_QP_AV | IBV_QP_PORT, "port 2");
	attr.pkey_index = 1;
	expect_refused(s, attr, IBV_QP_AV | IBV_QP_PKEY_INDEX, "P_Key 1");
	attr.ah_attr.grh.sgid_index = 255;
	expect_refused(s, attr, IBV_QP_AV, "a GID that is not there");
	attr = good;
	attr.ah_attr.is_global = 0;
	expect_refused(s, attr, IBV_QP_AV, "a path without GRH");
	attr = good;
	expect_refused(s, attr, IBV_QP_AV | IBV_QP_PATH_MTU, "another MTU");
	expect_refused(s, attr, IBV_QP_AV | IBV_QP_DEST_QPN, "another peer");
	attr.qp_state = IBV_QPS_INIT;
	expect_refused(s, attr, IBV_QP_STATE, "SQD to INIT");
	attr.qp_state = IBV_QPS_RTS;
	attr.cur_qp_state = IBV_QPS_RTR;
	expect_refused(s, attr, IBV_QP_STATE | IBV_QP_CUR_STATE, "a state that it is not in");
}

static void test_type(struct setup *s, enum ibv_qp_type type, const char *name)
{
	struct ibv_qp_attr attr = { .qp_state = IBV_QPS_RTR }, is;
	const int access = IBV_ACCESS_REMOTE_WRITE |
			   (type == IBV_QPT_RC ? IBV_ACCESS_REMOTE_ATOMIC : 0);

	vt_case("%s", name);
	begin(s, type, type == IBV_QPT_RC);
	to_init(s, access);
	if (type == IBV_QPT_UD) {
		modify(s, &attr, IBV_QP_STATE);
		attr = (struct ibv_qp_attr){ .qp_state = IBV_QPS_RTS, .sq_psn = 0xffffff };
		modify(s, &attr, IBV_QP_STATE | IBV_QP_SQ_PSN);
		attr.qkey = 0x80000001;
		modify(s, &attr, IBV_QP_QKEY);
		is = query(s->qp);
		vt_check(is.qkey == 0x80000001 && is.sq_psn == 0xffffff);
	} else {
		to_rtr(s);
		to_rts(s);
	}
	if (type == IBV_QPT_RC) {
		change_later(s);
		test_refused(s);
	}
	vt_check(!ibv_destroy_qp(s->qp));
}

static void test_srq(struct setup *s)
{
	struct ibv_srq_init_attr init = { .attr = { .max_wr = 30, .max_sge = 3 } };
	struct ibv_srq_attr attr;
	struct ibv_srq *srq = ibv_create_srq(s->a->pd, &init);

	vt_case("an SRQ");
	vt_check(srq && init.attr.max_wr >= 30 && init.attr.max_sge >= 3);
	vt_check(!ibv_query_srq(srq, &attr));
	vt_check(attr.max_wr == init.attr.max_wr && attr.max_sge == init.attr.max_sge &&
		 !attr.srq_limit);
	attr.srq_limit = attr.max_wr + 1;
	vt_check(ibv_modify_srq(srq, &attr, IBV_SRQ_LIMIT) == EINVAL);
	attr.max_wr = s->a->attr.orig_attr.max_srq_wr + 1;
	vt_check(ibv_modify_srq(srq, &attr, IBV_SRQ_MAX_WR) == EINVAL);
	vt_check(!ibv_query_srq(srq, &attr));
	vt_check(attr.max_wr == init.attr.max_wr && !attr.srq_limit);
	vt_check(!ibv_destroy_srq(srq));
}

/* One of a size that must be, and one of a size that must not. */
static void srq_sizes(struct setup *s, uint32_t max_wr, uint32_t max_sge, bool may)
{
	struct ibv_srq_init_attr init = { .attr = { .max_wr = max_wr, .max_sge = max_sge } };
	struct ibv_srq *srq = ibv_create_srq(s->a->pd, &init);

	if (!srq != !may)
		vt_fail("an SRQ of %u requests with %u entries is %s", max_wr, max_sge,
			may ? "refused" : "accepted");
	if (srq)
		vt_check(!ibv_destroy_srq(srq));
}

static void inline_size(struct setup *s, uint32_t bytes, bool may)
{
	struct ibv_qp_init_attr init = {
		.send_cq = s->cq,
		.recv_cq = s->cq,
		.cap = { 1, 1, 1, 1, bytes },
		.qp_type = IBV_QPT_RC,
	};
	struct ibv_qp *qp = ibv_create_qp(s->a->pd, &init);

	if (!qp != !may)
		vt_fail("%u inline bytes are %s", bytes, may ? "refused" : "accepted");
	if (qp)
		vt_check(!ibv_destroy_qp(qp));
}

static void dm_size(struct setup *s, uint64_t bytes, bool may)
{
	struct ibv_alloc_dm_attr attr = { .length = bytes };
	struct ibv_dm *dm = ibv_alloc_dm(s->a->ctx, &attr);

	if (!dm != !may)
		vt_fail("%lu bytes of device memory are %s", (unsigned long)bytes,
			may ? "refused" : "accepted");
	if (dm)
		vt_check(!ibv_free_dm(dm));
}

static void test_sizes(struct setup *s)
{
	const struct ibv_device_attr *max = &s->a->attr.orig_attr;
	uint32_t bytes = max->max_sge * 16; /* rodp's: as much room as the entries take */
	uint16_t pkey;

	vt_case("SRQs of max_srq_wr %d, max_srq_sge %d", max->max_srq_wr, max->max_srq_sge);
	srq_sizes(s, max->max_srq_wr, 1, true);
	srq_sizes(s, max->max_srq_wr + 1, 1, false);
	srq_sizes(s, 1, max->max_srq_sge, true);
	srq_sizes(s, 1, max->max_srq_sge + 1, false);
	vt_case("%u inline bytes", bytes);
	inline_size(s, bytes, true);
	inline_size(s, bytes + 1, false);
	vt_case("max_dm_size %lu", (unsigned long)s->a->attr.max_dm_size);
	dm_size(s, s->a->attr.max_dm_size, true);
	dm_size(s, s->a->attr.max_dm_size + 1, false);
	vt_case("%d P_Keys, %d ports", max->max_pkeys, max->phys_port_cnt);
	vt_check(!ibv_query_pkey(s->a->ctx, 1, max->max_pkeys - 1, &pkey) && pkey == 0xffff);
	vt_check(ibv_query_pkey(s->a->ctx, 1, max->max_pkeys, &pkey));
	vt_check(ibv_query_port(s->a->ctx, max->phys_port_cnt + 1, &(struct ibv_port_attr){}));
}

/* Each vector raises the events of the CQs that are its, and there is none beyond the last. */
static void test_vectors(struct setup *s)
{
	const int vectors = s->a->ctx->num_comp_vectors;
	struct ibv_comp_channel *channel = ibv_create_comp_channel(s->a->ctx);
	struct vt_conn_attr attr = {};
	struct vt_buf buf;
	struct vt_conn conn;
	int vector;

	vt_case("%d completion vectors", vectors);
	vt_check(channel && vectors >= 2);
	vt_buf_make(&buf, s->a, 4096, VT_PINNED, VT_ACCESS_ALL);
	for (vector = 0; vector < vectors; vector++) {
		attr.cq_a = ibv_create_cq(s->a->ctx, 8, NULL, channel, vector);
		vt_check(attr.cq_a);
		vt_connect(&conn, s->a, s->a, &attr);
		conn.a.channel = channel;
		vt_check(!ibv_req_notify_cq(attr.cq_a, 0));
		vt_rdma(&conn, IBV_WR_RDMA_WRITE, &buf, 0, &buf, 2048, 100);
		if (!vt_comp_event(&conn.a, vt_options.wait_ms))
			vt_fail("vector %d: no completion event", vector);
		conn.a.channel = NULL;
		vt_disconnect(&conn);
		vt_check(!ibv_destroy_cq(attr.cq_a));
	}
	errno = 0;
	vt_check(!ibv_create_cq(s->a->ctx, 8, NULL, channel, vectors) && errno == EINVAL);
	vt_buf_free(&buf);
	vt_check(!ibv_destroy_comp_channel(channel));
}

static void test_clock(struct setup *s)
{
	struct ibv_values_ex now = { .comp_mask = IBV_VALUES_MASK_RAW_CLOCK };
	struct ibv_values_ex none = { .comp_mask = 0 };

	vt_case("ibv_query_rt_values");
	vt_check(!ibv_query_rt_values_ex(s->a->ctx, &now));
	vt_check(now.comp_mask == IBV_VALUES_MASK_RAW_CLOCK && now.raw_clock.tv_nsec);
	vt_check(!ibv_query_rt_values_ex(s->a->ctx, &none) && !none.comp_mask);
}

/* As many as are reported, and no more. */
static void test_pds(struct setup *s)
{
	const int max = s->a->attr.orig_attr.max_pd;
	struct ibv_pd **pd = calloc(max, sizeof(*pd));
	struct ibv_pd *more;
	int n, there;

	vt_case("max_pd %d", max);
	vt_check(pd);
	for (there = 0; there < max; there++) {
		pd[there] = ibv_alloc_pd(s->a->ctx);
		if (!pd[there])
			break;
	}
	vt_check(errno == ENOMEM);
	/* Ours and those of the setup; a kernel consumer may have some more. */
	vt_check(there <= max - 1 && there >= max - 100);
	more = ibv_alloc_pd(s->a->ctx);
	vt_check(!more && errno == ENOMEM);
	vt_check(!ibv_dealloc_pd(pd[there - 1]));
	pd[there - 1] = ibv_alloc_pd(s->a->ctx);
	vt_check(pd[there - 1]);
	for (n = 0; n < there; n++)
		vt_check(!ibv_dealloc_pd(pd[n]));
	free(pd);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.a, &s.b);
	s.cq = ibv_create_cq(s.a->ctx, 64, NULL, NULL, 0);
	vt_check(s.cq);
	test_type(&s, IBV_QPT_RC, "RC");
	test_type(&s, IBV_QPT_UC, "UC");
	test_type(&s, IBV_QPT_UD, "UD");
	test_srq(&s);
	test_sizes(&s);
	test_vectors(&s);
	test_clock(&s);
	if (vt_options.rounds)
		test_pds(&s);
	vt_check(!ibv_destroy_cq(s.cq));
	return vt_finish(s.a, s.b);
}
