// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * On-demand MRs of 2, 4, 5 GiB and 1 TiB work in their first, middle and
 * last page, and cost as much to register as one of 4 KiB, in time and in memory.
 */
#include <sys/mman.h>

#include "vt.h"

#define KIB	1024ull
#define GIB	(1ull << 30)
#define TIB	(1ull << 40)
#define SAMPLES 31
#define MRS	64 /* registered together, for the memory of one */
#define MAX_KIB 64 /* of kernel memory for one MR */

static uint8_t *map_huge(uint64_t len)
{
	void *at = mmap(NULL, len, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		vt_fail("mapping %lu bytes: %m", (unsigned long)len);
	return at;
}

static void touch_remotely(struct vt_conn *conn, struct vt_buf *local, struct ibv_mr *mr,
			   uint8_t *at, uint64_t offset)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = 1,
		.sge = { vt_sge(local, 0, 4096) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)at + offset,
		.rkey = mr->rkey,
	};

	vt_fill(local->data, 4096, offset, 0);
	vt_post(&conn->a, &op);
	vt_expect_ok(&conn->a, 1, IBV_WC_RDMA_WRITE);
	vt_verify(at + offset, 4096, offset, 0, "the page written");

	memset(local->data, 0, 4096);
	op.opcode = IBV_WR_RDMA_READ;
	vt_post(&conn->a, &op);
	vt_expect_ok(&conn->a, 1, IBV_WC_RDMA_READ);
	vt_verify(local->data, 4096, offset, 0, "the page read back");
}

static void test_access(struct vt_device *a, struct vt_device *b, uint64_t len)
{
	uint8_t *at = map_huge(len);
	struct vt_conn conn;
	struct vt_buf local;
	struct ibv_mr *mr;

	vt_case("access to an MR of %lu GiB", (unsigned long)(len / GIB));
	mr = vt_reg(b, at, len, VT_ODP, VT_ACCESS_ALL);
	vt_connect(&conn, a, b, NULL);
	vt_buf_make(&local, a, 4096, VT_PINNED, VT_ACCESS_ALL);
	touch_remotely(&conn, &local, mr, at, 0);
	touch_remotely(&conn, &local, mr, at, len / 2);
	touch_remotely(&conn, &local, mr, at, len - 4096);
	vt_disconnect(&conn);
	vt_buf_free(&local);
	vt_check(!ibv_dereg_mr(mr));
	munmap(at, len);
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The median time of a registration, ns. */
static uint64_t cost_ns(struct vt_device *dev, uint64_t len)
{
	uint64_t ns[SAMPLES];
	uint8_t *at = map_huge(len);
	struct ibv_mr *mr;
	int i;

	for (i = 0; i < SAMPLES; i++) {
		ns[i] = vt_now_ns();
		mr = vt_reg(dev, at, len, VT_ODP, VT_ACCESS_ALL);
		ns[i] = vt_now_ns() - ns[i];
		vt_check(!ibv_dereg_mr(mr));
	}
	munmap(at, len);
	qsort(ns, SAMPLES, sizeof(ns[0]), compare);
	return ns[SAMPLES / 2];
}

/* Kernel memory of one registered MR, KiB. */
static double cost_kib(struct vt_device *dev, uint64_t len)
{
	struct ibv_mr *mrs[MRS];
	uint8_t *at = map_huge(len);
	uint64_t before, after;
	int i;

	before = vt_kernel_kib();
	for (i = 0; i < MRS; i++)
		mrs[i] = vt_reg(dev, at, len, VT_ODP, VT_ACCESS_ALL);
	after = vt_kernel_kib();
	for (i = 0; i < MRS; i++)
		vt_check(!ibv_dereg_mr(mrs[i]));
	munmap(at, len);
	return after > before ? (after - before) / (double)MRS : 0;
}

static void test_cost(struct vt_device *dev)
{
	static const struct {
		const char *name;
		uint64_t len;
	} sizes[] = { { "4 KiB", 4 * KIB }, { "1 GiB", GIB }, { "1 TiB", TIB } };
	uint64_t ns, base = 0;
	double kib;
	size_t i;

	cost_ns(dev, 4096); /* warms caches up */
	for (i = 0; i < VT_ARRAY_SIZE(sizes); i++) {
		vt_case("cost of an MR of %s", sizes[i].name);
		ns = cost_ns(dev, sizes[i].len);
		kib = cost_kib(dev, sizes[i].len);
		/* Time is told, not judged: a shared machine's clock proves nothing. */
		if (!base)
			base = ns;
		vt_note("%s: registered in %lu.%03lu us (median of %d, %.2f x 4 KiB), %.1f KiB of kernel memory",
			sizes[i].name, (unsigned long)ns / 1000, (unsigned long)ns % 1000, SAMPLES,
			(double)ns / base, kib);
		if (kib > MAX_KIB)
			vt_fail("more than %d KiB of kernel memory", MAX_KIB);
	}
}

int main(int argc, char **argv)
{
	static const uint64_t lens[] = { 2 * GIB, 4 * GIB, 5 * GIB, TIB };
	struct vt_device *a, *b;
	size_t i;

	vt_start(argc, argv, &a, &b);
	vt_need_odp(b, IBV_ODP_SUPPORT_WRITE | IBV_ODP_SUPPORT_READ);
	for (i = 0; i < VT_ARRAY_SIZE(lens); i++)
		test_access(a, b, lens[i]);
	test_cost(b);
	return vt_finish(a, b);
}
