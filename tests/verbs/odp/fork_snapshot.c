// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * fork() during a stream of remote WRITEs. The child has a snapshot: nothing
 * that was posted after fork() is in it, and it never changes. The parent has
 * everything, and nothing of what the child writes.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vt.h"

#define LEN    (2u << 20) /* and aligned to it, so that it can be one huge page */
#define WORDS  (LEN / sizeof(uint64_t))
#define ROUNDS 6
#define LATER  3 /* generations that pass while the child looks */
#define MS     20000

struct setup {
	struct vt_device *dev_a, *dev_b;
	struct vt_conn conn;
	struct vt_buf a;
	uint8_t *at;
	struct ibv_mr *mr;
	atomic_bool stop;
	atomic_ulong posted, done; /* generations: WRITE number g fills everything with g */
};

static uint8_t *map_aligned(bool huge)
{
	uint8_t *at = vt_map_aligned(LEN, LEN, PROT_READ | PROT_WRITE);

	vt_check(huge ? !madvise(at, LEN, MADV_HUGEPAGE) : vt_small_pages(at, LEN));
	return at;
}

static void fill(uint64_t *at, uint64_t generation)
{
	size_t i;

	for (i = 0; i < WORDS; i++)
		at[i] = generation;
}

static void *stream(void *arg)
{
	struct setup *s = arg;
	uint64_t generation = 1;

	for (; !atomic_load(&s->stop); generation++) {
		struct vt_op op = {
			.opcode = IBV_WR_RDMA_WRITE,
			.wr_id = generation,
			.sge = { vt_sge(&s->a, 0, LEN) },
			.num_sge = 1,
			.remote_addr = (uintptr_t)s->at,
			.rkey = s->mr->rkey,
		};

		fill((uint64_t *)s->a.data, generation);
		atomic_store(&s->posted, generation);
		vt_post(&s->conn.a, &op);
		vt_expect_ok(&s->conn.a, generation, IBV_WC_RDMA_WRITE);
		atomic_store(&s->done, generation);
	}
	return NULL;
}

static void wait_generations(struct setup *s, unsigned long n)
{
	unsigned long until = atomic_load(&s->done) + n;
	uint64_t end_ns = vt_now_ns() + MS * 1000000ull;

	while (atomic_load(&s->done) < until) {
		if (vt_now_ns() > end_ns)
			vt_fail("the stream stands still");
		vt_sleep_ms(1);
	}
}

/* What the child says: the newest word in its memory, and a sum that must not change. */
struct look {
	uint64_t newest, oldest, sum;
};

static struct look look_at(const uint64_t *at)
{
	struct look look = { .oldest = UINT64_MAX };
	size_t i;

	for (i = 0; i < WORDS; i++) {
		look.newest = at[i] > look.newest ? at[i] : look.newest;
		look.oldest = at[i] < look.oldest ? at[i] : look.oldest;
		look.sum = look.sum * 31 + at[i];
	}
	return look;
}

static _Noreturn void be_child(struct setup *s, int socket)
{
	struct look look = look_at((uint64_t *)s->at);

	vt_tell(socket, &look, sizeof(look), -1);
	vt_hear(socket, &(char){ 0 }, 1, NULL);
	look = look_at((uint64_t *)s->at);
	vt_tell(socket, &look, sizeof(look), -1);
	fill((uint64_t *)s->at, UINT64_MAX); /* nobody else's business */
	vt_tell(socket, "", 1, -1);
	vt_hear(socket, &(char){ 0 }, 1, NULL);
	_exit(look_at((uint64_t *)s->at).oldest != UINT64_MAX);
}

static void check_child(struct setup *s, unsigned long posted, int socket)
{
	struct look first, second;

	vt_hear(socket, &first, sizeof(first), NULL);
	wait_generations(s, LATER);
	vt_tell(socket, "", 1, -1);
	vt_hear(socket, &second, sizeof(second), NULL);
	if (first.newest > posted)
		vt_fail("the child sees WRITE %lu, posted after fork(): the last before was %lu",
			(unsigned long)first.newest, posted);
	if (first.sum != second.sum)
		vt_fail("the child's memory changed: words from %lu to %lu, then from %lu to %lu, "
			"fork() came after %lu",
			(unsigned long)first.oldest, (unsigned long)first.newest,
			(unsigned long)second.oldest, (unsigned long)second.newest, posted);
	vt_hear(socket, &(char){ 0 }, 1, NULL);
	wait_generations(s, LATER);
	vt_tell(socket, "", 1, -1);
}

static void fork_once(struct setup *s)
{
	unsigned long posted;
	int pair[2];
	pid_t pid;

	vt_check(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	wait_generations(s, 1);
	pid = vt_fork();
	if (!pid) {
		close(pair[0]);
		be_child(s, pair[1]);
	}
	posted = atomic_load(&s->posted);
	close(pair[1]);
	check_child(s, posted, pair[0]);
	if (vt_reap(pid, MS, "the child"))
		vt_fail("what the child wrote was overwritten");
	close(pair[0]);
}

/* The parent's memory, for its CPU and for the device: the last generation, all of it. */
static void check_parent(struct setup *s)
{
	uint64_t last = atomic_load(&s->done);
	struct vt_buf remote = { .data = s->at, .len = LEN, .mr = s->mr };
	struct look look = look_at((uint64_t *)s->at);

	if (look.oldest != last || look.newest != last)
		vt_fail("the parent has words from %lu to %lu after WRITE %lu",
			(unsigned long)look.oldest, (unsigned long)look.newest,
			(unsigned long)last);
	memset(s->a.data, 0, LEN);
	vt_rdma(&s->conn, IBV_WR_RDMA_READ, &s->a, 0, &remote, 0, LEN);
	look = look_at((uint64_t *)s->a.data);
	if (look.oldest != last || look.newest != last)
		vt_fail("the device reads words from %lu to %lu after WRITE %lu",
			(unsigned long)look.oldest, (unsigned long)look.newest,
			(unsigned long)last);
}

static void test(struct setup *s, bool huge)
{
	unsigned int rounds = vt_options.rounds ? vt_options.rounds : ROUNDS, i;
	pthread_t thread;

	s->at = map_aligned(huge);
	s->mr = vt_reg(s->dev_b, s->at, LEN, VT_ODP, VT_ACCESS_ALL);
	vt_connect(&s->conn, s->dev_a, s->dev_b, NULL);
	atomic_store(&s->stop, false);
	atomic_store(&s->posted, 0);
	atomic_store(&s->done, 0);
	vt_check(!pthread_create(&thread, NULL, stream, s));
	for (i = 0; i < rounds; i++)
		fork_once(s);
	atomic_store(&s->stop, true);
	vt_check(!pthread_join(thread, NULL));
	check_parent(s);
	vt_note("%lu WRITEs of %u bytes, %u forks", atomic_load(&s->done), LEN, rounds);
	vt_disconnect(&s->conn);
	vt_check(!ibv_dereg_mr(s->mr));
	munmap(s->at, LEN);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.dev_a, &s.dev_b);
	vt_need_odp(s.dev_b, IBV_ODP_SUPPORT_WRITE | IBV_ODP_SUPPORT_READ);
	vt_buf_make(&s.a, s.dev_a, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_check(!madvise(s.a.map, s.a.map_len, MADV_DONTFORK));
	vt_case("4 KiB pages");
	test(&s, false);
	if (vt_has_huge_pages()) {
		vt_case("a huge page");
		test(&s, true);
	}
	vt_buf_free(&s.a);
	return vt_finish(s.dev_a, s.dev_b);
}
