// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Processes that rewrite every ring that they have, of queue pairs of every transport, of a shared receive
 * queue and of completion queues, counters and flags too, while the kernel reads them: with anything, with
 * bits that flip, with numbers from edges, and with work requests that were right in another place. They
 * post and ring the doorbell meanwhile, and then close everything or are killed in the middle of it.
 * Whatever they write, the kernel goes on, no memory is written that they have not opened, and another
 * process's connections are right all the time.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rdma/ib_user_verbs.h>

#include "bystander.h"
#include "ends.h"
#include "ground.h"
#include "ring.h"
#include "rodp_abi.h"
#include "vt.h"

enum {
	ROUNDS = 8, /* attackers, one after the other */
	SLICES = 3, /* of an attacker that is not killed: new queues each */
	SLICE_MS = 150,
	WRITERS = 2, /* threads */
	MAX_RINGS = 64,
	LEAST_RINGS = 16,
	MTU = 1024,
	HEADER_WORDS = RODP_RING_DATA / 4,
	NEAR_WORDS = 1024, /* where the work requests of the moment are */
	LEAST_WRITES = 1000
};

/* What the parent wants to know, of an attacker that may be killed. */
struct told {
	atomic_ulong writes, doorbells, posts, completions;
};

struct attacker {
	struct vt_device *devs[2];
	struct vt_ground ground[2];
	struct vt_ends ends[VT_TRANSPORTS];
	struct ibv_srq *srq; /* of `shared` */
	struct vt_conn shared; /* RC, end b receives from it */
	struct vt_ring rings[MAX_RINGS];
	unsigned int num_rings;
	atomic_bool stop;
	uint64_t random;
	struct told *told;
};

struct writer {
	pthread_t thread;
	struct attacker *attacker;
	uint64_t random;
};

/* ---- what is written ---- */

static uint32_t edge(uint64_t r)
{
	static const uint32_t edges[] = { 0,	      1,	  31,	      32,
					  33,	      64,	  0x7fff,     0xffff,
					  0x10000,    0x40000000, 0x40000001, 0x7fffffff,
					  0x80000000, 0xfffffffe, 0xffffffff };

	return edges[r % VT_ARRAY_SIZE(edges)];
}

/* A word that means something in a work request. */
static uint32_t meaning(const struct attacker *a, uint64_t r)
{
	const struct vt_ground *ground = &a->ground[r & 1];
	const uintptr_t at = (uintptr_t)ground->map + (r >> 8) % (9 * VT_GROUND_PART);

	switch (r >> 1 & 7) {
	case 0:
		return ground->open->lkey;
	case 1:
		return ground->foreign->lkey;
	case 2:
		return ground->stale_key;
	case 3:
		return at;
	case 4:
		return at >> 32;
	case 5: /* opcode, flags, entries */
		return (r >> 8 & 15) | (r >> 12 & 15) << 8 | (r >> 16 & 31) << 16;
	case 6:
		return a->ends[r >> 8 & 3].b.qp->qp_num;
	default:
		return (r >> 8) % (4 * VT_GROUND_PART);
	}
}

static uint32_t word(const struct attacker *a, uint32_t now, uint64_t r)
{
	switch (r & 7) {
	case 0:
		return r >> 32;
	case 1:
		return now ^ 1u << (r >> 8 & 31);
	case 2:
		return edge(r >> 8);
	case 3:
		return now + (r >> 8) % 5 - 2;
	case 4: /* one byte */
		return (now & ~(0xffu << (r >> 8 & 24))) | (r >> 32 & 0xff) << (r >> 8 & 24);
	default:
		return meaning(a, r >> 8);
	}
}

/* Some writes go to the ring's header, half of the others to where the work requests are now. */
static size_t place(const struct vt_ring *ring, uint64_t r)
{
	size_t words = ring->words;

	if (!(r & 15))
		return (r >> 8) % HEADER_WORDS;
	if (r & 16 && words > NEAR_WORDS)
		words = NEAR_WORDS;
	return HEADER_WORDS + (r >> 8) % (words - HEADER_WORDS);
}

/* So that what follows is right often enough to be executed. */
static void linger(uint64_t r)
{
	int i;

	for (i = r & 255; i; i--)
		atomic_signal_fence(memory_order_seq_cst);
}

static void write_word(struct attacker *a, const struct vt_ring *ring, uint64_t *random)
{
	volatile uint32_t *at = ring->at + place(ring, vt_random(random));
	uint32_t before = *at;

	*at = word(a, before, vt_random(random));
	linger(vt_random(random));
	if (vt_random(random) & 7)
		*at = before;
}

/* A work request, or a part of one, that is right somewhere else in the ring. */
static void write_other(const struct vt_ring *ring, uint64_t *random)
{
	size_t words = ring->words > NEAR_WORDS ? NEAR_WORDS : ring->words;
	size_t room = words - HEADER_WORDS - 16, n = 1 + (vt_random(random) & 15);
	volatile uint32_t *to = ring->at + HEADER_WORDS + vt_random(random) % room;
	const volatile uint32_t *from = ring->at + HEADER_WORDS + vt_random(random) % room;

	while (n--)
		to[n] = from[n];
}

static void *rewrite(void *arg)
{
	struct writer *writer = arg;
	struct attacker *a = writer->attacker;
	const struct vt_ring *ring;

	while (!atomic_load_explicit(&a->stop, memory_order_relaxed)) {
		ring = &a->rings[vt_random(&writer->random) % a->num_rings];
		if (vt_random(&writer->random) & 7)
			write_word(a, ring, &writer->random);
		else
			write_other(ring, &writer->random);
		atomic_fetch_add_explicit(&a->told->writes, 1, memory_order_relaxed);
	}
	return NULL;
}

/* ---- what is posted ---- */

/* The doorbell, whatever the flags say. */
static void ring_doorbell(struct attacker *a, struct ibv_context *ctx, uint32_t command,
			  uint32_t handle)
{
	struct ib_uverbs_post_send_resp resp;
	struct {
		struct ib_uverbs_cmd_hdr hdr;
		struct ib_uverbs_post_send body;
	} call = {
		.hdr = { command, sizeof(call) / 4, sizeof(resp) / 4 },
		.body = { .response = (uintptr_t)&resp,
			  .qp_handle = handle,
			  .wqe_size = sizeof(struct ib_uverbs_send_wr) },
	};

	if (write(ctx->cmd_fd, &call, sizeof(call)) == sizeof(call))
		atomic_fetch_add(&a->told->doorbells, 1);
}

static struct vt_op some_op(struct attacker *a, enum vt_transport transport)
{
	static const enum ibv_wr_opcode opcodes[] = {
		IBV_WR_SEND,	  IBV_WR_SEND_WITH_IMM,	      IBV_WR_RDMA_WRITE,
		IBV_WR_RDMA_READ, IBV_WR_RDMA_WRITE_WITH_IMM, IBV_WR_ATOMIC_CMP_AND_SWP,
	};
	uint64_t r = vt_random(&a->random);
	struct vt_op op = {
		.opcode = opcodes[r % VT_ARRAY_SIZE(opcodes)],
		.sge = { vt_ground_sge(&a->ground[0], (r >> 8) % 4096, (r >> 24) % MTU) },
		.num_sge = 1,
		.remote_addr = ((uintptr_t)vt_ground_open(&a->ground[1]) + (r >> 40) % 4096) & ~7ul,
		.rkey = a->ground[1].open->rkey,
	};

	if (!vt_transport_can(transport, op.opcode))
		op.opcode = IBV_WR_SEND;
	if (op.opcode == IBV_WR_ATOMIC_CMP_AND_SWP)
		op.sge[0].length = 8;
	return op;
}

/* What comes out of the CQs means nothing here. */
static void drain(struct attacker *a, const struct vt_end *end)
{
	struct ibv_wc wc[32];
	int n = ibv_poll_cq(end->cq, VT_ARRAY_SIZE(wc), wc);

	if (n > 0)
		atomic_fetch_add(&a->told->completions, n);
	(void)ibv_req_notify_cq(end->cq, n & 1);
}

/* Calls may fail: their rings are not what the library thinks. */
static void use_ends(struct attacker *a, struct vt_ends *ends)
{
	struct ibv_sge sge = vt_ground_sge(&a->ground[1], 0, VT_GROUND_PART / 2);
	struct vt_op op = some_op(a, ends->transport);

	(void)vt_ends_recv(ends, 1, &sge);
	atomic_fetch_add(&a->told->posts, !vt_ends_post(ends, &op));
	ring_doorbell(a, ends->a.dev->ctx, IB_USER_VERBS_CMD_POST_SEND, ends->a.qp->handle);
	ring_doorbell(a, ends->b.dev->ctx, IB_USER_VERBS_CMD_POST_RECV, ends->b.qp->handle);
	if (ends->srq)
		ring_doorbell(a, ends->b.dev->ctx, IB_USER_VERBS_CMD_POST_SRQ_RECV,
			      ends->srq->handle);
	drain(a, &ends->a);
	drain(a, &ends->b);
}

static void use_shared(struct attacker *a)
{
	struct ibv_sge sge = vt_ground_sge(&a->ground[1], 0, VT_GROUND_PART / 2);
	struct ibv_recv_wr wr = { .sg_list = &sge, .num_sge = 1 }, *bad;
	struct vt_op op = some_op(a, VT_RC);

	(void)ibv_post_srq_recv(a->srq, &wr, &bad);
	atomic_fetch_add(&a->told->posts, !vt_try_post(&a->shared.a, &op));
	ring_doorbell(a, a->devs[0]->ctx, IB_USER_VERBS_CMD_POST_SEND, a->shared.a.qp->handle);
	ring_doorbell(a, a->devs[1]->ctx, IB_USER_VERBS_CMD_POST_SRQ_RECV, a->srq->handle);
	drain(a, &a->shared.a);
	drain(a, &a->shared.b);
}

/* ---- an attacker ---- */

static void open_queues(struct attacker *a)
{
	struct ibv_srq_init_attr init = { .attr = { .max_wr = 64, .max_sge = 2 } };
	struct vt_conn_attr attr = {};
	enum vt_transport transport;

	for (transport = 0; transport < VT_TRANSPORTS; transport++) {
		vt_ends_open(&a->ends[transport], transport, a->devs[0], a->devs[1], MTU);
		vt_ends_set(&a->ends[transport], IBV_QPS_RTS, IBV_QPS_RTS);
	}
	a->srq = ibv_create_srq(a->devs[1]->pd, &init);
	vt_check(a->srq);
	attr.srq_b = a->srq;
	vt_connect(&a->shared, a->devs[0], a->devs[1], &attr);
	a->num_rings = vt_rings_find(a->rings, MAX_RINGS, LEAST_RINGS);
}

static void close_queues(struct attacker *a)
{
	enum vt_transport transport;

	vt_disconnect(&a->shared);
	vt_check(!ibv_destroy_srq(a->srq));
	for (transport = 0; transport < VT_TRANSPORTS; transport++)
		vt_ends_close(&a->ends[transport]);
}

static void start_writers(struct attacker *a, struct writer *writers)
{
	int i;

	atomic_store(&a->stop, false);
	for (i = 0; i < WRITERS; i++) {
		writers[i].attacker = a;
		writers[i].random = vt_random(&a->random);
		vt_check(!pthread_create(&writers[i].thread, NULL, rewrite, &writers[i]));
	}
}

static void end_writers(struct attacker *a, struct writer *writers)
{
	int i;

	atomic_store(&a->stop, true);
	for (i = 0; i < WRITERS; i++)
		vt_check(!pthread_join(writers[i].thread, NULL));
}

/* A queue pair goes to ERR or RESET while its rings are rewritten. */
static void disturb(struct attacker *a)
{
	struct ibv_qp_attr attr = { .qp_state = vt_random(&a->random) & 1 ? IBV_QPS_ERR
									  : IBV_QPS_RESET };
	struct vt_ends *ends = &a->ends[vt_random(&a->random) % VT_TRANSPORTS];

	(void)ibv_modify_qp(vt_random(&a->random) & 1 ? ends->a.qp : ends->b.qp, &attr,
			    IBV_QP_STATE);
}

static void attack_for(struct attacker *a, unsigned int ms)
{
	const uint64_t end_ns = vt_now_ns() + ms * 1000000ull;
	enum vt_transport transport;

	while (vt_now_ns() < end_ns) {
		for (transport = 0; transport < VT_TRANSPORTS; transport++)
			use_ends(a, &a->ends[transport]);
		use_shared(a);
	}
}

static void slice(struct attacker *a)
{
	struct writer writers[WRITERS];

	open_queues(a);
	start_writers(a, writers);
	attack_for(a, SLICE_MS);
	disturb(a);
	attack_for(a, SLICE_MS / 8);
	end_writers(a, writers);
	close_queues(a);
	vt_ground_verify(&a->ground[0], "at end a");
	vt_ground_verify(&a->ground[1], "at end b");
}

static _Noreturn void attack(struct told *told, uint64_t seed, bool for_ever)
{
	static struct attacker a;
	int i;

	a.told = told;
	a.random = seed;
	a.devs[0] = vt_open_a();
	a.devs[1] = vt_open_b();
	for (i = 0; i < 2; i++)
		vt_ground_make(&a.ground[i], a.devs[i]);
	for (i = 0; i < SLICES || for_ever; i++)
		slice(&a);
	for (i = 0; i < 2; i++) {
		vt_ground_free(&a.ground[i]);
		vt_close(a.devs[i]);
	}
	exit(0);
}

/* ---- rounds ---- */

static void expect_end(pid_t pid, bool killed)
{
	int status = vt_reap(pid, vt_options.wait_ms, "an attacker");

	if (killed && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		vt_fail("the attacker's status is %#x: see above", status);
	if (killed)
		vt_fail("an attacker ended before it was killed");
}

/* Every other one is killed, at any moment. */
static void attack_once(unsigned int round, struct told *told)
{
	uint64_t random = vt_options.seed + round;
	uint64_t seed = vt_random(&random), end_ns;
	bool kills = round & 1;
	pid_t pid;

	vt_case("attacker %u, seed %#lx, %s", round, (unsigned long)seed,
		kills ? "killed" : "ends by itself");
	pid = vt_fork();
	if (!pid)
		attack(told, seed, kills);
	if (kills) {
		const unsigned long before = atomic_load(&told->writes);

		end_ns = vt_now_ns() + vt_options.wait_ms * 1000000ull;
		while (atomic_load(&told->writes) == before && vt_now_ns() < end_ns)
			vt_sleep_ms(1);
		vt_sleep_ms(vt_random(&random) % (2 * SLICE_MS));
		vt_check(!kill(pid, SIGKILL));
	}
	expect_end(pid, kills);
}

static void tell(const struct told *told)
{
	vt_note("%lu writes into rings, %lu doorbells, %lu posts, %lu completions",
		atomic_load(&told->writes), atomic_load(&told->doorbells),
		atomic_load(&told->posts), atomic_load(&told->completions));
}

int main(int argc, char **argv)
{
	unsigned int round, rounds;
	struct vt_bystander bystander;
	struct vt_device *dev;
	struct told *told;

	vt_init(argc, argv);
	dev = vt_open_a();
	if (!vt_is_rodp(dev))
		vt_skip("rings are laid out as rodp has them");
	vt_close(dev);
	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	vt_check(told != MAP_FAILED);
	rounds = vt_options.rounds ? vt_options.rounds : ROUNDS;
	vt_bystander_start(&bystander);
	for (round = 0; round < rounds; round++) {
		attack_once(round, told);
		vt_bystander_check(&bystander);
		if (rounds > ROUNDS && round % ROUNDS == ROUNDS - 1)
			tell(told);
	}
	vt_bystander_end(&bystander);
	tell(told);
	if (atomic_load(&told->writes) < LEAST_WRITES * rounds)
		vt_fail("that is no attack");
	vt_case("afterwards");
	vt_devices_work();
	return vt_pass();
}
