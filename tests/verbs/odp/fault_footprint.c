// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A fault of the device brings into memory what the access needs and not a page more:
 * who reserves much and uses little must stay so with remote peers. What is in memory
 * already, near the access, is mapped along. What is unmapped costs nothing more.
 */
#include <sys/mman.h>

#include "vt.h"

#define LEAF (2u << 20)
#define NEAR (64u << 10) /* pages so near, and aligned so, come along */

struct setup {
	struct vt_device *dev_a, *dev_b;
	struct vt_conn conn;
	struct vt_buf a;
	uint8_t *at; /* LEAF aligned */
	struct ibv_mr *mr;
};

static void transfer(struct setup *s, enum ibv_wr_opcode opcode, size_t offset, uint32_t len)
{
	struct vt_buf remote = { .data = s->at, .len = LEAF, .mr = s->mr };

	vt_rdma(&s->conn, opcode, &s->a, 0, &remote, offset, len);
}

/* The pages [first, first + count) are in memory, and no others. */
static void expect_pages(struct setup *s, size_t first, size_t count)
{
	const size_t before = first - vt_pages_out(s->at, first * 4096);
	const size_t there = count - vt_pages_out(s->at + first * 4096, count * 4096);
	const size_t rest = LEAF / 4096 - first - count;
	const size_t behind = rest - vt_pages_out(s->at + (first + count) * 4096, rest * 4096);

	if (before || behind || there != count)
		vt_fail("%zu of the %zu pages accessed are in memory, and %zu before and %zu behind them",
			there, count, before, behind);
}

static void forget(struct setup *s)
{
	vt_check(!munmap(s->at, LEAF));
	vt_check(mmap(s->at, LEAF, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		      -1, 0) == s->at);
	vt_check(vt_small_pages(s->at, LEAF));
}

/* In a 2 MiB range without a page table, and in one that has one. */
static void test_footprint(struct setup *s, enum ibv_wr_opcode opcode)
{
	static const struct {
		size_t offset;
		uint32_t len;
	} accesses[] = {
		{ 0, 8 },	 { 4096 * 100 + 8, 8 }, { 4096 * 101 - 4, 8 }, { 4096 * 5, 12288 },
		{ LEAF - 8, 8 }, { LEAF / 4, LEAF / 2 }
	};
	size_t i, first, last;
	int table;

	for (table = 0; table < 2; table++) {
		for (i = 0; i < VT_ARRAY_SIZE(accesses); i++) {
			forget(s);
			if (table) {
				s->at[accesses[i].offset ^ (LEAF / 2)] = 1;
				vt_check(!madvise(s->at, LEAF, MADV_DONTNEED));
			}
			transfer(s, opcode, accesses[i].offset, accesses[i].len);
			first = accesses[i].offset / 4096;
			last = (accesses[i].offset + accesses[i].len - 1) / 4096;
			expect_pages(s, first, last - first + 1);
		}
	}
}

/* Pages that the CPU has touched come along with the first that the device needs. */
static void test_around(struct setup *s, enum ibv_wr_opcode opcode)
{
	int64_t faults;
	size_t offset;

	forget(s);
	memset(s->at, 1, LEAF / 2);
	transfer(s, opcode, 0, 8);
	faults = vt_counter(s->dev_b, "odp_faults");
	for (offset = 0; offset < NEAR; offset += 4096)
		transfer(s, opcode, offset, 8);
	if (vt_counter(s->dev_b, "odp_faults") != faults)
		vt_fail("%ld more faults in pages that were there",
			(long)(vt_counter(s->dev_b, "odp_faults") - faults));
	expect_pages(s, 0, LEAF / 2 / 4096);
}

int main(int argc, char **argv)
{
	static const enum ibv_wr_opcode opcodes[] = { IBV_WR_RDMA_WRITE, IBV_WR_RDMA_READ };
	struct setup s = {};
	size_t i;

	vt_start(argc, argv, &s.dev_a, &s.dev_b);
	vt_need_odp(s.dev_b, IBV_ODP_SUPPORT_WRITE | IBV_ODP_SUPPORT_READ);
	s.at = vt_map_aligned(LEAF, LEAF, PROT_READ | PROT_WRITE);
	s.mr = vt_reg(s.dev_b, s.at, LEAF, VT_ODP, VT_ACCESS_ALL);
	vt_buf_make(&s.a, s.dev_a, LEAF, VT_PINNED, VT_ACCESS_ALL);
	vt_connect(&s.conn, s.dev_a, s.dev_b, NULL);
	for (i = 0; i < VT_ARRAY_SIZE(opcodes); i++) {
		vt_case("%s: the pages of the access", i ? "READ" : "WRITE");
		test_footprint(&s, opcodes[i]);
		vt_case("%s: pages around it that are there", i ? "READ" : "WRITE");
		test_around(&s, opcodes[i]);
	}
	vt_case("what is tracked of memory that is unmapped");
	transfer(&s, IBV_WR_RDMA_WRITE, 0, LEAF);
	vt_check(!munmap(s.at, LEAF));
	vt_expect_no_leaves(s.dev_b); /* the region is there still */
	vt_disconnect(&s.conn);
	vt_buf_free(&s.a);
	vt_check(!ibv_dereg_mr(s.mr));
	return vt_finish(s.dev_a, s.dev_b);
}
