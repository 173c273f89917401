// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * What a remote WRITE of 1 MiB costs, by the state of its target, which FIRST_TOUCH names:
 *
 *	pinned		a pinned region
 *	warm		an on-demand region that was written once before
 *	cold		memory that nobody has touched yet
 *	polled		cold, and the requester polls the CQ instead of sleeping
 *	prefetched	cold, after ibv_advise_mr(PREFETCH_WRITE, FLUSH)
 *	cpu		no device: the CPU's own first touch
 *
 * Without FIRST_TOUCH all of them, timed. --rounds targets, each used once. In `lab bench` the instructions are counted instead, under the
 * name FIRST_TOUCH_LABEL: from the first post to the last completion, and nothing
 * else. 4 KiB pages. Who waits for a completion sleeps but for one state, so that polling costs
 * nothing.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "../bench/guest/nops.h"
#include "vt.h"

#define LEN    (1u << 20)
#define ROUNDS 1000
#define CHUNK  100 /* targets that are mapped at once, when there are more */

enum state {
	PINNED,
	WARM,
	COLD,
	POLLED,
	PREFETCHED,
	CPU,
	STATES
};

static const char *const state_names[STATES] = { "pinned", "warm",	 "cold",
						 "polled", "prefetched", "cpu" };

struct setup {
	struct vt_device *dev;
	struct vt_conn conn;
	struct vt_buf source;
	unsigned int rounds;
	bool polls;
	uint64_t *ns; /* of each round */
	uint8_t *at;
	size_t targets; /* at `at` */
	struct ibv_mr *mr;
};

static void say_line(const char *word, const char *label)
{
	char line[256];

	if (label)
		say(line, snprintf(line, sizeof(line), "%s%s%s\n", word, *word == 'b' ? " " : "",
				   *word == 'b' ? label : ""));
}

static void write_target(struct setup *s, size_t target)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = 1,
		.sge = { vt_sge(&s->source, 0, LEN) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)s->at + target * LEN,
		.rkey = s->mr->rkey,
	};

	vt_post(&s->conn.a, &op);
	if (s->polls)
		vt_expect_ok(&s->conn.a, 1, IBV_WC_RDMA_WRITE);
	else
		vt_expect_asleep(&s->conn.a, 1);
}

static void touch_target(struct setup *s, size_t target)
{
	volatile uint8_t *page = s->at + target * LEN, *end = page + LEN;

	for (; page < end; page += 4096)
		*page = 1;
}

static void prefetch(struct setup *s)
{
	struct ibv_sge sge;
	size_t i;
	int err;

	for (i = 0; i < s->targets; i++) {
		sge.addr = (uintptr_t)s->at + i * LEN;
		sge.length = LEN;
		sge.lkey = s->mr->lkey;
		err = ibv_advise_mr(s->dev->pd, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE,
				    IBV_ADVISE_MR_FLAG_FLUSH, &sge, 1);
		if (err)
			vt_fail("prefetching target %zu: %s", i, strerror(err));
	}
}

static void make_targets(struct setup *s, enum state state, size_t targets)
{
	size_t i;

	s->targets = targets;
	s->at = mmap(NULL, s->targets * LEN, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	vt_check(s->at != MAP_FAILED);
	vt_check(vt_small_pages(s->at, s->targets * LEN));
	s->mr = NULL;
	if (state == CPU)
		return;
	s->mr = vt_reg(s->dev, s->at, s->targets * LEN, state == PINNED ? VT_PINNED : VT_ODP,
		       VT_ACCESS_ALL);
	for (i = 0; state == WARM && i < targets; i++)
		write_target(s, i);
	if (state == PREFETCHED)
		prefetch(s);
}

static void free_targets(struct setup *s)
{
	if (s->mr)
		vt_check(!ibv_dereg_mr(s->mr));
	munmap(s->at, s->targets * LEN);
}

/* Up to CHUNK rounds; returns how many. */
static unsigned int run_chunk(struct setup *s, enum state state, unsigned int done)
{
	const char *label = getenv("FIRST_TOUCH_LABEL");
	unsigned int i, n = s->rounds - done;
	uint64_t start;

	if (!label && n > CHUNK)
		n = CHUNK;
	make_targets(s, state, n);
	say_line("begin", label);
	for (i = 0; i < n; i++) {
		start = vt_now_ns();
		if (state == CPU)
			touch_target(s, i);
		else
			write_target(s, i);
		s->ns[done + i] = vt_now_ns() - start;
	}
	say_line("end", label);
	free_targets(s);
	return n;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void tell(struct setup *s, enum state state, int64_t faults, int64_t retransmits)
{
	const unsigned int n = s->rounds;
	char key[64];

	qsort(s->ns, n, sizeof(*s->ns), by_value);
	snprintf(key, sizeof(key), "%s: median", state_names[state]);
	vt_figure(key, "us", s->ns[n / 2] / 1e3);
	snprintf(key, sizeof(key), "%s: p99", state_names[state]);
	vt_figure(key, "us", s->ns[n * 99 / 100] / 1e3);
	snprintf(key, sizeof(key), "%s: p99/median", state_names[state]);
	vt_figure(key, "", (double)s->ns[n * 99 / 100] / s->ns[n / 2]);
	if (state == CPU || faults < 0)
		return;
	snprintf(key, sizeof(key), "%s: fault requests a WRITE", state_names[state]);
	vt_figure(key, "", (double)faults / n);
	snprintf(key, sizeof(key), "%s: retransmitted packets", state_names[state]);
	vt_figure(key, "", retransmits);
}

/* What a clean link never needs, and how often a cold WRITE may ask: at its start, and once more. */
static void judge(enum state state, unsigned int rounds, int64_t faults, int64_t retransmits)
{
	if (retransmits > 0)
		vt_fail("%ld packets were sent again", (long)retransmits);
	if (faults > (state >= WARM && state <= POLLED ? 2 * (int64_t)rounds : 0))
		vt_fail("%ld fault requests for %u WRITEs", (long)faults, rounds);
}

static void run(struct setup *s, enum state state)
{
	int64_t faults = vt_counter(s->dev, "odp_faults");
	int64_t retransmits = vt_counter(s->dev, "retransmits");
	unsigned int done = 0;

	vt_case("%s", state_names[state]);
	s->polls = state == POLLED;
	while (done < s->rounds)
		done += run_chunk(s, state, done);
	if (faults >= 0) {
		faults = vt_counter(s->dev, "odp_faults") - faults;
		retransmits = vt_counter(s->dev, "retransmits") - retransmits;
	}
	tell(s, state, faults, retransmits);
	if (faults >= 0)
		judge(state, s->rounds, faults, retransmits);
}

int main(int argc, char **argv)
{
	const char *only = getenv("FIRST_TOUCH");
	struct setup s = {};
	enum state state;

	vt_init(argc, argv);
	s.rounds = vt_options.rounds ? vt_options.rounds : ROUNDS;
	s.ns = calloc(s.rounds, sizeof(*s.ns));
	vt_check(s.ns);
	s.dev = vt_open_b();
	vt_need_odp(s.dev, IBV_ODP_SUPPORT_WRITE);
	vt_connect(&s.conn, s.dev, s.dev, &(struct vt_conn_attr){ .events = true });
	vt_buf_make(&s.source, s.dev, LEN, VT_PINNED, VT_ACCESS_ALL);
	for (state = 0; state < STATES; state++) {
		if (only ? !strcmp(only, state_names[state])
			 : state != PREFETCHED || !vt_is_rxe(s.dev))
			run(&s, state);
	}
	return vt_pass();
}
