// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * What the driver knows of pages is a cache: when the kernel wants memory back, it goes,
 * the pages stay, nothing that was written is lost, and the next access finds them again.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vt.h"

#define LEAF   (2ull << 20)
#define LEAVES 256
#define PAGE   4096u

struct setup {
	struct vt_device *a, *b;
	struct vt_conn conn;
	struct vt_buf local;
	struct ibv_mr *mr;
	uint8_t *at;
};

static void write_leaf(struct setup *s, unsigned int i)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = i,
		.sge = { vt_sge(&s->local, 0, PAGE) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)s->at + i * LEAF,
		.rkey = s->mr->rkey,
	};

	vt_fill(s->local.data, PAGE, i, 0);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, i, IBV_WC_RDMA_WRITE);
}

static void drop_slab(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	if (fd < 0 || write(fd, "2", 1) != 1)
		vt_fail("/proc/sys/vm/drop_caches: %m");
	close(fd);
}

/* Until so many leaves went. Each pass of the kernel's goes over what the last one spared. */
static void shrink(struct setup *s, int64_t wanted)
{
	int64_t before = vt_counter(s->b, "odp_leaves_shrunk"), gone = 0;
	unsigned int pass;

	for (pass = 0; pass < 50 && gone < wanted; pass++) {
		drop_slab();
		vt_sleep_ms(100);
		gone = vt_counter(s->b, "odp_leaves_shrunk") - before;
	}
	vt_note("%ld of %d leaves went in %u passes", (long)gone, LEAVES, pass);
	if (gone < wanted)
		vt_fail("only %ld of %d leaves went in %u passes", (long)gone, LEAVES, pass);
}

static void run(struct setup *s)
{
	unsigned int i;

	vt_case("%d leaves of one page", LEAVES);
	for (i = 0; i < LEAVES; i++)
		write_leaf(s, i);
	vt_case("shrinking");
	shrink(s, LEAVES * 9 / 10);
	vt_case("what was written is there");
	if (vt_pages_out(s->at, PAGE))
		vt_fail("the page went with the leaf");
	for (i = 0; i < LEAVES; i++)
		vt_verify(s->at + i * LEAF, PAGE, i, 0, "a page whose leaf went");
	vt_case("they are found again");
	for (i = 0; i < LEAVES; i++)
		write_leaf(s, i + 1 == LEAVES ? i : i + 1);
	vt_verify(s->at + LEAF, PAGE, 1, 0, "a page that was written again");
}

int main(int argc, char **argv)
{
	struct setup s;

	vt_start(argc, argv, &s.a, &s.b);
	if (vt_counter(s.b, "odp_leaves_shrunk") < 0)
		vt_skip("%s does not count leaves that were given back", s.b->name);
	s.at = mmap(NULL, LEAVES * LEAF, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (s.at == MAP_FAILED)
		vt_fail("mmap: %m");
	madvise(s.at, LEAVES * LEAF, MADV_NOHUGEPAGE);
	vt_connect(&s.conn, s.a, s.b, NULL);
	vt_buf_make(&s.local, s.a, PAGE, VT_PINNED, VT_ACCESS_ALL);
	s.mr = vt_reg(s.b, s.at, LEAVES * LEAF, VT_ODP, VT_ACCESS_ALL);
	run(&s);
	vt_check(!ibv_dereg_mr(s.mr));
	munmap(s.at, LEAVES * LEAF);
	vt_disconnect(&s.conn);
	vt_buf_free(&s.local);
	return vt_finish(s.a, s.b);
}
