// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Races of a change of the mapping with the device, to the microsecond: once the call that takes pages
 * away has returned, the device neither writes to them nor reads what they become.
 *
 * Two halves of a memfd are mapped at one address in turn, or holes are punched into one,
 * or memory is write-protected by a userfaultfd, time and again, under a stream of READs or
 * WRITEs. Through another mapping of the file the pages that were taken away are watched: they
 * may not change. What READs bring says which generation of content they saw: not one older
 * than the mapping that was complete when they began, none from a page that was not
 * mapped yet when they ended. And what was written is there.
 */
#include <fcntl.h>
#include <linux/falloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vt.h"

#define PAGES	64 /* what the driver asks the mm for at once */
#define LEN	(PAGES * 4096)
#define WORDS	(LEN / sizeof(uint64_t))
#define HOLES	8 /* punched a turn */
#define ENOUGH	10 /* turns, operations */
#define SECONDS 4 /* a case */
#define LOOK_US 300 /* a page that went is watched so long */

struct race {
	struct vt_device *dev_a, *dev_b;
	struct vt_conn conn;
	struct vt_buf a; /* pinned */
	struct vt_buf b; /* at the address that changes */
	int memfd;
	uint64_t *half[2]; /* the file, for the CPU */
	atomic_ulong begun, complete; /* generations: being mapped, and mapped */
	atomic_ulong operations;
	atomic_bool stop;
	bool failed; /* the stream's; why is in */
	char why[200];
};

static void map_half(struct race *r, unsigned int half)
{
	void *at = mmap(r->b.data, LEN, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, r->memfd,
			(off_t)half * LEN);

	if (at == MAP_FAILED)
		vt_fail("mapping half %u: %m", half);
}

static void make(struct race *r)
{
	unsigned int i;

	r->memfd = memfd_create("race", 0);
	vt_check(r->memfd >= 0 && !ftruncate(r->memfd, 2 * LEN));
	for (i = 0; i < 2; i++) {
		r->half[i] = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, r->memfd,
				  (off_t)i * LEN);
		vt_check(r->half[i] != MAP_FAILED);
	}
	/* Room of its own: nothing else may lie where it is mapped over. */
	r->b.data = mmap(NULL, LEN, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	vt_check(r->b.data != MAP_FAILED);
	r->b.len = LEN;
	map_half(r, 0);
	r->b.mr = vt_reg(r->dev_b, r->b.data, LEN, VT_ODP, VT_ACCESS_ALL);
	vt_connect(&r->conn, r->dev_a, r->dev_b, NULL);
	atomic_store(&r->begun, 0);
	atomic_store(&r->complete, 0);
	atomic_store(&r->operations, 0);
	atomic_store(&r->stop, false);
}

static void unmake(struct race *r)
{
	vt_disconnect(&r->conn);
	vt_check(!ibv_dereg_mr(r->b.mr));
	munmap(r->b.data, LEN);
	munmap(r->half[0], LEN);
	munmap(r->half[1], LEN);
	close(r->memfd);
}

static void fill(uint64_t *at, uint64_t generation)
{
	size_t i;

	for (i = 0; i < WORDS; i++)
		at[i] = generation;
}

static void *stream_writes(void *arg)
{
	struct race *r = arg;
	uint64_t i;

	for (i = 1; !atomic_load(&r->stop); i++) {
		fill((uint64_t *)r->a.data, i);
		vt_rdma(&r->conn, IBV_WR_RDMA_WRITE, &r->a, 0, &r->b, 0, LEN);
		atomic_fetch_add(&r->operations, 1);
	}
	return NULL;
}

/* Every word between the generations that were complete before the READ, and begun after it. */
static bool check_read(struct race *r, uint64_t oldest, uint64_t newest)
{
	const uint64_t *at = (const uint64_t *)r->a.data;
	size_t i;

	for (i = 0; i < WORDS; i++) {
		if (at[i] >= oldest && at[i] <= newest)
			continue;
		snprintf(r->why, sizeof(r->why),
			 "READ %lu brought generation %lu in word %zu: %lu was mapped before, "
			 "%lu not yet after it",
			 atomic_load(&r->operations), (unsigned long)at[i], i,
			 (unsigned long)oldest, (unsigned long)newest + 1);
		return false;
	}
	return true;
}

static void *stream_reads(void *arg)
{
	struct race *r = arg;
	uint64_t oldest;

	while (!atomic_load(&r->stop) && !r->failed) {
		oldest = atomic_load(&r->complete);
		vt_rdma(&r->conn, IBV_WR_RDMA_READ, &r->a, 0, &r->b, 0, LEN);
		r->failed = !check_read(r, oldest, atomic_load(&r->begun));
		atomic_fetch_add(&r->operations, 1);
	}
	return NULL;
}

static void spin_us(unsigned int us)
{
	const uint64_t end_ns = vt_now_ns() + us * 1000ull;

	while (vt_now_ns() < end_ns)
		;
}

/* Now, and for some time, the page has one content. */
static void check_still(const uint64_t *at, const char *what, unsigned int turn)
{
	static uint64_t first[WORDS];
	size_t i;

	memcpy(first, at, LEN);
	spin_us(LOOK_US);
	for (i = 0; i < WORDS; i++) {
		if (at[i] != first[i])
			vt_fail("turn %u: word %zu became %lu, from %lu, after %s", turn, i,
				(unsigned long)at[i], (unsigned long)first[i], what);
	}
}

/* The time is up, and what went on was a race, unless there was none in all the time that anything may take. */
static bool is_over(struct race *r, unsigned int turns, uint64_t start_ns)
{
	const unsigned int seconds = vt_options.seconds ? vt_options.seconds : SECONDS;
	const uint64_t ns = vt_now_ns() - start_ns;

	if (r->failed || ns > seconds * 1000000000ull + vt_options.wait_ms * 1000000ull)
		return true;
	return ns > seconds * 1000000000ull && turns >= ENOUGH &&
	       atomic_load(&r->operations) >= ENOUGH;
}

/* Turns until the time is up. */
static void take_turns(struct race *r, void *(*stream)(void *),
		       void (*turn)(struct race *, unsigned int))
{
	const uint64_t start_ns = vt_now_ns();
	unsigned int turns = 0, seed = vt_options.seed;
	pthread_t thread;

	vt_check(!pthread_create(&thread, NULL, stream, r));
	while (!is_over(r, turns, start_ns)) {
		turn(r, turns++);
		spin_us(rand_r(&seed) % 400);
	}
	atomic_store(&r->stop, true);
	vt_check(!pthread_join(thread, NULL));
	if (r->failed)
		vt_fail("%s", r->why);
	vt_note("%u turns, %lu operations of %u bytes", turns, atomic_load(&r->operations), LEN);
	if (atomic_load(&r->operations) < ENOUGH || turns < ENOUGH)
		vt_fail("%lu operations and %u turns are no race", atomic_load(&r->operations),
			turns);
}

static void swap_written(struct race *r, unsigned int turn)
{
	map_half(r, (turn + 1) % 2);
	check_still(r->half[turn % 2], "its page was mapped over", turn);
}

static void swap_read(struct race *r, unsigned int turn)
{
	const uint64_t generation = turn + 1;

	fill(r->half[generation % 2], generation);
	atomic_store(&r->begun, generation);
	map_half(r, generation % 2);
	atomic_store(&r->complete, generation);
}

/* The CPU's words are not older than the WRITEs that were complete. */
static void check_written(struct race *r, uint64_t oldest, unsigned int turn)
{
	const volatile uint64_t *at = (const volatile uint64_t *)r->b.data;
	size_t i;

	for (i = 0; i < WORDS; i++) {
		if (at[i] < oldest)
			vt_fail("turn %u: word %zu is of WRITE %lu when %lu are complete", turn, i,
				(unsigned long)at[i], (unsigned long)oldest);
	}
}

static void wait_operations(struct race *r, unsigned long n)
{
	const unsigned long until = atomic_load(&r->operations) + n;
	const uint64_t end_ns = vt_now_ns() + vt_options.wait_ms * 1000000ull;

	while (atomic_load(&r->operations) < until && vt_now_ns() < end_ns)
		vt_sleep_ms(1);
}

static void punch(struct race *r, unsigned int page, unsigned int pages)
{
	vt_check(!fallocate(r->memfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, page * 4096ul,
			    pages * 4096ul));
}

/* All pages are gone, and while the device's faults get new ones, some of these go as well. */
static void punch_holes(struct race *r, unsigned int turn)
{
	unsigned int seed = turn, i;

	punch(r, 0, PAGES);
	for (i = 0; i < HOLES; i++) {
		spin_us(rand_r(&seed) % 200);
		punch(r, rand_r(&seed) % PAGES, 1);
	}
	wait_operations(r, 2);
	check_written(r, atomic_load(&r->operations), turn);
}

static int uffd;

static void protect(struct race *r, unsigned int turn)
{
	vt_uffd_protect(uffd, r->b.data, LEN, true);
	check_still((const uint64_t *)r->b.data, "it was write-protected", turn);
	vt_uffd_protect(uffd, r->b.data, LEN, false);
}

/* A stream against turns that change the mapping. */
static void test(struct race *r, const char *name, void *(*stream)(void *),
		 void (*turn)(struct race *, unsigned int))
{
	vt_case("%s", name);
	make(r);
	take_turns(r, stream, turn);
	unmake(r);
}

/* Faults wait for the end of the protection, which wakes them. */
static void test_protect(struct race *r)
{
	vt_case("WRITEs, write-protected");
	make(r);
	/* Protection of shared memory came with 5.19; private memory has it in every kernel. */
	vt_check(mmap(r->b.data, LEN, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
	vt_check(vt_small_pages(r->b.data, LEN));
	fill((uint64_t *)r->b.data, 0);
	uffd = vt_uffd_open(VT_UFFD_WP, r->b.data, LEN);
	take_turns(r, stream_writes, protect);
	close(uffd);
	unmake(r);
}

int main(int argc, char **argv)
{
	static struct race r;

	vt_start(argc, argv, &r.dev_a, &r.dev_b);
	vt_need_odp(r.dev_b, IBV_ODP_SUPPORT_WRITE | IBV_ODP_SUPPORT_READ);
	vt_buf_make(&r.a, r.dev_a, LEN, VT_PINNED, VT_ACCESS_ALL);
	test(&r, "WRITEs, mapped over", stream_writes, swap_written);
	test(&r, "READs, mapped over", stream_reads, swap_read);
	test(&r, "WRITEs, holes punched", stream_writes, punch_holes);
	test_protect(&r);
	vt_buf_free(&r.a);
	return vt_finish(r.dev_a, r.dev_b);
}
