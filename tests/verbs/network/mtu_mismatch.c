// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The ends of a connection disagree about the path MTU, which is a bug of the application. A message
 * that both would cut alike goes through; for another one the responder refuses the request, and of a READ the
 * requester the response: on the local path as over a network.
 */
#include "vt.h"

#define LEN  8192
#define SEED 16

struct setup {
	struct vt_device *devs[2];
	struct vt_buf abuf, bbuf;
};

static void connect_with(struct setup *s, struct vt_conn *conn, unsigned int mtu_a,
			 unsigned int mtu_b)
{
	struct vt_conn_attr attr_a = { .mtu = mtu_a }, attr_b = { .mtu = mtu_b };
	struct vt_end_addr addr_a, addr_b;

	vt_end_open(&conn->a, s->devs[0], &attr_a);
	vt_end_open(&conn->b, s->devs[1], &attr_b);
	addr_a = vt_end_addr(&conn->a);
	addr_b = vt_end_addr(&conn->b);
	vt_end_connect(&conn->b, &addr_a, &attr_b);
	vt_end_connect(&conn->a, &addr_b, &attr_a);
}

static void expect_outcome(struct setup *s, enum ibv_wr_opcode opcode, unsigned int mtu_a,
			   unsigned int mtu_b, uint32_t len, enum ibv_wc_status status)
{
	struct vt_conn conn;
	struct ibv_sge sge = vt_sge(&s->bbuf, 0, LEN);
	struct vt_op op = {
		.opcode = opcode,
		.wr_id = 1,
		.sge = { vt_sge(&s->abuf, 0, len) },
		.num_sge = 1,
		.remote_addr = vt_addr(&s->bbuf, 0),
		.rkey = s->bbuf.mr->rkey,
	};

	vt_case("opcode %d, path MTU %u against %u, %u bytes", opcode, mtu_a, mtu_b, len);
	connect_with(s, &conn, mtu_a, mtu_b);
	vt_fill(opcode == IBV_WR_RDMA_READ ? s->bbuf.data : s->abuf.data, len, SEED, 0);
	vt_recv(&conn.b, 2, &sge, 1);
	vt_post(&conn.a, &op);
	vt_expect(&conn.a, 1, status);
	if (status == IBV_WC_SUCCESS)
		vt_verify(opcode == IBV_WR_RDMA_READ ? s->abuf.data : s->bbuf.data, len, SEED, 0,
			  "the message");
	vt_disconnect(&conn);
}

static void each_length(struct setup *s, enum ibv_wr_opcode opcode, enum ibv_wc_status refused)
{
	expect_outcome(s, opcode, 512, 512, 5000, IBV_WC_SUCCESS);
	expect_outcome(s, opcode, 1024, 512, 512, IBV_WC_SUCCESS);
	expect_outcome(s, opcode, 512, 1024, 512, IBV_WC_SUCCESS);
	expect_outcome(s, opcode, 1024, 512, 513, refused);
	expect_outcome(s, opcode, 512, 1024, 513, refused);
	expect_outcome(s, opcode, 1024, 512, 5000, refused);
	expect_outcome(s, opcode, 512, 1024, 5000, refused);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.devs[0], &s.devs[1]);
	vt_buf_make(&s.abuf, s.devs[0], LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&s.bbuf, s.devs[1], LEN, VT_PINNED, VT_ACCESS_ALL);
	each_length(&s, IBV_WR_RDMA_WRITE, IBV_WC_REM_INV_REQ_ERR);
	each_length(&s, IBV_WR_SEND, IBV_WC_REM_INV_REQ_ERR);
	each_length(&s, IBV_WR_RDMA_READ, IBV_WC_BAD_RESP_ERR);
	vt_buf_free(&s.abuf);
	vt_buf_free(&s.bbuf);
	return vt_finish(s.devs[0], s.devs[1]);
}
