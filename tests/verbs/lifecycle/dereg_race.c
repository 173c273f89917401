// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Regions are registered and deregistered while their pages are invalidated, while
 * asynchronous prefetches of them are under way, and while others transfer to
 * them. Each of the four goes on in threads of its own for a bounded time. Nothing hangs,
 * a transfer ends well or with the error that a key without a region has, and
 * in the end nothing is left.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "vt.h"

#define LEN	(4u << 20)
#define PIECE	16384
#define SECONDS 4
/* Of so many regions one is kept until a transfer has ended well, ms at most: connecting may take longer than others live. */
#define KEPT	16
#define KEPT_MS 400

enum what {
	REGISTERED,
	PREFETCHED,
	INVALIDATED,
	TRANSFERRED,
	REFUSED,
	COUNTS
};

static const char *const names[COUNTS] = { "regions", "prefetches", "invalidations", "transfers",
					   "transfers refused" };

struct setup {
	struct vt_device *dev_a, *dev_b;
	uint8_t *at;
	/* The key of the region that there is now, or was a moment ago; lkey == rkey here. */
	atomic_uint key;
	atomic_bool stop;
	atomic_ulong count[COUNTS];
};

static void keep_until_used(struct setup *s)
{
	unsigned long before = atomic_load(&s->count[TRANSFERRED]);
	int ms;

	for (ms = 0; ms < KEPT_MS && atomic_load(&s->count[TRANSFERRED]) == before; ms += 10)
		vt_sleep_ms(10);
}

static void *registrar(void *arg)
{
	struct setup *s = arg;
	uint64_t random = vt_options.seed + 3;
	struct ibv_mr *mr, *old = NULL;

	while (!atomic_load(&s->stop)) {
		mr = vt_reg(s->dev_b, s->at, LEN, VT_ODP, VT_ACCESS_ALL);
		vt_check(mr->lkey == mr->rkey);
		atomic_store(&s->key, mr->lkey);
		if (atomic_load(&s->count[REGISTERED]) % KEPT)
			vt_sleep_ms(vt_random(&random) % 12);
		else
			keep_until_used(s);
		/* Every second time for a moment no region is left, so that the mirror goes too. */
		if (old)
			vt_check(!ibv_dereg_mr(old));
		old = mr;
		if (atomic_fetch_add(&s->count[REGISTERED], 1) % 2) {
			vt_check(!ibv_dereg_mr(old));
			old = NULL;
		}
	}
	if (old)
		vt_check(!ibv_dereg_mr(old));
	return NULL;
}

static void *prefetcher(void *arg)
{
	struct setup *s = arg;
	uint64_t random = vt_options.seed;
	enum ibv_advise_mr_advice advice;
	struct ibv_sge sge;
	int err;

	while (!atomic_load(&s->stop)) {
		advice = IBV_ADVISE_MR_ADVICE_PREFETCH + vt_random(&random) % 3;
		sge.addr = (uintptr_t)s->at + vt_random(&random) % LEN;
		sge.length = vt_random(&random) % ((uintptr_t)s->at + LEN - sge.addr) + 1;
		sge.lkey = atomic_load(&s->key);
		err = ibv_advise_mr(s->dev_b->pd, advice,
				    vt_random(&random) % 8 ? 0 : IBV_ADVISE_MR_FLAG_FLUSH, &sge, 1);
		if (err && err != EFAULT)
			vt_fail("ibv_advise_mr: %s", strerror(err));
		atomic_fetch_add(&s->count[PREFETCHED], !err);
	}
	return NULL;
}

static void *invalidator(void *arg)
{
	struct setup *s = arg;
	uint64_t random = vt_options.seed + 1;
	size_t first, len;

	while (!atomic_load(&s->stop)) {
		first = vt_random(&random) % (LEN / 4096);
		len = (1 + vt_random(&random) % (LEN / 4096 - first)) * 4096;
		switch (vt_random(&random) % 3) {
		case 0:
			vt_check(!madvise(s->at + first * 4096, len, MADV_DONTNEED));
			break;
		case 1:
			vt_check(!mprotect(s->at + first * 4096, len, PROT_READ));
			vt_check(!mprotect(s->at, LEN, PROT_READ | PROT_WRITE));
			break;
		default:
			vt_check(mmap(s->at + first * 4096, len, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1,
				      0) != MAP_FAILED);
		}
		atomic_fetch_add(&s->count[INVALIDATED], 1);
	}
	return NULL;
}

static void *peer(void *arg)
{
	struct setup *s = arg;
	uint64_t random = vt_options.seed + 2;
	struct vt_conn conn;
	struct vt_buf local;
	bool good = false;
	struct ibv_wc wc;

	vt_buf_make(&local, s->dev_a, PIECE, VT_PINNED, VT_ACCESS_ALL);
	while (!atomic_load(&s->stop)) {
		struct vt_op op = {
			.opcode = vt_random(&random) % 2 ? IBV_WR_RDMA_READ : IBV_WR_RDMA_WRITE,
			.wr_id = 1,
			.sge = { vt_sge(&local, 0, PIECE) },
			.num_sge = 1,
			.remote_addr = (uintptr_t)s->at + vt_random(&random) % (LEN - PIECE),
			.rkey = atomic_load(&s->key),
		};

		if (!good)
			vt_connect(&conn, s->dev_a, s->dev_b, NULL);
		vt_post(&conn.a, &op);
		wc = vt_wait(&conn.a);
		good = !wc.status;
		/* OP_ERR: pages that mprotect() made read-only, in the middle of a WRITE. */
		if (wc.status && wc.status != IBV_WC_REM_ACCESS_ERR &&
		    wc.status != IBV_WC_REM_OP_ERR)
			vt_fail("\"%s\"", ibv_wc_status_str(wc.status));
		atomic_fetch_add(&s->count[good ? TRANSFERRED : REFUSED], 1);
		if (!good)
			vt_disconnect(&conn);
	}
	if (good)
		vt_disconnect(&conn);
	vt_buf_free(&local);
	return NULL;
}

/* Whether each of them came to do something. */
static bool all_happened(struct setup *s)
{
	size_t i;

	for (i = 0; i < REFUSED; i++) {
		if (!atomic_load(&s->count[i]))
			return false;
	}
	return true;
}

/* For its time, and on a slow machine until it was a race. */
static void wait_race(struct setup *s)
{
	const uint64_t end_ns = vt_now_ns() + vt_options.wait_ms * 1000000ull;

	vt_sleep_ms((vt_options.seconds ? vt_options.seconds : SECONDS) * 1000);
	while (!all_happened(s) && vt_now_ns() < end_ns)
		vt_sleep_ms(10);
}

static void run(struct setup *s)
{
	static void *(*const roles[])(void *) = { registrar, prefetcher, invalidator, peer, peer };
	pthread_t threads[VT_ARRAY_SIZE(roles)];
	size_t i;

	for (i = 0; i < VT_ARRAY_SIZE(roles); i++)
		vt_check(!pthread_create(&threads[i], NULL, roles[i], s));
	wait_race(s);
	atomic_store(&s->stop, true);
	for (i = 0; i < VT_ARRAY_SIZE(roles); i++)
		vt_check(!pthread_join(threads[i], NULL));
	for (i = 0; i < COUNTS; i++)
		vt_note("%lu %s", atomic_load(&s->count[i]), names[i]);
	for (i = 0; i < REFUSED; i++) {
		if (!atomic_load(&s->count[i]))
			vt_fail("no %s", names[i]);
	}
}

static void check_after(struct setup *s)
{
	struct vt_buf local, remote = { .data = s->at, .len = LEN };
	struct vt_conn conn;

	vt_expect_no_leaves(s->dev_b);
	remote.mr = vt_reg(s->dev_b, s->at, LEN, VT_ODP, VT_ACCESS_ALL);
	vt_buf_make(&local, s->dev_a, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_connect(&conn, s->dev_a, s->dev_b, NULL);
	vt_fill(local.data, LEN, 1, 0);
	vt_rdma(&conn, IBV_WR_RDMA_WRITE, &local, 0, &remote, 0, LEN);
	vt_verify(s->at, LEN, 1, 0, "what was written afterwards");
	vt_disconnect(&conn);
	vt_buf_free(&local);
	vt_check(!ibv_dereg_mr(remote.mr));
	vt_expect_no_leaves(s->dev_b);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.dev_a, &s.dev_b);
	vt_need_odp(s.dev_b, IBV_ODP_SUPPORT_WRITE | IBV_ODP_SUPPORT_READ);
	s.at = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		    -1, 0);
	vt_check(s.at != MAP_FAILED);
	vt_case("all at once");
	run(&s);
	vt_case("afterwards");
	check_after(&s);
	return vt_finish(s.dev_a, s.dev_b);
}
