// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Does a WRITE of 4 KiB cost more when there are many queue pairs, or many regions? SPREAD_QPS pairs of QPs are
 * connected, SPREAD_MRS regions registered over the same memory, and the WRITEs go to them in turn: each to the
 * next QP, and to the next of at most PICKS regions, which were chosen at random among all and used once before. In
 * `lab bench` the instructions are counted, of SPREAD_FEW WRITEs and then of SPREAD_MANY, under the name SPREAD_LABEL; else
 * the time is told. The requester posts one at a time, has WINDOW under way, and polls.
 */
#include <stdlib.h>
#include <string.h>

#include "../guest/nops.h"
#include "vt.h"

#define LEN    4096u
#define PAGES  16u /* of the target */
#define WINDOW 64u
#define PICKS  4096u

struct spread {
	struct vt_device *near, *far;
	enum vt_memory memory;
	struct ibv_cq *cq; /* of all requesters */
	unsigned int qps, mrs, picks;
	struct vt_conn *conns;
	struct ibv_mr **regions;
	struct ibv_mr **picked;
	struct vt_buf source, target;
	uint64_t sent;
};

static unsigned int env_count(const char *name, unsigned int fallback)
{
	const char *text = getenv(name);
	unsigned long value = text ? strtoul(text, NULL, 10) : fallback;

	if (!value || value > 1000000)
		vt_fail("%s is not from 1 to 1000000", name);
	return value;
}

static void *spread_array(size_t count, size_t size)
{
	void *array = calloc(count, size);

	vt_check(array);
	return array;
}

static void connect_all(struct spread *s)
{
	struct vt_conn_attr attr = { .max_wr = WINDOW };
	unsigned int i;

	s->conns = spread_array(s->qps, sizeof(*s->conns));
	s->cq = ibv_create_cq(s->near->ctx, 2 * WINDOW, NULL, NULL, 0);
	vt_check(s->cq);
	attr.cq_a = s->cq;
	for (i = 0; i < s->qps; i++)
		vt_connect(&s->conns[i], s->near, s->far, &attr);
}

static void register_all(struct spread *s)
{
	unsigned int i;

	s->regions = spread_array(s->mrs, sizeof(*s->regions));
	vt_buf_make(&s->source, s->near, LEN, s->memory, VT_ACCESS_ALL);
	vt_buf_make(&s->target, NULL, PAGES * LEN, s->memory, VT_ACCESS_ALL);
	for (i = 0; i < s->mrs; i++)
		s->regions[i] = vt_reg(s->far, s->target.data, PAGES * LEN, s->memory,
				       VT_ACCESS_ALL);
}

/* Which ones are picked: a shuffle's first ones, the same in every run. */
static void pick_regions(struct spread *s)
{
	struct ibv_mr **order = spread_array(s->mrs, sizeof(*order));
	uint64_t random = vt_options.seed;
	unsigned int i, other;

	memcpy(order, s->regions, s->mrs * sizeof(*order));
	for (i = 0; i < s->picks; i++) {
		random = random * 6364136223846793005ull + 1442695040888963407ull;
		other = i + (random >> 33) % (s->mrs - i);
		s->picked[i] = order[other];
		order[other] = order[i];
	}
	free(order);
}

static void write_next(struct spread *s)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = s->sent,
		.sge = { vt_sge(&s->source, 0, LEN) },
		.num_sge = 1,
		.remote_addr = vt_addr(&s->target, s->sent % PAGES * LEN),
		.rkey = s->picked[s->sent % s->picks]->rkey,
	};

	vt_post(&s->conns[s->sent++ % s->qps].a, &op);
}

static void reap(struct spread *s)
{
	struct ibv_wc wc = vt_wait(&s->conns[0].a);

	if (wc.status != IBV_WC_SUCCESS)
		vt_fail("WRITE %ju: %s", (uintmax_t)wc.wr_id, ibv_wc_status_str(wc.status));
}

static void write_all(struct spread *s, unsigned int count)
{
	unsigned int posted = 0, done = 0;

	while (done < count) {
		while (posted < count && posted - done < WINDOW) {
			write_next(s);
			posted++;
		}
		reap(s);
		done++;
	}
}

static void say_line(const char *line)
{
	say(line, strlen(line));
}

static void count(struct spread *s, const char *label, unsigned int messages)
{
	char line[300];

	snprintf(line, sizeof(line), "begin %s:%u\n", label, messages);
	say_line(line);
	write_all(s, messages);
	say_line("end\n");
}

static void measure(struct spread *s)
{
	const char *label = getenv("SPREAD_LABEL");
	unsigned int few = env_count("SPREAD_FEW", 256), many = env_count("SPREAD_MANY", 4352);
	uint64_t start;

	if (label) {
		count(s, label, few);
		count(s, label, many);
		return;
	}
	start = vt_now_ns();
	write_all(s, many);
	vt_figure("a WRITE of 4 KiB", "us", (vt_now_ns() - start) / 1e3 / many);
}

static void disconnect_all(struct spread *s)
{
	unsigned int i;

	for (i = 0; i < s->qps; i++)
		vt_disconnect(&s->conns[i]);
	vt_check(!ibv_destroy_cq(s->cq));
	free(s->conns);
}

static void deregister_all(struct spread *s)
{
	unsigned int i;

	for (i = 0; i < s->mrs; i++)
		vt_check(!ibv_dereg_mr(s->regions[i]));
	vt_buf_free(&s->target);
	vt_buf_free(&s->source);
	free(s->regions);
	free(s->picked);
}

/* Each QP and each picked region once before: what is counted is not the first time. */
static void warm_up(struct spread *s)
{
	write_all(s, s->qps > s->picks ? s->qps : s->picks);
}

static void run(enum vt_memory memory, enum vt_memory far_memory, void *arg)
{
	struct spread *s = arg;

	if (memory != far_memory)
		return;
	vt_case("%u QPs, %u regions, %s", s->qps, s->mrs, vt_memory_name(memory));
	s->memory = memory;
	s->picks = s->mrs < PICKS ? s->mrs : PICKS;
	s->picked = spread_array(s->picks, sizeof(*s->picked));
	register_all(s);
	pick_regions(s);
	connect_all(s);
	memset(s->source.data, 0x5a, LEN);
	warm_up(s);
	measure(s);
	for (unsigned int i = 0; i < PAGES; i++)
		vt_check(!memcmp(s->target.data + i * LEN, s->source.data, LEN) || s->sent <= i);
	disconnect_all(s);
	deregister_all(s);
}

int main(int argc, char **argv)
{
	struct spread s = {
		.qps = env_count("SPREAD_QPS", 1),
		.mrs = env_count("SPREAD_MRS", 1),
	};

	vt_start(argc, argv, &s.near, &s.far);
	vt_each_memory(s.near, s.far, run, &s);
	return vt_finish(s.near, s.far);
}
