// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The second life of a QP: from RESET on, nothing is left of what it did before. It is reset while it is
 * idle, while it sends, receives and answers, and while it waits for a peer that does not answer; then it
 * is connected again, sends and receives what it is told, and notices when a packet is lost.
 */
#include <string.h>

#include "vt.h"

#define BIG    (512 * 1024)
#define SMALL  6000
#define POSTED 16

enum {
	OP = 1,
	RECV = 2,
	DEFAULT_ROUNDS = 24,
	SEED = 40,
	LOST_MS = 100
};

/* Every operation once, verified. */
static void use(struct vt_pair *s, uint64_t seed)
{
	struct vt_op op = {
		.opcode = IBV_WR_SEND,
		.wr_id = OP,
		.sge = { vt_sge(&s->a, 1, SMALL) },
		.num_sge = 1,
	};
	struct ibv_sge sge = vt_sge(&s->b, 3, SMALL);

	vt_fill(s->a.data, BIG, seed, 0);
	vt_recv(&s->conn.b, RECV, &sge, 1);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, OP, IBV_WC_SEND);
	vt_check(vt_expect_ok(&s->conn.b, RECV, IBV_WC_RECV).byte_len == SMALL);
	vt_verify(s->b.data + 3, SMALL, seed, 1, "what was sent");

	vt_rdma(&s->conn, IBV_WR_RDMA_WRITE, &s->a, 5, &s->b, 7, SMALL);
	vt_verify(s->b.data + 7, SMALL, seed, 5, "what was written");
	memset(s->a.data, 0, BIG);
	vt_rdma(&s->conn, IBV_WR_RDMA_READ, &s->a, 9, &s->b, 7, SMALL);
	vt_verify(s->a.data + 9, SMALL, seed, 5, "what was read");
}

static void post_many(struct vt_pair *s, enum ibv_wr_opcode opcode)
{
	struct vt_op op = {
		.opcode = opcode,
		.wr_id = OP,
		.sge = { vt_sge(&s->a, 0, BIG) },
		.num_sge = 1,
		.remote_addr = vt_addr(&s->b, 0),
		.rkey = s->b.mr->rkey,
	};
	struct ibv_sge sge = vt_sge(&s->b, 0, BIG);
	int i;

	for (i = 0; i < POSTED; i++) {
		if (opcode == IBV_WR_SEND)
			vt_recv(&s->conn.b, RECV, &sge, 1);
		vt_post(&s->conn.a, &op);
	}
}

/* Reset both ends somewhere in the middle of it; who goes first is another's chance to be surprised. */
static void test_busy(struct vt_pair *s, enum ibv_wr_opcode opcode)
{
	unsigned int i, rounds = vt_options.rounds ? vt_options.rounds : DEFAULT_ROUNDS;
	uint64_t random = vt_options.seed;

	for (i = 0; i < rounds; i++) {
		if (s->mem_b == VT_ODP)
			vt_buf_cool(&s->b);
		post_many(s, opcode);
		vt_sleep_ms(vt_random(&random) % 4);
		vt_reconnect(&s->conn, vt_random(&random) % 2);
		use(s, SEED + i);
	}
}

static void test_idle(struct vt_pair *s)
{
	int i;

	for (i = 0; i < 3; i++) {
		use(s, SEED - i);
		vt_reconnect(&s->conn, true);
	}
	use(s, SEED);
}

/* From now on, or no more. */
static void lose_packets(bool lose)
{
	vt_run("tc qdisc %s root netem loss 100%%",
	       lose ? "add dev \"$RDMA_NETDEV\"" : "del dev \"$RDMA_NETDEV\"");
}

/* A packet is lost in the second life: the clock that notices was running, or not, at the reset. */
static void test_lost(struct vt_pair *s, bool waiting)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = OP,
		.sge = { vt_sge(&s->a, 0, SMALL) },
		.num_sge = 1,
		.remote_addr = vt_addr(&s->b, 0),
		.rkey = s->b.mr->rkey,
	};

	use(s, SEED);
	lose_packets(true);
	if (waiting) {
		vt_post(&s->conn.a, &op);
		vt_sleep_ms(LOST_MS);
	}
	vt_reconnect(&s->conn, true);
	vt_fill(s->a.data, BIG, SEED + 1, 0);
	vt_post(&s->conn.a, &op);
	vt_sleep_ms(LOST_MS);
	lose_packets(false);
	vt_expect_ok(&s->conn.a, OP, IBV_WC_RDMA_WRITE);
	vt_verify(s->b.data, SMALL, SEED + 1, 0, "what was written at the second try");
	use(s, SEED + 2);
}

static void run(struct vt_pair *s)
{
	const char *a = vt_memory_name(s->mem_a), *b = vt_memory_name(s->mem_b);
	const char *topology = getenv("RDMA_TOPO");

	vt_pair_open(s, BIG, VT_ACCESS_ALL, NULL);
	vt_case("%s/%s: idle", a, b);
	test_idle(s);
	vt_case("%s/%s: while it writes", a, b);
	test_busy(s, IBV_WR_RDMA_WRITE);
	vt_case("%s/%s: while it sends", a, b);
	test_busy(s, IBV_WR_SEND);
	vt_case("%s/%s: while it reads", a, b);
	test_busy(s, IBV_WR_RDMA_READ);
	if (topology && !strcmp(topology, "veth")) {
		vt_case("%s/%s: a loss afterwards", a, b);
		test_lost(s, false);
		vt_case("%s/%s: a loss before and afterwards", a, b);
		test_lost(s, true);
	}
	vt_pair_close(s);
}

int main(int argc, char **argv)
{
	return vt_main_each_pair(argc, argv, run);
}
