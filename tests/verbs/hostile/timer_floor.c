// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Both ends of connections ask for times that no network needs: a time-out of 8 us, an RNR timer of
 * 10 us with retries without end. What times of a protocol are is minimums: packets are sent again
 * a bounded number of times a second, and a CPU is not taken by it; also while answers wait for
 * memory that does not come.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "vt.h"

#define PAIRS	      40
#define LEN	      64
#define SECONDS	      2
#define RNR_A_SECOND  100 /* for each pair, at most */
#define RETRIES	      7
#define LEAST_US      1000 /* between two retransmissions */
#define PARKED_A_CENT 25 /* of a CPU, for all pairs that wait */
#define SLOT	      4096

struct setup {
	struct vt_device *devs[2];
	struct vt_conn conns[PAIRS];
	struct vt_buf a, b;
};

static void connect_all(struct setup *s, const struct vt_conn_attr *attr)
{
	int i;

	for (i = 0; i < PAIRS; i++)
		vt_connect(&s->conns[i], s->devs[0], s->devs[1], attr);
}

static void disconnect_all(struct setup *s)
{
	int i;

	for (i = 0; i < PAIRS; i++)
		vt_disconnect(&s->conns[i]);
}

static void post_all(struct setup *s, const struct vt_op *op)
{
	int i;

	for (i = 0; i < PAIRS; i++)
		vt_post(&s->conns[i].a, op);
}

/* Nobody posts a receive, and nobody gives up. */
static void test_rnr(struct setup *s)
{
	const struct vt_conn_attr attr = { .min_rnr_timer = 1, .rnr_retry = 7 };
	struct vt_op op = {
		.opcode = IBV_WR_SEND,
		.wr_id = 1,
		.sge = { vt_sge(&s->a, 0, LEN) },
		.num_sge = 1,
	};
	int64_t before, naks;

	vt_case("%d SENDs without a receive", PAIRS);
	connect_all(s, &attr);
	post_all(s, &op);
	vt_sleep_ms(1000);
	before = vt_counter(s->devs[0], "rcvd_rnr_err");
	vt_sleep_ms(SECONDS * 1000);
	naks = vt_counter(s->devs[0], "rcvd_rnr_err") - before;
	vt_note("%ld RNR NAKs a second", (long)naks / SECONDS);
	if (!naks)
		vt_fail("nobody asks any more");
	if (naks > PAIRS * RNR_A_SECOND * SECONDS)
		vt_fail("%ld RNR NAKs in %d s", (long)naks, SECONDS);
	disconnect_all(s);
}

/* A receive that comes late is found within twice the time that it was missing for, and some. */
static void test_late_receive(struct setup *s)
{
	const struct vt_conn_attr attr = { .min_rnr_timer = 1, .rnr_retry = 7 };
	struct ibv_sge sge = vt_sge(&s->b, 0, LEN);
	struct vt_op op = {
		.opcode = IBV_WR_SEND,
		.wr_id = 1,
		.sge = { vt_sge(&s->a, 0, LEN) },
		.num_sge = 1,
	};
	struct vt_conn conn;

	vt_case("a receive that is posted late");
	vt_connect(&conn, s->devs[0], s->devs[1], &attr);
	vt_post(&conn.a, &op);
	vt_sleep_ms(300);
	vt_recv(&conn.b, 2, &sge, 1);
	vt_expect_ok(&conn.a, 1, IBV_WC_SEND);
	vt_expect_ok(&conn.b, 2, IBV_WC_RECV);
	vt_disconnect(&conn);
}

/* The peer is not there. */
static void test_timeout(struct setup *s)
{
	const struct vt_conn_attr attr = { .timeout = 1, .retry_cnt = RETRIES };
	struct ibv_qp_attr reset = { .qp_state = IBV_QPS_RESET };
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = 1,
		.sge = { vt_sge(&s->a, 0, LEN) },
		.num_sge = 1,
		.remote_addr = vt_addr(&s->b, 0),
		.rkey = s->b.mr->rkey,
	};
	struct vt_conn conn;
	uint64_t begin, us;

	vt_case("a time-out of 8 us");
	vt_connect(&conn, s->devs[0], s->devs[1], &attr);
	vt_check(!ibv_modify_qp(conn.b.qp, &reset, IBV_QP_STATE));
	begin = vt_now_ns();
	vt_post(&conn.a, &op);
	vt_expect(&conn.a, 1, IBV_WC_RETRY_EXC_ERR);
	us = (vt_now_ns() - begin) / 1000;
	vt_note("given up after %lu us", (unsigned long)us);
	if (us < (RETRIES + 1) * LEAST_US)
		vt_fail("%d retries took %lu us", RETRIES, (unsigned long)us);
	vt_disconnect(&conn);
}

/* Ticks (10 ms) that the CPUs together were not idle. */
static long busy_ticks(void)
{
	FILE *file = fopen("/proc/stat", "r");
	long user, nice, system, idle, iowait, irq, softirq;

	vt_check(file);
	vt_check(fscanf(file, "cpu %ld %ld %ld %ld %ld %ld %ld", &user, &nice, &system, &idle,
			&iowait, &irq, &softirq) == 7);
	fclose(file);
	return user + nice + system + irq + softirq;
}

static long busy_for_a_second(void)
{
	long before = busy_ticks();

	vt_sleep_ms(1000);
	return busy_ticks() - before;
}

/* The answers of READs are there, and the memory for them is not. */
static void test_parked(struct setup *s)
{
	const struct vt_conn_attr attr = { .timeout = 1 };
	uint8_t *held = mmap(NULL, PAIRS * SLOT, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ibv_mr *mr;
	long quiet, busy;
	int i, fd;

	if (!vt_has_odp(s->devs[0], IBV_ODP_SUPPORT_READ))
		return;
	vt_case("%d answers that wait for memory", PAIRS);
	vt_check(held != MAP_FAILED);
	vt_check(vt_small_pages(held, PAIRS * SLOT));
	mr = vt_reg(s->devs[0], held, PAIRS * SLOT, VT_ODP, VT_ACCESS_ALL);
	fd = vt_uffd_open(VT_UFFD_MISSING, held, PAIRS * SLOT);
	connect_all(s, &attr);
	quiet = busy_for_a_second();
	for (i = 0; i < PAIRS; i++) {
		struct vt_op op = {
			.opcode = IBV_WR_RDMA_READ,
			.wr_id = 1,
			.sge = { { (uintptr_t)held + i * SLOT, LEN, mr->lkey } },
			.num_sge = 1,
			.remote_addr = vt_addr(&s->b, 0),
			.rkey = s->b.mr->rkey,
		};

		vt_post(&s->conns[i].a, &op);
	}
	vt_sleep_ms(500);
	busy = busy_for_a_second() - quiet;
	vt_note("%ld of 100 ticks, and %ld without", busy, quiet);
	if (busy > PARKED_A_CENT)
		vt_fail("answers that wait take %ld of 100 ticks", busy);
	vt_uffd_zero(fd, held, PAIRS * SLOT);
	for (i = 0; i < PAIRS; i++)
		vt_expect_ok(&s->conns[i].a, 1, IBV_WC_RDMA_READ);
	disconnect_all(s);
	close(fd);
	vt_check(!ibv_dereg_mr(mr));
	munmap(held, PAIRS * SLOT);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.devs[0], &s.devs[1]);
	if (!vt_is_rodp(s.devs[0]))
		vt_skip("is about rodp's timers");
	vt_buf_make(&s.a, s.devs[0], LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&s.b, s.devs[1], LEN, VT_PINNED, VT_ACCESS_ALL);
	test_rnr(&s);
	test_late_receive(&s);
	test_timeout(&s);
	test_parked(&s);
	vt_buf_free(&s.a);
	vt_buf_free(&s.b);
	return vt_finish(s.devs[0], s.devs[1]);
}
