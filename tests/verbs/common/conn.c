// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Connected queue pairs: RC and UC. */
#include "vt.h"

static uint32_t at_most(uint32_t wanted, uint32_t limit)
{
	return wanted < limit ? wanted : limit;
}

static uint8_t retries(uint8_t value)
{
	if (value == VT_ZERO)
		return 0;
	return value ? value : 7;
}

static void make_cq(struct vt_end *end, uint32_t max_wr, bool events)
{
	if (events) {
		end->channel = ibv_create_comp_channel(end->dev->ctx);
		if (!end->channel)
			vt_fail("creating a completion channel: %m");
	}
	end->cq = ibv_create_cq(end->dev->ctx, 2 * max_wr, NULL, end->channel, 0);
	if (!end->cq)
		vt_fail("creating a CQ on %s: %m", end->dev->name);
	end->own_cq = true;
}

static struct ibv_qp *make_qp_ex(struct vt_end *end, const struct ibv_qp_init_attr *plain,
				 uint64_t more_ops)
{
	struct ibv_qp_init_attr_ex ex = {
		.send_cq = plain->send_cq,
		.recv_cq = plain->recv_cq,
		.srq = plain->srq,
		.cap = plain->cap,
		.qp_type = plain->qp_type,
		.comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_SEND_OPS_FLAGS,
		.pd = end->dev->pd,
		.send_ops_flags = IBV_QP_EX_WITH_RDMA_WRITE | IBV_QP_EX_WITH_RDMA_WRITE_WITH_IMM |
				  IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_SEND_WITH_IMM | more_ops,
	};
	struct ibv_qp *qp;

	if (plain->qp_type != IBV_QPT_UC)
		ex.send_ops_flags |= IBV_QP_EX_WITH_RDMA_READ | IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP |
				     IBV_QP_EX_WITH_ATOMIC_FETCH_AND_ADD;
	if (plain->qp_type != IBV_QPT_UC &&
	    end->dev->attr.orig_attr.device_cap_flags & IBV_DEVICE_MEM_WINDOW_TYPE_2B)
		ex.send_ops_flags |= IBV_QP_EX_WITH_SEND_WITH_INV | IBV_QP_EX_WITH_LOCAL_INV |
				     IBV_QP_EX_WITH_BIND_MW;
	qp = ibv_create_qp_ex(end->dev->ctx, &ex);
	if (qp)
		end->qpx = ibv_qp_to_qp_ex(qp);
	if (qp && !end->qpx)
		vt_fail("ibv_qp_to_qp_ex() has nothing for a QP of ibv_create_qp_ex()");
	return qp;
}

static void make_qp(struct vt_end *end, uint32_t max_wr, const struct vt_conn_attr *attr)
{
	struct ibv_qp_init_attr init = {
		.send_cq = end->cq,
		.recv_cq = end->cq,
		.srq = attr->srq_b && attr->srq_b->context == end->dev->ctx ? attr->srq_b : NULL,
		.cap = {
			.max_send_wr = max_wr,
			.max_recv_wr = max_wr,
			.max_send_sge = end->max_sge,
			.max_recv_sge = end->max_sge,
			.max_inline_data = attr->max_inline ? attr->max_inline : 64,
		},
		.qp_type = attr->qp_type ? attr->qp_type : IBV_QPT_RC,
	};

	end->qp = attr->wr_api ? make_qp_ex(end, &init, attr->send_ops)
			       : ibv_create_qp(end->dev->pd, &init);
	if (!end->qp)
		vt_fail("creating a QP of type %d on %s: %m", init.qp_type, end->dev->name);
	if (init.cap.max_inline_data < (attr->max_inline ? attr->max_inline : 64))
		vt_fail("the QP has room for %u inline bytes only", init.cap.max_inline_data);
	end->max_inline = attr->max_inline ? attr->max_inline : 64;
}

static void to_init(struct vt_end *end, int access)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_INIT,
		.port_num = 1,
		.qp_access_flags = access,
	};
	int err;

	err = ibv_modify_qp(end->qp, &attr,
			    IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS);
	if (err)
		vt_fail("QP to INIT: %s", strerror(err));
}

void vt_end_open(struct vt_end *end, struct vt_device *dev, const struct vt_conn_attr *attr)
{
	static const struct vt_conn_attr none;
	static uint32_t psn = 0xfffff0; /* 24 bits: the first QPs wrap soon */
	uint32_t max_wr;

	if (!attr)
		attr = &none;
	max_wr = attr->max_wr ? attr->max_wr : 64;

	*end = (struct vt_end){ .dev = dev };
	end->max_sge = at_most(attr->max_sge ? attr->max_sge : 8, dev->attr.orig_attr.max_sge);
	end->psn = psn;
	psn = (psn * 5 + 11) & 0xffffff;
	end->cq = attr->cq_a;
	if (!end->cq)
		make_cq(end, max_wr, attr->events);
	make_qp(end, max_wr, attr);
	to_init(end, attr->access ? attr->access : VT_ACCESS_ALL);
}

static uint32_t end_mtu(const struct vt_end *end)
{
	return vt_options.mtu ? (uint32_t)vt_options.mtu : vt_mtu_bytes(end->dev->port.active_mtu);
}

struct vt_end_addr vt_end_addr(const struct vt_end *end)
{
	const struct ibv_device_attr *limits = &end->dev->attr.orig_attr;

	return (struct vt_end_addr){
		.gid = end->dev->gid,
		.qpn = end->qp->qp_num,
		.psn = end->psn,
		.mtu = end_mtu(end),
		.rd_atomic = at_most(16,
				     at_most(limits->max_qp_rd_atom, limits->max_qp_init_rd_atom)),
	};
}

static void to_rtr(struct vt_end *end, const struct vt_end_addr *peer, uint32_t mtu,
		   uint8_t rd_atomic, const struct vt_conn_attr *conn)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTR,
		.path_mtu = vt_mtu_enum(mtu),
		.dest_qp_num = peer->qpn,
		.rq_psn = peer->psn,
		.max_dest_rd_atomic = rd_atomic,
		.min_rnr_timer = conn->min_rnr_timer ? conn->min_rnr_timer : 12,
		.ah_attr = vt_ah_attr(&peer->gid, end->dev->gid_index, conn->route),
	};
	int err, mask;

	mask = IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN;
	if (end->qp->qp_type == IBV_QPT_RC)
		mask |= IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER;
	err = ibv_modify_qp(end->qp, &attr, mask);
	if (err)
		vt_fail("QP to RTR: %s", strerror(err));
}

static void to_rts(struct vt_end *end, uint8_t rd_atomic, const struct vt_conn_attr *conn)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTS,
		.sq_psn = end->psn,
		.max_rd_atomic = rd_atomic,
		.timeout = conn->timeout ? conn->timeout : vt_options.timeout,
		.retry_cnt = retries(conn->retry_cnt),
		.rnr_retry = retries(conn->rnr_retry),
	};
	int err, mask;

	mask = IBV_QP_STATE | IBV_QP_SQ_PSN;
	if (end->qp->qp_type != IBV_QPT_UC)
		mask |= IBV_QP_MAX_QP_RD_ATOMIC | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT |
			IBV_QP_RNR_RETRY;
	err = ibv_modify_qp(end->qp, &attr, mask);
	if (err)
		vt_fail("QP to RTS: %s", strerror(err));
}

void vt_end_connect(struct vt_end *end, const struct vt_end_addr *peer,
		    const struct vt_conn_attr *attr)
{
	static const struct vt_conn_attr none;
	struct vt_end_addr own = vt_end_addr(end);
	uint32_t mtu = at_most(own.mtu, peer->mtu);
	uint8_t rd_atomic = at_most(own.rd_atomic, peer->rd_atomic);

	if (!attr)
		attr = &none;
	if (attr->mtu)
		mtu = attr->mtu;
	if (attr->rd_atomic)
		rd_atomic = attr->rd_atomic;
	to_rtr(end, peer, mtu, rd_atomic, attr);
	to_rts(end, rd_atomic, attr);
}

void vt_end_close(struct vt_end *end)
{
	int err;

	err = ibv_destroy_qp(end->qp);
	if (err)
		vt_fail("destroying a QP: %s", strerror(err));
	err = end->own_cq ? ibv_destroy_cq(end->cq) : 0;
	if (err)
		vt_fail("destroying a CQ: %s", strerror(err));
	err = end->channel ? ibv_destroy_comp_channel(end->channel) : 0;
	if (err)
		vt_fail("destroying a completion channel: %s", strerror(err));
}

void vt_connect(struct vt_conn *conn, struct vt_device *a, struct vt_device *b,
		const struct vt_conn_attr *attr)
{
	struct vt_end_addr addr_a, addr_b;
	struct vt_conn_attr attr_b = {};

	if (attr)
		attr_b = *attr;
	attr_b.cq_a = NULL;
	vt_end_open(&conn->a, a, attr);
	vt_end_open(&conn->b, b, &attr_b);
	addr_a = vt_end_addr(&conn->a);
	addr_b = vt_end_addr(&conn->b);
	vt_end_connect(&conn->b, &addr_a, attr);
	vt_end_connect(&conn->a, &addr_b, attr);
}

void vt_to_state(struct vt_end *end, enum ibv_qp_state state)
{
	struct ibv_qp_attr attr = { .qp_state = state };
	int err = ibv_modify_qp(end->qp, &attr, IBV_QP_STATE);

	if (err)
		vt_fail("QP to state %d: %s", state, strerror(err));
}

void vt_reconnect(struct vt_conn *conn, bool a_first)
{
	struct vt_end_addr addr_a, addr_b;

	vt_to_state(a_first ? &conn->a : &conn->b, IBV_QPS_RESET);
	vt_to_state(a_first ? &conn->b : &conn->a, IBV_QPS_RESET);
	to_init(&conn->a, VT_ACCESS_ALL);
	to_init(&conn->b, VT_ACCESS_ALL);
	conn->a.psn = (conn->a.psn + 0x10000) &
		      0xffffff; /* late packets of the old life are not for the new one */
	conn->b.psn = (conn->b.psn + 0x10000) & 0xffffff;
	addr_a = vt_end_addr(&conn->a);
	addr_b = vt_end_addr(&conn->b);
	vt_end_connect(&conn->b, &addr_a, NULL);
	vt_end_connect(&conn->a, &addr_b, NULL);
}

void vt_disconnect(struct vt_conn *conn)
{
	vt_end_close(&conn->a);
	vt_end_close(&conn->b);
}

enum ibv_qp_state vt_qp_state(struct ibv_qp *qp)
{
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;
	int err;

	err = ibv_query_qp(qp, &attr, IBV_QP_STATE, &init);
	if (err)
		vt_fail("querying a QP: %s", strerror(err));
	return attr.qp_state;
}

/* A QP changes its state some time after the completion that tells of it. */
void vt_expect_state(struct vt_end *end, enum ibv_qp_state state)
{
	uint64_t end_ns = vt_now_ns() + vt_options.wait_ms * 1000000ull;
	enum ibv_qp_state now;

	while ((now = vt_qp_state(end->qp)) != state) {
		if (vt_now_ns() > end_ns)
			vt_fail("the QP is in state %d instead of %d", now, state);
		vt_sleep_ms(1);
	}
}
