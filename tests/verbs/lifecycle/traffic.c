// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Not a test by itself: WRITEs and READs for --seconds, for the tests that take
 * something away meanwhile (common/under_traffic.sh).
 * Prints "running" once traffic flows. Ends with 0 if all went well, and with 3 if
 * requests began to fail, which it says with their status.
 */
#include "vt.h"

#define LEN   (64 * 1024)
#define DEPTH 16

enum {
	LOST = 3
};

struct setup {
	struct vt_conn conn;
	struct vt_buf a, b;
};

static _Noreturn void lost(const char *what)
{
	vt_note("traffic ended: %s", what);
	exit(LOST);
}

static void post(struct setup *s, enum ibv_wr_opcode opcode)
{
	struct vt_op op = {
		.opcode = opcode,
		.wr_id = opcode,
		.sge = { vt_sge(&s->a, 0, LEN) },
		.num_sge = 1,
		.remote_addr = vt_addr(&s->b, 0),
		.rkey = s->b.mr->rkey,
	};
	int err;

	err = vt_try_post(&s->conn.a, &op);
	if (err)
		lost(strerror(err));
}

static struct ibv_wc next(struct setup *s)
{
	uint64_t end_ns = vt_now_ns() + vt_options.wait_ms * 1000000ull;
	struct ibv_wc wc;
	int n;

	for (;;) {
		n = ibv_poll_cq(s->conn.a.cq, 1, &wc);
		if (n > 0)
			return wc;
		if (n < 0)
			lost("ibv_poll_cq");
		if (vt_async_event(s->conn.a.dev, 0) == IBV_EVENT_DEVICE_FATAL)
			lost("the device is gone");
		if (vt_now_ns() > end_ns)
			vt_fail("no completion and no event");
	}
}

static void flow(struct setup *s, uint64_t end_ns)
{
	bool told = false;
	struct ibv_wc wc;
	int i;

	for (i = 0; i < DEPTH; i++)
		post(s, i & 1 ? IBV_WR_RDMA_READ : IBV_WR_RDMA_WRITE);
	while (vt_now_ns() < end_ns) {
		wc = next(s);
		if (wc.status != IBV_WC_SUCCESS)
			lost(ibv_wc_status_str(wc.status));
		post(s, wc.wr_id);
		if (!told)
			vt_note("running");
		told = true;
	}
}

int main(int argc, char **argv)
{
	struct vt_device *a, *b;
	enum vt_memory memory;
	struct setup s;

	vt_options.timeout = 14; /* 67 ms, unless told otherwise */
	vt_start(argc, argv, &a, &b);
	vt_case("traffic");
	memory = vt_has_odp(b, 0) && !vt_is_rxe(b) ? VT_ODP : VT_PINNED;
	if (vt_options.memory)
		memory = vt_options.memory & 1 ? VT_PINNED : VT_ODP; /* of the target */
	vt_connect(&s.conn, a, b, &(struct vt_conn_attr){ .retry_cnt = 3 });
	vt_buf_make(&s.a, a, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&s.b, b, LEN, memory, VT_ACCESS_ALL);
	flow(&s, vt_now_ns() + (vt_options.seconds ? vt_options.seconds : 5) * 1000000000ull);
	vt_disconnect(&s.conn);
	vt_buf_free(&s.a);
	vt_buf_free(&s.b);
	return vt_finish(a, b);
}
