// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A network that takes its time (the test that runs this makes it so): a WRITE that is posted while
 * another one is on its way leaves at once, and does not wait for the acknowledgement of the first.
 * So it is acknowledged a round trip after it was posted, whatever netdev is in between.
 */
#include "vt.h"

#define LEN	 64
#define ROUNDS	 6
#define LEAST_MS 50 /* of a round trip: else this proves nothing */

struct setup {
	struct vt_device *devs[2];
	struct vt_conn conn;
	struct vt_buf a, b;
};

static void post(struct setup *s, uint64_t wr_id)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = wr_id,
		.sge = { vt_sge(&s->a, 0, LEN) },
		.num_sge = 1,
		.remote_addr = vt_addr(&s->b, 0),
		.rkey = s->b.mr->rkey,
	};

	vt_post(&s->conn.a, &op);
}

static double ms_since(uint64_t ns)
{
	return (vt_now_ns() - ns) / 1e6;
}

/* The best of some: what others do on the machine only adds. */
static double round_trip_ms(struct setup *s)
{
	double best = 1e9, ms;
	uint64_t begin;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		begin = vt_now_ns();
		post(s, 1);
		vt_expect_ok(&s->conn.a, 1, IBV_WC_RDMA_WRITE);
		ms = ms_since(begin);
		best = ms < best ? ms : best;
	}
	return best;
}

static double second_ms(struct setup *s, double trip_ms)
{
	double best = 1e9, ms;
	uint64_t begin;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		post(s, 1);
		vt_sleep_ms(trip_ms / 5);
		begin = vt_now_ns();
		post(s, 2);
		vt_expect_ok(&s->conn.a, 1, IBV_WC_RDMA_WRITE);
		vt_expect_ok(&s->conn.a, 2, IBV_WC_RDMA_WRITE);
		ms = ms_since(begin);
		best = ms < best ? ms : best;
	}
	return best;
}

int main(int argc, char **argv)
{
	struct setup s = {};
	double trip, second;

	vt_start(argc, argv, &s.devs[0], &s.devs[1]);
	vt_need_two_hosts();
	vt_buf_make(&s.a, s.devs[0], LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&s.b, s.devs[1], LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_connect(&s.conn, s.devs[0], s.devs[1], NULL);
	vt_case("a WRITE behind another one");
	trip = round_trip_ms(&s);
	second = second_ms(&s, trip);
	vt_note("a round trip takes %.1f ms, the second WRITE %.1f ms", trip, second);
	if (trip < LEAST_MS)
		vt_fail("the network is too fast for this test");
	if (second > 1.4 * trip)
		vt_fail("the second WRITE waited for the first");
	vt_disconnect(&s.conn);
	vt_buf_free(&s.a);
	vt_buf_free(&s.b);
	return vt_finish(s.devs[0], s.devs[1]);
}
