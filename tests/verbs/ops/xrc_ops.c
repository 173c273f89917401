// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Extended reliable connections: one receiving QP serves the SRQs of a domain; every
 * operation, checked against the PD of the SRQ that the packet names; a domain shared by
 * file between processes' contexts; what is refused.
 */
#include <fcntl.h>
#include <unistd.h>

#include "vt.h"

#define LEN   (3 * 4096)
#define BYTES 9001
#define AT    100 /* neither a page's begin nor a word's */
#define SRQS  2

/* An SRQ with all that its own: PD, CQ, memory. */
struct inbox {
	struct vt_device dev; /* with the inbox's PD */
	struct vt_end end; /* for its completions: qp is the receiving QP */
	struct ibv_srq *srq;
	uint32_t srqn;
	struct vt_buf buf;
};

struct setup {
	struct vt_device *a, *b;
	enum vt_memory memory_a, memory_b;
	bool wr_api;
	int file;
	struct ibv_xrcd *xrcd;
	struct vt_end out; /* the sending QP */
	struct vt_end in; /* the receiving QP */
	struct inbox inbox[SRQS];
	struct vt_buf buf;
};

static struct ibv_xrcd *open_domain(struct ibv_context *ctx, int fd, int oflags)
{
	struct ibv_xrcd_init_attr init = {
		.comp_mask = IBV_XRCD_INIT_ATTR_FD | IBV_XRCD_INIT_ATTR_OFLAGS,
		.fd = fd,
		.oflags = oflags,
	};

	return ibv_open_xrcd(ctx, &init);
}

static int open_file(void)
{
	char name[] = "/tmp/xrc_ops.XXXXXX";
	int fd = mkstemp(name);

	if (fd < 0)
		vt_fail("a temporary file: %m");
	unlink(name);
	return fd;
}

static struct ibv_srq *make_srq(struct ibv_context *ctx, struct ibv_pd *pd, struct ibv_cq *cq,
				struct ibv_xrcd *xrcd)
{
	struct ibv_srq_init_attr_ex init = {
		.attr = { .max_wr = 16, .max_sge = 1 },
		.comp_mask = IBV_SRQ_INIT_ATTR_TYPE | IBV_SRQ_INIT_ATTR_PD | IBV_SRQ_INIT_ATTR_CQ |
			     IBV_SRQ_INIT_ATTR_XRCD,
		.srq_type = IBV_SRQT_XRC,
		.pd = pd,
		.cq = cq,
		.xrcd = xrcd,
	};
	struct ibv_srq *srq = ibv_create_srq_ex(ctx, &init);

	if (!srq)
		vt_fail("creating an XRC SRQ: %m");
	return srq;
}

static void inbox_make(struct inbox *box, struct setup *s, struct vt_device *dev,
		       struct ibv_xrcd *xrcd)
{
	box->dev = *dev;
	box->dev.pd = ibv_alloc_pd(dev->ctx);
	vt_check(box->dev.pd);
	box->end = (struct vt_end){ .dev = dev, .qp = s->in.qp };
	box->end.channel = ibv_create_comp_channel(dev->ctx);
	vt_check(box->end.channel);
	box->end.cq = ibv_create_cq(dev->ctx, 64, NULL, box->end.channel, 0);
	vt_check(box->end.cq);
	box->srq = make_srq(dev->ctx, box->dev.pd, box->end.cq, xrcd);
	vt_check(!ibv_get_srq_num(box->srq, &box->srqn));
	vt_buf_make(&box->buf, &box->dev, LEN, s->memory_b, VT_ACCESS_ALL);
}

static void inbox_end(struct inbox *box)
{
	vt_verify_guards(&box->buf, "the target");
	vt_buf_free(&box->buf);
	if (box->srq)
		vt_check(!ibv_destroy_srq(box->srq));
	vt_check(!ibv_destroy_cq(box->end.cq));
	vt_check(!ibv_destroy_comp_channel(box->end.channel));
	vt_check(!ibv_dealloc_pd(box->dev.pd));
}

static void post(struct inbox *box, uint64_t wr_id, uint32_t room)
{
	struct ibv_sge sge = vt_sge(&box->buf, AT, room);
	struct ibv_recv_wr wr = { .wr_id = wr_id, .sg_list = &sge, .num_sge = 1 };
	struct ibv_recv_wr *bad;

	vt_check(!ibv_post_srq_recv(box->srq, &wr, &bad));
}

static void make_out(struct setup *s)
{
	struct ibv_qp_init_attr_ex init = {
		.send_cq = s->out.cq,
		.cap = { .max_send_wr = 64, .max_send_sge = 4, .max_inline_data = 64 },
		.qp_type = IBV_QPT_XRC_SEND,
		.comp_mask = IBV_QP_INIT_ATTR_PD,
		.pd = s->a->pd,
	};

	if (s->wr_api) {
		init.comp_mask |= IBV_QP_INIT_ATTR_SEND_OPS_FLAGS;
		init.send_ops_flags = IBV_QP_EX_WITH_RDMA_WRITE |
				      IBV_QP_EX_WITH_RDMA_WRITE_WITH_IMM | IBV_QP_EX_WITH_SEND |
				      IBV_QP_EX_WITH_SEND_WITH_IMM | IBV_QP_EX_WITH_RDMA_READ |
				      IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP |
				      IBV_QP_EX_WITH_ATOMIC_FETCH_AND_ADD;
	}
	s->out.qp = ibv_create_qp_ex(s->a->ctx, &init);
	if (!s->out.qp)
		vt_fail("creating a sending XRC QP: %m");
	s->out.qpx = s->wr_api ? ibv_qp_to_qp_ex(s->out.qp) : NULL;
	vt_check(!s->wr_api || s->out.qpx);
}

static struct ibv_qp *make_in(struct vt_device *dev, struct ibv_xrcd *xrcd)
{
	struct ibv_qp_init_attr_ex init = {
		.qp_type = IBV_QPT_XRC_RECV,
		.comp_mask = IBV_QP_INIT_ATTR_XRCD,
		.xrcd = xrcd,
	};
	struct ibv_qp *qp = ibv_create_qp_ex(dev->ctx, &init);

	if (!qp)
		vt_fail("creating a receiving XRC QP: %m");
	return qp;
}

static void modify(struct ibv_qp *qp, struct ibv_qp_attr *attr, int mask, const char *what)
{
	int err = ibv_modify_qp(qp, attr, IBV_QP_STATE | mask);

	if (err)
		vt_fail("%s QP to %s: %s",
			qp->qp_type == IBV_QPT_XRC_SEND ? "sending" : "receiving", what,
			strerror(err));
}

static void to_init(struct ibv_qp *qp)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_INIT,
		.port_num = 1,
		.qp_access_flags = qp->qp_type == IBV_QPT_XRC_SEND ? 0 : VT_ACCESS_ALL,
	};

	modify(qp, &attr, IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS, "INIT");
}

static void to_rtr(const struct vt_device *dev, struct ibv_qp *qp, const struct vt_device *peer,
		   uint32_t peer_qpn, uint32_t psn)
{
	uint32_t mtu = vt_mtu_bytes(dev->port.active_mtu);
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTR,
		.path_mtu = vt_mtu_enum(mtu),
		.dest_qp_num = peer_qpn,
		.rq_psn = psn,
		.max_dest_rd_atomic = 16,
		.min_rnr_timer = 12,
		.ah_attr = {
			.is_global = 1,
			.port_num = 1,
			.grh = { .dgid = peer->gid, .sgid_index = dev->gid_index, .hop_limit = 64 },
		},
	};
	int mask = IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN;

	if (qp->qp_type == IBV_QPT_XRC_RECV)
		mask |= IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER;
	modify(qp, &attr, mask, "RTR");
}

static void to_rts(struct ibv_qp *qp, uint32_t psn)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTS,
		.sq_psn = psn,
		.max_rd_atomic = 16,
		.timeout = vt_options.timeout,
		.retry_cnt = 7,
		.rnr_retry = 7,
	};
	int mask = IBV_QP_SQ_PSN | IBV_QP_TIMEOUT;

	if (qp->qp_type == IBV_QPT_XRC_SEND)
		mask |= IBV_QP_MAX_QP_RD_ATOMIC | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY;
	modify(qp, &attr, mask, "RTS");
}

static void connect_ends(struct setup *s)
{
	const uint32_t psn = 0xfffffe; /* wraps soon */

	to_init(s->out.qp);
	to_init(s->in.qp);
	to_rtr(s->b, s->in.qp, s->a, s->out.qp->qp_num, psn);
	to_rtr(s->a, s->out.qp, s->b, s->in.qp->qp_num, 5);
	to_rts(s->out.qp, psn);
	to_rts(s->in.qp, 5);
}

static void reset(struct ibv_qp *qp)
{
	struct ibv_qp_attr attr = { .qp_state = IBV_QPS_RESET };

	modify(qp, &attr, 0, "RESET");
}

/* After a failure. */
static void connect_again(struct setup *s)
{
	reset(s->out.qp);
	reset(s->in.qp);
	connect_ends(s);
}

static void setup_make(struct setup *s)
{
	int i;

	s->file = open_file();
	s->xrcd = open_domain(s->b->ctx, s->file, O_CREAT);
	if (!s->xrcd)
		vt_fail("opening an XRC domain: %m");
	s->out = (struct vt_end){ .dev = s->a };
	s->in = (struct vt_end){ .dev = s->b };
	s->out.cq = ibv_create_cq(s->a->ctx, 64, NULL, NULL, 0);
	vt_check(s->out.cq);
	make_out(s);
	s->in.qp = make_in(s->b, s->xrcd);
	connect_ends(s);
	for (i = 0; i < SRQS; i++)
		inbox_make(&s->inbox[i], s, s->b, s->xrcd);
	vt_buf_make(&s->buf, s->a, LEN, s->memory_a, VT_ACCESS_ALL);
}

static void setup_end(struct setup *s)
{
	int i;

	vt_check(ibv_close_xrcd(s->xrcd) == EBUSY);
	vt_check(!ibv_destroy_qp(s->out.qp));
	vt_check(!ibv_destroy_cq(s->out.cq));
	vt_check(!ibv_destroy_qp(s->in.qp));
	for (i = 0; i < SRQS; i++)
		inbox_end(&s->inbox[i]);
	vt_check(!ibv_close_xrcd(s->xrcd));
	close(s->file);
	vt_verify_guards(&s->buf, "a");
	vt_buf_free(&s->buf);
}

static void prepare(struct setup *s, struct inbox *box)
{
	vt_fill(s->buf.data, LEN, 1, 0);
	vt_fill(box->buf.data, LEN, 2, 0);
	if (s->memory_a == VT_ODP && s->memory_b == VT_ODP)
		vt_buf_cool(&box->buf);
}

static struct vt_op op_to(struct setup *s, struct inbox *box, enum ibv_wr_opcode opcode,
			  uint32_t len)
{
	return (struct vt_op){
		.opcode = opcode,
		.wr_id = 7,
		.sge = { vt_sge(&s->buf, AT + 1, len) },
		.num_sge = 1,
		.remote_addr = vt_addr(&box->buf, AT),
		.rkey = box->buf.mr->rkey,
		.imm = 0x1234,
		.srqn = box->srqn,
	};
}

static void test_send(struct setup *s, struct inbox *box, uint32_t len)
{
	struct vt_op op = op_to(s, box, IBV_WR_SEND_WITH_IMM, len);
	struct ibv_wc wc;

	prepare(s, box);
	post(box, 8, BYTES);
	vt_post(&s->out, &op);
	vt_expect_ok(&s->out, 7, IBV_WC_SEND);
	wc = vt_expect_ok(&box->end, 8, IBV_WC_RECV);
	vt_check(wc.byte_len == len && be32toh(wc.imm_data) == 0x1234);
	vt_check(wc.src_qp == s->out.qp->qp_num);
	vt_verify(box->buf.data + AT, len, 1, AT + 1, "the message");
}

static void test_write(struct setup *s, struct inbox *box)
{
	struct vt_op op = op_to(s, box, IBV_WR_RDMA_WRITE_WITH_IMM, BYTES);

	prepare(s, box);
	post(box, 9, 0);
	vt_post(&s->out, &op);
	vt_expect_ok(&s->out, 7, IBV_WC_RDMA_WRITE);
	vt_expect_ok(&box->end, 9, IBV_WC_RECV_RDMA_WITH_IMM);
	vt_verify(box->buf.data + AT, BYTES, 1, AT + 1, "the data");
	op.opcode = IBV_WR_RDMA_WRITE;
	prepare(s, box);
	vt_post(&s->out, &op);
	vt_expect_ok(&s->out, 7, IBV_WC_RDMA_WRITE);
	vt_verify(box->buf.data + AT, BYTES, 1, AT + 1, "the data");
}

static void test_read(struct setup *s, struct inbox *box)
{
	struct vt_op op = op_to(s, box, IBV_WR_RDMA_READ, BYTES);

	vt_fill(s->buf.data, LEN, 1, 0);
	vt_fill(box->buf.data, LEN, 2, 0);
	vt_post(&s->out, &op);
	vt_expect_ok(&s->out, 7, IBV_WC_RDMA_READ);
	vt_verify(s->buf.data + AT + 1, BYTES, 2, AT, "the data");
}

static void test_atomic(struct setup *s, struct inbox *box)
{
	struct vt_op op = op_to(s, box, IBV_WR_ATOMIC_FETCH_AND_ADD, 8);
	uint64_t old, new;

	vt_fill(box->buf.data, LEN, 2, 0);
	op.remote_addr = vt_addr(&box->buf, 4088);
	op.compare_add = 0x0123456789abcdefull;
	memcpy(&old, box->buf.data + 4088, 8);
	vt_post(&s->out, &op);
	vt_expect_ok(&s->out, 7, IBV_WC_FETCH_ADD);
	memcpy(&new, box->buf.data + 4088, 8);
	vt_check(new == old + op.compare_add);
	vt_check(!memcmp(s->buf.data + AT + 1, &old, 8));
}

static void test_empty(struct setup *s, struct inbox *box)
{
	struct vt_op op = op_to(s, box, IBV_WR_SEND, BYTES);

	prepare(s, box);
	vt_post(&s->out, &op);
	vt_expect_none(&s->out, 20);
	post(box, 8, BYTES);
	vt_expect_ok(&s->out, 7, IBV_WC_SEND);
	vt_expect_ok(&box->end, 8, IBV_WC_RECV);
	vt_verify(box->buf.data + AT, BYTES, 1, AT + 1, "the message");
}

static void test_event(struct setup *s, struct inbox *box)
{
	struct vt_op op = op_to(s, box, IBV_WR_SEND, 64);

	post(box, 8, BYTES);
	vt_check(!ibv_req_notify_cq(box->end.cq, 0));
	vt_post(&s->out, &op);
	vt_expect_ok(&s->out, 7, IBV_WC_SEND);
	vt_check(vt_comp_event(&box->end, vt_options.wait_ms));
	vt_expect_ok(&box->end, 8, IBV_WC_RECV);
}

/* The other SRQ's key, while naming this one. */
static void test_other_pd(struct setup *s, enum ibv_wr_opcode opcode)
{
	struct vt_op op = op_to(s, &s->inbox[0], opcode, BYTES);

	op.rkey = s->inbox[1].buf.mr->rkey;
	op.remote_addr = vt_addr(&s->inbox[1].buf, AT);
	prepare(s, &s->inbox[1]);
	vt_fill(s->inbox[1].buf.data, LEN, 2, 0);
	vt_post(&s->out, &op);
	vt_expect(&s->out, 7, IBV_WC_REM_ACCESS_ERR);
	vt_verify(s->inbox[1].buf.data, LEN, 2, 0, "untouched memory");
	connect_again(s);
}

static void test_bad_srqn(struct setup *s, uint32_t srqn)
{
	struct vt_op op = op_to(s, &s->inbox[0], IBV_WR_SEND, 64);

	op.srqn = srqn;
	vt_post(&s->out, &op);
	vt_expect(&s->out, 7, IBV_WC_REM_INV_REQ_ERR);
	vt_check(vt_qp_state(s->in.qp) == IBV_QPS_ERR);
	connect_again(s);
}

/* An SRQ of another domain does not exist for this QP. */
static void test_other_domain(struct setup *s)
{
	int fd = open_file();
	struct ibv_xrcd *xrcd = open_domain(s->b->ctx, fd, O_CREAT);
	struct inbox box;

	vt_check(xrcd);
	inbox_make(&box, s, s->b, xrcd);
	post(&box, 8, BYTES);
	test_bad_srqn(s, box.srqn);
	vt_expect_none(&box.end, 1);
	inbox_end(&box);
	vt_check(!ibv_close_xrcd(xrcd));
	close(fd);
}

/* What the peer names may go at any time: the QP does not keep it. */
static void test_srq_goes(struct setup *s)
{
	struct inbox *box = &s->inbox[1];
	uint32_t srqn = box->srqn;

	vt_check(!ibv_destroy_srq(box->srq));
	box->srq = NULL;
	test_bad_srqn(s, srqn);
	test_send(s, &s->inbox[0], BYTES);
}

/* Another context opens the domain by its file, and the QP by its number. */
static void test_shared(struct setup *s)
{
	struct vt_device *other = vt_open_b();
	struct ibv_xrcd *xrcd = open_domain(other->ctx, s->file, 0);
	struct ibv_qp_open_attr attr = {
		.comp_mask = IBV_QP_OPEN_ATTR_NUM | IBV_QP_OPEN_ATTR_XRCD | IBV_QP_OPEN_ATTR_TYPE,
		.qp_num = s->in.qp->qp_num,
		.xrcd = xrcd,
		.qp_type = IBV_QPT_XRC_RECV,
	};
	struct inbox box;
	struct ibv_qp *qp;

	if (!xrcd)
		vt_fail("opening the domain once more: %m");
	qp = ibv_open_qp(other->ctx, &attr);
	if (!qp)
		vt_fail("opening the QP by its number: %m");
	vt_check(vt_qp_state(qp) == IBV_QPS_RTS);
	inbox_make(&box, s, other, xrcd);
	test_send(s, &box, BYTES);
	vt_check(!ibv_destroy_qp(qp));
	test_send(s, &box, 64); /* the QP itself is still there */
	inbox_end(&box);
	attr.qp_num = s->in.qp->qp_num + 1000;
	vt_check(!ibv_open_qp(other->ctx, &attr));
	vt_check(!ibv_close_xrcd(xrcd));
	vt_close(other);
}

static void test_no_queues(struct setup *s)
{
	struct ibv_send_wr send = { .opcode = IBV_WR_SEND }, *bad_send;
	struct ibv_recv_wr recv = {}, *bad_recv;
	struct ibv_srq_init_attr init = { .attr = { .max_wr = 1, .max_sge = 1 } };
	struct ibv_srq *basic = ibv_create_srq(s->b->pd, &init);
	uint32_t srqn;

	vt_check(ibv_post_recv(s->in.qp, &recv, &bad_recv));
	vt_check(ibv_post_recv(s->out.qp, &recv, &bad_recv));
	vt_check(ibv_post_send(s->in.qp, &send, &bad_send));
	vt_check(basic && ibv_get_srq_num(basic, &srqn));
	vt_check(!ibv_destroy_srq(basic));
}

static void run_all(struct setup *s, const char *what)
{
	static const uint32_t lens[] = { 0, 1, 4096, BYTES };
	size_t i;

	for (i = 0; i < VT_ARRAY_SIZE(lens); i++) {
		vt_case("%s: SEND of %u bytes to either SRQ", what, lens[i]);
		test_send(s, &s->inbox[0], lens[i]);
		test_send(s, &s->inbox[1], lens[i]);
	}
	for (i = 0; i < SRQS; i++) {
		vt_case("%s: WRITE, naming SRQ %zu", what, i);
		test_write(s, &s->inbox[i]);
		vt_case("%s: READ, naming SRQ %zu", what, i);
		test_read(s, &s->inbox[i]);
		vt_case("%s: FETCH_ADD, naming SRQ %zu", what, i);
		test_atomic(s, &s->inbox[i]);
	}
	vt_case("%s: an empty SRQ", what);
	test_empty(s, &s->inbox[0]);
	vt_case("%s: completion events", what);
	test_event(s, &s->inbox[1]);
	vt_case("%s: a domain shared by file", what);
	test_shared(s);
	vt_case("%s: queues that are not there", what);
	test_no_queues(s);
	vt_case("%s: keys of another PD", what);
	test_other_pd(s, IBV_WR_RDMA_WRITE);
	test_other_pd(s, IBV_WR_RDMA_READ);
	vt_case("%s: no such SRQ", what);
	test_bad_srqn(s, 0);
	test_bad_srqn(s, 0xffffff);
	vt_case("%s: an SRQ of another domain", what);
	test_other_domain(s);
	vt_case("%s: an SRQ that goes", what);
	test_srq_goes(s);
}

static void run(enum vt_memory a, enum vt_memory b, void *arg)
{
	struct setup *s = arg;
	char what[64];
	int api;

	s->memory_a = a;
	s->memory_b = b;
	for (api = 0; api < 2; api++) {
		s->wr_api = api;
		snprintf(what, sizeof(what), "%s/%s, %s", vt_memory_name(a), vt_memory_name(b),
			 api ? "ibv_wr" : "ibv_post_send");
		setup_make(s);
		run_all(s, what);
		setup_end(s);
	}
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.a, &s.b);
	if (!(s.b->attr.orig_attr.device_cap_flags & IBV_DEVICE_XRC))
		vt_skip("%s has no XRC", s.b->name);
	vt_each_memory(s.a, s.b, run, &s);
	return vt_finish(s.a, s.b);
}
