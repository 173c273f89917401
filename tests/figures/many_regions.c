// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * 100,000 explicit regions over one buffer of 1 GiB: how fast they register, what
 * memory one takes, beside as many regions of 4 KiB, and what munmap() of the buffer costs
 * beside munmap() with one region.
 */
#include <sys/mman.h>

#include "vt.h"

#define REGIONS	     100000u
#define LEN	     (1ull << 30)
#define STEP	     (2ull << 20) /* one page of each leaf is touched before munmap() */
#define SAMPLES	     7
#define MAX_MR_BYTES 4096 /* of all that a verbs object is made of */
#define MAX_RATIO    2.0

static struct ibv_mr *regions[REGIONS];

struct setup {
	struct vt_device *dev;
	struct vt_conn conn;
	struct vt_buf local;
};

static uint8_t *map(void)
{
	uint8_t *at = mmap(NULL, LEN, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	vt_check(at != MAP_FAILED);
	vt_check(vt_small_pages(at, LEN));
	return at;
}

/* At the address where it was. */
static void map_again(uint8_t *at)
{
	void *got = mmap(at, LEN, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	vt_check(got == at);
	vt_check(vt_small_pages(at, LEN));
}

static void touch(struct setup *s, uint8_t *at, uint32_t rkey)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = 1,
		.sge = { vt_sge(&s->local, 0, 8) },
		.num_sge = 1,
		.rkey = rkey,
	};
	uint64_t offset;

	for (offset = 0; offset < LEN; offset += STEP) {
		op.remote_addr = (uintptr_t)at + offset;
		vt_post(&s->conn.a, &op);
		vt_expect_asleep(&s->conn.a, 1);
	}
}

/* ns, the least of SAMPLES: what comes on top is other people's. */
static double munmap_ns(struct setup *s, uint8_t *at, uint32_t rkey)
{
	uint64_t least = UINT64_MAX, start, ns;
	int i;

	for (i = 0; i < SAMPLES; i++) {
		touch(s, at, rkey);
		start = vt_now_ns();
		vt_check(!munmap(at, LEN));
		ns = vt_now_ns() - start;
		least = ns < least ? ns : least;
		map_again(at);
	}
	return least;
}

/* Returns bytes of kernel memory a region. */
static double register_all(struct setup *s, uint8_t *at, size_t len, const char *name)
{
	uint64_t kib = vt_kernel_kib(), start = vt_now_ns();
	unsigned int i;
	double bytes;
	char key[64];

	for (i = 0; i < REGIONS; i++)
		regions[i] = vt_reg(s->dev, at, len, VT_ODP, VT_ACCESS_ALL);
	snprintf(key, sizeof(key), "registrations, %s", name);
	vt_figure(key, "1/s", REGIONS * 1e9 / (vt_now_ns() - start));
	/* Of /proc/meminfo: slab, vmalloc, stacks, page tables, per-CPU. */
	bytes = ((double)vt_kernel_kib() - kib) * 1024 / REGIONS;
	snprintf(key, sizeof(key), "memory a region, %s", name);
	vt_figure(key, "bytes", bytes);
	return bytes;
}

static void deregister_all(const char *name)
{
	uint64_t start = vt_now_ns();
	unsigned int i;
	char key[64];

	for (i = 0; i < REGIONS; i++)
		vt_check(!ibv_dereg_mr(regions[i]));
	snprintf(key, sizeof(key), "deregistrations, %s", name);
	vt_figure(key, "1/s", REGIONS * 1e9 / (vt_now_ns() - start));
}

int main(int argc, char **argv)
{
	double one, many, small_bytes, bytes;
	struct setup s = {};
	struct ibv_mr *mr;
	uint8_t *at;

	vt_init(argc, argv);
	s.dev = vt_open_b();
	vt_need_odp(s.dev, IBV_ODP_SUPPORT_WRITE);
	if (s.dev->attr.orig_attr.max_mr < (int)REGIONS + 2)
		vt_skip("%s has %d regions at most", s.dev->name, s.dev->attr.orig_attr.max_mr);
	vt_case("%u regions", REGIONS);
	vt_connect(&s.conn, s.dev, s.dev, &(struct vt_conn_attr){ .events = true });
	vt_buf_make(&s.local, s.dev, 4096, VT_PINNED, VT_ACCESS_ALL);
	at = map();
	mr = vt_reg(s.dev, at, LEN, VT_ODP, VT_ACCESS_ALL);
	munmap_ns(&s, at, mr->rkey); /* the first time everything is dearer */
	one = munmap_ns(&s, at, mr->rkey);

	small_bytes = register_all(&s, at, 4096, "4 KiB");
	deregister_all("4 KiB");
	bytes = register_all(&s, at, LEN, "1 GiB");
	many = munmap_ns(&s, at, regions[REGIONS / 2]->rkey);
	deregister_all("1 GiB");

	vt_figure("munmap with one region", "us", one / 1000);
	vt_figure("munmap with all regions", "us", many / 1000);
	vt_figure("munmap, all/one", "", many / one);
	if (bytes > MAX_MR_BYTES || bytes > 1.2 * small_bytes + 64)
		vt_fail("a region of 1 GiB takes %.0f bytes, one of 4 KiB %.0f", bytes,
			small_bytes);
	if (many > MAX_RATIO * one)
		vt_fail("munmap() takes %.0f us instead of %.0f", many / 1000, one / 1000);
	vt_check(!ibv_dereg_mr(mr));
	return vt_pass();
}
