// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A fault that user space answers after 2 s. The WRITE that waits for it completes,
 * with the patience that perftest's QPs have (0.5 s), and the bandwidth of another QP
 * of the same processes and the same memory is what it was.
 */
#include <sys/mman.h>

#include "vt.h"

#define DELAY_MS  2000
#define SAMPLE_MS 1500
#define PIECE	  (64u << 10)
#define DEPTH	  8
/* What the other QP must have at least: noise takes a third, a convoy takes all. */
#define LEAST 0.2

struct setup {
	struct vt_device *dev_a, *dev_b;
	struct vt_conn slow, other;
	struct vt_buf a, b;
	uint8_t *at;
	struct ibv_mr *mr;
};

static const struct vt_conn_attr as_perftest = { .timeout = 14, .retry_cnt = 7 };

static void post_other(struct setup *s, unsigned int i)
{
	const size_t offset = i % DEPTH * PIECE;
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = i,
		.sge = { vt_sge(&s->a, offset, PIECE) },
		.num_sge = 1,
		.remote_addr = vt_addr(&s->b, offset),
		.rkey = s->b.mr->rkey,
	};

	vt_post(&s->other.a, &op);
}

/* MiB/s of the other QP over SAMPLE_MS. */
static double bandwidth(struct setup *s)
{
	uint64_t start = vt_now_ns(), ns;
	unsigned int posted, done = 0;

	for (posted = 0; posted < DEPTH; posted++)
		post_other(s, posted);
	do {
		vt_expect(&s->other.a, done++, IBV_WC_SUCCESS);
		post_other(s, posted++);
		ns = vt_now_ns() - start;
	} while (ns < SAMPLE_MS * 1000000ull);
	while (done < posted)
		vt_expect(&s->other.a, done++, IBV_WC_SUCCESS);
	ns = vt_now_ns() - start;
	return (double)done * PIECE / (1 << 20) * 1e9 / ns;
}

static void post_slow(struct setup *s, enum ibv_wr_opcode opcode)
{
	struct vt_op op = {
		.opcode = opcode,
		.wr_id = 1,
		.sge = { vt_sge(&s->a, 0, 4096) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)s->at,
		.rkey = s->mr->rkey,
	};
	struct ibv_sge room = { .addr = (uintptr_t)s->at, .length = 4096, .lkey = s->mr->lkey };

	if (opcode == IBV_WR_SEND)
		vt_recv(&s->slow.b, 2, &room, 1);
	vt_post(&s->slow.a, &op);
}

static void check_data(struct setup *s, enum ibv_wr_opcode opcode)
{
	if (opcode == IBV_WR_RDMA_READ)
		vt_verify(s->a.data, 4096, 7, 0, "what was read late");
	else
		vt_verify(s->at, 4096, 1, 0, "what was written late");
}

static void test(struct setup *s, enum ibv_wr_opcode opcode, const char *name)
{
	int64_t retransmits = vt_counter(s->dev_a, "retransmits");
	double before, during;
	struct vt_uffd *uffd;
	char key[64];
	uint64_t start;

	vt_case("slow %s", name);
	s->at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	vt_check(s->at != MAP_FAILED);
	s->mr = vt_reg(s->dev_b, s->at, 4096, VT_ODP, VT_ACCESS_ALL);
	vt_connect(&s->slow, s->dev_a, s->dev_b, &as_perftest);
	vt_connect(&s->other, s->dev_a, s->dev_b, &as_perftest);
	vt_fill(s->a.data, s->a.len, 1, 0);
	before = bandwidth(s);
	uffd = vt_uffd_answer(VT_UFFD_MISSING, s->at, 4096, 7, DELAY_MS);
	start = vt_now_ns();
	post_slow(s, opcode);
	during = bandwidth(s);
	vt_expect(&s->slow.a, 1, IBV_WC_SUCCESS);
	if (vt_now_ns() - start < DELAY_MS * 1000000ull)
		vt_fail("the request completed before the handler had answered");
	check_data(s, opcode);

	snprintf(key, sizeof(key), "slow %s: completed after", name);
	vt_figure(key, "ms", (vt_now_ns() - start) / 1e6);
	snprintf(key, sizeof(key), "slow %s: other QP before", name);
	vt_figure(key, "MiB/s", before);
	snprintf(key, sizeof(key), "slow %s: other QP during", name);
	vt_figure(key, "MiB/s", during);
	snprintf(key, sizeof(key), "slow %s: during/before", name);
	vt_figure(key, "", during / before);
	snprintf(key, sizeof(key), "slow %s: retransmitted", name);
	if (retransmits >= 0)
		vt_figure(key, "packets", vt_counter(s->dev_a, "retransmits") - retransmits);
	if (during < LEAST * before)
		vt_fail("%.0f MiB/s during the fault, %.0f before", during, before);
	vt_uffd_end(uffd);
	vt_disconnect(&s->slow);
	vt_disconnect(&s->other);
	vt_check(!ibv_dereg_mr(s->mr));
	munmap(s->at, 4096);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.dev_a, &s.dev_b);
	vt_need_odp(s.dev_b, IBV_ODP_SUPPORT_WRITE | IBV_ODP_SUPPORT_READ);
	vt_buf_make(&s.a, s.dev_a, DEPTH * PIECE, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&s.b, s.dev_b, DEPTH * PIECE, VT_ODP, VT_ACCESS_ALL);
	test(&s, IBV_WR_RDMA_WRITE, "WRITE");
	test(&s, IBV_WR_RDMA_READ, "READ");
	test(&s, IBV_WR_SEND, "SEND");
	vt_buf_free(&s.a);
	vt_buf_free(&s.b);
	return vt_finish(s.dev_a, s.dev_b);
}
