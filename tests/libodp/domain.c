// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The memory domain, level by level: what a key reaches, what the caches keep and give up, and
 * that no key is of memory that is gone, however it went.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lt.h"

#define MIB (1ul << 20)

struct setup {
	struct vt_device *dev;
	struct vt_conn conn;
	struct vt_buf wire; /* pinned */
	uint32_t level;
};

static void set_up(struct setup *s)
{
	s->dev = vt_open_a();
	vt_buf_make(&s->wire, s->dev, MIB, VT_PINNED, VT_ACCESS_ALL);
	vt_connect(&s->conn, s->dev, s->dev, NULL);
}

static void tear_down(struct setup *s)
{
	vt_disconnect(&s->conn);
	vt_buf_free(&s->wire);
	vt_close(s->dev);
}

static struct odp_key get(const struct setup *s, struct odp_domain *domain, void *at, size_t len)
{
	return lt_get(domain, at, len, VT_ACCESS_ALL, s->level);
}

static void use(struct setup *s, struct odp_domain *domain, uint8_t *at, size_t len, uint64_t seed)
{
	struct odp_key key = get(s, domain, at, len);

	lt_check_key(&s->conn, &s->wire, &key, at, len, seed);
	lt_expect(odp_put(domain, &key), 0);
	vt_check(!key.mr && !key.region);
	lt_expect(odp_put(domain, &key), -EINVAL);
}

static void test_reach(struct setup *s)
{
	struct odp_domain *domain = lt_domain(s->dev, s->level, NULL);
	uint8_t *at = lt_map(MIB);

	vt_case("%s: keys reach what was asked for", lt_level_name(s->level));
	use(s, domain, at, 1, 1);
	use(s, domain, at + 4095, 2, 2);
	use(s, domain, at + 5000, 100000, 3);
	use(s, domain, at, MIB, 4);
	use(s, domain, at + MIB - 1, 1, 5);
	vt_check(!munmap(at, MIB));
	lt_domain_close(domain);
}

static void test_cached(struct setup *s)
{
	struct odp_domain *domain = lt_domain(s->dev, s->level, NULL);
	struct odp_domain_info info;
	uint8_t *at = lt_map(MIB);
	int i;

	vt_case("%s: what was registered is used again", lt_level_name(s->level));
	use(s, domain, at, MIB, 1);
	info = lt_info(domain);
	vt_check(info.registrations == 1 && info.hits == 0 && info.held == 0);
	for (i = 0; i < 10; i++)
		use(s, domain, at + i * 1000, 5000, i);
	info = lt_info(domain);
	vt_check(info.registrations == 1 && info.hits == 10);
	vt_check(info.implicit_regions + info.explicit_regions + info.pinned_regions == 1);
	vt_check(info.pinned_bytes == (s->level == ODP_PINNED ? MIB : 0));
	vt_check(!munmap(at, MIB));
	lt_domain_close(domain);
}

/* Many ranges at once: each has its own key, and all are found again. */
static void test_many(struct setup *s)
{
	enum {
		N = 100
	};
	struct odp_domain *domain = lt_domain(s->dev, s->level, NULL);
	struct odp_domain_info info;
	uint8_t *at = lt_map(MIB);
	struct iovec range[N];
	struct odp_key key[N];
	int i, round;

	vt_case("%s: keys for many ranges", lt_level_name(s->level));
	for (i = 0; i < N; i++)
		range[i] = (struct iovec){ at + i * 2 * LT_PAGE + i, 1000 };
	for (round = 0; round < 2; round++) {
		lt_expect(odp_get_many(domain, range, N, VT_ACCESS_ALL, key), 0);
		vt_check(lt_info(domain).held == N);
		for (i = 0; i < N; i += 9)
			lt_check_key(&s->conn, &s->wire, &key[i], range[i].iov_base, 1000, i);
		lt_expect(odp_put_many(domain, key, N), 0);
		vt_check(!key[0].region && !key[N - 1].region);
	}
	info = lt_info(domain);
	vt_check(!info.held && info.hits + info.registrations == 2 * N && info.hits >= N);
	vt_check(!munmap(at, MIB));
	lt_domain_close(domain);
}

/* The rights are the ones that were asked for: another set is another region. */
static void test_rights(struct setup *s)
{
	struct odp_domain *domain = lt_domain(s->dev, s->level, NULL);
	uint8_t *at = lt_map(MIB);
	struct odp_key all = get(s, domain, at, MIB);
	struct odp_key reader = lt_get(domain, at, MIB, IBV_ACCESS_REMOTE_READ, s->level);
	struct odp_key again = lt_get(domain, at, MIB, IBV_ACCESS_REMOTE_READ, s->level);
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = 1,
		.sge = { vt_sge(&s->wire, 0, 8) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)at,
		.rkey = reader.rkey,
	};
	struct vt_conn conn;

	vt_case("%s: rights are neither more nor less", lt_level_name(s->level));
	vt_check(all.rkey != reader.rkey && reader.rkey == again.rkey);
	vt_check(lt_info(domain).held == 3);
	vt_connect(&conn, s->dev, s->dev, NULL);
	vt_post(&conn.a, &op);
	vt_expect(&conn.a, 1, IBV_WC_REM_ACCESS_ERR);
	vt_disconnect(&conn);
	odp_put(domain, &all);
	odp_put(domain, &again);
	lt_expect(odp_domain_close(domain), -EBUSY);
	odp_put(domain, &reader);
	vt_check(!munmap(at, MIB));
	lt_domain_close(domain);
}

/* Ways in which the memory at an address becomes other memory. */
static void by_munmap(uint8_t *at, size_t len)
{
	vt_check(!munmap(at, len));
	lt_map_at(at, len);
}

static void by_map_fixed(uint8_t *at, size_t len)
{
	lt_map_at(at, len);
}

static void by_dontneed(uint8_t *at, size_t len)
{
	vt_check(!madvise(at, len, MADV_DONTNEED));
}

static void by_one_page(uint8_t *at, size_t len)
{
	lt_map_at(at + (len / 2 & -LT_PAGE), LT_PAGE);
}

static void by_mremap(uint8_t *at, size_t len)
{
	void *other = lt_map(len);

	vt_check(mremap(other, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, at) == at);
}

static void by_file(uint8_t *at, size_t len)
{
	int fd = memfd_create("libodp", 0);

	vt_check(fd >= 0 && !ftruncate(fd, len));
	vt_check(mmap(at, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == at);
	close(fd);
}

static const struct way {
	const char *name;
	void (*change)(uint8_t *at, size_t len);
} ways[] = {
	{ "munmap() and mmap()", by_munmap },
	{ "MAP_FIXED", by_map_fixed },
	{ "MADV_DONTNEED", by_dontneed },
	{ "MAP_FIXED of one page", by_one_page },
	{ "mremap()", by_mremap },
	{ "a file", by_file },
};

static void test_other_memory(struct setup *s)
{
	struct odp_domain *domain = lt_domain(s->dev, s->level, NULL);
	const size_t len = 64 * LT_PAGE;
	uint8_t *at = lt_map(len);
	size_t i, round;

	for (i = 0; i < VT_ARRAY_SIZE(ways); i++) {
		vt_case("%s: other memory by %s", lt_level_name(s->level), ways[i].name);
		for (round = 0; round < 5; round++) {
			use(s, domain, at, len, round);
			use(s, domain, at + len / 2, LT_PAGE, round + 20);
			ways[i].change(at, len);
		}
		use(s, domain, at, len, 99);
	}
	if (s->level == ODP_PINNED)
		vt_check(lt_info(domain).stale >= VT_ARRAY_SIZE(ways) * 5);
	else
		vt_check(lt_info(domain).registrations == 1);
	vt_check(!munmap(at, len));
	lt_domain_close(domain);
}

/* The file's page goes although the mapping stays, by another's hand. */
static void test_truncated(struct setup *s)
{
	struct odp_domain *domain = lt_domain(s->dev, s->level, NULL);
	const size_t len = 16 * LT_PAGE;
	int fd = memfd_create("libodp", 0);
	uint8_t *at;

	vt_case("%s: a file that is truncated and grows again", lt_level_name(s->level));
	vt_check(fd >= 0 && !ftruncate(fd, len));
	at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	vt_check(at != MAP_FAILED);
	use(s, domain, at, len, 1);
	vt_check(!ftruncate(fd, 0) && !ftruncate(fd, len));
	use(s, domain, at, len, 2);
	vt_check(!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, LT_PAGE, LT_PAGE));
	use(s, domain, at, len, 3);
	vt_check(!munmap(at, len));
	close(fd);
	lt_domain_close(domain);
}

/* Held while its memory goes: the next one who asks gets the new memory all the same. */
static void test_held(struct setup *s)
{
	struct odp_domain *domain = lt_domain(s->dev, s->level, NULL);
	const size_t len = 16 * LT_PAGE;
	uint8_t *at = lt_map(len);
	struct odp_key held;

	vt_case("%s: held while the memory changes", lt_level_name(s->level));
	memset(at, 1, len);
	held = get(s, domain, at, len);
	by_munmap(at, len);
	use(s, domain, at, len, 1);
	odp_put(domain, &held);
	use(s, domain, at, len, 2);
	vt_check(!munmap(at, len));
	lt_domain_close(domain);
}

static void test_forget(struct setup *s)
{
	const struct odp_domain_attr attr = { .flags = ODP_FORGETS };
	struct odp_domain *domain = lt_domain(s->dev, s->level, &attr);
	const size_t len = 16 * LT_PAGE;
	uint8_t *at = lt_map(len);
	struct odp_key held;
	int i;

	vt_case("%s: with a promise to forget", lt_level_name(s->level));
	for (i = 0; i < 5; i++) {
		use(s, domain, at, len, i);
		use(s, domain, at, len, i + 10);
		lt_expect(odp_forget(domain, at + i * LT_PAGE, 1), 0);
		by_munmap(at, len);
	}
	vt_check(lt_info(domain).registrations == (s->level == ODP_IMPLICIT ? 1 : 5));
	vt_check(!lt_info(domain).pinned_bytes && !lt_info(domain).explicit_regions);
	held = get(s, domain, at, len);
	lt_expect(odp_forget(domain, at, len), s->level == ODP_PINNED ? -EBUSY : 0);
	by_munmap(at, len);
	use(s, domain, at, len, 50);
	odp_put(domain, &held);
	use(s, domain, at, len, 60);
	lt_expect(odp_forget(domain, at - LT_PAGE, LT_PAGE), 0);
	lt_expect(odp_forget(domain, at, 0), -EINVAL);
	lt_expect(odp_forget(domain, (void *)-4096l, 8192), -EINVAL);
	vt_check(!munmap(at, len));
	lt_domain_close(domain);
}

/*
 * Without CAP_SYS_ADMIN, without a monitor and without a promise nothing is used twice; the memory is
 * right.
 */
static void test_no_proof(void)
{
	struct setup own = { .level = ODP_PINNED }, *s = &own;
	struct odp_domain *domain;
	const size_t len = 16 * LT_PAGE;
	uint8_t *at;
	int i;

	vt_case("pinned: without proof");
	set_up(s);
	domain = lt_domain(s->dev, ODP_PINNED, NULL);
	vt_check(lt_info(domain).proof == ODP_PROOF_NONE);
	at = lt_map(len);
	for (i = 0; i < 10; i++) {
		use(s, domain, at, len, i);
		vt_check(!lt_info(domain).pinned_bytes);
		if (i & 1)
			by_munmap(at, len);
	}
	vt_check(lt_info(domain).registrations == 10 && !lt_info(domain).hits);
	vt_check(!munmap(at, len));
	lt_domain_close(domain);
	tear_down(s);
}

/* The child has the memory and not the regions; the parent's memory stays the parent's. */
static void test_fork(struct setup *s)
{
	struct odp_domain *domain = lt_domain(s->dev, s->level, NULL);
	const size_t len = 16 * LT_PAGE;
	uint8_t *at = lt_map(len);
	struct odp_key held = get(s, domain, at, len), key;
	const struct iovec range = { at, len };
	struct odp_domain_info info;
	int status, go[2];
	char byte = 0;
	pid_t child;

	vt_case("%s: fork()", lt_level_name(s->level));
	vt_fill(at, len, 7, 0);
	vt_check(!pipe(go));
	child = vt_fork();
	if (!child) {
		bool refused = odp_get(domain, at, len, 0, &key) == -ECHILD &&
			       odp_forget(domain, at, len) == -ECHILD &&
			       odp_domain_query(domain, &info) == -ECHILD &&
			       odp_prefetch(domain, NULL, NULL, 0, ODP_PREFETCH_READ, 0) == -ECHILD;

		refused &= odp_get_many(domain, &range, 1, 0, &key) == -ECHILD;
		refused &= odp_put(domain, &held) == -ECHILD;
		refused &= odp_domain_close(domain) == 0;
		vt_check(read(go[0], &byte, 1) == 1);
		vt_verify(at, len, 7, 0, "the child's memory");
		_exit(refused ? 0 : 1);
	}
	lt_check_key(&s->conn, &s->wire, &held, at, len, 20);
	use(s, domain, at, len, 30);
	vt_check(write(go[1], &byte, 1) == 1);
	status = vt_reap(child, vt_options.wait_ms, "the child");
	vt_check(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	use(s, domain, at, len, 40);
	odp_put(domain, &held);
	close(go[0]);
	close(go[1]);
	vt_check(!munmap(at, len));
	lt_domain_close(domain);
}

static void test_pinned_bound(struct setup *s)
{
	const struct odp_domain_attr attr = { .pinned_max = 8 * LT_PAGE };
	struct odp_domain *domain = lt_domain(s->dev, ODP_PINNED, &attr);
	uint8_t *at = lt_map(64 * LT_PAGE);
	struct odp_key one, two, key;
	int i;

	vt_case("pinned: never more than the bound");
	for (i = 0; i < 16; i++) {
		use(s, domain, at + i * 4 * LT_PAGE, 4 * LT_PAGE, i);
		vt_check(lt_info(domain).pinned_bytes <= 8 * LT_PAGE);
	}
	vt_check(lt_info(domain).evictions == 14);
	one = get(s, domain, at, 4 * LT_PAGE);
	two = get(s, domain, at + 4 * LT_PAGE, LT_PAGE + 1);
	lt_expect(odp_get(domain, at + 32 * LT_PAGE, 3 * LT_PAGE, 0, &key), -ENOSPC);
	lt_expect(odp_get(domain, at, 8 * LT_PAGE + 1, 0, &key), -ENOSPC);
	odp_put(domain, &one);
	use(s, domain, at + 32 * LT_PAGE, 3 * LT_PAGE, 50);
	odp_put(domain, &two);
	vt_check(!munmap(at, 64 * LT_PAGE));
	lt_domain_close(domain);
}

static void test_explicit_merge(struct setup *s)
{
	const struct odp_domain_attr attr = { .grain = 16 * LT_PAGE, .explicit_max = 3 };
	struct odp_domain *domain = lt_domain(s->dev, ODP_EXPLICIT, &attr);
	uint8_t *at = lt_map(4 * MIB), *even;
	int i;

	vt_case("explicit: regions that overlap become one, others are bounded");
	even = (uint8_t *)(((uintptr_t)at + MIB - 1) & -MIB);
	use(s, domain, even, 1, 1);
	use(s, domain, even + 32 * LT_PAGE, 1, 2);
	vt_check(lt_info(domain).explicit_regions == 2);
	use(s, domain, even + 16 * LT_PAGE - 1, 17 * LT_PAGE, 3);
	vt_check(lt_info(domain).explicit_regions == 1 && lt_info(domain).registrations == 3);
	use(s, domain, even, 48 * LT_PAGE, 4);
	vt_check(lt_info(domain).registrations == 3);
	for (i = 0; i < 8; i++)
		use(s, domain, even + MIB + i * 32 * LT_PAGE, LT_PAGE, i);
	vt_check(lt_info(domain).explicit_regions == 3);
	vt_check(!munmap(at, 4 * MIB));
	lt_domain_close(domain);
}

/* On demand nothing need be mapped when a key is got. */
static void test_not_mapped(struct setup *s)
{
	struct odp_domain *domain = lt_domain(s->dev, s->level, NULL);
	const size_t len = 16 * LT_PAGE;
	uint8_t *at = lt_map(len);
	struct odp_key key;

	vt_case("%s: memory that is not mapped yet", lt_level_name(s->level));
	vt_check(!munmap(at, len));
	if (s->level == ODP_PINNED) {
		lt_expect(odp_get(domain, at, len, VT_ACCESS_ALL, &key), -EFAULT);
	} else {
		key = get(s, domain, at, len);
		lt_map_at(at, len);
		lt_check_key(&s->conn, &s->wire, &key, at, len, 1);
		odp_put(domain, &key);
		vt_check(!munmap(at, len));
	}
	lt_domain_close(domain);
}

/* Pages that are not the process's alone are replaced by pinning them: the second region stays. */
static void test_shared_before(struct setup *s)
{
	struct odp_domain *domain = lt_domain(s->dev, ODP_PINNED, NULL);
	const size_t len = 16 * LT_PAGE;
	uint8_t *at = lt_map(len);
	uint64_t made;
	size_t i;
	int round;

	vt_case("pinned: memory that was only read before");
	for (i = 0; i < len; i += LT_PAGE)
		vt_check(!*(volatile uint8_t *)(at + i));
	for (round = 0; round < 10; round++)
		use(s, domain, at, len, round);
	made = lt_info(domain).registrations;
	vt_check(made >= 1 && made <= 2 && lt_info(domain).hits == 10 - made);
	vt_check(!munmap(at, len));
	lt_domain_close(domain);
}

static void test_level(uint32_t level, void *arg)
{
	struct setup *s = arg;

	s->level = level;
	test_reach(s);
	test_cached(s);
	test_many(s);
	test_rights(s);
	test_other_memory(s);
	test_truncated(s);
	test_held(s);
	test_forget(s);
	test_fork(s);
	test_not_mapped(s);
	if (level == ODP_EXPLICIT)
		test_explicit_merge(s);
	if (level == ODP_PINNED)
		test_pinned_bound(s);
}

/* Where the monitor is there, it is the proof, with and without privilege. */
static void test_proof(struct setup *s, enum odp_proof proof)
{
	struct odp_domain *domain = lt_domain(s->dev, ODP_PINNED, NULL);

	vt_case("pinned: proved by %d", proof);
	vt_check(lt_info(domain).proof == proof);
	lt_domain_close(domain);
}

static void test_monitor(struct setup *s)
{
	set_up(s);
	test_proof(s, ODP_PROOF_MONITOR);
	test_level(ODP_PINNED, s);
	test_shared_before(s);
	tear_down(s);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_init(argc, argv);
	if (geteuid())
		vt_skip("frames of pages are shown to root only");
	set_up(&s);
	lt_each_level(s.dev, test_level, &s);
	test_proof(&s, lt_has_monitor() ? ODP_PROOF_MONITOR : ODP_PROOF_PAGES);
	tear_down(&s);
	lt_drop_sys_admin();
	if (lt_has_monitor())
		test_monitor(&s);
	else
		test_no_proof();
	return vt_pass();
}
