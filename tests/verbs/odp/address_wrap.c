// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Addresses and lengths whose sum leaves 64 bits, in registrations,
 * scatter/gather entries, remote addresses and prefetches. None may be taken for
 * a small number.
 */
#include "vt.h"

#define LEN 8192

static void refuse_mr(struct vt_pair *s, uint64_t addr, uint64_t len, uint64_t iova)
{
	int access = VT_ACCESS_ALL | (s->mem_b == VT_ODP ? IBV_ACCESS_ON_DEMAND : 0);
	struct ibv_mr *mr;

	mr = ibv_reg_mr_iova(s->dev_b->pd, (void *)(uintptr_t)addr, len, iova, access);
	if (mr)
		vt_fail("an MR at 0x%lx with iova 0x%lx and 0x%lx bytes was registered",
			(unsigned long)addr, (unsigned long)iova, (unsigned long)len);
}

static void test_registration(struct vt_pair *s)
{
	uint64_t addr = vt_addr(&s->b, 0);

	refuse_mr(s, -4096ull, 8192, -4096ull);
	if (!vt_is_rxe(s->dev_b)) /* rxe takes it */
		refuse_mr(s, addr, LEN, -4096ull);
	refuse_mr(s, addr, -addr, addr); /* ends at 2^64: past the process */
	refuse_mr(s, addr, -addr + 4096, addr);
	refuse_mr(s, addr, -4096ull, addr);
	refuse_mr(s, addr, UINT64_MAX, addr);
}

static void begin(struct vt_pair *s)
{
	vt_connect(&s->conn, s->dev_a, s->dev_b, NULL);
	vt_fill(s->a.data, LEN, 1, 0);
	vt_fill(s->b.data, LEN, 2, 0);
}

static struct vt_op write_op(struct vt_pair *s)
{
	return (struct vt_op){
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = 1,
		.sge = { vt_sge(&s->a, 0, 64) },
		.num_sge = 1,
		.remote_addr = vt_addr(&s->b, 0),
		.rkey = s->b.mr->rkey,
	};
}

static void end(struct vt_pair *s)
{
	vt_verify(s->b.data, LEN, 2, 0, "the target");
	vt_verify(s->a.data, LEN, 1, 0, "the source");
	vt_verify_guards(&s->b, "the target");
	vt_disconnect(&s->conn);
}

static void test_remote(struct vt_pair *s, enum ibv_wr_opcode opcode, uint64_t remote_addr)
{
	struct vt_op op;

	begin(s);
	op = write_op(s);
	op.opcode = opcode;
	op.remote_addr = remote_addr;
	vt_post(&s->conn.a, &op);
	vt_expect(&s->conn.a, 1, IBV_WC_REM_ACCESS_ERR);
	end(s);
}

static void expect_local_error(struct vt_pair *s, const struct vt_op *op)
{
	struct ibv_wc wc;

	if (vt_try_post(&s->conn.a, op))
		return; /* refused at once: as good */
	wc = vt_wait(&s->conn.a);
	vt_check(wc.wr_id == 1);
	if (wc.status != IBV_WC_LOC_PROT_ERR && wc.status != IBV_WC_LOC_LEN_ERR &&
	    !(vt_is_rxe(s->dev_a) && wc.status != IBV_WC_SUCCESS))
		vt_fail("\"%s\" for a local address that wraps", ibv_wc_status_str(wc.status));
}

static void test_local(struct vt_pair *s, uint64_t addr, uint32_t len)
{
	struct vt_op op;

	begin(s);
	op = write_op(s);
	op.sge[0].addr = addr;
	op.sge[0].length = len;
	expect_local_error(s, &op);
	end(s);
}

/* Pieces whose sum is 2^32: not a message of nothing. */
static void test_length_sum(struct vt_pair *s)
{
	struct vt_op op;

	begin(s);
	op = write_op(s);
	op.sge[0].length = 1u << 31;
	op.sge[1] = op.sge[0];
	op.num_sge = 2;
	expect_local_error(s, &op);
	end(s);
}

/* An MR whose last address is the last there is. */
static void test_top(struct vt_pair *s)
{
	int access = VT_ACCESS_ALL | (s->mem_b == VT_ODP ? IBV_ACCESS_ON_DEMAND : 0);
	uint64_t iova = -(uint64_t)LEN;
	struct ibv_mr *mr;
	struct vt_op op;

	mr = ibv_reg_mr_iova(s->dev_b->pd, s->b.data, LEN, iova, access);
	if (!mr) {
		vt_note("an MR that ends at 2^64 is refused: %m");
		return;
	}
	begin(s);
	op = write_op(s);
	op.rkey = mr->rkey;
	op.remote_addr = -64ull;
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 1, IBV_WC_RDMA_WRITE);
	vt_verify(s->b.data + LEN - 64, 64, 1, 0, "the last bytes");
	vt_fill(s->b.data, LEN, 2, 0);
	op.remote_addr = -63ull;
	vt_post(&s->conn.a, &op);
	vt_expect(&s->conn.a, 1, IBV_WC_REM_ACCESS_ERR);
	end(s);
	vt_check(!ibv_dereg_mr(mr));
}

static void refuse_prefetch(struct vt_pair *s, uint64_t addr, uint32_t len)
{
	struct ibv_sge sge = { .addr = addr, .length = len, .lkey = s->b.mr->lkey };
	int err;

	err = ibv_advise_mr(s->dev_b->pd, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE,
			    IBV_ADVISE_MR_FLAG_FLUSH, &sge, 1);
	if (err == EOPNOTSUPP)
		vt_note("%s does not prefetch", s->dev_b->name);
	if (!err)
		vt_fail("a prefetch of %u bytes at 0x%lx succeeded", len, (unsigned long)addr);
}

static void test_prefetch(struct vt_pair *s)
{
	uint64_t top = (uintptr_t)s->b.map + s->b.map_len;

	refuse_prefetch(s, -16ull, 64);
	refuse_prefetch(s, vt_addr(&s->b, 0), UINT32_MAX);
	refuse_prefetch(s, top - 63, 64);
	refuse_prefetch(s, (uintptr_t)s->b.map - 1, 64);
}

static void run(struct vt_pair *s)
{
	const char *name_a = vt_memory_name(s->mem_a), *name_b = vt_memory_name(s->mem_b);

	vt_buf_make(&s->a, s->dev_a, LEN, s->mem_a, VT_ACCESS_ALL);
	vt_buf_make(&s->b, s->dev_b, LEN, s->mem_b, VT_ACCESS_ALL);
	vt_case("%s/%s: registration", name_a, name_b);
	test_registration(s);
	vt_case("%s/%s: WRITE across 2^64", name_a, name_b);
	test_remote(s, IBV_WR_RDMA_WRITE, -32ull);
	vt_case("%s/%s: WRITE to the last bytes", name_a, name_b);
	test_remote(s, IBV_WR_RDMA_WRITE, -64ull);
	vt_case("%s/%s: READ across 2^64", name_a, name_b);
	test_remote(s, IBV_WR_RDMA_READ, -32ull);
	vt_case("%s/%s: local piece across 2^64", name_a, name_b);
	test_local(s, -32ull, 64);
	vt_case("%s/%s: local piece of 4 GiB less one", name_a, name_b);
	test_local(s, vt_addr(&s->a, 0), UINT32_MAX);
	if (!vt_is_rxe(s->dev_a)) { /* rxe takes them for a message of nothing */
		vt_case("%s/%s: pieces of 4 GiB together", name_a, name_b);
		test_length_sum(s);
	}
	vt_case("%s/%s: MR that ends at 2^64", name_a, name_b);
	test_top(s);
	if (s->mem_b == VT_ODP) {
		vt_case("%s/%s: prefetch", name_a, name_b);
		test_prefetch(s);
	}
	vt_buf_free(&s->a);
	vt_buf_free(&s->b);
}

int main(int argc, char **argv)
{
	return vt_main_each_pair(argc, argv, run);
}
