// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Regions over dma-bufs: of udmabuf, which exports pages of a memfd, and of the device's own
 * memory, exported; what the device does is seen through the memfd or the dma-buf's own
 * mapping. Both sides, parts of the buffer, its owner gone, and what is refused.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/dma-heap.h>

#include "observe.h"

#define BUF_LEN (16 * 4096)
#define AT	(2 * 4096 + 40) /* of the region in it */
#define MR_LEN	(9 * 4096 + 1000)
#define IOVA	(0x7000000000ull + 40) /* is at the same place in its page as AT */

enum exporter {
	UDMABUF,
	DEVICE_MEMORY
};

struct setup {
	enum exporter exporter;
	struct vt_device *dev_a, *dev_b;
	struct vt_conn conn;
	struct vt_buf a;
	uint8_t *memory; /* of the dma-buf on b's side */
	int memfd; /* of udmabuf's */
	int fd;
	struct ibv_mr *mr;
};

static int export_dm(struct ibv_dm *dm)
{
	int fd = vt_export_dm(dm);

	if (fd < 0)
		vt_fail("exporting device memory: %s", strerror(-fd));
	return fd;
}

static void export_device_memory(struct setup *s)
{
	struct ibv_alloc_dm_attr attr = { .length = BUF_LEN };
	struct ibv_dm *dm = ibv_alloc_dm(s->dev_b->ctx, &attr);
	uint32_t word = 0x12345678;

	vt_check(dm);
	s->fd = export_dm(dm);
	vt_check(!ibv_memcpy_to_dm(dm, 4096, &word, sizeof(word)));
	vt_check(!ibv_free_dm(dm));
}

static void make_memory(struct setup *s)
{
	uint32_t word;

	s->memfd = -1;
	if (s->exporter == UDMABUF)
		s->fd = vt_udmabuf(BUF_LEN, &s->memfd);
	else
		export_device_memory(s);
	s->memory = mmap(NULL, BUF_LEN, PROT_READ | PROT_WRITE, MAP_SHARED,
			 s->memfd >= 0 ? s->memfd : s->fd, 0);
	if (s->memory == MAP_FAILED)
		vt_fail("mapping the buffer: %m");
	memcpy(&word, s->memory + 4096, sizeof(word));
	vt_check(word == (s->exporter == UDMABUF ? 0 : 0x12345678));
}

static void drop_memory(struct setup *s)
{
	munmap(s->memory, BUF_LEN);
	close(s->fd);
	if (s->memfd >= 0)
		close(s->memfd);
}

static void begin(struct setup *s, enum vt_memory memory)
{
	make_memory(s);
	vt_connect(&s->conn, s->dev_a, s->dev_b, NULL);
	vt_buf_make(&s->a, s->dev_a, BUF_LEN, memory, VT_ACCESS_ALL);
	s->mr = ibv_reg_dmabuf_mr(s->dev_b->pd, AT, MR_LEN, IOVA, s->fd, VT_ACCESS_ALL);
	if (!s->mr)
		vt_fail("ibv_reg_dmabuf_mr: %m");
}

static void end(struct setup *s)
{
	vt_check(!ibv_dereg_mr(s->mr));
	vt_disconnect(&s->conn);
	vt_verify_guards(&s->a, "a");
	vt_buf_free(&s->a);
	drop_memory(s);
}

static struct vt_op one_sided(struct setup *s, enum ibv_wr_opcode opcode, uint64_t at, uint32_t len)
{
	return (struct vt_op){
		.opcode = opcode,
		.wr_id = 7,
		.sge = { vt_sge(&s->a, 8, len) },
		.num_sge = 1,
		.remote_addr = IOVA + at,
		.rkey = s->mr->rkey,
	};
}

/* A peer writes to it, reads from it, and adds. */
static void test_peer(struct setup *s)
{
	struct vt_op op = one_sided(s, IBV_WR_RDMA_WRITE, 3, MR_LEN - 3);
	uint64_t word;

	vt_fill(s->memory, BUF_LEN, 1, 0);
	vt_fill(s->a.data, BUF_LEN, 2, 0);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 7, IBV_WC_RDMA_WRITE);
	vt_verify(s->memory, AT + 3, 1, 0, "before the data");
	vt_verify(s->memory + AT + 3, MR_LEN - 3, 2, 8, "the data");
	vt_verify(s->memory + AT + MR_LEN, BUF_LEN - AT - MR_LEN, 1, AT + MR_LEN,
		  "behind the data");

	vt_fill(s->memory, BUF_LEN, 3, 0);
	op = one_sided(s, IBV_WR_RDMA_READ, 0, MR_LEN);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 7, IBV_WC_RDMA_READ);
	vt_verify(s->a.data + 8, MR_LEN, 3, AT, "what was read");

	memset(s->memory + AT, 0, 64);
	op = one_sided(s, IBV_WR_ATOMIC_FETCH_AND_ADD, 16, 8);
	op.compare_add = 0x1234;
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 7, IBV_WC_FETCH_ADD);
	memcpy(&word, s->memory + AT + 16, sizeof(word));
	vt_check(word == 0x1234);
}

/* Its owner sends from it and receives into it. */
static void test_own(struct setup *s)
{
	struct ibv_sge own = { .addr = IOVA + 5, .length = MR_LEN - 5, .lkey = s->mr->lkey };
	struct vt_op op = { .opcode = IBV_WR_SEND, .wr_id = 8, .sge = { own }, .num_sge = 1 };
	struct vt_conn back;
	struct ibv_sge room = vt_sge(&s->a, 0, MR_LEN);

	vt_connect(&back, s->dev_b, s->dev_a, NULL);
	vt_fill(s->memory, BUF_LEN, 4, 0);
	vt_recv(&back.b, 9, &room, 1);
	vt_post(&back.a, &op);
	vt_expect_ok(&back.a, 8, IBV_WC_SEND);
	vt_expect_ok(&back.b, 9, IBV_WC_RECV);
	vt_verify(s->a.data, MR_LEN - 5, 4, AT + 5, "what was sent");

	vt_fill(s->a.data, BUF_LEN, 5, 0);
	vt_recv(&back.a, 10, &own, 1);
	op.sge[0] = vt_sge(&s->a, 1, MR_LEN - 5);
	vt_post(&back.b, &op);
	vt_expect_ok(&back.b, 8, IBV_WC_SEND);
	vt_expect_ok(&back.a, 10, IBV_WC_RECV);
	vt_verify(s->memory + AT + 5, MR_LEN - 5, 5, 1, "what was received");
	vt_disconnect(&back);
}

/* The region keeps the buffer, and the buffer its pages, when nobody else does. */
static void test_owner_gone(struct setup *s)
{
	struct vt_op op = one_sided(s, IBV_WR_RDMA_READ, 0, MR_LEN);

	vt_fill(s->memory, BUF_LEN, 6, 0);
	drop_memory(s);
	memset(s->a.data, 0, BUF_LEN);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 7, IBV_WC_RDMA_READ);
	vt_verify(s->a.data + 8, MR_LEN, 6, AT, "what was read");
	make_memory(s);
}

/* Two regions over one buffer, with different rights. */
static void test_shared(struct setup *s)
{
	struct ibv_mr *whole = ibv_reg_dmabuf_mr(s->dev_b->pd, 0, BUF_LEN, 0, s->fd,
						 IBV_ACCESS_REMOTE_READ);
	struct vt_op op = one_sided(s, IBV_WR_RDMA_READ, 0, BUF_LEN - 8);

	vt_check(whole);
	vt_fill(s->memory, BUF_LEN, 7, 0);
	op.remote_addr = 0;
	op.rkey = whole->rkey;
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, 7, IBV_WC_RDMA_READ);
	vt_verify(s->a.data + 8, BUF_LEN - 8, 7, 0, "the whole of it");
	op.opcode = IBV_WR_RDMA_WRITE;
	vt_post(&s->conn.a, &op);
	vt_expect(&s->conn.a, 7, IBV_WC_REM_ACCESS_ERR);
	vt_verify(s->memory, BUF_LEN, 7, 0, "what may not be written");
	vt_check(!ibv_dereg_mr(whole));
	vt_disconnect(&s->conn);
	vt_connect(&s->conn, s->dev_a, s->dev_b, NULL);
}

static void expect_error(struct setup *s, uint64_t at, uint32_t len)
{
	struct vt_op op = one_sided(s, IBV_WR_RDMA_WRITE, at, len);

	vt_post(&s->conn.a, &op);
	vt_expect(&s->conn.a, 7, IBV_WC_REM_ACCESS_ERR);
	vt_disconnect(&s->conn);
	vt_connect(&s->conn, s->dev_a, s->dev_b, NULL);
}

static void expect_refused(struct setup *s, uint64_t offset, size_t len, uint64_t iova, int fd,
			   int access, int error)
{
	errno = 0;
	if (ibv_reg_dmabuf_mr(s->dev_b->pd, offset, len, iova, fd, access))
		vt_fail("a region of %zu bytes at %llu is accepted", len,
			(unsigned long long)offset);
	if (errno != error)
		vt_fail("refused with %m instead of %s", strerror(error));
}

static void test_refused(struct setup *s)
{
	const int access = IBV_ACCESS_LOCAL_WRITE, file = open("/dev/zero", O_RDWR);
	struct ibv_mr *mr;

	expect_error(s, 1, MR_LEN);
	expect_error(s, -1ull, 8);
	expect_refused(s, 0, BUF_LEN + 1, 0, s->fd, access, EINVAL);
	expect_refused(s, BUF_LEN, 1, 0, s->fd, access, EINVAL);
	expect_refused(s, 4096, SIZE_MAX, 0, s->fd, access, EINVAL);
	expect_refused(s, 0, 4096, -4096ull, s->fd, access, EINVAL); /* its end is 2^64 */
	expect_refused(s, 0, 4096, 1, s->fd, access, EINVAL); /* another place in the page */
	expect_refused(s, 0, 4096, 0, file, access, EINVAL); /* no dma-buf */
	expect_refused(s, 0, 4096, 0, -1, access, EBADF);
	close(file);
	/* The last byte, and no more. */
	mr = ibv_reg_dmabuf_mr(s->dev_b->pd, BUF_LEN - 1, 1, BUF_LEN - 1, s->fd, access);
	vt_check(mr);
	vt_check(!ibv_dereg_mr(mr));
}

static void run(struct setup *s, enum vt_memory memory)
{
	vt_case("%s, the peer's memory is %s", s->exporter == UDMABUF ? "udmabuf" : "device memory",
		vt_memory_name(memory));
	begin(s, memory);
	test_peer(s);
	test_own(s);
	test_owner_gone(s);
	vt_check(!ibv_dereg_mr(s->mr));
	s->mr = ibv_reg_dmabuf_mr(s->dev_b->pd, AT, MR_LEN, IOVA, s->fd, VT_ACCESS_ALL);
	vt_check(s->mr);
	test_shared(s);
	test_refused(s);
	end(s);
}

/* Of the system's heap, with these flags of open(2). -1: this kernel has none. */
static int heap_buffer(int flags)
{
	struct dma_heap_allocation_data data = { .len = BUF_LEN, .fd_flags = flags | O_CLOEXEC };
	int heap = open("/dev/dma_heap/system", O_RDONLY | O_CLOEXEC);

	if (heap < 0)
		return -1;
	if (ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data))
		vt_fail("DMA_HEAP_IOCTL_ALLOC: %m");
	close(heap);
	return data.fd;
}

/* What was opened to be read is not written, by whomever. */
static void test_readonly(struct vt_device *dev)
{
	static const int writes[] = {
		IBV_ACCESS_LOCAL_WRITE,
		IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE,
		IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_ATOMIC,
	};
	int fd = heap_buffer(O_RDONLY);
	struct setup s = { .dev_b = dev, .fd = fd };
	struct ibv_mr *mr;
	size_t i;

	if (fd < 0) {
		vt_note("this kernel has no dma-buf heaps");
		return;
	}
	vt_case("a dma-buf that was opened to be read");
	for (i = 0; i < VT_ARRAY_SIZE(writes); i++)
		expect_refused(&s, 0, BUF_LEN, 0, fd, writes[i], EACCES);
	mr = ibv_reg_dmabuf_mr(dev->pd, 0, BUF_LEN, 0, fd, IBV_ACCESS_REMOTE_READ);
	vt_check(mr && !ibv_dereg_mr(mr));
	close(fd);
	fd = heap_buffer(O_RDWR);
	mr = ibv_reg_dmabuf_mr(dev->pd, 0, BUF_LEN, 0, fd, writes[1]);
	vt_check(mr && !ibv_dereg_mr(mr));
	close(fd);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.dev_a, &s.dev_b);
	if (vt_is_rxe(s.dev_b))
		vt_skip("rxe has no dma-bufs");
	for (s.exporter = UDMABUF; s.exporter <= DEVICE_MEMORY; s.exporter++) {
		if (s.exporter == UDMABUF && !vt_can_udmabuf()) {
			vt_note("this kernel has no /dev/udmabuf: only device memory");
			continue;
		}
		run(&s, VT_PINNED);
		if (vt_has_odp(s.dev_a, IBV_ODP_SUPPORT_WRITE))
			run(&s, VT_ODP);
	}
	test_readonly(s.dev_b);
	return vt_finish(s.dev_a, s.dev_b);
}
