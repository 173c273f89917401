// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The domain over a device of which everything can be asked for: kernels that say EAGAIN for
 * long, regions that cannot be had or given back, and eight threads that replace memory, use
 * keys, and compare every byte. tests/libodp does the same with devices.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "device.h"
#include "kernel_monitor.h"
#include "odp.h"
#include "retry.h"

#define PAGE	4096ul
#define PAGES	16
#define LEN	(PAGES * PAGE)
#define SLOTS	24
#define THREADS 8
#define SECONDS 1

static void *map(size_t len)
{
	void *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(at != MAP_FAILED);
	return at;
}

static struct odp_domain *open_domain(struct ibv_pd *pd, uint32_t levels, uint32_t flags)
{
	const struct odp_domain_attr attr = {
		.levels = levels,
		.flags = flags,
		.grain = 8 * PAGE,
		.explicit_max = 4,
		.pinned_max = SLOTS * LEN / 2,
	};
	struct odp_domain *domain;

	assert_int_equal(odp_domain_open(pd, &attr, &domain), 0);
	return domain;
}

static struct odp_domain_info info_of(struct odp_domain *domain)
{
	struct odp_domain_info info;

	assert_int_equal(odp_domain_query(domain, &info), 0);
	return info;
}

static void test_eagain(void **state)
{
	struct ibv_pd *pd = device_open();
	struct odp_domain *domain = open_domain(pd, ODP_EXPLICIT, 0);
	struct odp_key key;
	char byte;

	(void)state;
	device_fail_register(EAGAIN, 5);
	assert_int_equal(odp_get(domain, &byte, 1, 0, &key), 0);
	assert_int_equal(info_of(domain).retries, 5);
	odp_put(domain, &key);
	assert_int_equal(odp_forget(domain, &byte, 1), 0);
	device_fail_register(EAGAIN, 1000);
	assert_int_equal(odp_get(domain, &byte, 1, 0, &key), -EAGAIN);
	assert_int_equal(info_of(domain).retries, 5 + ODP_RETRIES);
	assert_int_equal(info_of(domain).explicit_regions, 0);
	device_fail_register(0, 0);
	device_fail_deregister(EAGAIN, 3);
	assert_int_equal(odp_get(domain, &byte, 1, 0, &key), 0);
	odp_put(domain, &key);
	assert_int_equal(odp_domain_close(domain), 0);
	device_close(pd);
}

/* A level that fails is followed by the next; what is cached is given up for what is lacking. */
static void test_lack(void **state)
{
	struct ibv_pd *pd = device_open();
	struct odp_domain *domain = open_domain(pd, ODP_IMPLICIT | ODP_EXPLICIT, 0);
	struct odp_key key, other;
	char *at = map(LEN * 4);

	(void)state;
	device_fail_register(EINVAL, 1);
	assert_int_equal(odp_get(domain, at, 1, 0, &key), 0);
	assert_int_equal(key.level, ODP_EXPLICIT);
	odp_put(domain, &key);
	device_fail_register(ENOMEM, 3);
	assert_int_equal(odp_get(domain, at + 2 * LEN, 1, 0, &other), 0);
	assert_int_equal(other.level, ODP_EXPLICIT);
	assert_int_equal(info_of(domain).explicit_regions, 1);
	device_fail_register(EIO, 1000);
	assert_int_equal(odp_get(domain, at, 1, 0, &key), -EIO);
	device_fail_register(0, 0);
	odp_put(domain, &other);
	assert_int_equal(odp_domain_close(domain), 0);
	munmap(at, LEN * 4);
	device_close(pd);
}

/* All or none; and what was found for those that get none is given back. */
static void test_many(void **state)
{
	enum {
		N = 200
	};
	struct ibv_pd *pd = device_open();
	struct odp_domain *domain = open_domain(pd, ODP_EXPLICIT, 0);
	char *at = map(16 * LEN);
	struct iovec range[N];
	struct odp_key key[N];
	int i;

	(void)state;
	for (i = 0; i < N; i++)
		range[i] = (struct iovec){ at + i % 4 * LEN, 10 };
	assert_int_equal(odp_get_many(domain, range, N, 0, key), 0);
	assert_int_equal(info_of(domain).held, N);
	assert_int_equal(odp_put_many(domain, key, N), 0);
	assert_int_equal(odp_put_many(domain, key, N), -EINVAL);
	range[150].iov_base = at + 12 * LEN;
	device_fail_register(EIO, 1000);
	assert_int_equal(odp_get_many(domain, range, N, 0, key), -EIO);
	device_fail_register(0, 0);
	for (i = 0; i < N; i++)
		assert_null(key[i].region);
	assert_int_equal(info_of(domain).held, 0);
	range[100].iov_len = 0;
	assert_int_equal(odp_get_many(domain, range, N, 0, key), -EINVAL);
	assert_int_equal(odp_domain_close(domain), 0);
	munmap(at, 16 * LEN);
	device_close(pd);
}

/* An implicit region serves all threads without being held; a domain is not closed while keys of it are. */
static void test_implicit(void **state)
{
	struct ibv_pd *pd = device_open();
	struct odp_domain *domain = open_domain(pd, ODP_IMPLICIT, 0);
	struct odp_key key[3];
	char byte;
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_int_equal(odp_get(domain, &byte, 1, i ? IBV_ACCESS_LOCAL_WRITE : 0, &key[i]),
				 0);
	assert_ptr_not_equal(key[0].region, key[1].region);
	assert_ptr_equal(key[1].region, key[2].region);
	assert_int_equal(info_of(domain).registrations, 2);
	assert_int_equal(info_of(domain).hits, 1);
	assert_int_equal(odp_forget(domain, &byte, 1), 0);
	assert_int_equal(odp_put(domain, &key[0]), 0);
	assert_int_equal(odp_put(domain, &key[1]), 0);
	assert_int_equal(odp_domain_close(domain), -EBUSY);
	assert_int_equal(odp_put(domain, &key[2]), 0);
	assert_int_equal(odp_domain_close(domain), 0);
	device_close(pd);
}

static void test_stuck(void **state)
{
	struct ibv_pd *pd = device_open();
	struct odp_domain *domain = open_domain(pd, ODP_EXPLICIT, 0);
	struct odp_key key;
	char byte;

	(void)state;
	assert_int_equal(odp_get(domain, &byte, 1, 0, &key), 0);
	assert_int_equal(odp_domain_close(domain), -EBUSY);
	odp_put(domain, &key);
	device_fail_deregister(EBUSY, 1);
	assert_int_equal(odp_domain_close(domain), -EBUSY);
	assert_int_equal(odp_domain_close(domain), 0);
	device_close(pd);
}

struct slot {
	pthread_mutex_t lock;
	char *at;
	char shadow[LEN]; /* what is in it */
	struct odp_key held;
};

struct play {
	struct odp_domain *domain;
	uint32_t level, flags;
	struct slot slot[SLOTS];
	time_t end;
	unsigned int threads, uses;
};

static void change(struct play *p, struct slot *slot, unsigned int *seed)
{
	const size_t first = rand_r(seed) % PAGES, n = 1 + rand_r(seed) % (PAGES - first);
	char *at = slot->at + first * PAGE, *other;

	if (p->level == ODP_PINNED)
		odp_put(p->domain, &slot->held);
	if (p->flags & ODP_FORGETS)
		assert_int_equal(odp_forget(p->domain, slot->at, LEN), 0);
	memset(slot->shadow + first * PAGE, 0, n * PAGE);
	if (rand_r(seed) % 2) {
		assert_int_equal(madvise(at, n * PAGE, MADV_DONTNEED), 0);
		return;
	}
	other = map(n * PAGE);
	assert_ptr_equal(mremap(other, n * PAGE, n * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at), at);
}

static void move(struct slot *slot, const struct odp_key *key, size_t first, size_t len,
		 unsigned int *seed)
{
	char wire[LEN];
	size_t i;

	if (rand_r(seed) % 2) {
		for (i = 0; i < len; i++)
			wire[i] = rand_r(seed);
		memcpy(slot->shadow + first, wire, len);
		device_write(key->mr, slot->at + first, wire, len);
	} else {
		device_read(key->mr, slot->at + first, wire, len);
		assert_memory_equal(wire, slot->shadow + first, len);
	}
	assert_memory_equal(slot->at, slot->shadow, LEN);
}

static bool may_lack(int err)
{
	return err == -ENOSPC || err == -ENOMEM || err == -EAGAIN;
}

static void use(struct play *p, struct slot *slot, unsigned int *seed)
{
	const size_t first = rand_r(seed) % LEN, len = 1 + rand_r(seed) % (LEN - first);
	struct odp_key key;
	int err = odp_get(p->domain, slot->at + first, len, IBV_ACCESS_LOCAL_WRITE, &key);

	if (may_lack(err))
		return;
	assert_int_equal(err, 0);
	move(slot, &key, first, len, seed);
	odp_put(p->domain, &key);
	if (slot->held.region)
		move(slot, &slot->held, 0, LEN, seed);
	else if (!(rand_r(seed) % 8))
		assert_true(!(err = odp_get(p->domain, slot->at, LEN, IBV_ACCESS_LOCAL_WRITE,
					    &slot->held)) ||
			    may_lack(err));
	__atomic_add_fetch(&p->uses, 1, __ATOMIC_RELAXED);
}

static void *act(void *arg)
{
	struct play *p = arg;
	unsigned int seed = __atomic_add_fetch(&p->threads, 1, __ATOMIC_RELAXED);

	while (time(NULL) < p->end) {
		struct slot *slot = &p->slot[rand_r(&seed) % SLOTS];

		pthread_mutex_lock(&slot->lock);
		if (!(rand_r(&seed) % 10))
			odp_put(p->domain, &slot->held);
		if (rand_r(&seed) % 3)
			use(p, slot, &seed);
		else
			change(p, slot, &seed);
		pthread_mutex_unlock(&slot->lock);
	}
	return NULL;
}

static void stress(uint32_t level, uint32_t flags)
{
	static struct play p;
	struct ibv_pd *pd = device_open();
	pthread_t thread[THREADS];
	char *at = map(SLOTS * LEN);
	size_t i;

	p = (struct play){ .level = level, .flags = flags, .end = time(NULL) + SECONDS + 1 };
	p.domain = open_domain(pd, level, flags);
	for (i = 0; i < SLOTS; i++) {
		pthread_mutex_init(&p.slot[i].lock, NULL);
		p.slot[i].at = at + i * LEN;
	}
	device_fail_register(flags ? EAGAIN : ENOMEM, -40);
	device_fail_deregister(EBUSY, -30);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, act, &p), 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	device_fail_register(0, 0);
	device_fail_deregister(0, 0);
	for (i = 0; i < SLOTS; i++)
		odp_put(p.domain, &p.slot[i].held);
	assert_int_equal(info_of(p.domain).held, 0);
	assert_true(p.uses > 0);
	print_message("level %u, proof %u: %u uses, %lu registrations, %lu stale\n", level,
		      info_of(p.domain).proof, p.uses,
		      (unsigned long)info_of(p.domain).registrations,
		      (unsigned long)info_of(p.domain).stale);
	assert_int_equal(odp_domain_close(p.domain), 0);
	munmap(at, SLOTS * LEN);
	device_close(pd);
}

static void test_stress_on_demand(void **state)
{
	(void)state;
	stress(ODP_IMPLICIT, 0);
	stress(ODP_EXPLICIT, 0);
}

static void test_stress_pinned(void **state)
{
	(void)state;
	if (!device_can_pin()) {
		print_message("no io_uring here: nothing can be pinned\n");
		skip();
	}
	stress(ODP_PINNED, 0);
	stress(ODP_PINNED, ODP_FORGETS);
}

/* A dma-buf of the device's: LEN bytes that are the numbers of their pages. */
static int make_dmabuf(void)
{
	int fd = memfd_create("dmabuf", MFD_CLOEXEC);
	char page[PAGE];
	int i;

	assert_true(fd >= 0);
	for (i = 0; i < PAGES; i++) {
		memset(page, i, sizeof(page));
		assert_int_equal(write(fd, page, sizeof(page)), sizeof(page));
	}
	return fd;
}

static struct odp_key get_dmabuf(struct odp_domain *domain, struct odp_dmabuf memory, int access)
{
	struct odp_key key;

	assert_int_equal(odp_get_dmabuf(domain, &memory, access, &key), 0);
	assert_int_equal(key.level, ODP_DMABUF);
	assert_int_equal(key.lkey, key.mr->lkey);
	return key;
}

/* Through the key, at iova, is page n. */
static void assert_page(const struct odp_key *key, uint64_t iova, int n)
{
	char byte;

	device_read(key->mr, (void *)(uintptr_t)iova, &byte, 1);
	assert_int_equal(byte, n);
}

static uint64_t inode_of(int fd)
{
	struct stat stat;

	assert_int_equal(fstat(fd, &stat), 0);
	return stat.st_ino;
}

static void test_dmabuf(void **state)
{
	struct ibv_pd *pd = device_open();
	struct odp_domain *domain = open_domain(pd, ODP_PINNED, 0);
	int fd = make_dmabuf(), other = make_dmabuf(), again;
	const struct odp_dmabuf all = { .fd = fd, .len = LEN };
	const struct odp_dmabuf part = {
		.fd = fd, .offset = 2 * PAGE, .len = PAGE, .iova = 2 * PAGE
	};
	struct odp_key one, two;

	(void)state;
	assert_true(odp_can_dmabuf(pd->context));
	/* Of one region while it is held. */
	one = get_dmabuf(domain, all, IBV_ACCESS_LOCAL_WRITE);
	two = get_dmabuf(domain, part, IBV_ACCESS_LOCAL_WRITE);
	assert_ptr_equal(one.mr, two.mr);
	assert_page(&two, 2 * PAGE, 2);
	assert_int_equal(info_of(domain).hits, 1);
	assert_int_equal(info_of(domain).dmabuf_regions, 1);
	assert_int_equal(info_of(domain).pinned_bytes, 0);
	assert_int_equal(odp_put(domain, &one), 0);
	assert_int_equal(info_of(domain).dmabuf_regions, 1);
	assert_int_equal(odp_put(domain, &two), 0);
	assert_int_equal(info_of(domain).dmabuf_regions, 0);
	assert_int_equal(info_of(domain).evictions, 0);

	/* Other rights, another address, another dma-buf, and more than is held. */
	one = get_dmabuf(domain, part, 0);
	two = get_dmabuf(domain, part, IBV_ACCESS_LOCAL_WRITE);
	assert_ptr_not_equal(one.mr, two.mr);
	odp_put(domain, &two);
	two = get_dmabuf(domain, (struct odp_dmabuf){ .fd = fd, .offset = 2 * PAGE, .len = PAGE },
			 0);
	assert_ptr_not_equal(one.mr, two.mr);
	assert_page(&two, 0, 2);
	odp_put(domain, &two);
	two = get_dmabuf(domain, (struct odp_dmabuf){ .fd = other, .len = LEN }, 0);
	assert_ptr_not_equal(one.mr, two.mr);
	odp_put(domain, &two);
	two = get_dmabuf(domain, all, 0);
	assert_ptr_not_equal(one.mr, two.mr);
	odp_put(domain, &two);

	/* It is the dma-buf that counts, not the descriptor. */
	again = dup(fd);
	two = get_dmabuf(
		domain,
		(struct odp_dmabuf){ .fd = again, .offset = 2 * PAGE, .len = 1, .iova = 2 * PAGE },
		0);
	assert_ptr_equal(one.mr, two.mr);
	odp_put(domain, &two);
	assert_int_equal(dup2(other, fd), fd);
	two = get_dmabuf(domain, part, 0);
	assert_ptr_not_equal(one.mr, two.mr);
	odp_put(domain, &two);
	close(again);
	close(fd);
	assert_page(&one, 2 * PAGE, 2);

	/* Addresses of the process that are the same numbers are something else. */
	assert_int_equal(odp_forget(domain, (void *)1, SIZE_MAX - 1), 0);
	assert_int_equal(info_of(domain).dmabuf_regions, 1);
	assert_int_equal(odp_domain_close(domain), -EBUSY);
	assert_int_equal(odp_put(domain, &one), 0);
	assert_int_equal(odp_put(domain, &one), -EINVAL);

	two = get_dmabuf(domain, (struct odp_dmabuf){ .fd = other, .len = LEN }, 0);
	assert_int_equal(odp_get(domain, (void *)inode_of(other), 1, 0, &one), -EFAULT);
	odp_put(domain, &two);
	close(other);
	assert_int_equal(info_of(domain).held, 0);
	assert_int_equal(odp_domain_close(domain), 0);
	device_close(pd);
}

static void expect_dmabuf_refused(struct odp_domain *domain, struct odp_dmabuf memory, int access,
				  int err)
{
	struct odp_key key = {};

	assert_int_equal(odp_get_dmabuf(domain, &memory, access, &key), err);
	assert_null(key.mr);
}

static void test_dmabuf_refused(void **state)
{
	struct ibv_pd *pd = device_open();
	struct odp_domain *domain = open_domain(pd, 0, 0);
	int fd = make_dmabuf(), file = open("/dev/null", O_RDWR);
	const struct odp_dmabuf good = { .fd = fd, .len = LEN };
	struct odp_dmabuf bad = good;
	struct odp_key key;

	(void)state;
	expect_dmabuf_refused(domain, (struct odp_dmabuf){ .fd = -1, .len = 1 }, 0, -EBADF);
	expect_dmabuf_refused(domain, (struct odp_dmabuf){ .fd = file, .len = 1 }, 0, -EINVAL);
	expect_dmabuf_refused(domain, (struct odp_dmabuf){ .fd = fd }, 0, -EINVAL);
	expect_dmabuf_refused(domain, (struct odp_dmabuf){ .fd = fd, .len = LEN + 1 }, 0, -EINVAL);
	expect_dmabuf_refused(domain, (struct odp_dmabuf){ .fd = fd, .offset = -1ull, .len = 2 }, 0,
			      -EINVAL);
	expect_dmabuf_refused(domain, (struct odp_dmabuf){ .fd = fd, .iova = -1ull, .len = 2 }, 0,
			      -EINVAL);
	expect_dmabuf_refused(domain, (struct odp_dmabuf){ .fd = fd, .len = 1, .reserved32 = 1 }, 0,
			      -EINVAL);
	bad.reserved[3] = 1;
	expect_dmabuf_refused(domain, bad, 0, -EINVAL);
	expect_dmabuf_refused(domain, good, IBV_ACCESS_ON_DEMAND, -EINVAL);
	expect_dmabuf_refused(domain, good, IBV_ACCESS_ZERO_BASED, -EINVAL);
	device_fail_register(EAGAIN, 1000);
	expect_dmabuf_refused(domain, good, 0, -EAGAIN);
	device_fail_register(EOPNOTSUPP, 1);
	expect_dmabuf_refused(domain, good, 0, -EOPNOTSUPP);
	assert_int_equal(info_of(domain).dmabuf_regions, 0);
	/* What is cached is given up before memory is said to be short. */
	device_fail_register(ENOMEM, 1);
	assert_int_equal(odp_get_dmabuf(domain, &good, 0, &key), 0);
	assert_int_equal(odp_prefetch(domain, &key, NULL, 0, ODP_PREFETCH_READ, 0), -EOPNOTSUPP);
	assert_int_equal(odp_put(domain, &key), 0);
	close(fd);
	close(file);
	assert_int_equal(odp_domain_close(domain), 0);
	device_close(pd);
}

struct sharers {
	struct odp_domain *domain;
	int fd[4];
};

/* Parts at random of dma-bufs that others use as well: the page that is read is the one that was asked for. */
static void *share(void *arg)
{
	const struct sharers *s = arg;
	unsigned int seed = (uintptr_t)&seed, i;
	struct odp_key key;
	uint64_t page;

	for (i = 0; i < 4000; i++) {
		page = rand_r(&seed) % PAGES;
		key = get_dmabuf(
			s->domain,
			(struct odp_dmabuf){ .fd = s->fd[rand_r(&seed) % 4],
					     .offset = page * PAGE,
					     .len = (1 + rand_r(&seed) % (PAGES - page)) * PAGE,
					     .iova = page * PAGE },
			0);
		assert_page(&key, page * PAGE, page);
		assert_int_equal(odp_put(s->domain, &key), 0);
	}
	return NULL;
}

static void test_dmabuf_threads(void **state)
{
	struct ibv_pd *pd = device_open();
	struct sharers s = { .domain = open_domain(pd, 0, 0) };
	pthread_t thread[THREADS];
	int i;

	(void)state;
	for (i = 0; i < 4; i++)
		s.fd[i] = make_dmabuf();
	device_fail_register(EAGAIN, -40);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, share, &s), 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	device_fail_register(0, 0);
	assert_true(info_of(s.domain).hits > 0);
	assert_int_equal(info_of(s.domain).dmabuf_regions, 0);
	for (i = 0; i < 4; i++)
		close(s.fd[i]);
	assert_int_equal(odp_domain_close(s.domain), 0);
	device_close(pd);
}

static void touch(struct odp_domain *domain, void *at)
{
	struct odp_key key;

	assert_int_equal(odp_get(domain, at, PAGE, IBV_ACCESS_LOCAL_WRITE, &key), 0);
	assert_int_equal(odp_put(domain, &key), 0);
}

static void check_made(struct odp_domain *domain, uint64_t registrations, uint64_t stale)
{
	assert_int_equal(info_of(domain).registrations, registrations);
	assert_int_equal(info_of(domain).stale, stale);
}

/* Regions are used again for as long as the kernel's word stands. */
static void monitor_word(struct odp_domain *domain, char *at)
{
	touch(domain, at);
	touch(domain, at);
	check_made(domain, 1, 0);
	kernel_monitor_begin(at + PAGE, PAGE);
	kernel_monitor_end();
	touch(domain, at);
	check_made(domain, 1, 0);
	kernel_monitor_begin(at, PAGE);
	kernel_monitor_end();
	touch(domain, at);
	touch(domain, at);
	check_made(domain, 2, 1);
	/* While pages go nothing is known; what was made then is used once. */
	kernel_monitor_begin(at, PAGE);
	touch(domain, at);
	check_made(domain, 3, 2);
	kernel_monitor_end();
	touch(domain, at);
	touch(domain, at);
}

/* Two slots, and both free: an idle region gives its own, one that is held does not. */
static void monitor_slots(struct odp_domain *domain, char *at)
{
	struct odp_key key[2];
	uint64_t made;
	int i;

	for (i = 0; i < 5; i++)
		touch(domain, at + i * PAGE);
	assert_true(info_of(domain).evictions >= 3);
	assert_int_equal(kernel_monitor_watches(), 2);
	for (i = 0; i < 2; i++)
		assert_int_equal(
			odp_get(domain, at + i * PAGE, PAGE, IBV_ACCESS_LOCAL_WRITE, &key[i]), 0);
	made = info_of(domain).registrations;
	touch(domain, at + 8 * PAGE);
	touch(domain, at + 8 * PAGE);
	assert_int_equal(info_of(domain).registrations, made + 2);
	for (i = 0; i < 2; i++)
		odp_put(domain, &key[i]);
	touch(domain, at);
	assert_int_equal(info_of(domain).registrations, made + 2);
}

static void test_monitor(void **state)
{
	struct odp_domain *domain;
	struct ibv_pd *pd;
	char *at;

	(void)state;
	if (!device_can_pin()) {
		print_message("no io_uring here: nothing can be pinned\n");
		skip();
	}
	pd = device_open();
	at = map(LEN);
	kernel_monitor_have(2);
	domain = open_domain(pd, ODP_PINNED, 0);
	assert_int_equal(info_of(domain).proof, ODP_PROOF_MONITOR);
	monitor_word(domain, at);
	monitor_slots(domain, at);
	assert_int_equal(odp_domain_close(domain), 0);
	assert_int_equal(kernel_monitor_watches(), 0);
	/* It is not asked for where a promise does, nor where nothing is pinned. */
	domain = open_domain(pd, ODP_PINNED, ODP_FORGETS);
	assert_int_equal(info_of(domain).proof, ODP_PROOF_PROMISE);
	assert_int_equal(odp_domain_close(domain), 0);
	kernel_monitor_have(0);
	munmap(at, LEN);
	device_close(pd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_eagain),	       cmocka_unit_test(test_lack),
		cmocka_unit_test(test_stuck),	       cmocka_unit_test(test_many),
		cmocka_unit_test(test_implicit),       cmocka_unit_test(test_stress_on_demand),
		cmocka_unit_test(test_stress_pinned),  cmocka_unit_test(test_dmabuf),
		cmocka_unit_test(test_dmabuf_refused), cmocka_unit_test(test_dmabuf_threads),
		cmocka_unit_test(test_monitor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
