// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * What tracking costs: two mappings of 1 TiB, one behind an explicit region and one
 * behind an implicit one, 10,000 random pages of each written remotely. Kernel memory
 * grows with the leaves (2 MiB) that were touched, and all of it goes with the regions.
 *
 * The growth that counts is what the process's memcg is charged with as kernel memory,
 * page tables left out. Beside it, with some noise, what is missing from free
 * memory and is neither the process's own (anonymous pages, page tables) nor the page
 * cache's: that has also what nobody is charged with.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "vt.h"

#define TIB   (1ull << 40)
#define PAGES 10000u
#define GROUP "vt-span"
/* The bound: three words of 8 bytes for each of a leaf's 512 pages, and a constant. */
#define LEAF_BYTES  (3 * 8 * 512)
#define CONST_BYTES (2 << 20)

struct setup {
	struct vt_device *dev;
	struct vt_conn conn;
	struct vt_buf local;
};

static long long meminfo(const char *name)
{
	unsigned long long value, found = 0;
	char word[64];
	FILE *file = fopen("/proc/meminfo", "r");

	if (!file)
		vt_fail("/proc/meminfo: %m");
	while (fscanf(file, "%63s %llu%*[^\n]", word, &value) == 2) {
		if (!strcmp(word, name))
			found = value;
	}
	fclose(file);
	return found * 1024;
}

/* Bytes in use that are nobody's but the kernel's. The process's page tables are not counted. */
static long long kernel_bytes(void)
{
	return meminfo("MemTotal:") - meminfo("MemFree:") - meminfo("AnonPages:") -
	       meminfo("Cached:") - meminfo("Buffers:") - meminfo("SwapCached:") -
	       meminfo("PageTables:");
}

static long long charged_bytes(void)
{
	return vt_cgroup_get(GROUP, "memory.stat", "kernel") -
	       vt_cgroup_get(GROUP, "memory.stat", "pagetables");
}

static uint8_t *map(void)
{
	uint8_t *at = mmap(NULL, TIB, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		vt_fail("mapping 1 TiB: %m");
	vt_check(vt_small_pages(at, TIB));
	return at;
}

static void touch(struct setup *s, uint8_t *at, uint32_t rkey, uint64_t seed)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = 1,
		.sge = { vt_sge(&s->local, 0, 8) },
		.num_sge = 1,
		.rkey = rkey,
	};
	uint64_t random = seed;
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		op.remote_addr = (uintptr_t)at + vt_random(&random) % (TIB / 4096) * 4096;
		memcpy(s->local.data, &op.remote_addr, 8);
		vt_post(&s->conn.a, &op);
		vt_expect_asleep(&s->conn.a, 1);
	}
	random = seed;
	for (i = 0; i < PAGES; i++) {
		uint64_t *word = (uint64_t *)(at + vt_random(&random) % (TIB / 4096) * 4096);

		if (*word != (uintptr_t)word)
			vt_fail("page %u of %u, at %p, has 0x%lx", i, PAGES, (void *)word,
				(unsigned long)*word);
	}
}

static double per_leaf(long long bytes, int64_t leaves)
{
	return leaves > 0 ? (double)bytes / leaves : 0;
}

/* Waits until the memory of the leaves is free, which it is after a grace period; not for ever. */
static void wait_until_gone(struct setup *s, long long charged, long long start)
{
	uint64_t end_ns = vt_now_ns() + 10000000000ull;

	vt_expect_no_leaves(s->dev);
	while ((charged_bytes() - charged > CONST_BYTES || kernel_bytes() - start > CONST_BYTES) &&
	       vt_now_ns() < end_ns)
		vt_sleep_ms(50);
}

int main(int argc, char **argv)
{
	struct ibv_mr *explicit_mr, *implicit_mr;
	long long start, charged, grown, grown_charged, left;
	uint8_t *first, *second;
	struct setup s = {};
	int64_t leaves;

	vt_init(argc, argv);
	s.dev = vt_open_b();
	if (!vt_has_odp(s.dev, IBV_ODP_SUPPORT_WRITE) ||
	    !(s.dev->attr.odp_caps.general_caps & IBV_ODP_SUPPORT_IMPLICIT))
		vt_skip("%s has no implicit on-demand paging", s.dev->name);
	vt_cgroup_make(GROUP);
	vt_cgroup_enter(GROUP);
	vt_case("1 TiB, and everything");
	vt_connect(&s.conn, s.dev, s.dev, &(struct vt_conn_attr){ .events = true });
	vt_buf_make(&s.local, s.dev, 4096, VT_PINNED, VT_ACCESS_ALL);
	first = map();
	second = map();

	start = kernel_bytes();
	charged = charged_bytes();
	leaves = vt_counter(s.dev, "odp_leaves_made");
	explicit_mr = vt_reg(s.dev, first, TIB, VT_ODP, VT_ACCESS_ALL);
	implicit_mr = vt_reg(s.dev, NULL, SIZE_MAX, VT_ODP, VT_ACCESS_ALL);
	vt_figure("registration of both", "KiB", (charged_bytes() - charged) / 1024.0);
	touch(&s, first, explicit_mr->rkey, 1);
	touch(&s, second, implicit_mr->rkey, 2);
	leaves = vt_counter(s.dev, "odp_leaves_made") - leaves;
	grown = kernel_bytes() - start;
	grown_charged = charged_bytes() - charged;

	vt_check(!ibv_dereg_mr(explicit_mr) && !ibv_dereg_mr(implicit_mr));
	wait_until_gone(&s, charged, start);
	left = charged_bytes() - charged;
	vt_figure("pages written", "", 2.0 * PAGES);
	vt_figure("leaves", "", leaves);
	vt_figure("kernel memory, charged", "KiB", grown_charged / 1024.0);
	vt_figure("kernel memory a leaf", "bytes", per_leaf(grown_charged, leaves));
	vt_figure("kernel memory, by what is free", "KiB", grown / 1024.0);
	vt_figure("bound", "KiB", ((double)leaves * LEAF_BYTES + CONST_BYTES) / 1024);
	vt_figure("left after deregistration", "KiB", left / 1024.0);
	vt_figure("left by what is free", "KiB", (kernel_bytes() - start) / 1024.0);
	if (grown_charged < leaves * 4096)
		vt_fail("%lld bytes for %ld leaves: they are charged to somebody else",
			grown_charged, (long)leaves);
	if (grown_charged > leaves * LEAF_BYTES + CONST_BYTES ||
	    grown > leaves * LEAF_BYTES + 16 * CONST_BYTES)
		vt_fail("%lld bytes for %ld leaves", grown_charged, (long)leaves);
	if (left > CONST_BYTES)
		vt_fail("%lld bytes are left", left);
	return vt_pass();
}
