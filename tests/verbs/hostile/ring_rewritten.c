// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A process rewrites its rings (work requests, completions, counters, flags) while the
 * kernel reads them. Whatever it writes harms its own QPs only: not memory that it did not
 * register, not a QP of another process, not the kernel.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "ring.h"
#include "vt.h"

#define LEN	    (64 * 1024) /* bytes that are registered */
#define CANARY	    (64 * 1024) /* bytes that are not, on either side of them */
#define MAX_RINGS   16
#define LEAST_RINGS 3 /* a CQ's and two of QPs */
#define DEPTH	    32
#define ROUNDS	    12 /* of the attacker: new QPs each */
#define ROUND_MS    150

struct attacker {
	struct vt_device *dev;
	struct vt_conn conn;
	uint8_t *at; /* canary, registered, canary */
	struct ibv_mr *mr;
	struct vt_ring rings[MAX_RINGS];
	unsigned int num_rings;
	atomic_bool stop;
	unsigned long writes;
	uint64_t seed;
};

static uint8_t *registered(const struct attacker *a)
{
	return a->at + CANARY;
}

/* A word that means something somewhere in a ring, or nothing at all. */
static uint32_t word(const struct attacker *a, uint64_t *state)
{
	uint64_t r = vt_random(state);
	uintptr_t at = (uintptr_t)a->at + r % (2 * CANARY + LEN);

	switch (r >> 32 & 15) {
	case 0:
		return a->mr->lkey;
	case 1:
		return a->mr->rkey ^ 1u << (r & 31);
	case 2:
		return at;
	case 3:
		return at >> 32;
	case 4:
		return r % (4 * LEN);
	case 5:
		return -(r & 31);
	case 6:
		return r & 0xffff;
	case 7:
		return 0;
	case 8:
		return r & 31;
	case 9:
		return (r & 15) | (r & 15) << 8 | (r & 31) << 16;
	default:
		return r;
	}
}

/* Half of the writes go to where the work requests are now, some to the ring's header. */
static uint32_t *place(const struct vt_ring *ring, uint64_t *state)
{
	uint64_t r = vt_random(state);
	size_t words = ring->words;

	if (!(r & 31))
		return ring->at + (r >> 8) % 48;
	if (r & 1 && words > 1024)
		words = 1024;
	return ring->at + 64 + (r >> 8) % (words - 64);
}

static void *rewrite(void *arg)
{
	struct attacker *a = arg;
	uint64_t state = a->seed;
	volatile uint32_t *at;
	uint32_t before;
	int i;

	while (!atomic_load_explicit(&a->stop, memory_order_relaxed)) {
		at = place(&a->rings[vt_random(&state) % a->num_rings], &state);
		before = *at;
		*at = word(a, &state);
		/* Put it back soon, so that what follows is right often enough to be executed. */
		for (i = vt_random(&state) & 255; i; i--)
			atomic_signal_fence(memory_order_seq_cst);
		if (vt_random(&state) & 7)
			*at = before;
		a->writes++;
	}
	return NULL;
}

static void post_some(struct attacker *a, uint64_t *state)
{
	static const enum ibv_wr_opcode opcodes[] = {
		IBV_WR_RDMA_WRITE,	     IBV_WR_RDMA_READ,		 IBV_WR_SEND, IBV_WR_SEND,
		IBV_WR_ATOMIC_FETCH_AND_ADD, IBV_WR_RDMA_WRITE_WITH_IMM,
	};
	uint64_t r = vt_random(state);
	struct ibv_sge sge = { (uintptr_t)registered(a) + (r >> 16) % (LEN / 4), 8, a->mr->lkey };
	struct ibv_recv_wr recv = { .sg_list = &sge, .num_sge = 1 }, *bad;
	struct vt_op op = {
		.opcode = opcodes[r % VT_ARRAY_SIZE(opcodes)],
		.sge = { sge },
		.num_sge = 1,
		.remote_addr = ((uintptr_t)registered(a) + LEN / 2 + (r >> 40) % (LEN / 4)) & ~7ul,
		.rkey = a->mr->rkey,
	};

	if (op.opcode != IBV_WR_ATOMIC_FETCH_AND_ADD)
		op.sge[0].length = (r >> 32) % (LEN / 8);
	sge.length = LEN / 2;
	(void)ibv_post_recv(a->conn.b.qp, &recv, &bad);
	(void)vt_try_post(&a->conn.a, &op);
}

/* What comes out of the CQs means nothing here. */
static void drain(struct attacker *a)
{
	struct ibv_wc wc[DEPTH];

	(void)ibv_poll_cq(a->conn.a.cq, DEPTH, wc);
	(void)ibv_poll_cq(a->conn.b.cq, DEPTH, wc);
}

static void attack_once(struct attacker *a)
{
	uint64_t end_ns = vt_now_ns() + ROUND_MS * 1000000ull, state = ~a->seed;
	pthread_t thread;

	vt_connect(&a->conn, a->dev, a->dev, NULL);
	a->num_rings = vt_rings_find(a->rings, MAX_RINGS, LEAST_RINGS);
	atomic_store(&a->stop, false);
	vt_check(!pthread_create(&thread, NULL, rewrite, a));
	while (vt_now_ns() < end_ns) {
		post_some(a, &state);
		drain(a);
	}
	atomic_store(&a->stop, true);
	vt_check(!pthread_join(thread, NULL));
	vt_disconnect(&a->conn);
}

/* Runs in a process of its own; its exit status says whether its own memory was respected. */
static _Noreturn void attack(enum vt_memory memory)
{
	struct attacker a = { .dev = vt_open_a() };
	unsigned int i, rounds = vt_options.rounds ? vt_options.rounds : ROUNDS;

	a.at = mmap(NULL, 2 * CANARY + LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
	vt_check(a.at != MAP_FAILED);
	vt_fill(a.at, CANARY, 5, 0);
	vt_fill(a.at + CANARY + LEN, CANARY, 6, 0);
	a.mr = vt_reg(a.dev, registered(&a), LEN, memory, VT_ACCESS_ALL);
	for (i = 0; i < rounds; i++) {
		a.seed = vt_options.seed + i;
		attack_once(&a);
	}
	vt_verify(a.at, CANARY, 5, 0, "memory below the region");
	vt_verify(a.at + CANARY + LEN, CANARY, 6, 0, "memory above the region");
	vt_check(!ibv_dereg_mr(a.mr));
	vt_close(a.dev);
	vt_note("%lu writes into the rings", a.writes);
	if (a.writes < 1000)
		vt_fail("that is no attack");
	exit(0);
}

struct victim {
	struct vt_device *dev_a, *dev_b;
	struct vt_conn conn;
	struct vt_buf a, b;
	uint64_t seed;
};

/* There and back again: every byte is what it was. */
static void use(struct victim *v)
{
	v->seed++;
	vt_fill(v->a.data, LEN, v->seed, 0);
	vt_rdma(&v->conn, IBV_WR_RDMA_WRITE, &v->a, 0, &v->b, 0, LEN);
	vt_verify(v->b.data, LEN, v->seed, 0, "the victim's WRITE");
	memset(v->a.data, 0, LEN);
	vt_rdma(&v->conn, IBV_WR_RDMA_READ, &v->a, 0, &v->b, 0, LEN);
	vt_verify(v->a.data, LEN, v->seed, 0, "the victim's READ");
}

static void run(enum vt_memory a, enum vt_memory b, void *arg)
{
	struct victim *v = arg;
	int status;
	pid_t pid;

	vt_case("%s/%s: rings are rewritten beside us", vt_memory_name(a), vt_memory_name(b));
	pid = vt_fork();
	if (!pid)
		attack(b);
	vt_buf_make(&v->a, v->dev_a, LEN, a, VT_ACCESS_ALL);
	vt_buf_make(&v->b, v->dev_b, LEN, b, VT_ACCESS_ALL);
	vt_connect(&v->conn, v->dev_a, v->dev_b, NULL);
	while (!waitpid(pid, &status, WNOHANG))
		use(v);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		vt_fail("the attacker's status is %#x", status);
	use(v);
	vt_verify_guards(&v->a, "a");
	vt_verify_guards(&v->b, "b");
	vt_disconnect(&v->conn);
	vt_buf_free(&v->a);
	vt_buf_free(&v->b);
	vt_note("the victim's bytes went there and back %lu times", (unsigned long)v->seed);
}

int main(int argc, char **argv)
{
	struct victim v = {};

	vt_start(argc, argv, &v.dev_a, &v.dev_b);
	if (vt_is_rxe(v.dev_a))
		vt_skip("rings are laid out as rodp has them");
	vt_options.memory = 1u << (2 * VT_PINNED + VT_PINNED) | 1u << (2 * VT_ODP + VT_ODP);
	vt_each_memory(v.dev_a, v.dev_b, run, &v);
	return vt_finish(v.dev_a, v.dev_b);
}
