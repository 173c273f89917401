// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * FLUSH to persistence: regions on demand over a file on persistent memory, mapped with
 * MAP_SYNC, by range, of the whole region and through memory windows; what is refused at
 * registration and at the FLUSH. PMEM_DIR names the directory. Or, with PMEM_DAX, a pinned region
 * over a DAX device.
 *
 * Nothing here can take the machine's power away: that caches were written back is seen in
 * the device's counter flushed_bytes.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vt.h"

#define LEN			(3ul << 20)
#define AT			4000

#define CAP_FLUSH_PERSISTENT	(1ull << 39)
#define ACCESS_FLUSH_GLOBAL	(1 << 8)
#define ACCESS_FLUSH_PERSISTENT (1 << 9)

#ifdef VT_HAVE_FLUSH
#define FLUSH_GLOBAL	 1
#define FLUSH_PERSISTENT 2
#define FLUSH_RANGE	 0
#define FLUSH_MR	 1
#define ACCESS_B                                                                           \
	(VT_ACCESS_ALL | IBV_ACCESS_MW_BIND | IBV_ACCESS_ON_DEMAND | ACCESS_FLUSH_GLOBAL | \
	 ACCESS_FLUSH_PERSISTENT)

struct setup {
	struct vt_device *dev_a, *dev_b;
	struct vt_conn conn;
	struct vt_conn_attr attr;
	struct vt_buf a;
	uint8_t *file; /* LEN bytes, persistent */
	struct ibv_mr *mr; /* over it */
};

static void again(struct setup *s)
{
	vt_disconnect(&s->conn);
	vt_connect(&s->conn, s->dev_a, s->dev_b, &s->attr);
}

static int open_file(const char *dir)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/data", dir);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		vt_fail("%s: %m", path);
	if (ftruncate(fd, LEN))
		vt_fail("%s: %m", path);
	return fd;
}

static uint8_t *map_file(int fd, int flags)
{
	return mmap(NULL, LEN, PROT_READ | PROT_WRITE, flags, fd, 0);
}

static void post_flush(struct setup *s, uint32_t rkey, uint64_t addr, uint32_t len, uint8_t type,
		       uint8_t level)
{
	struct ibv_qp_ex *qp = s->conn.a.qpx;
	int err;

	ibv_wr_start(qp);
	qp->wr_id = 2;
	qp->wr_flags = IBV_SEND_SIGNALED;
	ibv_wr_flush(qp, rkey, addr, len, type, level);
	err = ibv_wr_complete(qp);
	if (err)
		vt_fail("posting a FLUSH: %s", strerror(err));
}

static void expect_refused(struct setup *s, enum ibv_wc_status status)
{
	vt_expect(&s->conn.a, 2, status);
	again(s);
}

/* Data and its FLUSH, posted at once; then bytes are in the file and were written back. */
static void write_and_flush(struct setup *s, uint64_t seed, uint32_t len, uint8_t level,
			    uint64_t at_least)
{
	int64_t before = vt_counter(s->dev_b, "flushed_bytes"), flushed;
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = 1,
		.sge = { vt_sge(&s->a, 0, len) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)s->file + AT,
		.rkey = s->mr->rkey,
	};

	vt_fill(s->a.data, len, seed, 0);
	vt_post(&s->conn.a, &op);
	post_flush(s, s->mr->rkey, (uintptr_t)s->file + AT, len, FLUSH_PERSISTENT | FLUSH_GLOBAL,
		   level);
	vt_expect_ok(&s->conn.a, 1, IBV_WC_RDMA_WRITE);
	vt_expect_ok(&s->conn.a, 2, IBV_WC_FLUSH);
	vt_verify(s->file + AT, len, seed, 0, "what was flushed");
	flushed = vt_counter(s->dev_b, "flushed_bytes") - before;
	if (before < 0 || (uint64_t)flushed != at_least)
		vt_fail("%ld bytes were written back instead of %lu", (long)flushed,
			(unsigned long)at_least);
}

static void test_flush(struct setup *s)
{
	vt_case("a few bytes");
	write_and_flush(s, 1, 100, FLUSH_RANGE, 100);
	vt_case("more than one go");
	write_and_flush(s, 2, LEN - AT, FLUSH_RANGE, LEN - AT);
	vt_case("the region");
	write_and_flush(s, 3, 5000, FLUSH_MR, LEN);
	vt_case("nothing");
	post_flush(s, s->mr->rkey, 0, 0, FLUSH_PERSISTENT, FLUSH_RANGE);
	vt_expect_ok(&s->conn.a, 2, IBV_WC_FLUSH);
}

/* Pages that the device lost since it wrote them come back for it; holes of the file may stay. */
static void test_absent(struct setup *s, int fd)
{
	vt_case("pages that went");
	write_and_flush(s, 4, 5000, FLUSH_RANGE, 5000);
	vt_check(!mprotect(s->file, LEN, PROT_NONE));
	vt_check(!mprotect(s->file, LEN, PROT_READ | PROT_WRITE));
	post_flush(s, s->mr->rkey, (uintptr_t)s->file + AT, 5000, FLUSH_PERSISTENT, FLUSH_RANGE);
	vt_expect_ok(&s->conn.a, 2, IBV_WC_FLUSH);
	vt_case("holes of the file");
	vt_check(!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, LEN));
	post_flush(s, s->mr->rkey, (uintptr_t)s->file, LEN, FLUSH_PERSISTENT, FLUSH_RANGE);
	vt_expect_ok(&s->conn.a, 2, IBV_WC_FLUSH);
	vt_verify_zero(s->file, LEN, "a hole");
}

static struct ibv_mw *bind(struct setup *s, unsigned int access, enum ibv_wc_status status)
{
	struct ibv_mw *mw = ibv_alloc_mw(s->dev_b->pd, IBV_MW_TYPE_2);
	struct vt_op op = {
		.opcode = IBV_WR_BIND_MW,
		.wr_id = 3,
		.mw = mw,
		.bind = {
			.mr = s->mr,
			.addr = (uintptr_t)s->file + 4096,
			.length = 8192,
			.mw_access_flags = access,
		},
	};

	vt_check(mw);
	op.rkey = ibv_inc_rkey(mw->rkey);
	vt_post(&s->conn.b, &op);
	vt_expect(&s->conn.b, 3, status);
	mw->rkey = op.rkey;
	return mw;
}

static void test_window(struct setup *s)
{
	const unsigned int access = IBV_ACCESS_REMOTE_WRITE | ACCESS_FLUSH_PERSISTENT;
	const uint64_t at = (uintptr_t)s->file + 4096;
	int64_t before;
	struct ibv_mw *mw;

	vt_case("through a window");
	mw = bind(s, access, IBV_WC_SUCCESS);
	before = vt_counter(s->dev_b, "flushed_bytes");
	post_flush(s, mw->rkey, at + 10, 100, FLUSH_PERSISTENT, FLUSH_RANGE);
	vt_expect_ok(&s->conn.a, 2, IBV_WC_FLUSH);
	vt_check(vt_counter(s->dev_b, "flushed_bytes") == before + 100);
	vt_case("a window, all of it");
	post_flush(s, mw->rkey, 0, 0, FLUSH_PERSISTENT, FLUSH_MR);
	vt_expect_ok(&s->conn.a, 2, IBV_WC_FLUSH);
	vt_check(vt_counter(s->dev_b, "flushed_bytes") == before + 100 + 8192);
	vt_case("beyond a window, and for what it does not grant");
	post_flush(s, mw->rkey, at, 8193, FLUSH_PERSISTENT, FLUSH_RANGE);
	vt_expect(&s->conn.a, 2, IBV_WC_REM_ACCESS_ERR);
	vt_check(!ibv_dealloc_mw(mw));
	again(s);
	mw = bind(s, access, IBV_WC_SUCCESS);
	post_flush(s, mw->rkey, at, 8, FLUSH_PERSISTENT | FLUSH_GLOBAL, FLUSH_RANGE);
	vt_expect(&s->conn.a, 2, IBV_WC_REM_ACCESS_ERR);
	vt_check(!ibv_dealloc_mw(mw));
	again(s);
}

/* A window cannot have a right to flush that its region has not. */
static void test_window_rights(struct setup *s)
{
	struct ibv_mr *mr = s->mr;
	struct ibv_mw *mw;

	vt_case("a window over a region that cannot be flushed");
	s->mr = ibv_reg_mr(s->dev_b->pd, s->file, LEN,
			   VT_ACCESS_ALL | IBV_ACCESS_MW_BIND | IBV_ACCESS_ON_DEMAND);
	vt_check(s->mr);
	mw = bind(s, IBV_ACCESS_REMOTE_WRITE | ACCESS_FLUSH_PERSISTENT, IBV_WC_MW_BIND_ERR);
	vt_check(!ibv_dealloc_mw(mw));
	vt_check(!ibv_dereg_mr(s->mr));
	s->mr = mr;
	again(s);
}

static void test_refused(struct setup *s)
{
	const int access = s->attr.access;
	struct ibv_mr *plain;

	vt_case("a region without the right");
	plain = ibv_reg_mr(s->dev_b->pd, s->file, LEN,
			   VT_ACCESS_ALL | IBV_ACCESS_ON_DEMAND | ACCESS_FLUSH_GLOBAL);
	vt_check(plain);
	post_flush(s, plain->rkey, (uintptr_t)s->file, 8, FLUSH_PERSISTENT, FLUSH_RANGE);
	expect_refused(s, IBV_WC_REM_ACCESS_ERR);
	post_flush(s, plain->rkey, (uintptr_t)s->file, 8, FLUSH_GLOBAL, FLUSH_RANGE);
	vt_expect_ok(&s->conn.a, 2, IBV_WC_FLUSH);
	vt_check(!ibv_dereg_mr(plain));

	vt_case("beyond the region");
	post_flush(s, s->mr->rkey, (uintptr_t)s->file + 1, LEN, FLUSH_PERSISTENT, FLUSH_RANGE);
	expect_refused(s, IBV_WC_REM_ACCESS_ERR);

	vt_case("a QP without the right");
	s->attr.access = VT_ACCESS_ALL | ACCESS_FLUSH_GLOBAL;
	again(s);
	post_flush(s, s->mr->rkey, (uintptr_t)s->file, 8, FLUSH_PERSISTENT, FLUSH_RANGE);
	s->attr.access = access;
	expect_refused(s, IBV_WC_REM_INV_REQ_ERR);
}

static void expect_no_region(struct setup *s, void *at, int access, const char *what)
{
	errno = 0;
	if (ibv_reg_mr(s->dev_b->pd, at, LEN, access))
		vt_fail("%s can be registered as persistent", what);
	if (errno != EINVAL && errno != EOPNOTSUPP)
		vt_fail("%s is refused with: %m", what);
}

static void test_registration(struct setup *s, int fd)
{
	uint8_t *plain;

	vt_case("memory that is not persistent");
	expect_no_region(s, s->a.data, ACCESS_B, "anonymous memory, on demand");
	expect_no_region(s, s->a.data, ACCESS_B & ~IBV_ACCESS_ON_DEMAND, "anonymous memory");
	plain = map_file(fd, MAP_SHARED);
	vt_check(plain != MAP_FAILED);
	expect_no_region(s, plain, ACCESS_B, "a mapping without MAP_SYNC");
	munmap(plain, LEN);
	expect_no_region(s, NULL, ACCESS_B, "nothing");
}

/* Map the file at its place anew, and have the device write there. */
static void map_again(struct setup *s, int fd, int flags)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = 1,
		.sge = { vt_sge(&s->a, 0, 8) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)s->file,
		.rkey = s->mr->rkey,
	};

	vt_check(mmap(s->file, LEN, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0) == s->file);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 1, IBV_WC_RDMA_WRITE);
	post_flush(s, s->mr->rkey, (uintptr_t)s->file, 8, FLUSH_PERSISTENT, FLUSH_RANGE);
}

/*
 * What came in the place of the file is not persistent; nor is the very same memory of that file, mapped
 * without MAP_SYNC: its place on the medium need not be safe.
 */
static void test_replaced(struct setup *s, int fd)
{
	vt_case("the file, mapped again with MAP_SYNC");
	map_again(s, fd, MAP_SHARED_VALIDATE | MAP_SYNC);
	vt_expect_ok(&s->conn.a, 2, IBV_WC_FLUSH);
	vt_case("the file, mapped again without MAP_SYNC");
	map_again(s, fd, MAP_SHARED);
	expect_refused(s, IBV_WC_REM_ACCESS_ERR);
	vt_case("memory that replaced the file");
	vt_check(mmap(s->file, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		      -1, 0) == s->file);
	memset(s->file, 1, LEN);
	post_flush(s, s->mr->rkey, (uintptr_t)s->file, 8, FLUSH_PERSISTENT, FLUSH_RANGE);
	expect_refused(s, IBV_WC_REM_ACCESS_ERR);
	vt_check(!munmap(s->file, LEN));
	post_flush(s, s->mr->rkey, (uintptr_t)s->file, 8, FLUSH_PERSISTENT, FLUSH_RANGE);
	expect_refused(s, IBV_WC_REM_ACCESS_ERR);
}

static void begin(struct setup *s, int access)
{
	vt_buf_make(&s->a, s->dev_a, LEN, VT_PINNED, VT_ACCESS_ALL);
	s->attr.wr_api = true;
	s->attr.send_ops = IBV_QP_EX_WITH_FLUSH;
	s->attr.access = VT_ACCESS_ALL | ACCESS_FLUSH_GLOBAL | ACCESS_FLUSH_PERSISTENT;
	vt_connect(&s->conn, s->dev_a, s->dev_b, &s->attr);
	s->mr = ibv_reg_mr(s->dev_b->pd, s->file, LEN, access);
	if (!s->mr)
		vt_fail("registering persistent memory: %m");
}

static void end(struct setup *s, int fd)
{
	vt_check(!ibv_dereg_mr(s->mr));
	vt_disconnect(&s->conn);
	vt_verify_guards(&s->a, "a");
	vt_buf_free(&s->a);
	close(fd);
}

static void run_on_demand(struct setup *s, const char *dir)
{
	int fd = open_file(dir);

	s->file = map_file(fd, MAP_SHARED_VALIDATE | MAP_SYNC);
	if (s->file == MAP_FAILED)
		vt_fail("mapping %s with MAP_SYNC: %m", dir);
	begin(s, ACCESS_B);
	test_flush(s);
	test_absent(s, fd);
	test_window(s);
	test_window_rights(s);
	test_refused(s);
	test_registration(s, fd);
	test_replaced(s, fd);
	end(s, fd);
}

/* Whole huge pages of the device, since that is what it can map. */
static void run_pinned(struct setup *s, const char *path)
{
	const size_t huge = 2ul << 20, len = (LEN + huge - 1) / huge * huge;
	int fd = open(path, O_RDWR);

	if (fd < 0)
		vt_fail("%s: %m", path);
	s->file = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (s->file == MAP_FAILED)
		vt_fail("mapping %s: %m", path);
	begin(s, ACCESS_B & ~IBV_ACCESS_ON_DEMAND);
	test_flush(s);
	test_window(s);
	end(s, fd);
	vt_check(!munmap(s->file, len));
}

static void run(struct setup *s)
{
	if (getenv("PMEM_DIR"))
		run_on_demand(s, getenv("PMEM_DIR"));
	else if (getenv("PMEM_DAX"))
		run_pinned(s, getenv("PMEM_DAX"));
	else
		vt_fail("neither PMEM_DIR nor PMEM_DAX is set: see flush_persistent.sh");
}
#endif

int main(int argc, char **argv)
{
	struct vt_device *dev_a, *dev_b;

	vt_start(argc, argv, &dev_a, &dev_b);
	if (!(dev_b->attr.device_cap_flags_ex & CAP_FLUSH_PERSISTENT))
		vt_skip("%s cannot flush to persistence", dev_b->name);
#ifdef VT_HAVE_FLUSH
	run(&(struct setup){ .dev_a = dev_a, .dev_b = dev_b });
#else
	vt_skip("this libibverbs does not know FLUSH");
#endif
	return vt_finish(dev_a, dev_b);
}
