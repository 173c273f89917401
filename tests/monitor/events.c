// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Random events of the mm by eight threads, each in memory of its own, of which ranges are watched.
 * After each event the thread looks at its ranges' slots: what overlaps must have been told, and as
 * what it was (else: lost), and nothing else (else: wrong); the word that proves must have moved if
 * pages went, and must not have moved otherwise. Another thread reads the ring, sleeps in poll(),
 * and at each stop knows of every range what its slot says. Watches end and begin all the while.
 * Between rounds, with everybody at rest, the process forks.
 *
 * --rounds: rounds of 1000 events of each thread [4]. --seed.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mon.h"

#define THREADS 8
#define PAGES	16
#define LEN	(PAGES * MON_PAGE)
#define RANGES	6 /* of a thread */
#define EVENTS	1000
#define SLOTS	(THREADS * RANGES)

/* A cookie: the kinds that are told, the thread, and a number. */
#define COOKIE(kinds, thread, n) ((uint64_t)(kinds) << 60 | (uint64_t)(thread) << 48 | (n))
#define COOKIE_KINDS(cookie)	 ((uint32_t)((cookie) >> 60))
#define COOKIE_THREAD(cookie)	 ((unsigned int)((cookie) >> 48 & 0xfff))

struct range {
	uint32_t slot;
	uint64_t cookie;
	unsigned int first, last; /* pages */
	uint64_t proof; /* as last seen */
	uint32_t count[ODP_MONITOR_KINDS];
};

/* What the reader knows of a slot. */
struct known {
	pthread_mutex_t lock;
	uint64_t cookie;
	uint32_t base,
		seen; /* counts of the kinds that are told: at the beginning; at the last look */
	uint32_t entries;
};

struct player {
	pthread_t thread;
	unsigned int n;
	bool of_file; /* shared memory of a file, or private memory */
	int file;
	uint8_t *at, *aside, *elsewhere;
	uint64_t seed, cookies, events, unsettled;
	struct range range[RANGES];
};

static struct mon mon;
static struct known known[SLOTS];
static struct player player[THREADS];
static pthread_barrier_t stop, go;
static bool done;
static pthread_mutex_t draining = PTHREAD_MUTEX_INITIALIZER; /* what was taken is being learned */
static uint64_t entries, many, overflows;

static unsigned int below(struct player *p, unsigned int n)
{
	p->seed = p->seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned int)(p->seed >> 33) % n;
}

/* ---- watches ---- */

static void look(struct range *range)
{
	unsigned int k;

	range->proof = mon_proof(&mon, range->slot);
	for (k = 0; k < ODP_MONITOR_KINDS; k++)
		range->count[k] = mon_count(&mon, range->slot, 1u << k);
}

static void watch(struct player *p, struct range *range)
{
	struct known *k;

	range->first = below(p, PAGES);
	range->last = range->first + below(p, PAGES - range->first);
	range->cookie = COOKIE(below(p, ODP_MONITOR_ANY + 1), p->n, p->cookies++);
	mon_expect(mon_watch(mon.fd, p->at + range->first * MON_PAGE + below(p, MON_PAGE),
			     (range->last - range->first) * MON_PAGE + 1, range->cookie,
			     COOKIE_KINDS(range->cookie), &range->slot),
		   0);
	look(range);
	k = &known[range->slot];
	pthread_mutex_lock(&k->lock);
	k->cookie = range->cookie;
	k->base = k->seen = mon_count(&mon, range->slot, COOKIE_KINDS(range->cookie));
	k->entries = 0;
	pthread_mutex_unlock(&k->lock);
}

/* A range is known to the reader until it ends. */
static void unwatch(struct range *range)
{
	const uint64_t before = mon_proof(&mon, range->slot);
	struct known *k = &known[range->slot];

	pthread_mutex_lock(&k->lock);
	k->cookie = 0;
	pthread_mutex_unlock(&k->lock);
	mon_expect(mon_unwatch(mon.fd, range->slot, range->cookie + 1), -ENOENT);
	mon_expect(mon_unwatch(mon.fd, range->slot, range->cookie), 0);
	vt_check(mon_proof(&mon, range->slot) > before);
}

/* ---- events ---- */

static uint8_t *page(const struct player *p, unsigned int n)
{
	return p->at + n * MON_PAGE;
}

static void map(struct player *p, unsigned int first, unsigned int n)
{
	void *at;

	if (p->of_file)
		at = mmap(page(p, first), n * MON_PAGE, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_FIXED, p->file, first * MON_PAGE);
	else
		at = mmap(page(p, first), n * MON_PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	vt_check(at == page(p, first));
}

static uint32_t by_discard(struct player *p, unsigned int first, unsigned int n)
{
	vt_check(!madvise(page(p, first), n * MON_PAGE, MADV_DONTNEED));
	return ODP_MONITOR_REPLACED;
}

static uint32_t by_free(struct player *p, unsigned int first, unsigned int n)
{
	if (p->of_file)
		return by_discard(p, first, n);
	vt_check(!madvise(page(p, first), n * MON_PAGE, MADV_FREE));
	return ODP_MONITOR_REPLACED;
}

static uint32_t by_unmap(struct player *p, unsigned int first, unsigned int n)
{
	vt_check(!munmap(page(p, first), n * MON_PAGE));
	map(p, first, n);
	return ODP_MONITOR_UNMAPPED;
}

static uint32_t by_map(struct player *p, unsigned int first, unsigned int n)
{
	map(p, first, n);
	return ODP_MONITOR_UNMAPPED;
}

static uint32_t by_protect(struct player *p, unsigned int first, unsigned int n)
{
	vt_check(!mprotect(page(p, first), n * MON_PAGE, PROT_READ));
	vt_check(!mprotect(page(p, first), n * MON_PAGE, PROT_READ | PROT_WRITE));
	return ODP_MONITOR_PROTECTED;
}

/* Away, and other memory in its place. Older kernels move within one mapping only: a page is in one. */
static uint32_t by_move(struct player *p, unsigned int first, unsigned int n)
{
	unsigned int i;

	for (i = first; i < first + n; i++)
		vt_check(mremap(page(p, i), MON_PAGE, MON_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
				p->aside + i * MON_PAGE) == p->aside + i * MON_PAGE);
	map(p, first, n);
	return ODP_MONITOR_UNMAPPED;
}

/* By anybody who has the file. */
static uint32_t by_hole(struct player *p, unsigned int first, unsigned int n)
{
	if (!p->of_file)
		return by_discard(p, first, n);
	vt_check(!fallocate(p->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, first * MON_PAGE,
			    n * MON_PAGE));
	return ODP_MONITOR_REPLACED;
}

/*
 * What is none: reads, writes, other memory. While threads play nobody maps memory at an address of the
 * kernel's choice: that might be where another thread has unmapped some and is about to map it again.
 */
static uint32_t by_nothing(struct player *p, unsigned int first, unsigned int n)
{
	vt_check(mmap(p->elsewhere, n * MON_PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p->elsewhere);
	mon_touch(p->elsewhere, MON_PAGE);
	vt_check(!munmap(p->elsewhere, n * MON_PAGE));
	vt_check(!madvise(page(p, first), n * MON_PAGE, MADV_WILLNEED));
	return 0;
}

static uint32_t (*const way[])(struct player *p, unsigned int first, unsigned int n) = {
	by_discard, by_free, by_unmap, by_map, by_protect, by_move, by_hole, by_nothing,
};

static const char *const way_name[] = {
	"discard", "free", "unmap", "map", "protect", "move", "hole", "nothing",
};

/* ---- judging ---- */

struct event {
	const char *name;
	uint32_t kind; /* 0: none */
	unsigned int first, last; /* pages */
};

static bool overlaps(const struct range *range, const struct event *event)
{
	return range->first <= event->last && range->last >= event->first;
}

static void judge_count(const struct player *p, const struct range *range,
			const struct event *event, unsigned int k)
{
	const uint32_t more = mon_count(&mon, range->slot, 1u << k) - range->count[k];
	const bool due = event->kind == 1u << k && overlaps(range, event);

	if (due && !more)
		vt_fail("lost: thread %u, %s of pages %u to %u, range of pages %u to %u, event %lu",
			p->n, event->name, event->first, event->last, range->first, range->last,
			(unsigned long)p->events);
	if (!due && more)
		vt_fail("wrong: thread %u, %s of pages %u to %u: kind %u told of range of pages %u to %u, event %lu",
			p->n, event->name, event->first, event->last, k, range->first, range->last,
			(unsigned long)p->events);
}

static void judge_proof(struct player *p, const struct range *range, const struct event *event)
{
	const bool lost = (event->kind & ODP_MONITOR_LOSING) && overlaps(range, event);
	const uint64_t now = mon_proof(&mon, range->slot);

	vt_check(lost ? now > range->proof : (now | 1) == (range->proof | 1));
	/* Odd: changes went on when the watch began, and the mm has had no quiet moment since. */
	if (range->proof & 1)
		p->unsettled++;
	else
		vt_check(!(now & 1));
}

static void judge(struct player *p, const struct event *event)
{
	unsigned int i, k;

	for (i = 0; i < RANGES; i++) {
		for (k = 0; k < ODP_MONITOR_KINDS; k++)
			judge_count(p, &p->range[i], event, k);
		judge_proof(p, &p->range[i], event);
		look(&p->range[i]);
	}
}

/* ---- threads ---- */

static void play_event(struct player *p)
{
	const unsigned int how = below(p, VT_ARRAY_SIZE(way)), first = below(p, PAGES);
	const unsigned int n = 1 + below(p, PAGES - first < 4 ? PAGES - first : 4);
	struct event event = { .name = way_name[how], .first = first, .last = first + n - 1 };

	event.kind = way[how](p, first, n);
	judge(p, &event);
	mon_touch(page(p, first), n * MON_PAGE);
	p->events++;
	if (below(p, 8))
		return;
	unwatch(&p->range[how % RANGES]);
	watch(p, &p->range[how % RANGES]);
}

static void *play(void *arg)
{
	struct player *p = arg;
	unsigned int i;

	for (;;) {
		pthread_barrier_wait(&go);
		if (done)
			return NULL;
		for (i = 0; i < EVENTS; i++)
			play_event(p);
		pthread_barrier_wait(&stop);
	}
}

static void player_make(struct player *p, unsigned int n)
{
	unsigned int i;

	p->n = n;
	p->seed = vt_options.seed * THREADS + n;
	p->of_file = n & 1;
	p->at = mon_map(LEN);
	p->aside = mon_map(LEN);
	p->elsewhere = mon_map(LEN);
	if (p->of_file) {
		p->file = memfd_create("events", MFD_CLOEXEC);
		vt_check(p->file >= 0 && !ftruncate(p->file, LEN));
		map(p, 0, PAGES);
		mon_touch(p->at, LEN);
	}
	for (i = 0; i < RANGES; i++)
		watch(p, &p->range[i]);
}

/* ---- the reader ---- */

static void learn(const struct odp_monitor_entry *entry)
{
	struct known *k = &known[entry->slot];
	const struct player *p = &player[COOKIE_THREAD(entry->cookie)];
	const uint32_t kinds = COOKIE_KINDS(entry->cookie);

	entries++;
	many += entry->flags & ODP_MONITOR_MANY;
	vt_check(entry->kinds && !(entry->kinds & ~kinds) && entry->first <= entry->last);
	vt_check(entry->first >= (uintptr_t)p->at &&
		 entry->last < (uintptr_t)p->at + LEN + MON_PAGE);
	pthread_mutex_lock(&k->lock);
	if (k->cookie == entry->cookie) {
		k->seen = mon_count(&mon, entry->slot, kinds);
		if (++k->entries > k->seen - k->base)
			vt_fail("wrong: %u entries of %u events", k->entries, k->seen - k->base);
	}
	pthread_mutex_unlock(&k->lock);
}

static void learn_dirty(void)
{
	const uint64_t now = __atomic_load_n(&mon.header->overflows, __ATOMIC_ACQUIRE);
	uint32_t bits, i, n;

	if (now == mon.header->overflows_seen)
		return;
	overflows++;
	__atomic_store_n(&mon.header->overflows_seen, now, __ATOMIC_SEQ_CST);
	for (i = 0; i < (SLOTS + 31) / 32; i++) {
		for (bits = mon_take_dirty(&mon, i); bits; bits &= bits - 1) {
			n = i * 32 + __builtin_ctz(bits);
			pthread_mutex_lock(&known[n].lock);
			if (known[n].cookie)
				known[n].seen = mon_count(&mon, n, COOKIE_KINDS(known[n].cookie));
			pthread_mutex_unlock(&known[n].lock);
		}
	}
}

static void drain(void)
{
	struct odp_monitor_entry entry;

	while (mon_take(&mon, &entry))
		learn(&entry);
	learn_dirty();
}

static void *read_ring(void *arg)
{
	(void)arg;
	while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE)) {
		if (!mon_poll(mon.fd, 20, NULL))
			continue;
		pthread_mutex_lock(&draining);
		drain();
		pthread_mutex_unlock(&draining);
	}
	return NULL;
}

/* ---- with everybody at rest ---- */

/* The reader knows all that there is. */
static void wait_for_reader(void)
{
	bool more = true;

	while (more) {
		pthread_mutex_lock(&draining);
		more = mon_poll(mon.fd, 0, NULL);
		pthread_mutex_unlock(&draining);
		if (more)
			usleep(1000);
	}
}

/* Nothing was lost on the way to it, and the kernel knows of nothing that goes on. */
static void check_known(void)
{
	unsigned int i, j;

	wait_for_reader();
	for (i = 0; i < THREADS; i++) {
		for (j = 0; j < RANGES; j++) {
			const struct range *range = &player[i].range[j];
			struct known *k = &known[range->slot];

			pthread_mutex_lock(&k->lock);
			vt_check(k->cookie == range->cookie);
			if (k->seen != mon_count(&mon, range->slot, COOKIE_KINDS(range->cookie)))
				vt_fail("lost on the way: slot %u", range->slot);
			pthread_mutex_unlock(&k->lock);
			vt_check(!(mon_proof(&mon, range->slot) & 1));
		}
	}
}

/* A child's own copy of everything goes away; the parent's memory became read-only before. */
static void fork_once(void)
{
	unsigned int i;
	int status;
	pid_t pid;

	for (i = 0; i < SLOTS; i++)
		look(&player[i / RANGES].range[i % RANGES]);
	pid = fork();
	if (!pid)
		_exit(munmap(player[0].at, LEN) || madvise(player[2].at, LEN, MADV_DONTNEED));
	vt_check(waitpid(pid, &status, 0) == pid && !status);
	for (i = 0; i < THREADS; i++) {
		const struct event event = { "fork", player[i].of_file ? 0 : ODP_MONITOR_FORKED, 0,
					     PAGES + 1 };

		judge(&player[i], &event);
		/* It may copy: what the kernel thinks of who else has the pages. */
		mon_touch(player[i].at, LEN);
	}
	for (i = 0; i < SLOTS; i++)
		look(&player[i / RANGES].range[i % RANGES]);
}

static void run(uint32_t ring, unsigned int rounds)
{
	uint64_t events = 0, unsettled = 0;
	pthread_t reader;
	unsigned int i;

	vt_case("%u threads, a ring of %u", THREADS, ring);
	entries = many = overflows = 0;
	done = false;
	mon_make(&mon, SLOTS, ring);
	pthread_barrier_init(&stop, NULL, THREADS + 1);
	pthread_barrier_init(&go, NULL, THREADS + 1);
	for (i = 0; i < SLOTS; i++)
		pthread_mutex_init(&known[i].lock, NULL);
	memset(player, 0, sizeof(player));
	vt_check(!pthread_create(&reader, NULL, read_ring, NULL));
	for (i = 0; i < THREADS; i++)
		player_make(&player[i], i);
	for (i = 0; i < THREADS; i++)
		vt_check(!pthread_create(&player[i].thread, NULL, play, &player[i]));
	while (rounds--) {
		pthread_barrier_wait(&go);
		pthread_barrier_wait(&stop);
		check_known();
		fork_once();
		check_known();
	}
	__atomic_store_n(&done, true, __ATOMIC_RELEASE);
	pthread_barrier_wait(&go);
	for (i = 0; i < THREADS; i++) {
		vt_check(!pthread_join(player[i].thread, NULL));
		events += player[i].events;
		unsettled += player[i].unsettled;
		vt_check(!munmap(player[i].at, LEN) && !munmap(player[i].aside, LEN) &&
			 !munmap(player[i].elsewhere, LEN));
		if (player[i].of_file)
			close(player[i].file);
	}
	vt_check(!pthread_join(reader, NULL));
	vt_note("ring of %u: %lu events, none lost, none wrong; %lu entries, %lu of them for many, %lu overflows handled; %.4f of looks unsettled",
		ring, (unsigned long)events, (unsigned long)entries, (unsigned long)many,
		(unsigned long)overflows, (double)unsettled / (events * RANGES));
	vt_check(entries || !ring);
	mon_end(&mon);
}

int main(int argc, char **argv)
{
	unsigned int rounds;

	vt_init(argc, argv);
	rounds = vt_options.rounds ? vt_options.rounds : 4;
	run(128, rounds - rounds / 4 * 2);
	run(4, rounds / 4 ? rounds / 4 : 1);
	run(0, rounds / 4 ? rounds / 4 : 1);
	return vt_pass();
}
