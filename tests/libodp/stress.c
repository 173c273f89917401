// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The cache under stress: threads take slots of memory at random, have their memory replaced in
 * all ways there are, get keys, move data through them as a peer and as themselves, and compare
 * every byte of the slot with what it must be. Some keys stay held for long. On every level, and
 * on the pinned one with each proof. --seconds is for each of them.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lt.h"

#define THREADS	    8
#define SLOTS	    24
#define PAGES	    16
#define LEN	    (PAGES * LT_PAGE)

#define LEAST_STEPS 8 /* of each thread, however slow it is */

struct slot {
	pthread_mutex_t lock;
	uint8_t *at; /* slots lie side by side */
	uint8_t shadow[LEN]; /* what is in it */
	bool file; /* of a memfd, shared */
	int fd;
	struct odp_key held; /* region NULL: none */
};

struct play {
	struct vt_device *dev;
	uint32_t level;
	struct odp_domain_attr attr;
	struct odp_domain *domain;
	struct slot slot[SLOTS];
	uint64_t end_ns;
	uint64_t uses, changes, full; /* counts */
	unsigned int next_thread;
};

struct actor {
	struct play *play;
	struct vt_conn conn;
	struct vt_buf wire;
	uint64_t random;
};

static size_t pick(struct actor *actor, size_t below)
{
	return vt_random(&actor->random) % below;
}

static void verify(const struct slot *slot, const char *what)
{
	size_t i;

	if (!memcmp(slot->at, slot->shadow, LEN))
		return;
	for (i = 0; slot->at[i] == slot->shadow[i]; i++)
		;
	vt_fail("%s: byte %zu of the slot is 0x%02x, not 0x%02x", what, i, slot->at[i],
		slot->shadow[i]);
}

/*
 * Fresh zeros, of one kind or the other. At once: others would map something of theirs into a
 * hole.
 */
static void map_slot(struct slot *slot, bool file)
{
	if (slot->fd >= 0)
		close(slot->fd);
	slot->fd = file ? memfd_create("stress", 0) : -1;
	vt_check(!file || (slot->fd >= 0 && !ftruncate(slot->fd, LEN)));
	vt_check(mmap(slot->at, LEN, PROT_READ | PROT_WRITE,
		      MAP_FIXED | (file ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS), slot->fd,
		      0) == slot->at);
	slot->file = file;
	memset(slot->shadow, 0, LEN);
}

static void change_pages(struct actor *actor, struct slot *slot)
{
	const size_t first = pick(actor, PAGES), n = 1 + pick(actor, PAGES - first);
	uint8_t *at = slot->at + first * LT_PAGE;

	if (slot->file)
		vt_check(!fallocate(slot->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				    first * LT_PAGE, n * LT_PAGE));
	else if (pick(actor, 2))
		vt_check(!madvise(at, n * LT_PAGE, MADV_DONTNEED));
	else
		lt_map_at(at, n * LT_PAGE);
	memset(slot->shadow + first * LT_PAGE, 0, n * LT_PAGE);
}

static void change_moved(struct actor *actor, struct slot *slot)
{
	uint8_t *other = lt_map(LEN);

	map_slot(slot, false);
	vt_fill(other, LEN, actor->random, 0);
	memcpy(slot->shadow, other, LEN);
	vt_check(mremap(other, LEN, LEN, MREMAP_MAYMOVE | MREMAP_FIXED, slot->at) == slot->at);
}

static void release(struct play *play, struct slot *slot)
{
	if (slot->held.region)
		odp_put(play->domain, &slot->held);
}

/* As a program must: on the pinned level no key is held over it, and a promise is kept. */
static void change(struct actor *actor, struct slot *slot)
{
	struct play *play = actor->play;

	if (play->level == ODP_PINNED)
		release(play, slot);
	if (play->attr.flags & ODP_FORGETS)
		lt_expect(odp_forget(play->domain, slot->at, LEN), 0);
	switch (pick(actor, 4)) {
	case 0:
		map_slot(slot, pick(actor, 2));
		break;
	case 1:
		change_moved(actor, slot);
		break;
	default:
		change_pages(actor, slot);
	}
	verify(slot, "changed");
	__atomic_add_fetch(&play->changes, 1, __ATOMIC_RELAXED);
}

static void move(struct actor *actor, enum ibv_wr_opcode opcode, struct ibv_sge sge,
		 uint8_t *remote, uint32_t rkey)
{
	struct vt_op op = {
		.opcode = opcode,
		.wr_id = 1,
		.sge = { sge },
		.num_sge = 1,
		.remote_addr = (uintptr_t)remote,
		.rkey = rkey,
	};

	vt_post(&actor->conn.a, &op);
	vt_expect_ok(&actor->conn.a, 1,
		     opcode == IBV_WR_RDMA_READ ? IBV_WC_RDMA_READ : IBV_WC_RDMA_WRITE);
}

/* Data into the slot or out of it, over its remote or its local key. */
static void transfer(struct actor *actor, struct slot *slot, const struct odp_key *key,
		     size_t first, size_t len)
{
	uint8_t *at = slot->at + first, *wire = actor->wire.data;
	const struct ibv_sge theirs = vt_sge(&actor->wire, 0, len);
	const struct ibv_sge mine = { (uintptr_t)at, len, key->lkey };
	const size_t what = pick(actor, 4);

	vt_fill(wire, len, actor->random, 0);
	if (what < 2)
		memcpy(slot->shadow + first, wire, len);
	if (what == 0)
		move(actor, IBV_WR_RDMA_WRITE, theirs, at, key->rkey);
	else if (what == 1)
		move(actor, IBV_WR_RDMA_READ, mine, wire, actor->wire.mr->rkey);
	else if (what == 2)
		move(actor, IBV_WR_RDMA_READ, theirs, at, key->rkey);
	else
		move(actor, IBV_WR_RDMA_WRITE, mine, wire, actor->wire.mr->rkey);
	if (what >= 2 && memcmp(wire, slot->shadow + first, len))
		vt_fail("%zu bytes from byte %zu on came out wrong (way %zu)", len, first, what);
	verify(slot, "used");
}

/* All that may be pinned is held: possible, since slots hold for long. */
static bool get(struct actor *actor, struct slot *slot, size_t first, size_t len,
		struct odp_key *key)
{
	struct play *play = actor->play;
	int err = odp_get(play->domain, slot->at + first, len, VT_ACCESS_ALL, key);

	if (err == -ENOSPC && play->level == ODP_PINNED) {
		__atomic_add_fetch(&play->full, 1, __ATOMIC_RELAXED);
		return false;
	}
	lt_expect(err, 0);
	vt_check(key->level == play->level);
	return true;
}

static void use(struct actor *actor, struct slot *slot)
{
	const size_t first = pick(actor, LEN), len = 1 + pick(actor, LEN - first);
	struct play *play = actor->play;
	struct odp_key key;

	slot->at[first] = slot->shadow[first] = actor->random;
	if (!get(actor, slot, first, len, &key))
		return;
	transfer(actor, slot, &key, first, len);
	odp_put(play->domain, &key);
	if (slot->held.region)
		transfer(actor, slot, &slot->held, 0, LEN);
	else if (!pick(actor, 8))
		get(actor, slot, 0, LEN, &slot->held);
	__atomic_add_fetch(&play->uses, 1, __ATOMIC_RELAXED);
}

static void step(struct actor *actor)
{
	struct slot *slot = &actor->play->slot[pick(actor, SLOTS)];

	pthread_mutex_lock(&slot->lock);
	if (!pick(actor, 10))
		release(actor->play, slot);
	if (pick(actor, 3))
		use(actor, slot);
	else
		change(actor, slot);
	pthread_mutex_unlock(&slot->lock);
}

static void *act(void *arg)
{
	struct play *play = arg;
	struct actor actor = { .play = play };
	unsigned int steps;

	actor.random = vt_options.seed +
		       __atomic_add_fetch(&play->next_thread, 1, __ATOMIC_RELAXED);
	vt_buf_make(&actor.wire, play->dev, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_connect(&actor.conn, play->dev, play->dev, NULL);
	for (steps = 0; steps < LEAST_STEPS || vt_now_ns() < play->end_ns; steps++)
		step(&actor);
	vt_disconnect(&actor.conn);
	vt_buf_free(&actor.wire);
	return NULL;
}

static void make_slots(struct play *play)
{
	uint8_t *at = lt_map(SLOTS * LEN);
	size_t i;

	for (i = 0; i < SLOTS; i++) {
		pthread_mutex_init(&play->slot[i].lock, NULL);
		play->slot[i].at = at + i * LEN;
		play->slot[i].fd = -1;
		play->slot[i].held = (struct odp_key){};
		map_slot(&play->slot[i], i & 1);
	}
}

static void end_slots(struct play *play)
{
	size_t i;

	for (i = 0; i < SLOTS; i++) {
		verify(&play->slot[i], "at the end");
		release(play, &play->slot[i]);
		if (play->slot[i].fd >= 0)
			close(play->slot[i].fd);
	}
	vt_check(!munmap(play->slot[0].at, SLOTS * LEN));
}

static void run(struct play *play, const char *how)
{
	const unsigned int seconds = vt_options.seconds ? vt_options.seconds : 2;
	pthread_t thread[THREADS];
	struct odp_domain_info info;
	size_t i;

	vt_case("%s%s", lt_level_name(play->level), how);
	play->domain = lt_domain(play->dev, play->level, &play->attr);
	make_slots(play);
	play->uses = play->changes = play->full = 0;
	play->end_ns = vt_now_ns() + seconds * 1000000000ull;
	for (i = 0; i < THREADS; i++)
		vt_check(!pthread_create(&thread[i], NULL, act, play));
	for (i = 0; i < THREADS; i++)
		vt_check(!pthread_join(thread[i], NULL));
	end_slots(play);
	info = lt_info(play->domain);
	vt_note("%s%s: %lu uses, %lu changes, %lu found no room; hits %lu, registrations %lu, stale %lu, evictions %lu",
		lt_level_name(play->level), how, (unsigned long)play->uses,
		(unsigned long)play->changes, (unsigned long)play->full, (unsigned long)info.hits,
		(unsigned long)info.registrations, (unsigned long)info.stale,
		(unsigned long)info.evictions);
	vt_check(!info.held && play->uses && play->changes);
	vt_check(play->level == ODP_PINNED || !info.stale);
	lt_domain_close(play->domain);
}

static void test_level(uint32_t level, void *arg)
{
	struct play *play = arg;

	play->level = level;
	play->attr = (struct odp_domain_attr){ .grain = 8 * LT_PAGE, .explicit_max = 4 };
	if (level != ODP_PINNED) {
		run(play, "");
		return;
	}
	play->attr.pinned_max = SLOTS * LEN / 2;
	run(play, lt_has_monitor() ? ", by the monitor" : ", page frames looked up");
	play->attr.flags = ODP_FORGETS;
	run(play, ", with a promise");
}

static void test_without_proof(struct play *play)
{
	lt_drop_sys_admin();
	play->dev = vt_open_a();
	play->level = ODP_PINNED;
	play->attr = (struct odp_domain_attr){ .pinned_max = SLOTS * LEN / 2 };
	run(play, lt_has_monitor() ? ", by the monitor, without privilege" : ", without proof");
	vt_close(play->dev);
}

int main(int argc, char **argv)
{
	static struct play play;

	vt_init(argc, argv);
	if (geteuid())
		vt_skip("frames of pages are shown to root only");
	play.dev = vt_open_a();
	lt_each_level(play.dev, test_level, &play);
	vt_close(play.dev);
	test_without_proof(&play);
	return vt_pass();
}
