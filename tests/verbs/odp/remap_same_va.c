// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Other memory at the address of an on-demand MR. The key always means
 * what is mapped there now; where nothing is mapped, it means an error.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "vt.h"

#define LEN (4 * 4096)

static void map_over(struct vt_pair *s, int flags, int fd)
{
	void *at = mmap(s->b.data, LEN, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0);

	if (at != s->b.data)
		vt_fail("mapping over the MR: %m");
}

/* A WRITE and a READ go to the memory that is there. */
static void check_works(struct vt_pair *s, uint64_t seed)
{
	vt_fill(s->a.data, LEN, seed, 0);
	vt_rdma(&s->conn, IBV_WR_RDMA_WRITE, &s->a, 5, &s->b, 5, LEN - 5);
	vt_verify(s->b.data + 5, LEN - 5, seed, 5, "WRITE's data");
	vt_fill(s->b.data, LEN, seed + 1000, 0);
	vt_rdma(&s->conn, IBV_WR_RDMA_READ, &s->a, 0, &s->b, 0, LEN);
	vt_verify(s->a.data, LEN, seed + 1000, 0, "READ's data");
}

static void test_new_anonymous(struct vt_pair *s, bool unmap_first)
{
	int i;

	for (i = 0; i < 20; i++) {
		check_works(s, i);
		if (unmap_first)
			vt_check(!munmap(s->b.data, LEN));
		map_over(s, MAP_PRIVATE | MAP_ANONYMOUS, -1);
		vt_verify_zero(s->b.data, LEN, "new memory");
	}
	check_works(s, 99);
}

/* What the device writes is the file's, from the moment that the file is mapped. */
static void test_file(struct vt_pair *s)
{
	uint8_t byte;
	int fd;

	check_works(s, 1);
	fd = memfd_create("remap_same_va", 0);
	vt_check(fd >= 0 && !ftruncate(fd, LEN));
	map_over(s, MAP_SHARED, fd);
	vt_fill(s->a.data, LEN, 7, 0);
	vt_rdma(&s->conn, IBV_WR_RDMA_WRITE, &s->a, 0, &s->b, 0, LEN);
	vt_check(pread(fd, &byte, 1, 4097) == 1 && byte == vt_pattern(7, 4097));
	map_over(s, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	check_works(s, 2);
	vt_check(pread(fd, &byte, 1, 4097) == 1 && byte == vt_pattern(7, 4097));
	close(fd);
}

static void test_moved(struct vt_pair *s)
{
	uint8_t *moved;

	check_works(s, 1);
	vt_fill(s->b.data, LEN, 5, 0);
	moved = mremap(s->b.data, LEN, LEN, MREMAP_MAYMOVE | MREMAP_FIXED,
		       mmap(NULL, LEN, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	vt_check(moved != MAP_FAILED);
	map_over(s, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	check_works(s, 2);
	vt_verify(moved, LEN, 5, 0, "memory that was moved away");
	munmap(moved, LEN);
}

static void test_hole(struct vt_pair *s, enum ibv_wr_opcode opcode)
{
	struct vt_conn conn;
	struct ibv_wc wc;
	struct vt_op op = {
		.opcode = opcode,
		.wr_id = 1,
		.sge = { vt_sge(&s->a, 0, 8192) },
		.num_sge = 1,
		.remote_addr = vt_addr(&s->b, 0),
		.rkey = s->b.mr->rkey,
	};

	check_works(s, 1);
	vt_connect(&conn, s->dev_a, s->dev_b, NULL);
	vt_check(!munmap(s->b.data, LEN));
	vt_post(&conn.a, &op);
	wc = vt_wait(&conn.a);
	if (!vt_is_error(wc.status, IBV_WC_REM_ACCESS_ERR) && wc.status != IBV_WC_REM_OP_ERR)
		vt_fail("\"%s\" for memory that is not mapped", ibv_wc_status_str(wc.status));
	vt_expect_state(&conn.b, IBV_QPS_ERR);
	map_over(s, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	check_works(s, 2); /* the other QP lives, and the key is as good as before */
	vt_disconnect(&conn);
}

int main(int argc, char **argv)
{
	struct vt_pair s = { .mem_b = VT_ODP };

	vt_start(argc, argv, &s.dev_a, &s.dev_b);
	vt_need_odp(s.dev_b, IBV_ODP_SUPPORT_WRITE | IBV_ODP_SUPPORT_READ);
	vt_pair_open(&s, LEN, VT_ACCESS_ALL, NULL);
	vt_case("mapped over");
	test_new_anonymous(&s, false);
	vt_case("unmapped, mapped again");
	test_new_anonymous(&s, true);
	vt_case("a file in its place");
	test_file(&s);
	vt_case("moved away");
	test_moved(&s);
	vt_case("WRITE to a hole");
	test_hole(&s, IBV_WR_RDMA_WRITE);
	vt_case("READ from a hole");
	test_hole(&s, IBV_WR_RDMA_READ);
	vt_pair_close(&s);
	return vt_finish(s.dev_a, s.dev_b);
}
