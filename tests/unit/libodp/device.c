// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "device.h"

#undef ibv_reg_mr

/* An io_uring with one registered buffer, used by one at a time; data goes through a file. */
struct pin {
	pthread_mutex_t lock;
	struct io_uring_params params;
	int fd, file;
	char *ring; /* both queues */
	struct io_uring_sqe *sqe;
};

struct region {
	struct ibv_mr mr; /* the first member */
	struct pin *pin; /* NULL: on demand, or of a dma-buf */
	char *dmabuf; /* all of it; NULL: memory of the process */
	size_t dmabuf_len;
	uint64_t dmabuf_offset, iova;
};

struct failure {
	int error, n;
};

struct pd {
	struct ibv_pd pd; /* the first member */
	int regions;
};

static struct failure registering, deregistering;
static unsigned int last_key;
static int regions;

/* What must not happen in this device itself. */
static void must(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	abort();
}

static bool fails(struct failure *failure)
{
	static unsigned int calls;

	if (failure->n < 0)
		return !(__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) % -failure->n);
	if (!failure->n)
		return false;
	failure->n--;
	return true;
}

void device_fail_register(int error, int n)
{
	registering = (struct failure){ error, n };
}

void device_fail_deregister(int error, int n)
{
	deregistering = (struct failure){ error, n };
}

static int ring_open(struct io_uring_params *params)
{
	return syscall(SYS_io_uring_setup, 1, params);
}

static size_t ring_len(const struct pin *pin)
{
	return pin->params.cq_off.cqes + pin->params.cq_entries * sizeof(struct io_uring_cqe);
}

static void pin_close(struct pin *pin)
{
	munmap(pin->ring, ring_len(pin));
	munmap(pin->sqe, pin->params.sq_entries * sizeof(*pin->sqe));
	close(pin->fd);
	close(pin->file);
	free(pin);
}

static void *map_ring(const struct pin *pin, size_t len, off_t offset)
{
	void *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, pin->fd,
			offset);

	must(at != MAP_FAILED, "mapping an io_uring");
	return at;
}

/* NULL and errno: the memory cannot be pinned. */
static struct pin *pin_open(void *addr, size_t length)
{
	struct iovec buffer = { addr, length };
	struct pin *pin = calloc(1, sizeof(*pin));
	int err;

	must(pin, "memory");
	pin->fd = ring_open(&pin->params);
	must(pin->fd >= 0, "io_uring_setup");
	if (syscall(SYS_io_uring_register, pin->fd, IORING_REGISTER_BUFFERS, &buffer, 1)) {
		err = errno;
		close(pin->fd);
		free(pin);
		errno = err;
		return NULL;
	}
	pthread_mutex_init(&pin->lock, NULL);
	pin->file = memfd_create("device", 0);
	pin->ring = map_ring(pin, ring_len(pin), IORING_OFF_SQ_RING);
	pin->sqe = map_ring(pin, pin->params.sq_entries * sizeof(*pin->sqe), IORING_OFF_SQES);
	return pin;
}

static uint32_t *counter(const struct pin *pin, uint32_t offset)
{
	return (uint32_t *)(pin->ring + offset);
}

static void pin_do(struct pin *pin, int opcode, void *va, size_t len)
{
	const struct io_uring_params *at = &pin->params;
	uint32_t *tail = counter(pin, at->sq_off.tail), *head = counter(pin, at->cq_off.head);
	const struct io_uring_cqe *cqe = (const void *)(pin->ring + at->cq_off.cqes);

	*pin->sqe = (struct io_uring_sqe){
		.opcode = opcode,
		.fd = pin->file,
		.addr = (uintptr_t)va,
		.len = len,
	};
	counter(pin, at->sq_off.array)[*tail & *counter(pin, at->sq_off.ring_mask)] = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	must(syscall(SYS_io_uring_enter, pin->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) == 1,
	     "io_uring_enter");
	must(cqe[*head & *counter(pin, at->cq_off.ring_mask)].res == (int)len, "a fixed buffer");
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
}

/* Of a region that is not pinned: where its bytes at va are. */
static void *place(const struct region *region, void *va)
{
	if (!region->dmabuf)
		return va;
	return region->dmabuf + region->dmabuf_offset + ((uintptr_t)va - region->iova);
}

void device_write(struct ibv_mr *mr, void *va, const void *wire, size_t len)
{
	struct region *region = (struct region *)mr;
	struct pin *pin = region->pin;

	if (!pin) {
		memcpy(place(region, va), wire, len);
		return;
	}
	pthread_mutex_lock(&pin->lock);
	must(pwrite(pin->file, wire, len, 0) == (ssize_t)len, "the device's file");
	pin_do(pin, IORING_OP_READ_FIXED, va, len);
	pthread_mutex_unlock(&pin->lock);
}

void device_read(struct ibv_mr *mr, void *va, void *wire, size_t len)
{
	struct region *region = (struct region *)mr;
	struct pin *pin = region->pin;

	if (!pin) {
		memcpy(wire, place(region, va), len);
		return;
	}
	pthread_mutex_lock(&pin->lock);
	pin_do(pin, IORING_OP_WRITE_FIXED, va, len);
	must(pread(pin->file, wire, len, 0) == (ssize_t)len, "the device's file");
	pthread_mutex_unlock(&pin->lock);
}

static struct region *make_region(struct ibv_pd *pd)
{
	struct region *region = calloc(1, sizeof(*region));

	must(region, "memory");
	__atomic_add_fetch(&((struct pd *)pd)->regions, 1, __ATOMIC_RELAXED);
	region->mr.context = pd->context;
	region->mr.pd = pd;
	region->mr.lkey = region->mr.rkey = __atomic_add_fetch(&last_key, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&regions, 1, __ATOMIC_RELAXED);
	return region;
}

static struct ibv_mr *register_region(struct ibv_pd *pd, void *addr, size_t length, int access)
{
	struct region *region;
	struct pin *pin = NULL;

	if (fails(&registering)) {
		errno = registering.error;
		return NULL;
	}
	if (!(access & IBV_ACCESS_ON_DEMAND)) {
		pin = pin_open(addr, length);
		if (!pin)
			return NULL;
	}
	region = make_region(pd);
	region->pin = pin;
	return &region->mr;
}

/* What ibv_reg_mr() of the header calls, depending on its arguments. */
struct ibv_mr *ibv_reg_mr(struct ibv_pd *pd, void *addr, size_t length, int access)
{
	return register_region(pd, addr, length, access);
}

struct ibv_mr *ibv_reg_mr_iova2(struct ibv_pd *pd, void *addr, size_t length, uint64_t iova,
				unsigned int access)
{
	(void)iova;
	return register_region(pd, addr, length, access);
}

/* As a driver: it holds the file, and says EINVAL to what is no memfd. */
struct ibv_mr *ibv_reg_dmabuf_mr(struct ibv_pd *pd, uint64_t offset, size_t length, uint64_t iova,
				 int fd, int access)
{
	struct region *region;
	struct stat stat;
	void *at;

	(void)access;
	if (fstat(fd, &stat))
		return NULL;
	if (fails(&registering)) {
		errno = registering.error;
		return NULL;
	}
	at = MAP_FAILED;
	errno = EINVAL;
	if (fcntl(fd, F_GET_SEALS) >= 0 && offset + length <= (uint64_t)stat.st_size)
		at = mmap(NULL, stat.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return NULL;
	region = make_region(pd);
	region->dmabuf = at;
	region->dmabuf_len = stat.st_size;
	region->dmabuf_offset = offset;
	region->iova = iova;
	return &region->mr;
}

int ibv_dereg_mr(struct ibv_mr *mr)
{
	struct region *region = (struct region *)mr;

	if (fails(&deregistering))
		return deregistering.error;
	__atomic_sub_fetch(&((struct pd *)mr->pd)->regions, 1, __ATOMIC_RELAXED);
	if (region->pin)
		pin_close(region->pin);
	if (region->dmabuf)
		munmap(region->dmabuf, region->dmabuf_len);
	free(region);
	__atomic_sub_fetch(&regions, 1, __ATOMIC_RELAXED);
	return 0;
}

static int query(struct ibv_context *ctx, const struct ibv_query_device_ex_input *input,
		 struct ibv_device_attr_ex *attr, size_t size)
{
	(void)ctx, (void)input, (void)size;
	attr->odp_caps.general_caps = IBV_ODP_SUPPORT | IBV_ODP_SUPPORT_IMPLICIT;
	return 0;
}

int ibv_query_device(struct ibv_context *ctx, struct ibv_device_attr *attr)
{
	(void)ctx, (void)attr;
	return ENOSYS;
}

static int advise(struct ibv_pd *pd, enum ibv_advise_mr_advice advice, uint32_t flags,
		  struct ibv_sge *list, uint32_t n)
{
	(void)pd, (void)advice, (void)flags, (void)list, (void)n;
	return EOPNOTSUPP;
}

struct ibv_pd *ibv_alloc_pd(struct ibv_context *ctx)
{
	static unsigned int last_handle;
	struct pd *pd = calloc(1, sizeof(*pd));

	must(pd, "memory");
	pd->pd.context = ctx;
	pd->pd.handle = __atomic_add_fetch(&last_handle, 1, __ATOMIC_RELAXED);
	return &pd->pd;
}

int ibv_dealloc_pd(struct ibv_pd *pd)
{
	if (((struct pd *)pd)->regions)
		return EBUSY;
	free(pd);
	return 0;
}

bool device_can_pin(void)
{
	struct io_uring_params params = {};
	int fd = ring_open(&params);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

struct ibv_pd *device_open(void)
{
	struct verbs_context *ctx = calloc(1, sizeof(*ctx));

	must(ctx, "memory");
	ctx->sz = sizeof(*ctx);
	ctx->context.abi_compat = __VERBS_ABI_IS_EXTENDED;
	ctx->context.cmd_fd = -1;
	ctx->query_device_ex = query;
	ctx->advise_mr = advise;
	return ibv_alloc_pd(&ctx->context);
}

void device_close(struct ibv_pd *pd)
{
	struct verbs_context *ctx = verbs_get_ctx(pd->context);

	must(!regions, "regions are left");
	must(!ibv_dealloc_pd(pd), "a PD with regions");
	free(ctx);
}
