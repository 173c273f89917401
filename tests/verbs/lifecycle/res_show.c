// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * What rdma(8) shows of objects: SRQs of both types with the QPs that take from them, every
 * kind of memory, CQs. (On-demand regions and QPs: odp/show.)
 */
#include <fcntl.h>
#include <unistd.h>

#include "vt.h"

struct setup {
	struct vt_device *dev;
};

/* The SRQ of ours that has this many slots, which no other has. */
static const char *shown_srq(unsigned int max_wr)
{
	char member[64];

	snprintf(member, sizeof(member), "\"drv_max_wr\":%u", max_wr);
	return vt_object_with(vt_run("rdma -dd -j resource show srq"), member);
}

static void expect_text(const char *object, const char *text)
{
	if (!strstr(object, text))
		vt_fail("no %s in %s", text, object);
}

static void test_srq(struct setup *s)
{
	struct ibv_srq_init_attr init = { .attr = { .max_wr = 512, .max_sge = 3 } };
	struct ibv_srq_attr limit = { .srq_limit = 2 };
	struct ibv_srq *srq = ibv_create_srq(s->dev->pd, &init);
	struct ibv_recv_wr wr = {}, *bad;
	struct vt_conn_attr attr = { .srq_b = srq };
	struct vt_op op = { .opcode = IBV_WR_SEND, .wr_id = 1 };
	struct vt_conn conn;
	const char *shown;
	int i;

	vt_case("an SRQ");
	vt_check(srq);
	for (i = 0; i < 5; i++)
		vt_check(!ibv_post_srq_recv(srq, &wr, &bad));
	vt_check(!ibv_modify_srq(srq, &limit, IBV_SRQ_LIMIT));
	vt_connect(&conn, s->dev, s->dev, &attr);
	vt_post(&conn.a, &op);
	vt_expect_ok(&conn.a, 1, IBV_WC_SEND);
	vt_expect_ok(&conn.b, 0, IBV_WC_RECV);
	shown = shown_srq(512);
	expect_text(shown, "\"type\":\"BASIC\"");
	vt_check(vt_number_of(shown, "drv_limit") == 2);
	shown = shown_srq(512);
	vt_check(vt_number_of(shown, "drv_taken") == 1);
	vt_check(vt_number_of(shown_srq(512), "pid") == (uint64_t)getpid());
	vt_disconnect(&conn);
	vt_check(!ibv_destroy_srq(srq));
}

static void test_xrc_srq(struct setup *s)
{
	struct ibv_xrcd_init_attr domain = {
		.comp_mask = IBV_XRCD_INIT_ATTR_FD | IBV_XRCD_INIT_ATTR_OFLAGS,
		.fd = -1,
		.oflags = O_CREAT,
	};
	struct ibv_cq *cq = ibv_create_cq(s->dev->ctx, 4, NULL, NULL, 0);
	struct ibv_xrcd *xrcd = ibv_open_xrcd(s->dev->ctx, &domain);
	struct ibv_srq_init_attr_ex init = {
		.attr = { .max_wr = 1024, .max_sge = 1 },
		.comp_mask = IBV_SRQ_INIT_ATTR_TYPE | IBV_SRQ_INIT_ATTR_PD |
			     IBV_SRQ_INIT_ATTR_XRCD | IBV_SRQ_INIT_ATTR_CQ,
		.srq_type = IBV_SRQT_XRC,
		.pd = s->dev->pd,
		.xrcd = xrcd,
		.cq = cq,
	};
	struct ibv_srq *srq;

	vt_case("an XRC SRQ");
	vt_check(xrcd && cq);
	srq = ibv_create_srq_ex(s->dev->ctx, &init);
	vt_check(srq);
	expect_text(shown_srq(1024), "\"type\":\"XRC\"");
	vt_check(!ibv_destroy_srq(srq));
	vt_check(!ibv_close_xrcd(xrcd));
	vt_check(!ibv_destroy_cq(cq));
}

static void expect_memory(struct ibv_mr *mr, const char *memory)
{
	char member[64], text[64];

	vt_case("a region of memory that is %s", memory);
	vt_check(mr);
	snprintf(member, sizeof(member), "\"lkey\":\"%x\"", mr->lkey);
	snprintf(text, sizeof(text), "\"drv_memory\":\"%s\"", memory);
	/* Details come behind the key. */
	expect_text(strstr(vt_run("rdma -dd -j resource show mr"), member), text);
	vt_check(!ibv_dereg_mr(mr));
}

static void test_memory(struct setup *s)
{
	struct ibv_alloc_dm_attr attr = { .length = 4096 };
	struct ibv_dm *dm = ibv_alloc_dm(s->dev->ctx, &attr);
	struct vt_buf buf;

	vt_buf_make(&buf, NULL, 4096, VT_PINNED, 0);
	expect_memory(vt_reg(s->dev, buf.data, 4096, VT_PINNED, 0), "pinned");
	expect_memory(vt_reg(s->dev, buf.data, 4096, VT_ODP, 0), "on-demand");
	expect_memory(ibv_alloc_null_mr(s->dev->pd), "null");
	vt_check(dm);
	expect_memory(ibv_reg_dm_mr(s->dev->pd, dm, 0, 4096, IBV_ACCESS_ZERO_BASED), "device");
	vt_check(!ibv_free_dm(dm));
	vt_buf_free(&buf);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_init(argc, argv);
	s.dev = vt_open_a();
	test_memory(&s);
	if (system("rdma -dd -j resource show srq 2>/dev/null | grep -q .")) {
		vt_note("this rdma(8) or kernel shows no SRQs");
	} else {
		test_srq(&s);
		test_xrc_srq(&s);
	}
	vt_close(s.dev);
	return vt_pass();
}
