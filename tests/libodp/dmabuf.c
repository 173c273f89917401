// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Keys of dma-bufs: of udmabuf, which exports pages of a memfd, and of exported device memory. What
 * a peer writes is where the exporter sees it; keys of one dma-buf are of one region while one is
 * held, those of others never, whatever becomes of descriptors; after the last nothing keeps it.
 */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lt.h"
#include "observe.h"

#define PAGES 16
#define LEN   (PAGES * LT_PAGE)

struct setup {
	struct vt_device *dev;
	struct vt_conn conn;
	struct vt_buf wire;
	struct odp_domain *domain;
	struct ibv_dm *dm; /* NULL: of udmabuf */
	uint8_t *memory; /* of the dma-buf */
	int memfd;
	int fd;
};

static void make_memory(struct setup *s, bool of_device)
{
	struct ibv_alloc_dm_attr attr = { .length = LEN };

	s->memfd = -1;
	s->dm = NULL;
	if (of_device) {
		s->dm = ibv_alloc_dm(s->dev->ctx, &attr);
		vt_check(s->dm);
		s->fd = vt_export_dm(s->dm);
		vt_check(s->fd >= 0);
	} else {
		s->fd = vt_udmabuf(LEN, &s->memfd);
	}
	s->memory = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED,
			 s->memfd >= 0 ? s->memfd : s->fd, 0);
	if (s->memory == MAP_FAILED)
		vt_fail("mapping the buffer: %m");
}

static void end_memory(struct setup *s)
{
	vt_check(!munmap(s->memory, LEN));
	close(s->fd);
	if (s->memfd >= 0)
		close(s->memfd);
	if (s->dm)
		vt_check(!ibv_free_dm(s->dm));
}

static struct odp_key get(struct setup *s, uint64_t offset, uint64_t len, uint64_t iova, int access)
{
	const struct odp_dmabuf memory = {
		.fd = s->fd, .offset = offset, .len = len, .iova = iova
	};
	struct odp_key key;

	lt_expect(odp_get_dmabuf(s->domain, &memory, access, &key), 0);
	vt_check(key.level == ODP_DMABUF && key.mr && key.lkey == key.mr->lkey &&
		 key.rkey == key.mr->rkey);
	return key;
}

/* All of `at`, which the key knows by its address: written by a peer, read by one, sent from by us. */
static void check_key(struct setup *s, const struct odp_key *key, uint8_t *at, size_t len,
		      uint64_t seed)
{
	lt_check_key(&s->conn, &s->wire, key, at, len, seed);
}

/* Addresses on the wire are those where the process has it mapped. */
static void test_reach(struct setup *s)
{
	const uint64_t here = (uintptr_t)s->memory;
	struct odp_key all, part;

	all = get(s, 0, LEN, here, VT_ACCESS_ALL);
	check_key(s, &all, s->memory, LEN, 1);
	part = get(s, 3 * LT_PAGE + 5, 2 * LT_PAGE, here + 3 * LT_PAGE + 5, VT_ACCESS_ALL);
	vt_check(part.mr == all.mr && lt_info(s->domain).dmabuf_regions == 1);
	check_key(s, &part, s->memory + 3 * LT_PAGE + 5, 2 * LT_PAGE, 2);
	lt_expect(odp_put(s->domain, &all), 0);
	check_key(s, &part, s->memory + 3 * LT_PAGE + 5, 2 * LT_PAGE, 3);
	lt_expect(odp_put(s->domain, &part), 0);
	vt_check(!lt_info(s->domain).dmabuf_regions && !lt_info(s->domain).pinned_bytes);
	part = get(s, LT_PAGE, LT_PAGE, here + LT_PAGE, VT_ACCESS_ALL);
	check_key(s, &part, s->memory + LT_PAGE, LT_PAGE, 4);
	lt_expect(odp_put(s->domain, &part), 0);
}

/* A key whose region somebody else's wider one could have been: it writes nothing. */
static void test_rights(struct setup *s)
{
	struct odp_key all = get(s, 0, LEN, 0, VT_ACCESS_ALL);
	struct odp_key readable = get(s, 0, LEN, 0, IBV_ACCESS_REMOTE_READ);
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = 1,
		.sge = { vt_sge(&s->wire, 0, 8) },
		.num_sge = 1,
		.rkey = readable.rkey,
	};

	vt_check(all.mr != readable.mr);
	vt_fill(s->memory, LEN, 5, 0);
	vt_post(&s->conn.a, &op);
	vt_expect(&s->conn.a, 1, IBV_WC_REM_ACCESS_ERR);
	vt_verify(s->memory, LEN, 5, 0, "what may not be written");
	vt_disconnect(&s->conn);
	vt_connect(&s->conn, s->dev, s->dev, NULL);
	lt_expect(odp_put(s->domain, &all), 0);
	lt_expect(odp_put(s->domain, &readable), 0);
}

/* The descriptor's number is used for another dma-buf, while the first is held and after. */
static void test_other(struct setup *s)
{
	const uint64_t here = (uintptr_t)s->memory;
	struct odp_key first = get(s, 0, LEN, here, VT_ACCESS_ALL), second;
	struct setup other = *s;

	make_memory(&other, s->dm);
	vt_check(dup2(other.fd, s->fd) == s->fd);
	second = get(s, 0, LEN, (uintptr_t)other.memory, VT_ACCESS_ALL);
	vt_check(second.mr != first.mr);
	check_key(s, &second, other.memory, LEN, 6);
	check_key(s, &first, s->memory, LEN, 7);
	lt_expect(odp_put(s->domain, &first), 0);
	lt_expect(odp_put(s->domain, &second), 0);
	second = get(s, 0, LEN, (uintptr_t)other.memory, VT_ACCESS_ALL);
	check_key(s, &second, other.memory, LEN, 8);
	lt_expect(odp_put(s->domain, &second), 0);
	end_memory(&other);
}

static void expect_refused(struct setup *s, struct odp_dmabuf memory, int access, int err)
{
	struct odp_key key = {};

	lt_expect(odp_get_dmabuf(s->domain, &memory, access, &key), err);
	vt_check(!key.mr);
}

static void test_refused(struct setup *s)
{
	expect_refused(s, (struct odp_dmabuf){ .fd = -1, .len = 1 }, 0, -EBADF);
	expect_refused(s, (struct odp_dmabuf){ .fd = s->conn.a.qp->context->cmd_fd, .len = 1 }, 0,
		       -EINVAL);
	expect_refused(s, (struct odp_dmabuf){ .fd = s->fd, .len = 0 }, 0, -EINVAL);
	expect_refused(s, (struct odp_dmabuf){ .fd = s->fd, .len = LEN + 1 }, 0, -EINVAL);
	expect_refused(s, (struct odp_dmabuf){ .fd = s->fd, .offset = LEN, .len = 1 }, 0, -EINVAL);
	expect_refused(s, (struct odp_dmabuf){ .fd = s->fd, .len = 8, .iova = 1 }, 0, -EINVAL);
	expect_refused(
		s, (struct odp_dmabuf){ .fd = s->fd, .len = 8, .iova = -4096ull, .reserved32 = 1 },
		0, -EINVAL);
	expect_refused(s, (struct odp_dmabuf){ .fd = s->fd, .len = 8 }, IBV_ACCESS_ON_DEMAND,
		       -EINVAL);
	expect_refused(s, (struct odp_dmabuf){ .fd = s->fd, .len = 8 }, IBV_ACCESS_REMOTE_WRITE,
		       -EINVAL);
	vt_check(!lt_info(s->domain).held && !lt_info(s->domain).dmabuf_regions);
}

/* Its counters nobody keeps, it is not prefetched, and a child has no keys. */
static void test_rest(struct setup *s)
{
	struct odp_key key = get(s, 0, LEN, 0, VT_ACCESS_ALL);
	const struct odp_dmabuf memory = { .fd = s->fd, .len = LEN };
	struct odp_key none;
	pid_t child;
	int status;

	lt_expect(odp_prefetch(s->domain, &key, NULL, 0, ODP_PREFETCH_READ, 0), -EOPNOTSUPP);
	lt_expect(odp_domain_close(s->domain), -EBUSY);
	child = vt_fork();
	if (!child)
		_exit(odp_get_dmabuf(s->domain, &memory, 0, &none) == -ECHILD ? 0 : 1);
	status = vt_reap(child, vt_options.wait_ms, "the child");
	vt_check(WIFEXITED(status) && !WEXITSTATUS(status));
	lt_expect(odp_put(s->domain, &key), 0);
	vt_check(!lt_info(s->domain).held);
}

static void run(struct setup *s, bool of_device)
{
	vt_case("%s", of_device ? "device memory" : "udmabuf");
	make_memory(s, of_device);
	vt_connect(&s->conn, s->dev, s->dev, NULL);
	vt_buf_make(&s->wire, s->dev, LEN, VT_PINNED, VT_ACCESS_ALL);
	lt_expect(odp_domain_open(s->dev->pd, NULL, &s->domain), 0);
	test_reach(s);
	test_rights(s);
	test_refused(s);
	test_rest(s);
	test_other(s);
	lt_domain_close(s->domain);
	vt_disconnect(&s->conn);
	vt_buf_free(&s->wire);
	end_memory(s);
}

static void test_without(struct setup *s)
{
	const struct odp_dmabuf memory = { .len = LT_PAGE };
	struct odp_key key;

	vt_case("a device without dma-bufs");
	lt_expect(odp_domain_open(s->dev->pd, NULL, &s->domain), 0);
	lt_expect(odp_get_dmabuf(s->domain, &memory, 0, &key), -EOPNOTSUPP);
	lt_domain_close(s->domain);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_init(argc, argv);
	s.dev = vt_open_a();
	vt_check(odp_can_dmabuf(s.dev->ctx) == !vt_is_rxe(s.dev));
	if (!odp_can_dmabuf(s.dev->ctx)) {
		test_without(&s);
	} else {
		if (vt_can_udmabuf())
			run(&s, false);
		else
			vt_note("this kernel has no /dev/udmabuf: only device memory");
		run(&s, true);
	}
	vt_close(s.dev);
	return vt_pass();
}
