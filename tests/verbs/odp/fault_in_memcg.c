// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * What the device faults in is the process's: its memory cgroup is charged with the page cache of a cold
 * file and with page tables, by faults of a peer's READs and by a prefetch; the pages that are there
 * at memory.max are not more than that; and the faults are in the process's own count.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "vt.h"

#define GROUP	 "fault_in_memcg"
#define PAGE	 4096ul
#define MIB	 (1ul << 20)
#define FILE_MIB 96ul
#define LIMIT	 (48 * MIB)
#define SPARSE	 (2048 * MIB)
#define STEP	 (2 * MIB) /* what one page table covers */
#define PIECE	 (256 * 1024ul)

struct setup {
	struct vt_device *dev;
	struct vt_conn conn;
	struct vt_buf local;
};

static int64_t charged(const char *key)
{
	int64_t value = vt_cgroup_get(GROUP, "memory.stat", key);

	if (value < 0)
		vt_skip("memory.stat has no %s", key);
	return value;
}

/* Sums of cgroups are brought up to date every 2 s. */
static void expect_charged(const char *key, int64_t before, int64_t least, const char *what)
{
	uint64_t end_ns = vt_now_ns() + 5000000000ull;
	int64_t more;

	do {
		more = charged(key) - before;
		if (more >= least)
			return;
		vt_sleep_ms(100);
	} while (vt_now_ns() < end_ns);
	vt_fail("%s: the cgroup is charged with %ld KiB more, of %ld at least", what,
		(long)more / 1024, (long)least / 1024);
}

static void read_from(struct setup *s, const struct ibv_mr *mr, const uint8_t *at, uint32_t len)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_READ,
		.wr_id = 1,
		.sge = { vt_sge(&s->local, 0, len) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)at,
		.rkey = mr->rkey,
	};

	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 1, IBV_WC_RDMA_READ);
}

static void prefetch(struct setup *s, const struct ibv_mr *mr, const uint8_t *at, uint32_t len)
{
	struct ibv_sge sge = { .addr = (uintptr_t)at, .length = len, .lkey = mr->lkey };
	int err = ibv_advise_mr(s->dev->pd, IBV_ADVISE_MR_ADVICE_PREFETCH, IBV_ADVISE_MR_FLAG_FLUSH,
				&sge, 1);

	if (err)
		vt_fail("ibv_advise_mr: %s", strerror(err));
}

static size_t resident(uint8_t *at, size_t len)
{
	unsigned char *page = malloc(len / PAGE);
	size_t i, n = 0;

	vt_check(page && !mincore(at, len, page));
	for (i = 0; i < len / PAGE; i++)
		n += page[i] & 1;
	free(page);
	return n * PAGE;
}

static void test_file(struct setup *s, bool by_prefetch)
{
	const int access = IBV_ACCESS_ON_DEMAND | IBV_ACCESS_REMOTE_READ;
	uint8_t *at = vt_disk_map(FILE_MIB * MIB);
	struct ibv_mr *mr = ibv_reg_mr(s->dev->pd, at, FILE_MIB * MIB, access);
	size_t offset, there;
	int64_t before;

	vt_case("a cold file, %s", by_prefetch ? "prefetched" : "read by a peer");
	vt_check(mr);
	vt_sleep_ms(2500); /* what went before is no part of the sum any more */
	before = charged("file");
	/* Half of what may be there: all of it stays. */
	for (offset = 0; offset < LIMIT / 2; offset += PIECE) {
		if (by_prefetch)
			prefetch(s, mr, at + offset, PIECE);
		else
			read_from(s, mr, at + offset, PIECE);
	}
	there = resident(at, FILE_MIB * MIB);
	expect_charged("file", before, there * 3 / 4, "page cache");
	for (; offset < FILE_MIB * MIB; offset += PIECE)
		read_from(s, mr, at + offset, PIECE);
	there = resident(at, FILE_MIB * MIB);
	if (there > LIMIT)
		vt_fail("%lu MiB of the file are in memory, more than memory.max", there / MIB);
	vt_check(!ibv_dereg_mr(mr));
	munmap(at, FILE_MIB * MIB);
}

static void test_tables(struct setup *s)
{
	const int access = IBV_ACCESS_ON_DEMAND | IBV_ACCESS_REMOTE_READ;
	uint8_t *at = mmap(NULL, SPARSE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int64_t before = charged("pagetables");
	struct ibv_mr *mr;
	size_t offset;

	vt_case("page tables");
	vt_check(at != MAP_FAILED && vt_small_pages(at, SPARSE));
	mr = ibv_reg_mr(s->dev->pd, at, SPARSE, access);
	vt_check(mr);
	for (offset = 0; offset < SPARSE; offset += STEP)
		read_from(s, mr, at + offset, 8);
	expect_charged("pagetables", before, SPARSE / STEP * PAGE * 3 / 4, "page tables");
	vt_check(!ibv_dereg_mr(mr));
	munmap(at, SPARSE);
}

static long own_faults(void)
{
	struct rusage usage;

	vt_check(!getrusage(RUSAGE_SELF, &usage));
	return usage.ru_minflt + usage.ru_majflt;
}

static void test_count(struct setup *s)
{
	const size_t len = 64 * PAGE;
	struct vt_buf absent;
	long before, counted;

	vt_case("the process's faults");
	vt_buf_make(&absent, s->dev, len, VT_ODP, VT_ACCESS_ALL);
	vt_check(vt_small_pages(absent.data, len));
	vt_buf_cool(&absent);
	if (!vt_faults_itself(s->dev)) {
		vt_note("not threads of the process: not in its count");
		vt_buf_free(&absent);
		return;
	}
	before = own_faults();
	vt_rdma(&s->conn, IBV_WR_RDMA_WRITE, &s->local, 0, &absent, 0, len);
	counted = own_faults() - before;
	if (counted < 64)
		vt_fail("of 64 pages that a peer faulted in, the process counts %ld", counted);
	vt_buf_free(&absent);
}

/* In the cgroup from the first on: who makes a mapping is who pays for it. */
static void be_member(void)
{
	struct setup s = {};

	vt_cgroup_enter(GROUP);
	s.dev = vt_open_b();
	vt_connect(&s.conn, s.dev, s.dev, NULL);
	vt_buf_make(&s.local, s.dev, PIECE, VT_PINNED, VT_ACCESS_ALL);
	test_file(&s, false);
	test_file(&s, true);
	test_tables(&s);
	test_count(&s);
	vt_disconnect(&s.conn);
	vt_buf_free(&s.local);
	vt_close(s.dev);
	exit(vt_pass());
}

int main(int argc, char **argv)
{
	char limit[32];
	int status;

	vt_init(argc, argv);
	vt_cgroup_make(GROUP);
	snprintf(limit, sizeof(limit), "%lu", LIMIT);
	vt_cgroup_set(GROUP, "memory.max", limit);
	vt_disk_make(FILE_MIB * MIB);
	status = vt_fork_run(be_member, "the member of the cgroup");
	vt_disk_end();
	vt_cgroup_end(GROUP);
	return status;
}
