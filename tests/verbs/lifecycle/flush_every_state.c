// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Whatever state a QP is in when it goes to ERR, what stands in its send queue is flushed, and what is posted
 * afterwards too. The work requests are written into the ring, since the library refuses to post
 * in states where the kernel must not trust that it did:
 *
 * - in INIT and RTR the QP has no path MTU, or no PSN to send from;
 * - requests are on their way, to a peer that does not answer, when the QP goes to ERR;
 * - a thread posts without end while the queue, or that of receives, is flushed: modify_qp comes back all the same.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "ring.h"

#define DEPTH 64

struct setup {
	struct vt_device *dev;
	enum ibv_qp_type type;
	struct vt_conn conn;
	struct rodp_ring_hdr *ring; /* of a's send queue */
	uint32_t posted;
};

static void modify(struct vt_end *end, enum ibv_qp_state state)
{
	struct ibv_qp_attr attr = { .qp_state = state, .port_num = 1, .qkey = VT_QKEY };
	int mask = IBV_QP_STATE;
	int err;

	if (state == IBV_QPS_INIT)
		mask |= IBV_QP_PKEY_INDEX | IBV_QP_PORT |
			(end->qp->qp_type == IBV_QPT_UD ? IBV_QP_QKEY : IBV_QP_ACCESS_FLAGS);
	err = ibv_modify_qp(end->qp, &attr, mask);
	if (err)
		vt_fail("QP to state %d: %s", state, strerror(err));
}

/* A WRITE of nonsense, or what else the type has of the same opcode, by hand. */
static void write_one(struct setup *s, uint64_t wr_id)
{
	struct rodp_send_wqe *slot = vt_send_slot(s->ring, s->posted, 0, 1);

	vt_check(!s->posted || s->ring->cons == s->posted);
	*slot = (struct rodp_send_wqe){
		.wr_id = wr_id,
		.opcode = IBV_WR_RDMA_WRITE,
		.num_sge = 1,
		.rdma = { .remote_addr = 4096, .rkey = 7 },
	};
	slot->sge[0] = (struct rodp_sge){ .addr = 4096, .length = 1 << 20, .lkey = 7 };
	s->posted++;
	__atomic_store_n(&s->ring->prod, s->posted, __ATOMIC_SEQ_CST);
}

static void open_pair(struct setup *s)
{
	struct vt_conn_attr attr = { .qp_type = s->type, .max_wr = DEPTH, .timeout = 20 };

	if (s->type == IBV_QPT_UD) {
		vt_ud_open(&s->conn.a, s->dev, false);
		vt_ud_open(&s->conn.b, s->dev, false);
	} else {
		vt_connect(&s->conn, s->dev, s->dev, &attr);
	}
	modify(&s->conn.a, IBV_QPS_ERR);
	s->ring = vt_send_ring(&s->conn.a);
	s->posted = 0;
}

/* One that stands in the ring of a QP that was never connected in this life. */
static void from_init(struct setup *s)
{
	vt_case("type %d: posted in INIT, flushed", s->type);
	open_pair(s);
	modify(&s->conn.a, IBV_QPS_RESET);
	modify(&s->conn.a, IBV_QPS_INIT);
	write_one(s, 1);
	modify(&s->conn.a, IBV_QPS_ERR);
	vt_expect(&s->conn.a, 1, IBV_WC_WR_FLUSH_ERR);
	vt_disconnect(&s->conn);
}

static void from_first_init(struct setup *s)
{
	struct vt_conn_attr attr = { .qp_type = s->type, .max_wr = DEPTH };

	vt_case("type %d: posted before the QP was ever connected, flushed", s->type);
	vt_end_open(&s->conn.a, s->dev, &attr);
	modify(&s->conn.a, IBV_QPS_ERR);
	s->ring = vt_send_ring(&s->conn.a);
	s->posted = 1;
	s->ring->cons = 1;
	modify(&s->conn.a, IBV_QPS_RESET);
	s->posted = 0;
	modify(&s->conn.a, IBV_QPS_INIT);
	write_one(s, 2);
	modify(&s->conn.a, IBV_QPS_ERR);
	vt_expect(&s->conn.a, 2, IBV_WC_WR_FLUSH_ERR);
	vt_end_close(&s->conn.a);
}

/* The peer hears nothing, so that requests stay on their way until they are flushed. */
static void posted_late(struct setup *s)
{
	struct vt_op op = { .opcode = IBV_WR_SEND };
	unsigned int i;

	vt_case("type %d: posted in ERR while requests were on their way", s->type);
	open_pair(s);
	vt_reconnect(&s->conn, true);
	modify(&s->conn.b, IBV_QPS_RESET);
	for (i = 0; i < 3; i++) {
		op.wr_id = 10 + i;
		vt_post(&s->conn.a, &op);
	}
	vt_expect_none(&s->conn.a, 20);
	modify(&s->conn.a, IBV_QPS_ERR);
	for (i = 0; i < 3; i++)
		vt_expect(&s->conn.a, 10 + i, IBV_WC_WR_FLUSH_ERR);
	for (i = 0; i < 2 * DEPTH; i++) {
		op.wr_id = 100 + i;
		vt_post(&s->conn.a, &op);
		vt_expect(&s->conn.a, 100 + i, IBV_WC_WR_FLUSH_ERR);
	}
	vt_disconnect(&s->conn);
}

struct poster {
	struct rodp_ring_hdr *ring;
	atomic_bool stop;
};

static void *post_without_end(void *arg)
{
	struct poster *poster = arg;

	while (!atomic_load_explicit(&poster->stop, memory_order_relaxed))
		__atomic_store_n(&poster->ring->prod,
				 __atomic_load_n(&poster->ring->cons, __ATOMIC_RELAXED) + DEPTH / 2,
				 __ATOMIC_RELAXED);
	return NULL;
}

/* Its CQ overflows soon; the kernel takes on. */
static void flushed_without_end(struct setup *s, bool sends)
{
	struct poster poster = {};
	pthread_t thread;
	unsigned int i;

	vt_case("type %d: %s posted without end while flushed", s->type,
		sends ? "requests" : "receives");
	open_pair(s);
	poster.ring = sends ? s->ring : vt_receive_ring(&s->conn.a);
	vt_check(!pthread_create(&thread, NULL, post_without_end, &poster));
	for (i = 0; i < 20; i++) {
		modify(&s->conn.a, IBV_QPS_ERR);
		vt_expect_state(&s->conn.a, IBV_QPS_ERR);
	}
	modify(&s->conn.a, IBV_QPS_RESET);
	atomic_store(&poster.stop, true);
	vt_check(!pthread_join(thread, NULL));
	vt_disconnect(&s->conn);
}

int main(int argc, char **argv)
{
	static const enum ibv_qp_type types[] = { IBV_QPT_RC, IBV_QPT_UC, IBV_QPT_UD };
	struct setup s = {};
	size_t i;

	vt_init(argc, argv);
	s.dev = vt_open_a();
	for (i = 0; i < VT_ARRAY_SIZE(types); i++) {
		s.type = types[i];
		from_init(&s);
		if (s.type != IBV_QPT_UD)
			from_first_init(&s);
		if (s.type == IBV_QPT_RC)
			posted_late(&s);
		flushed_without_end(&s, true);
		flushed_without_end(&s, false);
	}
	vt_close(s.dev);
	return vt_pass();
}
