// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Streams: work requests are posted one by one, and nobody waits in between, so that the kernel looks for them by itself and
 * asks for no doorbell. All complete, in order, whatever they find: an open window, a closed one, a queue that was
 * drained and filled again, a pause in which the kernel has ceased to look.
 */
#include <time.h>

#include "vt.h"

#define WRS    256 /* of a queue */
#define ROUNDS 9
#define LEN    (64 << 10)
#define LEFT   30 /* datagrams, of which a part is gathered */

struct stream {
	const char *name;
	enum ibv_qp_type qp_type;
	enum ibv_wr_opcode opcode;
	uint32_t bytes;
	uint32_t posts; /* before the first completion is looked for */
};

static const struct stream streams[] = {
	{ "RC WRITE of 64 KiB", IBV_QPT_RC, IBV_WR_RDMA_WRITE, 64 << 10, WRS },
	{ "RC WRITE of 8 bytes", IBV_QPT_RC, IBV_WR_RDMA_WRITE, 8, WRS },
	{ "RC READ of 4 KiB", IBV_QPT_RC, IBV_WR_RDMA_READ, 4 << 10, WRS },
	{ "UC WRITE of 4 KiB", IBV_QPT_UC, IBV_WR_RDMA_WRITE, 4 << 10, WRS },
	{ "UD SEND of 256 bytes", IBV_QPT_UD, IBV_WR_SEND, 256, 60 },
};

/* Longer than the kernel goes on looking for nothing, and shorter. */
static void pause_us(unsigned int us)
{
	struct timespec ts = { .tv_nsec = us * 1000L };

	nanosleep(&ts, NULL);
}

static void post_all(struct vt_end *end, struct vt_op *op, uint32_t posts)
{
	for (op->wr_id = 0; op->wr_id < posts; op->wr_id++)
		vt_post(end, op);
}

static void expect_all(struct vt_end *end, uint32_t posts)
{
	uint32_t i;

	for (i = 0; i < posts; i++)
		vt_expect(end, i, IBV_WC_SUCCESS);
}

static void run_rounds(struct vt_end *end, struct vt_op *op, uint32_t posts)
{
	int round;

	for (round = 0; round < ROUNDS; round++) {
		post_all(end, op, posts);
		expect_all(end, posts);
		if (round % 3)
			pause_us(round % 3 == 1 ? 20 : 5000);
	}
}

static void run_connected(struct vt_pair *s, const struct stream *stream)
{
	struct vt_conn_attr attr = { .qp_type = stream->qp_type, .max_wr = WRS };
	struct vt_op op = { .opcode = stream->opcode, .num_sge = 1 };
	bool reads = stream->opcode == IBV_WR_RDMA_READ;

	vt_pair_open(s, LEN, VT_ACCESS_ALL, &attr);
	vt_fill(s->a.data, LEN, 1, 0);
	vt_fill(s->b.data, LEN, 2, 0);
	op.sge[0] = vt_sge(&s->a, 0, stream->bytes);
	op.remote_addr = (uintptr_t)s->b.data;
	op.rkey = s->b.mr->rkey;
	run_rounds(&s->conn.a, &op, stream->posts);
	if (stream->qp_type == IBV_QPT_RC)
		vt_verify(reads ? s->a.data : s->b.data, stream->bytes, reads ? 2 : 1, 0,
			  "the data");
	vt_pair_close(s);
}

/* Nobody has posted a receive: a datagram is sent all the same. */
static void run_datagrams(struct vt_pair *s, const struct stream *stream)
{
	struct vt_op op = { .opcode = stream->opcode, .num_sge = 1 };
	struct vt_end a, b;

	vt_ud_open(&a, s->dev_a, false);
	vt_ud_open(&b, s->dev_b, false);
	vt_buf_make(&s->a, s->dev_a, LEN, s->mem_a, VT_ACCESS_ALL);
	op.sge[0] = vt_sge(&s->a, 0, stream->bytes);
	op.to = (struct vt_to){
		.ah = vt_ah(&a, &s->dev_b->gid, s->dev_a->gid_index),
		.qpn = b.qp->qp_num,
		.qkey = VT_QKEY,
	};
	run_rounds(&a, &op, stream->posts);
	ibv_destroy_ah(op.to.ah);
	vt_buf_free(&s->a);
	vt_end_close(&a);
	vt_end_close(&b);
}

/*
 * A QP is destroyed behind its last post, as by programs that wait for no completion of a datagram: all of them arrive,
 * those too for which the kernel asked for no doorbell and has not looked yet.
 */
static void run_left(struct vt_pair *s)
{
	struct ibv_sge room;
	struct vt_op op = { .opcode = IBV_WR_SEND, .num_sge = 1 };
	struct vt_end a, b;
	uint64_t i;

	vt_ud_open(&a, s->dev_a, false);
	vt_ud_open(&b, s->dev_b, false);
	vt_buf_make(&s->a, s->dev_a, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&s->b, s->dev_b, LEN, VT_PINNED, VT_ACCESS_ALL);
	room = vt_sge(&s->b, 0, VT_GRH + 256);
	for (i = 0; i < LEFT; i++)
		vt_recv(&b, i, &room, 1);
	op.sge[0] = vt_sge(&s->a, 0, 256);
	op.to = (struct vt_to){
		.ah = vt_ah(&a, &s->dev_b->gid, s->dev_a->gid_index),
		.qpn = b.qp->qp_num,
		.qkey = VT_QKEY,
	};
	post_all(&a, &op, LEFT);
	vt_end_close(&a);
	expect_all(&b, LEFT);
	ibv_destroy_ah(op.to.ah);
	vt_buf_free(&s->a);
	vt_buf_free(&s->b);
	vt_end_close(&b);
}

static void run_all_left(struct vt_pair *s)
{
	int round;

	vt_case("datagrams of a QP that is destroyed behind them");
	vt_set_gather_us(1000); /* no look comes in between */
	for (round = 0; round < ROUNDS; round++)
		run_left(s);
	vt_set_gather_us(16);
}

static void run_streams(struct vt_pair *s)
{
	int64_t before, rung;
	size_t i;

	for (i = 0; i < VT_ARRAY_SIZE(streams); i++) {
		vt_case("%s, %s/%s", streams[i].name, vt_memory_name(s->mem_a),
			vt_memory_name(s->mem_b));
		before = vt_counter(s->dev_a, "doorbells");
		if (streams[i].qp_type == IBV_QPT_UD)
			run_datagrams(s, &streams[i]);
		else
			run_connected(s, &streams[i]);
		rung = vt_counter(s->dev_a, "doorbells") - before;
		vt_note("%s: %.3f doorbells a work request", streams[i].name,
			(double)rung / (ROUNDS * streams[i].posts));
	}
}

static void run(struct vt_pair *s)
{
	run_streams(s);
	if (s->mem_a == VT_PINNED && s->mem_b == VT_PINNED)
		run_all_left(s);
}

int main(int argc, char **argv)
{
	return vt_main_each_pair(argc, argv, run);
}
