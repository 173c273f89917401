// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The device's tracking of a range is freed while the range is being faulted.
 * A thread unmaps and maps again what others transfer to and from. Where the memory is
 * replaced at one go no access may fail; where there is a hole for a while, only
 * with the error that a hole has. In the end every byte is right, and nothing is left.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "vt.h"

#define LEAF	(2u << 20)
#define LEN	(4 * LEAF)
#define WRITERS 2
#define SECONDS 3
#define STRIDE	(LEAF / 4) /* between two accesses: nearly each is a fault */
#define PIECE	12288

struct setup {
	struct vt_device *dev_a, *dev_b;
	uint8_t *at; /* LEAF aligned */
	struct ibv_mr *mr;
	bool holes;
	atomic_bool stop;
	atomic_ulong remapped, done, refused;
};

static uint8_t *map_aligned(void)
{
	uint8_t *at = mmap(NULL, LEN + LEAF, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	const uintptr_t base = ((uintptr_t)at + LEAF - 1) & ~(uintptr_t)(LEAF - 1);

	vt_check(at != MAP_FAILED);
	return (uint8_t *)base;
}

static void replace(struct setup *s, size_t offset, size_t len)
{
	void *at;

	if (s->holes)
		vt_check(!munmap(s->at + offset, len));
	/* Between two calls nobody else of this process maps anything here. */
	at = mmap(s->at + offset, len, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
	vt_check(at == s->at + offset);
}

/* Whole leaves, parts of leaves, and parts of two. */
static void *remapper(void *arg)
{
	struct setup *s = arg;
	uint64_t random = vt_options.seed;
	size_t first, pages;

	while (!atomic_load(&s->stop)) {
		if (vt_random(&random) % 2) {
			replace(s, vt_random(&random) % (LEN / LEAF) * LEAF, LEAF);
		} else {
			first = vt_random(&random) % (LEN / 4096);
			pages = 1 + vt_random(&random) % (LEN / 4096 - first);
			replace(s, first * 4096, pages * 4096);
		}
		atomic_fetch_add(&s->remapped, 1);
		sched_yield();
	}
	return NULL;
}

/* Returns whether the QP is still good. */
static bool transfer(struct setup *s, struct vt_conn *conn, struct vt_buf *local, size_t offset,
		     enum ibv_wr_opcode opcode)
{
	struct vt_op op = {
		.opcode = opcode,
		.wr_id = 1,
		.sge = { vt_sge(local, 0, PIECE) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)s->at + offset,
		.rkey = s->mr->rkey,
	};
	struct ibv_wc wc;

	vt_post(&conn->a, &op);
	wc = vt_wait(&conn->a);
	if (wc.status == IBV_WC_SUCCESS) {
		atomic_fetch_add(&s->done, 1);
		return true;
	}
	if (!s->holes ||
	    (!vt_is_error(wc.status, IBV_WC_REM_ACCESS_ERR) && wc.status != IBV_WC_REM_OP_ERR))
		vt_fail("\"%s\"", ibv_wc_status_str(wc.status));
	atomic_fetch_add(&s->refused, 1);
	return false;
}

static void *writer(void *arg)
{
	struct setup *s = arg;
	struct vt_conn conn;
	struct vt_buf local;
	bool good = false;
	size_t offset = 0;
	unsigned int i;

	vt_buf_make(&local, s->dev_a, PIECE, VT_PINNED, VT_ACCESS_ALL);
	for (i = 0; !atomic_load(&s->stop); i++) {
		if (!good)
			vt_connect(&conn, s->dev_a, s->dev_b, NULL);
		good = transfer(s, &conn, &local, offset,
				i & 1 ? IBV_WR_RDMA_READ : IBV_WR_RDMA_WRITE);
		if (!good)
			vt_disconnect(&conn);
		offset = (offset + STRIDE + 4096 + 8) % (LEN - PIECE);
	}
	if (good)
		vt_disconnect(&conn);
	vt_buf_free(&local);
	return NULL;
}

/* Nobody disturbs any more: what is written is there, once for old and once for new memory. */
static void check_all(struct setup *s)
{
	struct vt_conn conn;
	struct vt_buf local, remote = { .data = s->at, .len = LEN, .mr = s->mr };
	int i;

	vt_buf_make(&local, s->dev_a, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_connect(&conn, s->dev_a, s->dev_b, NULL);
	for (i = 0; i < 2; i++) {
		vt_fill(local.data, LEN, i, 0);
		vt_rdma(&conn, IBV_WR_RDMA_WRITE, &local, 0, &remote, 0, LEN);
		vt_verify(s->at, LEN, i, 0, "what was written afterwards");
		replace(s, 0, LEN);
		vt_rdma(&conn, IBV_WR_RDMA_READ, &local, 0, &remote, 0, LEN);
		vt_verify_zero(local.data, LEN, "new memory");
	}
	vt_disconnect(&conn);
	vt_buf_free(&local);
}

static void test(struct setup *s, bool implicit)
{
	int64_t freed = vt_counter(s->dev_b, "odp_leaves_freed");
	pthread_t threads[WRITERS + 1];
	int i;

	s->at = map_aligned();
	s->mr = implicit ? vt_reg(s->dev_b, NULL, SIZE_MAX, VT_ODP, VT_ACCESS_ALL)
			 : vt_reg(s->dev_b, s->at, LEN, VT_ODP, VT_ACCESS_ALL);
	atomic_store(&s->stop, false);
	atomic_store(&s->remapped, 0);
	atomic_store(&s->done, 0);
	atomic_store(&s->refused, 0);
	vt_check(!pthread_create(&threads[WRITERS], NULL, remapper, s));
	for (i = 0; i < WRITERS; i++)
		vt_check(!pthread_create(&threads[i], NULL, writer, s));
	vt_sleep_ms((vt_options.seconds ? vt_options.seconds : SECONDS) * 1000);
	atomic_store(&s->stop, true);
	for (i = 0; i <= WRITERS; i++)
		vt_check(!pthread_join(threads[i], NULL));
	freed = vt_counter(s->dev_b, "odp_leaves_freed") - freed;
	vt_note("%lu transfers done, %lu refused, memory replaced %lu times, %ld leaves freed",
		atomic_load(&s->done), atomic_load(&s->refused), atomic_load(&s->remapped),
		(long)freed);
	if (!atomic_load(&s->done) || !atomic_load(&s->remapped))
		vt_fail("nothing happened");
	if (freed == 0)
		vt_fail("no leaf was freed under the transfers");
	check_all(s);
	vt_check(!ibv_dereg_mr(s->mr));
	vt_check(!munmap(s->at, LEN));
	vt_expect_no_leaves(s->dev_b);
}

int main(int argc, char **argv)
{
	struct setup s = {};
	int implicit, holes;

	vt_start(argc, argv, &s.dev_a, &s.dev_b);
	vt_need_odp(s.dev_b, IBV_ODP_SUPPORT_WRITE | IBV_ODP_SUPPORT_READ);
	for (holes = 0; holes < 2; holes++) {
		for (implicit = 0; implicit < 2; implicit++) {
			s.holes = holes;
			if (implicit &&
			    !(s.dev_b->attr.odp_caps.general_caps & IBV_ODP_SUPPORT_IMPLICIT))
				continue;
			vt_case("%s MR, %s", implicit ? "implicit" : "explicit",
				holes ? "unmapped and mapped again" : "mapped over");
			test(&s, implicit);
		}
	}
	return vt_finish(s.dev_a, s.dev_b);
}
