// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * How long munmap() takes while a peer writes at full rate into the same region.
 *
 * The region is one; its pieces of 64 KiB are used in turn by the traffic (even ones)
 * and by munmap() (odd ones), so that each munmap() must get past a device that is
 * busy in the very same 2 MiB. Before each munmap() the device has written the piece.
 * Beside it the same without traffic, and, with --dev of rxe, rxe's. The p99 is the
 * guest's scheduler's as much as the driver's: a report, no judgement.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "vt.h"

#define PIECE  (64u << 10)
#define PIECES 64
#define LEN    (PIECE * PIECES)
#define DEPTH  8
#define ROUNDS 500

struct setup {
	struct vt_device *dev;
	struct vt_conn traffic, touch;
	struct vt_buf source;
	uint8_t *at;
	struct ibv_mr *mr;
	atomic_bool stop;
	atomic_ulong written; /* pieces */
	uint64_t *ns;
};

static struct vt_op write_op(struct setup *s, unsigned int piece, uint64_t wr_id)
{
	return (struct vt_op){
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = wr_id,
		.sge = { vt_sge(&s->source, 0, PIECE) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)s->at + piece * PIECE,
		.rkey = s->mr->rkey,
	};
}

static void *traffic(void *arg)
{
	struct setup *s = arg;
	uint64_t posted, done = 0;
	struct vt_op op;

	for (posted = 0; posted < DEPTH || !atomic_load(&s->stop); posted++) {
		op = write_op(s, posted * 2 % PIECES, posted);
		vt_post(&s->traffic.a, &op);
		if (posted < DEPTH)
			continue;
		vt_expect(&s->traffic.a, done++, IBV_WC_SUCCESS);
		atomic_store(&s->written, done);
	}
	while (done < posted)
		vt_expect(&s->traffic.a, done++, IBV_WC_SUCCESS);
	return NULL;
}

static void map_piece(uint8_t *at)
{
	vt_check(mmap(at, PIECE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		      -1, 0) == at);
	vt_check(vt_small_pages(at, PIECE));
}

static void measure(struct setup *s, unsigned int rounds)
{
	unsigned int i, piece;
	uint8_t *at;
	uint64_t start;
	struct vt_op op;

	for (i = 0; i < rounds; i++) {
		piece = (2 * i + 1) % PIECES;
		at = s->at + piece * PIECE;
		op = write_op(s, piece, 1);
		vt_post(&s->touch.a, &op);
		vt_expect_asleep(&s->touch.a, 1);
		start = vt_now_ns();
		vt_check(!munmap(at, PIECE));
		s->ns[i] = vt_now_ns() - start;
		map_piece(at);
	}
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void tell(struct setup *s, const char *what, unsigned int rounds)
{
	char key[64];

	qsort(s->ns, rounds, sizeof(*s->ns), by_value);
	snprintf(key, sizeof(key), "munmap, %s: p50", what);
	vt_figure(key, "us", s->ns[rounds / 2] / 1e3);
	snprintf(key, sizeof(key), "munmap, %s: p99", what);
	vt_figure(key, "us", s->ns[rounds * 99 / 100] / 1e3);
}

int main(int argc, char **argv)
{
	struct setup s = {};
	unsigned int rounds, i;
	pthread_t thread;
	uint64_t start;

	vt_init(argc, argv);
	rounds = vt_options.rounds ? vt_options.rounds : ROUNDS;
	s.ns = calloc(rounds, sizeof(*s.ns));
	vt_check(s.ns);
	s.dev = vt_open_b();
	vt_need_odp(s.dev, IBV_ODP_SUPPORT_WRITE);
	s.at = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	vt_check(s.at != MAP_FAILED);
	for (i = 0; i < PIECES; i++)
		map_piece(s.at + i * PIECE);
	s.mr = vt_reg(s.dev, s.at, LEN, VT_ODP, VT_ACCESS_ALL);
	vt_buf_make(&s.source, s.dev, PIECE, VT_PINNED, VT_ACCESS_ALL);
	vt_connect(&s.traffic, s.dev, s.dev, NULL);
	vt_connect(&s.touch, s.dev, s.dev, &(struct vt_conn_attr){ .events = true });

	vt_case("idle");
	measure(&s, rounds);
	tell(&s, "idle", rounds);
	vt_case("under traffic");
	vt_check(!pthread_create(&thread, NULL, traffic, &s));
	start = vt_now_ns();
	measure(&s, rounds);
	atomic_store(&s.stop, true);
	vt_check(!pthread_join(thread, NULL));
	tell(&s, "under traffic", rounds);
	vt_figure("traffic meanwhile", "MiB/s",
		  atomic_load(&s.written) * (double)PIECE / (1 << 20) * 1e9 /
			  (vt_now_ns() - start));
	if (!atomic_load(&s.written))
		vt_fail("there was no traffic");
	vt_check(!ibv_dereg_mr(s.mr));
	return vt_pass();
}
