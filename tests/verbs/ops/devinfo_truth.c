// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * What the device says of itself is so: each capability that is reported works,
 * each that is not reported is refused.
 */
#include <unistd.h>

#include "vt.h"

#define LEN 8192

struct setup {
	struct vt_device *a, *b;
	struct vt_conn conn;
	struct vt_buf plain; /* on a, pinned */
	struct vt_buf odp; /* on b, on demand */
};

static uint32_t rc_caps(const struct vt_device *dev)
{
	return dev->attr.odp_caps.per_transport_caps.rc_odp_caps;
}

static void test_no_odp(struct vt_device *dev)
{
	struct vt_buf buf;

	vt_case("no on-demand paging reported: registration is refused");
	vt_buf_make(&buf, NULL, LEN, VT_PINNED, 0);
	vt_check(
		!ibv_reg_mr(dev->pd, buf.data, LEN, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_ON_DEMAND));
	vt_check(!rc_caps(dev));
	vt_buf_free(&buf);
}

/* b's memory is the subject: it sends, writes and reads from there, or answers there. */
static void use_odp(struct setup *s, uint32_t cap)
{
	struct vt_conn back;
	struct ibv_sge room = vt_sge(&s->odp, 1, LEN - 1);
	struct ibv_sge plain_room = vt_sge(&s->plain, 1, LEN - 1);
	struct vt_op send = { .opcode = IBV_WR_SEND, .wr_id = 1, .num_sge = 1 };

	vt_connect(&back, s->b, s->a, NULL);
	vt_fill(s->plain.data, LEN, 1, 0);
	vt_buf_cool(&s->odp);
	switch (cap) {
	case IBV_ODP_SUPPORT_SEND:
		vt_fill(s->odp.data, LEN, 2, 0);
		send.sge[0] = vt_sge(&s->odp, 0, 5000);
		vt_recv(&back.b, 2, &plain_room, 1);
		vt_post(&back.a, &send);
		vt_expect_ok(&back.a, 1, IBV_WC_SEND);
		vt_expect_ok(&back.b, 2, IBV_WC_RECV);
		vt_verify(s->plain.data + 1, 5000, 2, 0, "SEND's data");
		break;
	case IBV_ODP_SUPPORT_RECV:
		send.sge[0] = vt_sge(&s->plain, 0, 5000);
		vt_recv(&s->conn.b, 2, &room, 1);
		vt_post(&s->conn.a, &send);
		vt_expect_ok(&s->conn.a, 1, IBV_WC_SEND);
		vt_expect_ok(&s->conn.b, 2, IBV_WC_RECV);
		vt_verify(s->odp.data + 1, 5000, 1, 0, "the receive's data");
		break;
	case IBV_ODP_SUPPORT_WRITE:
		vt_rdma(&s->conn, IBV_WR_RDMA_WRITE, &s->plain, 0, &s->odp, 1, 5000);
		vt_verify(s->odp.data + 1, 5000, 1, 0, "WRITE's data");
		vt_rdma(&back, IBV_WR_RDMA_WRITE, &s->odp, 1, &s->plain, 7, 5000);
		vt_verify(s->plain.data + 7, 5000, 1, 0, "WRITE's data, back");
		break;
	case IBV_ODP_SUPPORT_READ:
		vt_rdma(&back, IBV_WR_RDMA_READ, &s->odp, 1, &s->plain, 0, 5000);
		vt_verify(s->odp.data + 1, 5000, 1, 0, "READ's data");
		vt_rdma(&s->conn, IBV_WR_RDMA_READ, &s->plain, 7, &s->odp, 1, 5000);
		vt_verify(s->plain.data + 7, 5000, 1, 0, "READ's data, back");
		break;
	default:
		send.opcode = IBV_WR_ATOMIC_FETCH_AND_ADD;
		send.sge[0] = vt_sge(&s->plain, 0, 8);
		send.remote_addr = vt_addr(&s->odp, 8);
		send.rkey = s->odp.mr->rkey;
		send.compare_add = 0x42;
		vt_post(&s->conn.a, &send);
		vt_expect_ok(&s->conn.a, 1, IBV_WC_FETCH_ADD);
		vt_check(s->odp.data[8] == 0x42 && !s->plain.data[0]);
	}
	vt_disconnect(&back);
}

static void test_rc_odp(struct setup *s)
{
	static const struct {
		uint32_t cap;
		const char *name;
	} caps[] = {
		{ IBV_ODP_SUPPORT_SEND, "SEND" },     { IBV_ODP_SUPPORT_RECV, "RECV" },
		{ IBV_ODP_SUPPORT_WRITE, "WRITE" },   { IBV_ODP_SUPPORT_READ, "READ" },
		{ IBV_ODP_SUPPORT_ATOMIC, "ATOMIC" },
	};
	size_t i;

	vt_connect(&s->conn, s->a, s->b, NULL);
	vt_buf_make(&s->plain, s->a, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&s->odp, s->b, LEN, VT_ODP, VT_ACCESS_ALL);
	for (i = 0; i < VT_ARRAY_SIZE(caps); i++) {
		if (!(rc_caps(s->b) & caps[i].cap)) {
			vt_note("RC %s on demand is not reported", caps[i].name);
			continue;
		}
		vt_case("RC %s on demand is reported", caps[i].name);
		use_odp(s, caps[i].cap);
	}
	vt_disconnect(&s->conn);
	vt_buf_free(&s->plain);
	vt_buf_free(&s->odp);
}

static void test_implicit(struct setup *s)
{
	bool reported = s->b->attr.odp_caps.general_caps & IBV_ODP_SUPPORT_IMPLICIT;
	struct vt_buf plain, target;
	struct vt_conn conn;
	struct ibv_mr *mr;
	struct vt_op op;

	vt_case("implicit on-demand paging is %sreported", reported ? "" : "not ");
	mr = ibv_reg_mr(s->b->pd, NULL, SIZE_MAX, VT_ACCESS_ALL | IBV_ACCESS_ON_DEMAND);
	if (!reported) {
		vt_check(!mr);
		return;
	}
	if (!mr)
		vt_fail("registering the whole address space: %m");
	vt_connect(&conn, s->a, s->b, NULL);
	vt_buf_make(&plain, s->a, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&target, NULL, LEN, VT_ODP, 0);
	vt_fill(plain.data, LEN, 1, 0);
	op = (struct vt_op){
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = 1,
		.sge = { vt_sge(&plain, 0, 5000) },
		.num_sge = 1,
		.remote_addr = vt_addr(&target, 3),
		.rkey = mr->rkey,
	};
	vt_post(&conn.a, &op);
	vt_expect_ok(&conn.a, 1, IBV_WC_RDMA_WRITE);
	vt_verify(target.data + 3, 5000, 1, 0, "WRITE's data");
	vt_disconnect(&conn);
	vt_check(!ibv_dereg_mr(mr));
	vt_buf_free(&plain);
	vt_buf_free(&target);
}

/* Kinds of QP that are not there cannot have ODP. */
static void test_other_transports(struct vt_device *dev)
{
	struct ibv_qp_init_attr init = { .cap = { 1, 1, 1, 1, 0 } };
	struct ibv_cq *cq = ibv_create_cq(dev->ctx, 4, NULL, NULL, 0);
	const struct {
		enum ibv_qp_type type;
		const char *name;
		uint32_t caps;
	} types[] = {
		{ IBV_QPT_UC, "UC", dev->attr.odp_caps.per_transport_caps.uc_odp_caps },
		{ IBV_QPT_UD, "UD", dev->attr.odp_caps.per_transport_caps.ud_odp_caps },
	};
	struct ibv_qp *qp;
	size_t i;

	vt_check(cq);
	init.send_cq = cq;
	init.recv_cq = cq;
	for (i = 0; i < VT_ARRAY_SIZE(types); i++) {
		vt_case("%s on demand: 0x%x", types[i].name, types[i].caps);
		init.qp_type = types[i].type;
		qp = ibv_create_qp(dev->pd, &init);
		if (!qp && types[i].caps)
			vt_fail("%s has capabilities and no QPs: %m", types[i].name);
		if (qp)
			vt_check(!ibv_destroy_qp(qp));
	}
	vt_check(!ibv_destroy_cq(cq));
}

static void test_memory_windows(struct vt_device *dev)
{
	bool reported = dev->attr.orig_attr.device_cap_flags &
			(IBV_DEVICE_MEM_WINDOW | IBV_DEVICE_MEM_WINDOW_TYPE_2A |
			 IBV_DEVICE_MEM_WINDOW_TYPE_2B);
	struct ibv_mw *mw;

	vt_case("memory windows are %sreported", reported ? "" : "not ");
	mw = ibv_alloc_mw(dev->pd, dev->attr.orig_attr.device_cap_flags & IBV_DEVICE_MEM_WINDOW
					   ? IBV_MW_TYPE_1
					   : IBV_MW_TYPE_2);
	vt_check(!!mw == reported);
	if (mw)
		vt_check(!ibv_dealloc_mw(mw));
}

static void test_srq(struct vt_device *dev)
{
	struct ibv_srq_init_attr init = { .attr = { .max_wr = 4, .max_sge = 1 } };
	struct ibv_srq *srq;

	vt_case("%d SRQs are reported", dev->attr.orig_attr.max_srq);
	srq = ibv_create_srq(dev->pd, &init);
	vt_check(!!srq == !!dev->attr.orig_attr.max_srq);
	if (srq)
		vt_check(!ibv_destroy_srq(srq));
}

/* One WRITE that completes on an extended CQ. Returns its stamp, or 0 without timestamps. */
static uint64_t complete_one(struct ibv_cq_ex *cq, struct vt_conn *conn, struct vt_buf *buf,
			     bool stamped)
{
	uint64_t end_ns = vt_now_ns() + vt_options.wait_ms * 1000000ull, stamp = 0;
	struct vt_op op = { .opcode = IBV_WR_RDMA_WRITE, .wr_id = 77, .num_sge = 1 };
	struct ibv_poll_cq_attr poll = {};

	op.sge[0] = vt_sge(buf, 0, 8);
	op.remote_addr = vt_addr(buf, 64);
	op.rkey = buf->mr->rkey;
	vt_post(&conn->a, &op);
	while (ibv_start_poll(cq, &poll)) {
		if (vt_now_ns() > end_ns)
			vt_fail("no completion on an extended CQ");
	}
	vt_check(cq->wr_id == 77 && cq->status == IBV_WC_SUCCESS);
	vt_check(ibv_wc_read_opcode(cq) == IBV_WC_RDMA_WRITE);
	vt_check(ibv_wc_read_qp_num(cq) == conn->a.qp->qp_num);
	if (stamped)
		stamp = ibv_wc_read_completion_ts(cq);
	ibv_end_poll(cq);
	vt_check(ibv_start_poll(cq, &poll) == ENOENT);
	return stamp;
}

static uint64_t device_clock(struct vt_device *dev)
{
	struct ibv_values_ex now = { .comp_mask = IBV_VALUES_MASK_RAW_CLOCK };

	vt_check(!ibv_query_rt_values_ex(dev->ctx, &now));
	return now.raw_clock.tv_nsec;
}

static void test_extended_cq(struct vt_device *dev, uint64_t wc_flags, bool stamped)
{
	struct ibv_cq_init_attr_ex init = { .cqe = 64, .wc_flags = wc_flags };
	struct vt_conn_attr attr = {};
	uint64_t before, first, second;
	struct ibv_cq_ex *cq;
	struct vt_conn conn;
	struct vt_buf buf;

	cq = ibv_create_cq_ex(dev->ctx, &init);
	if (!cq)
		vt_fail("an extended CQ with flags 0x%lx: %m", (unsigned long)wc_flags);
	attr.cq_a = ibv_cq_ex_to_cq(cq);
	vt_buf_make(&buf, dev, 4096, VT_PINNED, VT_ACCESS_ALL);
	vt_connect(&conn, dev, dev, &attr);
	before = stamped ? device_clock(dev) : 0;
	first = complete_one(cq, &conn, &buf, stamped);
	second = complete_one(cq, &conn, &buf, stamped);
	if (stamped && !(before <= first && first <= second && second <= device_clock(dev)))
		vt_fail("stamps %lu and %lu begin before %lu, or end after now",
			(unsigned long)first, (unsigned long)second, (unsigned long)before);
	vt_disconnect(&conn);
	vt_buf_free(&buf);
	vt_check(!ibv_destroy_cq(attr.cq_a));
}

static void test_timestamps(struct vt_device *dev)
{
	const uint64_t flags = IBV_WC_STANDARD_FLAGS | IBV_WC_EX_WITH_COMPLETION_TIMESTAMP;
	struct ibv_cq_init_attr_ex init = { .cqe = 64, .wc_flags = flags };
	bool reported = dev->attr.completion_timestamp_mask;

	vt_case("extended CQ with all standard fields");
	test_extended_cq(dev, IBV_WC_STANDARD_FLAGS, false);
	vt_case("timestamps are %sreported", reported ? "" : "not ");
	if (!reported) {
		vt_check(!ibv_create_cq_ex(dev->ctx, &init));
		return;
	}
	vt_check(dev->attr.hca_core_clock);
	test_extended_cq(dev, flags, true);
}

/* The largest of what is reported can be made. */
static void test_limits(struct vt_device *dev)
{
	const struct ibv_device_attr *limits = &dev->attr.orig_attr;
	struct ibv_qp_init_attr init = { .qp_type = IBV_QPT_RC };
	struct ibv_qp *qp;
	struct ibv_cq *cq;

	vt_case("limits: max_cqe %d, max_qp_wr %d, max_sge %d", limits->max_cqe, limits->max_qp_wr,
		limits->max_sge);
	cq = ibv_create_cq(dev->ctx, limits->max_cqe, NULL, NULL, 0);
	if (!cq)
		vt_fail("a CQ of max_cqe: %m");
	vt_check(cq->cqe >= limits->max_cqe);
	init.send_cq = cq;
	init.recv_cq = cq;
	init.cap.max_send_wr = limits->max_qp_wr;
	init.cap.max_recv_wr = limits->max_qp_wr;
	init.cap.max_send_sge = 1;
	init.cap.max_recv_sge = 1;
	qp = ibv_create_qp(dev->pd, &init);
	if (!qp)
		vt_fail("a QP of max_qp_wr: %m");
	vt_check(!ibv_destroy_qp(qp));
	init.cap.max_send_wr = 1;
	init.cap.max_recv_wr = 1;
	init.cap.max_send_sge = limits->max_sge;
	init.cap.max_recv_sge = limits->max_sge;
	qp = ibv_create_qp(dev->pd, &init);
	if (!qp)
		vt_fail("a QP of max_sge: %m");
	vt_check(!ibv_destroy_qp(qp));
	init.cap.max_send_sge = limits->max_sge + 1;
	vt_check(!ibv_create_qp(dev->pd, &init));
	vt_check(!ibv_destroy_cq(cq));
	vt_check(!ibv_create_cq(dev->ctx, limits->max_cqe + 1, NULL, NULL, 0));
}

/* By a QP whose state is named along with what changes. */
static void use_current_state(struct setup *s)
{
	struct ibv_qp_attr attr = {
		.cur_qp_state = IBV_QPS_RTS,
		.qp_access_flags = IBV_ACCESS_REMOTE_READ,
	};
	struct vt_conn conn;

	vt_connect(&conn, s->a, s->b, NULL);
	vt_check(!ibv_modify_qp(conn.b.qp, &attr, IBV_QP_CUR_STATE | IBV_QP_ACCESS_FLAGS));
	attr.cur_qp_state = IBV_QPS_RTR;
	vt_check(ibv_modify_qp(conn.b.qp, &attr, IBV_QP_CUR_STATE | IBV_QP_ACCESS_FLAGS));
	vt_disconnect(&conn);
}

static void use_system_guid(struct setup *s)
{
	vt_check(s->b->attr.orig_attr.sys_image_guid);
}

/* Every bit that may be reported, and what uses it: a function here, or a program beside this one. */
static const struct {
	uint64_t bit;
	const char *name;
	void (*use)(struct setup *s);
	const char *program;
} bits[] = {
	{ IBV_DEVICE_CURR_QP_STATE_MOD, "CURR_QP_STATE_MOD", use_current_state, NULL },
	{ IBV_DEVICE_SYS_IMAGE_GUID, "SYS_IMAGE_GUID", use_system_guid, NULL },
	{ IBV_DEVICE_RC_RNR_NAK_GEN, "RC_RNR_NAK_GEN", NULL, "rc_errors" },
	{ IBV_DEVICE_PORT_ACTIVE_EVENT, "PORT_ACTIVE_EVENT", NULL, "rc_events" },
	{ IBV_DEVICE_SRQ_RESIZE, "SRQ_RESIZE", NULL, "srq_ops" },
	{ IBV_DEVICE_MEM_WINDOW, "MEM_WINDOW", NULL, "mw_ops" },
	{ IBV_DEVICE_MEM_WINDOW_TYPE_2B, "MEM_WINDOW_TYPE_2B", NULL, "mw_ops" },
	{ IBV_DEVICE_MEM_MGT_EXTENSIONS, "MEM_MGT_EXTENSIONS", NULL, "mw_ops" },
	{ IBV_DEVICE_XRC, "XRC", NULL, "xrc_ops" },
	{ 1ull << 38, "FLUSH_GLOBAL", NULL, "flush_atomic_write" },
	{ 1ull << 39, "FLUSH_PERSISTENT", NULL, "flush_persistent" },
	{ 1ull << 40, "ATOMIC_WRITE", NULL, "flush_atomic_write" },
};

/* argv0's neighbour. */
static void expect_program(const char *argv0, const char *program)
{
	char path[512];
	const char *slash = strrchr(argv0, '/');
	int dir = slash ? slash - argv0 + 1 : 0;

	snprintf(path, sizeof(path), "%.*s%s", dir, argv0, program);
	if (access(path, X_OK))
		vt_fail("%s, which uses what is reported, is not there", path);
}

/* No bit that nothing uses. */
static void test_bits(struct setup *s, const char *argv0)
{
	uint64_t left = s->b->attr.device_cap_flags_ex | s->b->attr.orig_attr.device_cap_flags;
	size_t i;

	for (i = 0; i < VT_ARRAY_SIZE(bits); i++) {
		if (!(left & bits[i].bit))
			continue;
		vt_case("%s is reported", bits[i].name);
		if (bits[i].use)
			bits[i].use(s);
		else
			expect_program(argv0, bits[i].program);
		left &= ~bits[i].bit;
	}
	vt_case("nothing else is reported");
	if (left)
		vt_fail("capability bits 0x%lx are reported, and no test uses them",
			(unsigned long)left);
}

/* What Ethernet NICs and switches have, and this has not. */
static void test_nothing_else(struct vt_device *dev)
{
	const struct ibv_device_attr_ex *attr = &dev->attr;

	vt_check(!attr->comp_mask && !attr->raw_packet_caps && !attr->max_wq_type_rq);
	vt_check(!attr->tso_caps.max_tso && !attr->rss_caps.supported_qpts);
	vt_check(!attr->packet_pacing_caps.supported_qpts && !attr->tm_caps.flags);
	vt_check(!attr->cq_mod_caps.max_cq_count && !attr->pci_atomic_caps.fetch_add);
	vt_check(!attr->orig_attr.max_ee && !attr->orig_attr.max_rdd &&
		 !attr->orig_attr.max_raw_ipv6_qp && !attr->orig_attr.max_raw_ethy_qp);
}

/* ODP of other transports than RC: what uc_ops, ud_ops and xrc_ops do with memory on demand. */
static void test_odp_transports(struct vt_device *dev)
{
	const uint32_t uc = IBV_ODP_SUPPORT_SEND | IBV_ODP_SUPPORT_RECV | IBV_ODP_SUPPORT_WRITE;
	const uint32_t ud = IBV_ODP_SUPPORT_SEND | IBV_ODP_SUPPORT_RECV;

	vt_case("on-demand paging of UC and UD");
	vt_check(!(dev->attr.odp_caps.per_transport_caps.uc_odp_caps & ~uc));
	vt_check(!(dev->attr.odp_caps.per_transport_caps.ud_odp_caps & ~ud));
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.a, &s.b);
	if (s.b->attr.odp_caps.general_caps & IBV_ODP_SUPPORT) {
		test_rc_odp(&s);
	} else {
		test_no_odp(s.b);
	}
	test_other_transports(s.b);
	test_memory_windows(s.b);
	test_srq(s.b);
	test_timestamps(s.a);
	test_limits(s.b);
	if (!vt_is_rxe(s.b)) {
		test_bits(&s, argv[0]);
		test_nothing_else(s.b);
		test_odp_transports(s.b);
	}
	if (s.b->attr.odp_caps.general_caps & IBV_ODP_SUPPORT)
		test_implicit(&s);
	return vt_finish(s.a, s.b);
}
