// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * ibv_rereg_mr(): other memory, another PD, other rights, alone and together, from pinned to
 * on-demand memory and back; and when it fails the region is as before.
 */
#include <sys/mman.h>

#include "vt.h"

#define LEN 20000

enum {
	OP = 1,
	SEED_A = 1,
	SEED_B = 2,
	SEED_OTHER = 3
};

struct setup {
	struct vt_device *dev_a, *dev_b;
	enum vt_memory mem_a, mem_b;
	struct vt_conn conn;
	struct vt_buf a, b, other; /* other: on b, not registered */
};

static int access_flags(const struct setup *s, int access)
{
	return access | (s->mem_b == VT_ODP ? IBV_ACCESS_ON_DEMAND : 0);
}

static void begin(struct setup *s, int access_b)
{
	vt_connect(&s->conn, s->dev_a, s->dev_b, NULL);
	vt_buf_make(&s->a, s->dev_a, LEN, s->mem_a, VT_ACCESS_ALL);
	vt_buf_make(&s->b, s->dev_b, LEN, s->mem_b, access_b);
	vt_buf_make(&s->other, NULL, LEN, VT_PINNED, 0);
	vt_fill(s->a.data, LEN, SEED_A, 0);
	vt_fill(s->b.data, LEN, SEED_B, 0);
	vt_fill(s->other.data, LEN, SEED_OTHER, 0);
}

static void end(struct setup *s)
{
	vt_verify_guards(&s->a, "a");
	vt_verify_guards(&s->b, "b");
	vt_verify_guards(&s->other, "the other memory");
	vt_disconnect(&s->conn);
	vt_buf_free(&s->a);
	vt_buf_free(&s->b);
	vt_buf_free(&s->other);
}

/* A WRITE and a READ by the peer; "to" is what the key of b stands for now. */
static void use(struct setup *s, struct vt_buf *to)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = OP,
		.sge = { vt_sge(&s->a, 1, LEN - 1) },
		.num_sge = 1,
		.remote_addr = vt_addr(to, 0),
		.rkey = s->b.mr->rkey,
	};

	vt_fill(s->a.data, LEN, SEED_A, 0);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, OP, IBV_WC_RDMA_WRITE);
	vt_verify(to->data, LEN - 1, SEED_A, 1, "what was written");
	vt_fill(to->data, LEN, 4, 0);
	op.opcode = IBV_WR_RDMA_READ;
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, OP, IBV_WC_RDMA_READ);
	vt_verify(s->a.data + 1, LEN - 1, 4, 0, "what was read");
}

static void expect_refused(struct setup *s, enum ibv_wr_opcode opcode, struct vt_buf *to,
			   uint32_t rkey)
{
	struct vt_op op = {
		.opcode = opcode,
		.wr_id = OP,
		.sge = { vt_sge(&s->a, 0, 8) },
		.num_sge = 1,
		.remote_addr = vt_addr(to, 0),
		.rkey = rkey,
	};

	vt_post(&s->conn.a, &op);
	vt_expect(&s->conn.a, OP, IBV_WC_REM_ACCESS_ERR);
}

static void rereg(struct setup *s, int flags, struct ibv_pd *pd, struct vt_buf *to, int access)
{
	int err = ibv_rereg_mr(s->b.mr, flags, pd, to ? to->data : NULL, to ? LEN : 0, access);

	if (err)
		vt_fail("rereg_mr with flags 0x%x: %d (%m)", flags, err);
}

static void test_translation(struct setup *s)
{
	uint32_t old;

	begin(s, VT_ACCESS_ALL);
	old = s->b.mr->rkey;
	rereg(s, IBV_REREG_MR_CHANGE_TRANSLATION, NULL, &s->other, 0);
	use(s, &s->other);
	vt_verify(s->b.data, LEN, SEED_B, 0, "the memory that the key left");
	expect_refused(s, IBV_WR_RDMA_WRITE, &s->b, old);
	vt_verify(s->b.data, LEN, SEED_B, 0, "the memory that the key left");
	end(s);
}

static void test_rights_taken(struct setup *s, enum ibv_wr_opcode opcode, int right)
{
	begin(s, VT_ACCESS_ALL);
	use(s, &s->b);
	rereg(s, IBV_REREG_MR_CHANGE_ACCESS, NULL, NULL, access_flags(s, VT_ACCESS_ALL & ~right));
	expect_refused(s, opcode, &s->b, s->b.mr->rkey);
	end(s);
}

/* Also when the pages were pinned for reading only. */
static void test_rights_given(struct setup *s, int before)
{
	begin(s, before);
	rereg(s, IBV_REREG_MR_CHANGE_ACCESS, NULL, NULL, access_flags(s, VT_ACCESS_ALL));
	use(s, &s->b);
	end(s);
}

static void test_pd(struct setup *s)
{
	struct ibv_pd *other = ibv_alloc_pd(s->dev_b->ctx);

	vt_check(other);
	begin(s, VT_ACCESS_ALL);
	rereg(s, IBV_REREG_MR_CHANGE_PD, other, NULL, 0);
	rereg(s, IBV_REREG_MR_CHANGE_PD, s->dev_b->pd, NULL, 0);
	use(s, &s->b);
	rereg(s, IBV_REREG_MR_CHANGE_PD, other, NULL, 0);
	vt_check(ibv_dealloc_pd(other) == EBUSY);
	expect_refused(s, IBV_WR_RDMA_READ, &s->b, s->b.mr->rkey);
	end(s);
	vt_check(!ibv_dealloc_pd(other));
}

static void test_all(struct setup *s)
{
	struct ibv_pd *other = ibv_alloc_pd(s->dev_b->ctx);
	const int all = IBV_REREG_MR_CHANGE_TRANSLATION | IBV_REREG_MR_CHANGE_PD |
			IBV_REREG_MR_CHANGE_ACCESS;

	vt_check(other);
	begin(s, IBV_ACCESS_REMOTE_READ);
	rereg(s, all, other, &s->other, access_flags(s, VT_ACCESS_ALL));
	rereg(s, IBV_REREG_MR_CHANGE_PD, s->dev_b->pd, NULL, 0);
	use(s, &s->other);
	vt_verify(s->b.data, LEN, SEED_B, 0, "the memory that the key left");
	end(s);
	vt_check(!ibv_dealloc_pd(other));
}

/* The other kind of memory, if the device has both. */
static void test_kind(struct setup *s)
{
	const int both = IBV_REREG_MR_CHANGE_TRANSLATION | IBV_REREG_MR_CHANGE_ACCESS;
	int access = VT_ACCESS_ALL | (s->mem_b == VT_PINNED ? IBV_ACCESS_ON_DEMAND : 0);

	if (!vt_has_odp(s->dev_b, 0))
		return;
	begin(s, VT_ACCESS_ALL);
	rereg(s, both, NULL, &s->other, access);
	use(s, &s->other);
	end(s);
}

static void expect_failure(struct setup *s, int flags, void *addr, size_t len, int access)
{
	vt_check(ibv_rereg_mr(s->b.mr, flags, NULL, addr, len, access));
	use(s, &s->b);
}

/* What cannot be: the region stays, and works. */
static void test_failures(struct setup *s)
{
	const int both = IBV_REREG_MR_CHANGE_TRANSLATION | IBV_REREG_MR_CHANGE_ACCESS;
	void *hole;

	begin(s, VT_ACCESS_ALL);
	hole = mmap(NULL, LEN, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	vt_check(hole != MAP_FAILED);
	if (s->mem_b == VT_PINNED)
		expect_failure(s, IBV_REREG_MR_CHANGE_TRANSLATION, hole, LEN, 0);
	expect_failure(s, IBV_REREG_MR_CHANGE_TRANSLATION, s->b.data, -4096ul, 0);
	expect_failure(s, both, s->b.data, LEN,
		       access_flags(s, IBV_ACCESS_REMOTE_WRITE)); /* without local write */
	expect_failure(s, IBV_REREG_MR_CHANGE_ACCESS, NULL, 0, IBV_ACCESS_REMOTE_WRITE);
	munmap(hole, LEN);
	end(s);
}

/*
 * Other memory is mapped at the address since: new rights do not move a pinned region there. Those
 * that its pages can have are given on them, those that they cannot are refused.
 */
static void test_mapped_since(struct setup *s, int before, int wanted, bool possible)
{
	size_t len;
	int err;

	begin(s, before);
	len = s->b.map_len;
	vt_check(mmap(s->b.map, len, PROT_READ | PROT_WRITE,
		      MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == s->b.map);
	err = ibv_rereg_mr(s->b.mr, IBV_REREG_MR_CHANGE_ACCESS, NULL, NULL, 0, wanted);
	if (possible ? err : !err || errno != EINVAL)
		vt_fail("rereg_mr: %d (%m)", err);
	memset(s->a.data, 0, LEN);
	vt_rdma(&s->conn, IBV_WR_RDMA_READ, &s->a, 0, &s->b, 0, LEN);
	vt_verify(s->a.data, LEN, SEED_B, 0, "the memory that was registered");
	vt_verify_zero(s->b.map, len, "the memory that is mapped there now");
	vt_verify_guards(&s->a, "a");
	vt_disconnect(&s->conn);
	vt_buf_free(&s->a);
	vt_buf_free(&s->b);
	vt_buf_free(&s->other);
}

/* A region with a window keeps what it has. */
static void test_bound(struct setup *s)
{
	const unsigned int type1 = IBV_DEVICE_MEM_WINDOW;
	struct ibv_mw_bind bind = { .wr_id = 5, .send_flags = IBV_SEND_SIGNALED };
	struct ibv_mw *mw;
	int err;

	if (!(s->dev_b->attr.orig_attr.device_cap_flags & type1))
		return;
	begin(s, VT_ACCESS_ALL | IBV_ACCESS_MW_BIND);
	mw = ibv_alloc_mw(s->dev_b->pd, IBV_MW_TYPE_1);
	vt_check(mw);
	bind.bind_info.mr = s->b.mr;
	bind.bind_info.addr = vt_addr(&s->b, 0);
	bind.bind_info.length = 100;
	bind.bind_info.mw_access_flags = IBV_ACCESS_REMOTE_READ;
	vt_check(!ibv_bind_mw(s->conn.b.qp, mw, &bind));
	vt_expect_ok(&s->conn.b, 5, IBV_WC_BIND_MW);
	err = ibv_rereg_mr(s->b.mr, IBV_REREG_MR_CHANGE_TRANSLATION, NULL, s->other.data, LEN, 0);
	vt_check(err && errno == EBUSY);
	err = ibv_rereg_mr(s->b.mr, IBV_REREG_MR_CHANGE_ACCESS, NULL, NULL, 0,
			   access_flags(s, VT_ACCESS_ALL));
	vt_check(err && errno == EBUSY);
	use(s, &s->b);
	vt_check(!ibv_dealloc_mw(mw));
	rereg(s, IBV_REREG_MR_CHANGE_ACCESS, NULL, NULL, access_flags(s, VT_ACCESS_ALL));
	use(s, &s->b);
	end(s);
}

static void run(enum vt_memory a, enum vt_memory b, void *arg)
{
	struct setup *s = arg;
	const char *ma = vt_memory_name(a), *mb = vt_memory_name(b);

	s->mem_a = a;
	s->mem_b = b;
	vt_case("%s/%s: translation", ma, mb);
	test_translation(s);
	vt_case("%s/%s: without the right to write", ma, mb);
	test_rights_taken(s, IBV_WR_RDMA_WRITE, IBV_ACCESS_REMOTE_WRITE);
	vt_case("%s/%s: without the right to read", ma, mb);
	test_rights_taken(s, IBV_WR_RDMA_READ, IBV_ACCESS_REMOTE_READ);
	vt_case("%s/%s: remote rights, to local ones", ma, mb);
	test_rights_given(s, IBV_ACCESS_LOCAL_WRITE);
	vt_case("%s/%s: the right to write, to that to read", ma, mb);
	test_rights_given(s, IBV_ACCESS_REMOTE_READ);
	vt_case("%s/%s: PD", ma, mb);
	test_pd(s);
	vt_case("%s/%s: everything at once", ma, mb);
	test_all(s);
	vt_case("%s/%s: from one kind of memory to the other", ma, mb);
	test_kind(s);
	vt_case("%s/%s: failures change nothing", ma, mb);
	test_failures(s);
	if (b == VT_PINNED) {
		vt_case("%s/%s: other memory is there, fewer rights", ma, mb);
		test_mapped_since(s, VT_ACCESS_ALL, IBV_ACCESS_REMOTE_READ, true);
		vt_case("%s/%s: other memory is there, more rights", ma, mb);
		test_mapped_since(s, IBV_ACCESS_REMOTE_READ, VT_ACCESS_ALL, false);
	}
	vt_case("%s/%s: with a window bound", ma, mb);
	test_bound(s);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.dev_a, &s.dev_b);
	vt_each_memory(s.dev_a, s.dev_b, run, &s);
	return vt_finish(s.dev_a, s.dev_b);
}
