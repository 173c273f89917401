// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Importing: a second process gets the file of an open device, and of what the first made
 * there the PD, regions and device memory. It posts on QPs of its own in that PD, from and to
 * the memory of either process; what it gives back stays its owner's.
 */
#include <fcntl.h>
#include <unistd.h>

#include "vt.h"

#define LEN    (5 * 4096 + 13)
#define DM_LEN 8192

struct setup {
	struct vt_device *dev_a, *dev_b; /* b is the one that is imported */
	struct vt_buf a, b;
	struct ibv_dm *dm;
	struct vt_end end; /* of this process: on a in the parent, on b in the child */
	int socket;
};

/* What the parent says of its objects, with the file. */
struct objects {
	uint32_t pd, mr, dm;
	uint32_t lkey, rkey;
	uint64_t b; /* address */
	uint64_t a; /* a region of the parent's on the other device */
	uint32_t a_rkey;
};

/* ---- the child ---- */

static struct vt_device *import(const struct setup *s, int fd, uint32_t pd)
{
	struct vt_device *dev = malloc(sizeof(*dev));

	vt_check(dev);
	*dev = *s->dev_b;
	dev->ctx = ibv_import_device(fd);
	if (!dev->ctx)
		vt_fail("ibv_import_device: %m");
	vt_check(dev->ctx->num_comp_vectors == s->dev_b->ctx->num_comp_vectors);
	vt_check(!ibv_query_device_ex(dev->ctx, NULL, &dev->attr));
	dev->pd = ibv_import_pd(dev->ctx, pd);
	if (!dev->pd)
		vt_fail("ibv_import_pd: %m");
	return dev;
}

static void refuse_strange_handles(struct vt_device *dev)
{
	errno = 0;
	vt_check(!ibv_import_pd(dev->ctx, 12345) && errno == ENOENT);
	errno = 0;
	vt_check(!ibv_import_mr(dev->pd, 12345) && errno == ENOENT);
	errno = 0;
	vt_check(!ibv_import_dm(dev->ctx, 12345) && errno == ENOENT);
	/* One of another kind. */
	errno = 0;
	vt_check(!ibv_import_mr(dev->pd, dev->pd->handle) && errno);
}

static void exchange(struct setup *s)
{
	struct vt_end_addr here = vt_end_addr(&s->end), there;

	vt_tell(s->socket, &here, sizeof(here), -1);
	vt_hear(s->socket, &there, sizeof(there), NULL);
	vt_end_connect(&s->end, &there, NULL);
}

/* Both sides are ready for what is next. */
static void meet(struct setup *s)
{
	char word = 'x';

	vt_tell(s->socket, &word, 1, -1);
	vt_hear(s->socket, &word, 1, NULL);
}

/* From the parent's memory at one end to its memory at the other. */
static void write_parents_memory(struct setup *s, const struct objects *objects,
				 const struct ibv_mr *mr)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = 1,
		.sge = { { .addr = objects->b, .length = LEN, .lkey = mr->lkey } },
		.num_sge = 1,
		.remote_addr = objects->a,
		.rkey = objects->a_rkey,
	};

	vt_post(&s->end, &op);
	vt_expect_ok(&s->end, 1, IBV_WC_RDMA_WRITE);
}

/* A region of the child's own memory in the parent's PD, for the parent to write to. */
static void lend_own_memory(struct setup *s, struct vt_device *dev, enum vt_memory memory)
{
	struct vt_buf own;

	vt_buf_make(&own, dev, LEN, memory, VT_ACCESS_ALL);
	vt_tell(s->socket, &(struct objects){ .b = vt_addr(&own, 0), .rkey = own.mr->rkey },
		sizeof(struct objects), -1);
	meet(s); /* written */
	vt_verify(own.data, LEN, 5, 0, "the child's memory");
	vt_verify_guards(&own, "the child's memory");
	vt_buf_free(&own);
}

static void use_dm(struct vt_device *dev, uint32_t handle)
{
	struct ibv_dm *dm = ibv_import_dm(dev->ctx, handle);
	uint8_t bytes[DM_LEN];

	if (!dm)
		vt_fail("ibv_import_dm: %m");
	vt_check(!ibv_memcpy_from_dm(bytes, dm, 0, DM_LEN));
	vt_verify(bytes, DM_LEN, 6, 0, "the parent's device memory");
	vt_fill(bytes, DM_LEN, 7, 0);
	vt_check(!ibv_memcpy_to_dm(dm, 0, bytes, DM_LEN));
	vt_check(ibv_memcpy_to_dm(dm, 4, bytes, DM_LEN));
	ibv_unimport_dm(dm);
}

static void be_child(struct setup *s)
{
	struct objects objects;
	struct vt_device *dev;
	struct ibv_mr *mr;
	int fd;

	vt_hear(s->socket, &objects, sizeof(objects), &fd);
	dev = import(s, fd, objects.pd);
	refuse_strange_handles(dev);
	mr = ibv_import_mr(dev->pd, objects.mr);
	if (!mr)
		vt_fail("ibv_import_mr: %m");
	vt_check(mr->lkey == objects.lkey && mr->rkey == objects.rkey);
	vt_check(mr->length >= LEN && mr->handle == objects.mr && mr->pd == dev->pd);

	vt_end_open(&s->end, dev, NULL);
	exchange(s);
	write_parents_memory(s, &objects, mr);
	meet(s);
	lend_own_memory(s, dev, VT_PINNED);
	if (vt_has_odp(dev, IBV_ODP_SUPPORT_WRITE))
		lend_own_memory(s, dev, VT_ODP);
	use_dm(dev, objects.dm);
	meet(s);

	vt_end_close(&s->end);
	ibv_unimport_mr(mr);
	ibv_unimport_pd(dev->pd);
	vt_check(!ibv_close_device(dev->ctx));
}

/* ---- the parent ---- */

static pid_t start_child(struct setup *s)
{
	pid_t pid = vt_fork_with_socket(&s->socket);

	if (!pid) {
		be_child(s);
		_exit(0);
	}
	return pid;
}

static void give(struct setup *s)
{
	const struct objects objects = {
		.pd = s->dev_b->pd->handle,
		.mr = s->b.mr->handle,
		.dm = s->dm->handle,
		.lkey = s->b.mr->lkey,
		.rkey = s->b.mr->rkey,
		.b = vt_addr(&s->b, 0),
		.a = vt_addr(&s->a, 0),
		.a_rkey = s->a.mr->rkey,
	};

	vt_tell(s->socket, &objects, sizeof(objects), s->dev_b->ctx->cmd_fd);
}

static void write_childs_memory(struct setup *s, enum vt_memory memory)
{
	struct objects theirs;
	struct vt_op op = { .opcode = IBV_WR_RDMA_WRITE, .wr_id = 2, .num_sge = 1 };

	vt_case("into a region of the importer's, %s", vt_memory_name(memory));
	vt_hear(s->socket, &theirs, sizeof(theirs), NULL);
	vt_fill(s->a.data, LEN, 5, 0);
	op.sge[0] = vt_sge(&s->a, 0, LEN);
	op.remote_addr = theirs.b;
	op.rkey = theirs.rkey;
	vt_post(&s->end, &op);
	vt_expect_ok(&s->end, 2, IBV_WC_RDMA_WRITE);
	meet(s);
}

static void check_what_is_left(struct setup *s)
{
	uint8_t bytes[DM_LEN];
	struct vt_conn conn;

	vt_case("what was imported is the owner's as before");
	vt_check(!ibv_memcpy_from_dm(bytes, s->dm, 0, DM_LEN));
	vt_verify(bytes, DM_LEN, 7, 0, "device memory that the child wrote");
	vt_connect(&conn, s->dev_a, s->dev_b, NULL);
	vt_fill(s->a.data, LEN, 8, 0);
	vt_rdma(&conn, IBV_WR_RDMA_WRITE, &s->a, 0, &s->b, 0, LEN);
	vt_verify(s->b.data, LEN, 8, 0, "the region");
	vt_disconnect(&conn);
}

static void test_memory(struct setup *s, enum vt_memory memory)
{
	struct ibv_alloc_dm_attr attr = { .length = DM_LEN };
	uint8_t bytes[DM_LEN];
	int status;
	pid_t pid;

	vt_case("from a region that is imported, %s", vt_memory_name(memory));
	vt_buf_make(&s->a, s->dev_a, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&s->b, s->dev_b, LEN, memory, VT_ACCESS_ALL);
	vt_fill(s->b.data, LEN, 4, 0);
	s->dm = ibv_alloc_dm(s->dev_b->ctx, &attr);
	vt_check(s->dm);
	vt_fill(bytes, DM_LEN, 6, 0);
	vt_check(!ibv_memcpy_to_dm(s->dm, 0, bytes, DM_LEN));

	pid = start_child(s);
	give(s);
	vt_end_open(&s->end, s->dev_a, NULL);
	exchange(s);
	meet(s);
	vt_verify(s->a.data, LEN, 4, 0, "what the child wrote");
	write_childs_memory(s, VT_PINNED);
	if (vt_has_odp(s->dev_b, IBV_ODP_SUPPORT_WRITE))
		write_childs_memory(s, VT_ODP);
	meet(s);
	status = vt_reap(pid, vt_options.wait_ms, "the child");
	if (status)
		vt_fail("the child ended with status 0x%x", status);
	vt_end_close(&s->end);
	close(s->socket);
	check_what_is_left(s);
	vt_check(!ibv_free_dm(s->dm));
	vt_buf_free(&s->a);
	vt_buf_free(&s->b);
}

static void test_no_device(void)
{
	int fd = open("/dev/null", O_RDWR);

	vt_case("a file that is no device's");
	vt_check(fd >= 0);
	errno = 0;
	vt_check(!ibv_import_device(fd) && errno);
	close(fd);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.dev_a, &s.dev_b);
	if (vt_is_rxe(s.dev_b))
		vt_skip("rxe cannot be imported");
	test_no_device();
	test_memory(&s, VT_PINNED);
	if (vt_has_odp(s.dev_b, IBV_ODP_SUPPORT_SEND | IBV_ODP_SUPPORT_WRITE))
		test_memory(&s, VT_ODP);
	return vt_finish(s.dev_a, s.dev_b);
}
