// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Device memory: copies to and from it, regions over parts of it for oneself and for peers, and
 * what is refused. What was freed and still is mapped, or is a dma-buf, counts as before.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "observe.h"

#define DM_LEN 20000
#define AT     4090 /* of the region in it */
#define MR_LEN 9000
#define ACCESS (VT_ACCESS_ALL | IBV_ACCESS_ZERO_BASED)

struct setup {
	struct vt_device *dev_a, *dev_b;
	struct vt_conn conn;
	struct vt_buf a;
	struct ibv_dm *dm; /* on b */
	struct ibv_mr *mr;
};

static void begin(struct setup *s, enum vt_memory mem_a)
{
	struct ibv_alloc_dm_attr attr = { .length = DM_LEN };

	vt_connect(&s->conn, s->dev_a, s->dev_b, NULL);
	vt_buf_make(&s->a, s->dev_a, DM_LEN, mem_a, VT_ACCESS_ALL);
	s->dm = ibv_alloc_dm(s->dev_b->ctx, &attr);
	if (!s->dm)
		vt_fail("ibv_alloc_dm: %m");
	s->mr = ibv_reg_dm_mr(s->dev_b->pd, s->dm, AT, MR_LEN, ACCESS);
	if (!s->mr)
		vt_fail("ibv_reg_dm_mr: %m");
}

static void end(struct setup *s)
{
	vt_check(ibv_free_dm(s->dm) == EBUSY); /* a region is over it */
	vt_check(!ibv_dereg_mr(s->mr));
	vt_check(!ibv_free_dm(s->dm));
	vt_verify_guards(&s->a, "a");
	vt_disconnect(&s->conn);
	vt_buf_free(&s->a);
}

static void fill_dm(struct setup *s, uint64_t seed)
{
	uint8_t bytes[DM_LEN];

	vt_fill(bytes, DM_LEN, seed, 0);
	vt_check(!ibv_memcpy_to_dm(s->dm, 0, bytes, DM_LEN));
}

static void test_copies(struct setup *s)
{
	uint8_t bytes[DM_LEN];

	vt_check(!ibv_memcpy_from_dm(bytes, s->dm, 0, DM_LEN));
	vt_verify_zero(bytes, DM_LEN, "fresh device memory");
	fill_dm(s, 1);
	vt_check(!ibv_memcpy_from_dm(bytes, s->dm, 76, DM_LEN - 76));
	vt_verify(bytes, DM_LEN - 76, 1, 76, "a copy");
	vt_check(ibv_memcpy_from_dm(bytes, s->dm, 2, 4));
	vt_check(ibv_memcpy_from_dm(bytes, s->dm, 4, 2));
	vt_check(ibv_memcpy_from_dm(bytes, s->dm, 4, DM_LEN));
	vt_check(ibv_memcpy_to_dm(s->dm, -4ull, bytes, 8));
}

static struct vt_op one_sided(struct setup *s, enum ibv_wr_opcode opcode, uint64_t at, uint32_t len)
{
	return (struct vt_op){
		.opcode = opcode,
		.wr_id = 7,
		.sge = { vt_sge(&s->a, 8, len) },
		.num_sge = 1,
		.remote_addr = at,
		.rkey = s->mr->rkey,
	};
}

static void test_peer(struct setup *s)
{
	struct vt_op op = one_sided(s, IBV_WR_RDMA_WRITE, 3, MR_LEN - 3);
	uint8_t bytes[DM_LEN];
	uint64_t old, word;

	fill_dm(s, 1);
	vt_fill(s->a.data, DM_LEN, 2, 0);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 7, IBV_WC_RDMA_WRITE);
	vt_check(!ibv_memcpy_from_dm(bytes, s->dm, 0, DM_LEN));
	vt_verify(bytes, AT + 3, 1, 0, "before the data");
	vt_verify(bytes + AT + 3, MR_LEN - 3, 2, 8, "the data");
	vt_verify(bytes + AT + MR_LEN, DM_LEN - AT - MR_LEN, 1, AT + MR_LEN, "behind the data");

	fill_dm(s, 3);
	op = one_sided(s, IBV_WR_RDMA_READ, 0, MR_LEN);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 7, IBV_WC_RDMA_READ);
	vt_verify(s->a.data + 8, MR_LEN, 3, AT, "what was read");

	/* 6 + AT is a multiple of 8, but the address is not: so a region of its own. */
	vt_check(!ibv_dereg_mr(s->mr));
	s->mr = ibv_reg_dm_mr(s->dev_b->pd, s->dm, 4096, 64, ACCESS);
	vt_check(s->mr);
	vt_check(!ibv_memcpy_from_dm(&old, s->dm, 4096 + 8, sizeof(old)));
	op = one_sided(s, IBV_WR_ATOMIC_FETCH_AND_ADD, 8, 8);
	op.compare_add = 9;
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 7, IBV_WC_FETCH_ADD);
	vt_check(!ibv_memcpy_from_dm(&word, s->dm, 4096 + 8, sizeof(word)));
	vt_check(word == old + 9);
}

/* The region as the local side of the owner's own requests. */
static void test_own(struct setup *s)
{
	struct vt_op op = one_sided(s, IBV_WR_RDMA_WRITE, vt_addr(&s->a, 0), MR_LEN);

	fill_dm(s, 4);
	op.sge[0] = (struct ibv_sge){ .addr = 0, .length = MR_LEN, .lkey = s->mr->lkey };
	op.rkey = s->a.mr->rkey;
	vt_post(&s->conn.b, &op);
	vt_expect_ok(&s->conn.b, 7, IBV_WC_RDMA_WRITE);
	vt_verify(s->a.data, MR_LEN, 4, AT, "what was written from device memory");
}

static void test_bounds(struct setup *s)
{
	struct vt_op op = one_sided(s, IBV_WR_RDMA_WRITE, MR_LEN - 7, 8);
	uint8_t bytes[DM_LEN];

	fill_dm(s, 1);
	vt_post(&s->conn.a, &op);
	vt_expect(&s->conn.a, 7, IBV_WC_REM_ACCESS_ERR);
	vt_check(!ibv_memcpy_from_dm(bytes, s->dm, 0, DM_LEN));
	vt_verify(bytes, DM_LEN, 1, 0, "device memory");
}

static void test_refused(struct vt_device *dev)
{
	struct ibv_alloc_dm_attr attr = { .length = dev->attr.max_dm_size + 1 };
	struct ibv_mr *none;
	struct ibv_dm *dm;

	vt_check(!ibv_alloc_dm(dev->ctx, &attr));
	attr.length = -1ul;
	vt_check(!ibv_alloc_dm(dev->ctx, &attr));
	attr.length = 0;
	vt_check(!ibv_alloc_dm(dev->ctx, &attr));
	attr.length = 5000;
	attr.log_align_req = 12;
	dm = ibv_alloc_dm(dev->ctx, &attr);
	vt_check(dm);
	vt_check(!ibv_reg_dm_mr(dev->pd, dm, 0, 100, VT_ACCESS_ALL)); /* not zero-based */
	vt_check(!ibv_reg_dm_mr(dev->pd, dm, 1, 5000, ACCESS));
	vt_check(!ibv_reg_dm_mr(dev->pd, dm, -1ull, 2, ACCESS));
	none = ibv_reg_dm_mr(dev->pd, dm, 0, 0, ACCESS);
	vt_check(none && !ibv_dereg_mr(none));
	vt_check(!ibv_reg_dm_mr(dev->pd, dm, 0, 100, ACCESS | IBV_ACCESS_ON_DEMAND));
	vt_check(!ibv_free_dm(dm));
}

/* All that the device reports can be had, once, and comes back. */
static void test_limit(struct vt_device *dev)
{
	struct ibv_alloc_dm_attr attr = { .length = dev->attr.max_dm_size }, one = { .length = 1 };
	struct ibv_dm *dm;
	int i;

	for (i = 0; i < 2; i++) {
		dm = ibv_alloc_dm(dev->ctx, &attr);
		if (!dm)
			vt_fail("%lu bytes of device memory: %m", (unsigned long)attr.length);
		vt_check(!ibv_alloc_dm(dev->ctx, &one) && errno == ENOMEM);
		vt_check(!ibv_free_dm(dm));
	}
}

static bool can_alloc(struct vt_device *dev, size_t len)
{
	struct ibv_alloc_dm_attr attr = { .length = len };
	struct ibv_dm *dm = ibv_alloc_dm(dev->ctx, &attr);

	vt_check(dm || errno == ENOMEM);
	vt_check(!dm || !ibv_free_dm(dm));
	return dm;
}

/* All of it, and something that keeps its pages: a file, or a process. */
static void expect_held(struct vt_device *dev, struct ibv_dm *dm)
{
	vt_check(!ibv_free_dm(dm));
	if (can_alloc(dev, 1))
		vt_fail("what is freed and in use does not count");
}

static struct ibv_dm *alloc_all(struct vt_device *dev)
{
	struct ibv_alloc_dm_attr attr = { .length = dev->attr.max_dm_size };
	struct ibv_dm *dm = ibv_alloc_dm(dev->ctx, &attr);

	if (!dm)
		vt_fail("%lu bytes of device memory: %m", (unsigned long)attr.length);
	return dm;
}

static void test_held_by_file(struct vt_device *dev)
{
	struct ibv_dm *dm = alloc_all(dev);
	int fd = vt_export_dm(dm);

	if (fd < 0)
		vt_fail("exporting device memory: %s", strerror(-fd));
	expect_held(dev, dm);
	vt_check(!close(fd));
	vt_check(can_alloc(dev, dev->attr.max_dm_size));
}

/* The child has what its parent had mapped. */
static void test_held_by_process(struct vt_device *dev)
{
	struct ibv_dm *dm = alloc_all(dev);
	pid_t pid = vt_fork();

	if (!pid)
		for (;;)
			pause();
	expect_held(dev, dm);
	vt_check(!kill(pid, SIGKILL));
	vt_reap(pid, vt_options.wait_ms, "who has it mapped");
	vt_check(can_alloc(dev, dev->attr.max_dm_size));
}

static void run(enum vt_memory a, enum vt_memory b, void *arg)
{
	const char *what = vt_memory_name(a);
	struct setup *s = arg;

	if (b != VT_PINNED)
		return;
	begin(s, a);
	vt_case("copies");
	test_copies(s);
	vt_case("the owner's WRITE to %s memory", what);
	test_own(s);
	vt_case("a peer's WRITE, READ and FETCH_ADD, %s", what);
	test_peer(s);
	end(s);
	begin(s, a);
	vt_case("a byte behind the region, %s", what);
	test_bounds(s);
	end(s);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.dev_a, &s.dev_b);
	if (!s.dev_b->attr.max_dm_size)
		vt_skip("%s has no device memory", s.dev_b->name);
	vt_each_memory(s.dev_a, s.dev_b, run, &s);
	vt_case("what is refused");
	test_refused(s.dev_b);
	vt_case("%lu bytes, all there are", (unsigned long)s.dev_b->attr.max_dm_size);
	test_limit(s.dev_b);
	if (vt_is_rodp(s.dev_b)) {
		vt_case("freed, and still a dma-buf");
		test_held_by_file(s.dev_b);
		vt_case("freed, and still mapped");
		test_held_by_process(s.dev_b);
	}
	return vt_finish(s.dev_a, s.dev_b);
}
