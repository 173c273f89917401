// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Does reclaim see what the device uses? A memcg at its limit holds a hot region, read
 * over and over by remote traffic alone, and a cold one of the same size, that
 * the CPU goes through slowly. Pages have to go: whose? Before each pass over a part of either
 * region the pages of it that are not there are counted: each was evicted since the
 * last pass. Then the same with a hot region that the CPU reads.
 */
#include <sys/mman.h>

#include "vt.h"

#define GROUP	"vt-evict"
#define LIMIT	"50331648" /* bytes: 48 MiB */
#define REGION	(32u << 20)
#define SLICE	(2u << 20) /* of the cold region, between two passes over the hot one */
#define PIECE	(256u << 10)
#define DEPTH	4
#define PASSES	64 /* of the hot region: four of the cold one */
#define WARM_UP 16 /* of them that do not count */
/* Share of the hot: 0 for the CPU, 33 % for a device whose accesses reclaim does not see. */
#define MOST 15.0

struct setup {
	struct vt_device *dev;
	struct vt_conn conn;
	struct vt_buf local;
	uint8_t *hot, *cold;
	struct ibv_mr *mr;
};

static uint8_t *map(void)
{
	uint8_t *at = mmap(NULL, REGION, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			   0);

	vt_check(at != MAP_FAILED);
	vt_check(vt_small_pages(at, REGION));
	return at;
}

/* No two pages alike: zeros would not go to the disk. */
static void write_pages(uint8_t *at, size_t len)
{
	size_t i;

	for (i = 0; i < len; i += 4096)
		*(uint64_t *)(at + i) = (uintptr_t)(at + i);
}

static void check_pages(const uint8_t *at, size_t len)
{
	size_t i;

	for (i = 0; i < len; i += 4096) {
		if (*(const uint64_t *)(at + i) != (uintptr_t)(at + i))
			vt_fail("page %p came back with 0x%lx", (const void *)(at + i),
				(unsigned long)*(const uint64_t *)(at + i));
	}
}

static void read_by_device(struct setup *s)
{
	struct vt_buf remote = { .data = s->hot, .len = REGION, .mr = s->mr };
	unsigned int piece, done = 0;

	for (piece = 0; piece < REGION / PIECE; piece++) {
		struct vt_op op = {
			.opcode = IBV_WR_RDMA_READ,
			.wr_id = piece,
			.sge = { vt_sge(&s->local, piece % DEPTH * PIECE, PIECE) },
			.num_sge = 1,
			.remote_addr = vt_addr(&remote, piece * PIECE),
			.rkey = s->mr->rkey,
		};

		if (piece >= DEPTH)
			vt_expect_asleep(&s->conn.a, done++);
		vt_post(&s->conn.a, &op);
	}
	while (done < piece)
		vt_expect_asleep(&s->conn.a, done++);
	for (piece = 0; piece < DEPTH; piece++) {
		const uint64_t *word = (uint64_t *)(s->local.data + piece * PIECE);

		if (*word != (uintptr_t)s->hot + REGION - DEPTH * PIECE + piece * PIECE)
			vt_fail("the device read 0x%lx", (unsigned long)*word);
	}
}

struct evicted {
	size_t hot, cold;
};

static struct evicted run(struct setup *s, bool by_device)
{
	struct evicted evicted = {}, at_start = {};
	unsigned int pass;
	uint8_t *slice;

	s->hot = map();
	s->cold = map();
	s->mr = by_device ? vt_reg(s->dev, s->hot, REGION, VT_ODP, VT_ACCESS_ALL) : NULL;
	write_pages(s->hot, REGION);
	write_pages(s->cold, REGION);
	for (pass = 0; pass < PASSES; pass++) {
		if (pass == WARM_UP)
			at_start = evicted;
		evicted.hot += vt_pages_out(s->hot, REGION);
		if (by_device)
			read_by_device(s);
		else
			check_pages(s->hot, REGION);
		slice = s->cold + (size_t)pass * SLICE % REGION;
		evicted.cold += vt_pages_out(slice, SLICE);
		check_pages(slice, SLICE);
	}
	if (s->mr)
		vt_check(!ibv_dereg_mr(s->mr));
	check_pages(s->hot, REGION);
	munmap(s->hot, REGION);
	munmap(s->cold, REGION);
	evicted.hot -= at_start.hot;
	evicted.cold -= at_start.cold;
	return evicted;
}

static double share(const struct evicted *evicted)
{
	return 100.0 * evicted->hot / (evicted->hot + evicted->cold + 1e-9);
}

static void tell(const struct evicted *evicted, const char *who)
{
	char key[64];

	snprintf(key, sizeof(key), "%s: hot pages evicted", who);
	vt_figure(key, "", evicted->hot);
	snprintf(key, sizeof(key), "%s: cold pages evicted", who);
	vt_figure(key, "", evicted->cold);
	snprintf(key, sizeof(key), "%s: share of the hot", who);
	vt_figure(key, "%", share(evicted));
	if (evicted->hot + evicted->cold < 1000)
		vt_fail("%s: too few evictions to say anything", who);
}

int main(int argc, char **argv)
{
	struct evicted device, cpu;
	struct setup s = {};

	vt_init(argc, argv);
	s.dev = vt_open_b();
	vt_need_odp(s.dev, IBV_ODP_SUPPORT_READ);
	vt_swap_on();
	vt_connect(&s.conn, s.dev, s.dev, &(struct vt_conn_attr){ .events = true });
	vt_buf_make(&s.local, s.dev, DEPTH * PIECE, VT_PINNED, VT_ACCESS_ALL);
	vt_cgroup_make(GROUP);
	vt_cgroup_set(GROUP, "memory.max", LIMIT);
	vt_cgroup_enter(GROUP);
	vt_case("hot by the CPU");
	cpu = run(&s, false);
	tell(&cpu, "CPU");
	vt_case("hot by the device");
	device = run(&s, true);
	tell(&device, "device");
	if (!vt_is_rxe(s.dev) && share(&device) > MOST)
		vt_fail("%.1f %% of the evictions hit what the device uses", share(&device));
	return vt_pass();
}
