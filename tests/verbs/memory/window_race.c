// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Memory windows that are bound and freed at the same time, from several CPUs. Whatever the order:
 * when all requests are complete and the window is freed, no window is bound to the region any more,
 * and it can be deregistered; and a bind that succeeded is in force.
 *
 * b has the windows. A bind of type 1 waits until accesses through the window are over, and a, the
 * peer, makes accesses that last.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "vt.h"

#define LEN	(1024 * 1024)
#define WRITES	3 /* of LEN bytes, one behind the other */
#define ROUNDS	60
#define BINDERS 3

/* When the bind is posted, after the first write; how much the time between bind and free varies. */
#define BIND_AT_NS 200000
#define JITTER_NS  131072
#define STEP_NS	   16384

enum {
	OP = 1,
	BIND = 2,
};

struct setup {
	struct vt_device *dev_a, *dev_b;
	struct vt_conn traffic; /* a writes through the window */
	struct vt_conn binder[BINDERS]; /* whose ends b bind it */
	struct vt_buf a, b;
	struct ibv_mw *mw;
	uint64_t random;

	/* A round. */
	atomic_uint at_start;
	unsigned int starters;
	atomic_uint binders; /* that have begun */
	uint32_t old_key, new_key[BINDERS];
	uint64_t bind_delay_ns[BINDERS], free_delay_ns;
	enum ibv_wc_status bound[BINDERS];

	/* From the bind to the free: what it takes for either to be the first about as often. */
	int64_t lag_ns;
	unsigned int binds[2]; /* by whether they succeeded */
};

/* All of a round's threads leave here at once. */
static void start(struct setup *s)
{
	atomic_fetch_add(&s->at_start, 1);
	while (atomic_load(&s->at_start) < s->starters)
		sched_yield();
}

static void delay(uint64_t ns)
{
	const uint64_t end_ns = vt_now_ns() + ns;

	while (vt_now_ns() < end_ns)
		;
}

static void post_bind(struct setup *s, unsigned int binder)
{
	/* A copy: the window itself may be freed at any time. */
	struct ibv_mw mw = { .pd = s->dev_b->pd, .rkey = s->old_key, .type = IBV_MW_TYPE_1 };
	struct vt_op op = {
		.opcode = IBV_WR_BIND_MW,
		.wr_id = BIND,
		.mw = &mw,
		.rkey = s->new_key[binder],
		.bind = {
			.mr = s->b.mr,
			.addr = vt_addr(&s->b, 0),
			.length = LEN,
			.mw_access_flags = IBV_ACCESS_REMOTE_WRITE,
		},
	};

	vt_post(&s->binder[binder].b, &op);
}

static void write_through(struct setup *s, uint32_t key)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = OP,
		.sge = { vt_sge(&s->a, 0, LEN) },
		.num_sge = 1,
		.remote_addr = vt_addr(&s->b, 0),
		.rkey = key,
	};

	vt_post(&s->traffic.a, &op);
}

static void *writer(void *arg)
{
	struct setup *s = arg;
	unsigned int i;

	start(s);
	for (i = 0; i < WRITES; i++)
		write_through(s, s->old_key);
	for (i = 0; i < WRITES; i++)
		vt_wait(&s->traffic.a);
	return NULL;
}

static void *binder(void *arg)
{
	struct setup *s = arg;
	unsigned int me = atomic_fetch_add(&s->binders, 1);

	start(s);
	delay(s->bind_delay_ns[me]);
	post_bind(s, me);
	s->bound[me] = vt_wait(&s->binder[me].b).status;
	if (s->bound[me] && s->bound[me] != IBV_WC_MW_BIND_ERR)
		vt_fail("a bind: \"%s\"", ibv_wc_status_str(s->bound[me]));
	return NULL;
}

static void *freer(void *arg)
{
	struct setup *s = arg;

	start(s);
	delay(s->free_delay_ns);
	vt_check(!ibv_dealloc_mw(s->mw));
	return NULL;
}

static void run_threads(struct setup *s, void *(*const *roles)(void *), unsigned int n)
{
	pthread_t threads[4];
	unsigned int i;

	vt_check(n <= VT_ARRAY_SIZE(threads));
	atomic_store(&s->at_start, 0);
	atomic_store(&s->binders, 0);
	s->starters = n;
	for (i = 0; i < n; i++)
		vt_check(!pthread_create(&threads[i], NULL, roles[i], s));
	for (i = 0; i < n; i++)
		vt_check(!pthread_join(threads[i], NULL));
}

/* A region with one window, bound to all of it. */
static void begin(struct setup *s)
{
	unsigned int i;

	s->b.mr = vt_reg(s->dev_b, s->b.data, LEN, VT_PINNED,
			 IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_MW_BIND);
	s->mw = ibv_alloc_mw(s->dev_b->pd, IBV_MW_TYPE_1);
	vt_check(s->mw);
	s->old_key = s->mw->rkey;
	s->new_key[0] = ibv_inc_rkey(s->old_key);
	post_bind(s, 0);
	vt_expect_ok(&s->binder[0].b, BIND, IBV_WC_BIND_MW);
	s->old_key = s->new_key[0];
	for (i = 0; i < BINDERS; i++) {
		s->new_key[i] = (s->old_key & ~0xffu) | ((s->old_key + 1 + i) & 0xff);
		s->bound[i] = IBV_WC_MW_BIND_ERR;
	}
}

static void revive(struct vt_conn *conn)
{
	if (vt_qp_state(conn->a.qp) == IBV_QPS_RTS && vt_qp_state(conn->b.qp) == IBV_QPS_RTS)
		return;
	vt_reconnect(conn, true);
}

/* The window is freed. */
static void end(struct setup *s, unsigned int round)
{
	int err = ibv_dereg_mr(s->b.mr);
	unsigned int i;

	if (err)
		vt_fail("round %u: the window is freed, and deregistering its region: %s", round,
			strerror(err));
	s->b.mr = NULL;
	revive(&s->traffic);
	for (i = 0; i < BINDERS; i++)
		revive(&s->binder[i]);
}

static uint64_t at_least_zero(int64_t ns)
{
	return ns > 0 ? ns : 0;
}

/* The lag follows the outcome, so that most rounds are near the moment that decides it. */
static void follow(struct setup *s, bool bound)
{
	s->binds[bound]++;
	s->lag_ns += bound ? -STEP_NS : STEP_NS;
}

/* How many binds of this round succeeded; which did, if it is one. */
static unsigned int count_bound(const struct setup *s, unsigned int *which)
{
	unsigned int i, n = 0;

	for (i = 0; i < BINDERS; i++) {
		if (s->bound[i])
			continue;
		*which = i;
		n++;
	}
	return n;
}

/* Bound anew and freed at once, while accesses through it are under way. */
static void test_freed(struct setup *s, unsigned int round, unsigned int binders)
{
	static void *(*const roles[])(void *) = { freer, writer, binder, binder };
	unsigned int i, which;
	int64_t lag_ns;

	begin(s);
	lag_ns = s->lag_ns + (int64_t)(vt_random(&s->random) % (2 * JITTER_NS)) - JITTER_NS;
	for (i = 0; i < binders; i++)
		s->bind_delay_ns[i] = BIND_AT_NS + at_least_zero(-lag_ns);
	s->free_delay_ns = BIND_AT_NS + at_least_zero(lag_ns);
	run_threads(s, roles, 2 + binders);
	follow(s, count_bound(s, &which) > 0);
	end(s, round);
}

/* Several bind it at once, naming the key that it has now: one can. */
static void test_binders(struct setup *s, unsigned int round)
{
	static void *(*const roles[])(void *) = { binder, binder, binder };
	unsigned int i, n, winner = 0;
	struct ibv_wc wc;

	begin(s);
	for (i = 0; i < BINDERS; i++)
		s->bind_delay_ns[i] = vt_random(&s->random) % 4096;
	run_threads(s, roles, VT_ARRAY_SIZE(roles));
	n = count_bound(s, &winner);
	if (n != 1)
		vt_fail("round %u: %u binds with the same key succeeded", round, n);
	write_through(s, s->new_key[winner]);
	wc = vt_wait(&s->traffic.a);
	if (wc.status)
		vt_fail("round %u: through the window that was bound: \"%s\"", round,
			ibv_wc_status_str(wc.status));
	vt_check(!ibv_dealloc_mw(s->mw));
	end(s, round);
}

static void run(struct setup *s)
{
	const unsigned int rounds = vt_options.rounds ? vt_options.rounds : ROUNDS;
	unsigned int i;

	vt_case("bound and freed, while a peer uses it");
	for (i = 0; i < rounds; i++)
		test_freed(s, i, 1);
	vt_case("bound by two and freed, while a peer uses it");
	for (i = 0; i < rounds; i++)
		test_freed(s, i, 2);
	vt_note("%u binds succeeded, %u were refused, the free comes %lld us later", s->binds[1],
		s->binds[0], (long long)s->lag_ns / 1000);
	vt_case("bound by several");
	for (i = 0; i < 4 * rounds; i++)
		test_binders(s, i);
}

int main(int argc, char **argv)
{
	struct setup s = { 0 };
	unsigned int i;

	vt_start(argc, argv, &s.dev_a, &s.dev_b);
	s.random = vt_options.seed;
	vt_connect(&s.traffic, s.dev_a, s.dev_b, NULL);
	for (i = 0; i < BINDERS; i++)
		vt_connect(&s.binder[i], s.dev_a, s.dev_b, NULL);
	vt_buf_make(&s.a, s.dev_a, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&s.b, NULL, LEN, VT_PINNED, 0); /* each round registers it */
	run(&s);
	for (i = 0; i < BINDERS; i++)
		vt_disconnect(&s.binder[i]);
	vt_disconnect(&s.traffic);
	vt_verify_guards(&s.b, "b");
	vt_buf_free(&s.a);
	vt_buf_free(&s.b);
	return vt_finish(s.dev_a, s.dev_b);
}
