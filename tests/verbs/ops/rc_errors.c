// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * What cannot be done completes with the status that the verbs name for it, on
 * both sides, with the asynchronous event, and leaves the queues flushed in order
 * (IBTA 1.7, 9.9 and 11.6.2).
 */
#include <sys/mman.h>

#include "vt.h"

#define LEN 8192

enum {
	OP = 1,
	RECV = 2,
	FOLLOWER = 100,
	FOLLOWERS = 3,
	NO_EVENT = -1
};

static void begin(struct vt_pair *s, int access_b, const struct vt_conn_attr *attr)
{
	while (vt_async_event(s->dev_b, 0) >= 0)
		;
	vt_pair_open(s, LEN, access_b, attr);
	vt_fill(s->a.data, LEN, 1, 0);
	vt_fill(s->b.data, LEN, 2, 0);
}

static struct vt_op one_sided(struct vt_pair *s, enum ibv_wr_opcode opcode, uint32_t len)
{
	return (struct vt_op){
		.opcode = opcode,
		.wr_id = OP,
		.sge = { vt_sge(&s->a, 0, len) },
		.num_sge = 1,
		.remote_addr = vt_addr(&s->b, 0),
		.rkey = s->b.mr->rkey,
	};
}

/* Requests behind the one that fails, in the same queue: none may be executed. */
static void post_followers(struct vt_pair *s)
{
	struct vt_op op = one_sided(s, IBV_WR_RDMA_WRITE, 16);
	int i;

	op.remote_addr = vt_addr(&s->b, LEN - 16);
	op.quiet = true; /* an error completes every request, signaled or not */
	for (i = 0; i < FOLLOWERS; i++) {
		op.wr_id = FOLLOWER + i;
		vt_post(&s->conn.a, &op);
	}
}

static void expect_followers_flushed(struct vt_pair *s)
{
	int i;

	for (i = 0; i < FOLLOWERS; i++)
		vt_expect(&s->conn.a, FOLLOWER + i, IBV_WC_WR_FLUSH_ERR);
	vt_verify(s->b.data + LEN - 16, 16, 2, LEN - 16, "the target of a flushed WRITE");
}

/* A queue in the error state takes requests, and flushes them. */
static void expect_flushes_new(struct vt_pair *s, struct vt_end *end)
{
	struct vt_op op = one_sided(s, IBV_WR_SEND, 8);
	struct ibv_sge none = {};

	vt_expect_state(end, IBV_QPS_ERR);
	op.wr_id = 50;
	vt_post(end, &op);
	vt_expect(end, 50, IBV_WC_WR_FLUSH_ERR);
	if (vt_is_rxe(end->dev))
		return; /* rxe does not look at the receive queue any more */
	vt_recv(end, 51, &none, 0);
	vt_expect(end, 51, IBV_WC_WR_FLUSH_ERR);
}

/* rxe tells of errors by completions only. */
static void expect_event(struct vt_pair *s, int event)
{
	int got = vt_async_event(s->dev_b, event == NO_EVENT ? 20 : 2000);

	if (got == IBV_EVENT_COMM_EST)
		got = vt_async_event(s->dev_b, 2000);
	if (got == NO_EVENT && vt_is_rxe(s->dev_b))
		return;
	if (got != event)
		vt_fail("asynchronous event %d instead of %d", got, event);
}

/*
 * The responder refuses op: the requester's completion has the given status and
 * both QPs are in error, what waits in their queues is flushed.
 */
static void expect_refused(struct vt_pair *s, const struct vt_op *op, enum ibv_wc_status status,
			   int event)
{
	struct ibv_sge room = vt_sge(&s->b, 0, 16);

	vt_recv(&s->conn.b, RECV, &room, 1);
	vt_post(&s->conn.a, op);
	post_followers(s);
	vt_expect(&s->conn.a, OP, status);
	expect_followers_flushed(s);
	vt_expect(&s->conn.b, RECV, IBV_WC_WR_FLUSH_ERR);
	expect_event(s, event);
	expect_flushes_new(s, &s->conn.a);
	expect_flushes_new(s, &s->conn.b);
	vt_verify(s->b.data, LEN, 2, 0, "the target of a refused request");
	vt_verify(s->a.data, LEN, 1, 0, "the source of a refused request");
}

static void test_wrong_rkey(struct vt_pair *s, enum ibv_wr_opcode opcode)
{
	struct vt_op op;

	begin(s, VT_ACCESS_ALL, NULL);
	op = one_sided(s, opcode, 8);
	op.rkey ^= 0x5a5a5a00;
	expect_refused(s, &op, IBV_WC_REM_ACCESS_ERR, IBV_EVENT_QP_ACCESS_ERR);
	vt_pair_close(s);
}

static void test_dead_rkey(struct vt_pair *s)
{
	struct vt_op op;

	begin(s, VT_ACCESS_ALL, NULL);
	op = one_sided(s, IBV_WR_RDMA_WRITE, 8);
	vt_check(!ibv_dereg_mr(s->b.mr));
	s->b.mr = vt_reg(s->dev_b, s->b.map, s->b.map_len, s->mem_b, VT_ACCESS_ALL);
	if (op.rkey == s->b.mr->rkey)
		vt_fail("the key of an MR that is gone was given out again at once");
	expect_refused(s, &op, IBV_WC_REM_ACCESS_ERR, IBV_EVENT_QP_ACCESS_ERR);
	vt_pair_close(s);
}

static void test_missing_right(struct vt_pair *s, enum ibv_wr_opcode opcode, int right)
{
	struct vt_op op;

	begin(s, VT_ACCESS_ALL & ~right, NULL);
	op = one_sided(s, opcode, 8);
	expect_refused(s, &op, IBV_WC_REM_ACCESS_ERR, IBV_EVENT_QP_ACCESS_ERR);
	vt_pair_close(s);
}

/* Ranges that leave the MR by a byte, at either end, and one that wraps. */
static void test_out_of_bounds(struct vt_pair *s, enum ibv_wr_opcode opcode, int64_t offset,
			       uint32_t len)
{
	struct vt_op op;

	begin(s, VT_ACCESS_ALL, NULL);
	op = one_sided(s, opcode, len);
	op.remote_addr = (uintptr_t)s->b.map + offset;
	expect_refused(s, &op, IBV_WC_REM_ACCESS_ERR, IBV_EVENT_QP_ACCESS_ERR);
	vt_pair_close(s);
}

static void test_foreign_pd(struct vt_pair *s)
{
	struct vt_device *other = vt_open_b();
	struct ibv_mr *mr;
	struct vt_op op;

	begin(s, VT_ACCESS_ALL, NULL);
	mr = vt_reg(other, s->b.map, s->b.map_len, s->mem_b, VT_ACCESS_ALL);
	op = one_sided(s, IBV_WR_RDMA_WRITE, 8);
	op.rkey = mr->rkey;
	expect_refused(s, &op, IBV_WC_REM_ACCESS_ERR, IBV_EVENT_QP_ACCESS_ERR);
	vt_pair_close(s);
	vt_check(!ibv_dereg_mr(mr));
	vt_close(other);
}

static void test_receive_too_short(struct vt_pair *s, uint32_t len)
{
	struct ibv_sge room;
	struct vt_op op;

	begin(s, VT_ACCESS_ALL, NULL);
	op = one_sided(s, IBV_WR_SEND, len);
	room = vt_sge(&s->b, 0, len - 1);
	vt_recv(&s->conn.b, RECV, &room, 1);
	vt_post(&s->conn.a, &op);
	post_followers(s);
	if (vt_is_rxe(s->dev_b)) {
		/* rxe says that the operation failed, and not that it was too long. */
		vt_expect(&s->conn.a, OP, IBV_WC_REM_OP_ERR);
		vt_expect(&s->conn.b, RECV, IBV_WC_LOC_QP_OP_ERR);
		expect_followers_flushed(s);
		vt_pair_close(s);
		return;
	}
	vt_expect(&s->conn.a, OP, IBV_WC_REM_INV_REQ_ERR);
	expect_followers_flushed(s);
	vt_expect(&s->conn.b, RECV, IBV_WC_LOC_LEN_ERR);
	expect_flushes_new(s, &s->conn.a);
	expect_flushes_new(s, &s->conn.b);
	vt_verify(s->b.data + len - 1, LEN - len + 1, 2, len - 1, "behind the receive buffer");
	vt_pair_close(s);
}

static void test_receive_wrong_key(struct vt_pair *s)
{
	struct ibv_sge room;
	struct vt_op op;

	begin(s, VT_ACCESS_ALL, NULL);
	op = one_sided(s, IBV_WR_SEND, 64);
	room = vt_sge(&s->b, 0, 64);
	room.lkey ^= 0x5a5a5a00;
	vt_recv(&s->conn.b, RECV, &room, 1);
	vt_post(&s->conn.a, &op);
	vt_expect(&s->conn.a, OP, IBV_WC_REM_OP_ERR);
	vt_expect(&s->conn.b, RECV,
		  vt_is_rxe(s->dev_b) ? IBV_WC_LOC_QP_OP_ERR : IBV_WC_LOC_PROT_ERR);
	expect_flushes_new(s, &s->conn.a);
	expect_flushes_new(s, &s->conn.b);
	vt_pair_close(s);
}

/* rxe may flush the request that fails together with those behind it. */
static void expect_local_error(struct vt_pair *s)
{
	struct ibv_wc wc;

	if (!vt_is_rxe(s->dev_a)) {
		vt_expect(&s->conn.a, OP, IBV_WC_LOC_PROT_ERR);
		return;
	}
	wc = vt_wait(&s->conn.a);
	vt_check(wc.wr_id == OP);
	vt_check(wc.status == IBV_WC_LOC_PROT_ERR || wc.status == IBV_WC_WR_FLUSH_ERR);
}

/* A local error is the requester's alone: the responder's QP knows nothing of it. */
static void test_local_key(struct vt_pair *s, enum ibv_wr_opcode opcode)
{
	struct vt_op op;

	begin(s, VT_ACCESS_ALL, NULL);
	op = one_sided(s, opcode, 64);
	op.sge[0].lkey ^= 0x5a5a5a00;
	vt_post(&s->conn.a, &op);
	post_followers(s);
	expect_local_error(s);
	expect_followers_flushed(s);
	expect_flushes_new(s, &s->conn.a);
	vt_check(vt_qp_state(s->conn.b.qp) == IBV_QPS_RTS);
	expect_event(s, NO_EVENT);
	vt_pair_close(s);
}

static void test_local_out_of_bounds(struct vt_pair *s)
{
	struct vt_op op;

	begin(s, VT_ACCESS_ALL, NULL);
	op = one_sided(s, IBV_WR_RDMA_WRITE, 64);
	op.sge[0].addr = (uintptr_t)s->a.map + s->a.map_len - 63;
	vt_post(&s->conn.a, &op);
	expect_local_error(s);
	expect_flushes_new(s, &s->conn.a);
	vt_pair_close(s);
}

static void test_read_into_read_only(struct vt_pair *s)
{
	struct ibv_mr *mr;
	struct vt_op op;

	begin(s, VT_ACCESS_ALL, NULL);
	mr = vt_reg(s->dev_a, s->a.map, s->a.map_len, s->mem_a, 0);
	op = one_sided(s, IBV_WR_RDMA_READ, 64);
	op.sge[0].lkey = mr->lkey;
	vt_post(&s->conn.a, &op);
	expect_local_error(s);
	vt_verify(s->a.data, LEN, 1, 0, "a buffer without the right to write");
	expect_flushes_new(s, &s->conn.a);
	vt_check(!ibv_dereg_mr(mr));
	vt_pair_close(s);
}

/* Nobody posts a receive. The responder lives on. */
static void test_rnr_exceeded(struct vt_pair *s)
{
	struct vt_conn_attr attr = { .rnr_retry = 1, .min_rnr_timer = 1 };
	struct vt_op op;

	begin(s, VT_ACCESS_ALL, &attr);
	op = one_sided(s, IBV_WR_SEND, 64);
	vt_post(&s->conn.a, &op);
	post_followers(s);
	vt_expect(&s->conn.a, OP, IBV_WC_RNR_RETRY_EXC_ERR);
	expect_followers_flushed(s);
	expect_flushes_new(s, &s->conn.a);
	vt_check(vt_qp_state(s->conn.b.qp) == IBV_QPS_RTS);
	vt_pair_close(s);
}

/* A receive that comes late is waited for: rnr_retry 7 means for ever. */
static void test_rnr_waits(struct vt_pair *s)
{
	struct vt_conn_attr attr = { .min_rnr_timer = 1 };
	struct ibv_sge room;
	struct vt_op op;

	begin(s, VT_ACCESS_ALL, &attr);
	op = one_sided(s, IBV_WR_SEND, 64);
	room = vt_sge(&s->b, 0, 64);
	vt_post(&s->conn.a, &op);
	vt_expect_none(&s->conn.a, 200);
	vt_recv(&s->conn.b, RECV, &room, 1);
	vt_expect_ok(&s->conn.a, OP, IBV_WC_SEND);
	vt_expect_ok(&s->conn.b, RECV, IBV_WC_RECV);
	vt_verify(s->b.data, 64, 1, 0, "the data");
	vt_pair_close(s);
}

static void test_peer_vanished(struct vt_pair *s, enum ibv_wr_opcode opcode)
{
	struct vt_conn_attr attr = { .timeout = 12, .retry_cnt = 2 };
	struct vt_end gone;
	struct vt_op op;

	begin(s, VT_ACCESS_ALL, &attr);
	gone = s->conn.b;
	vt_end_open(&s->conn.b, s->dev_b, NULL); /* so that end() has one to close */
	vt_end_close(&gone);
	op = one_sided(s, opcode, 64);
	vt_post(&s->conn.a, &op);
	post_followers(s);
	vt_expect(&s->conn.a, OP, IBV_WC_RETRY_EXC_ERR);
	expect_followers_flushed(s);
	expect_flushes_new(s, &s->conn.a);
	vt_pair_close(s);
}

/* The QP itself is told to go to the error state while receives and sends wait. */
static void test_flush_on_request(struct vt_pair *s)
{
	struct vt_conn_attr conn_attr = { .min_rnr_timer = 31 };
	struct ibv_qp_attr attr = { .qp_state = IBV_QPS_ERR };
	struct ibv_sge room;
	struct vt_op op;

	begin(s, VT_ACCESS_ALL, &conn_attr);
	room = vt_sge(&s->a, 0, 64);
	vt_recv(&s->conn.a, RECV, &room, 1);
	vt_recv(&s->conn.a, RECV + 1, &room, 1);
	op = one_sided(s, IBV_WR_SEND, 64); /* waits: nobody receives */
	vt_post(&s->conn.a, &op);
	post_followers(s);
	vt_check(!ibv_modify_qp(s->conn.a.qp, &attr, IBV_QP_STATE));
	vt_check(vt_qp_state(s->conn.a.qp) == IBV_QPS_ERR);

	/* Each queue in its order; which of the two is first, nobody says. */
	for (int sends = 0, recvs = 0; sends + recvs < FOLLOWERS + 3;) {
		struct ibv_wc wc = vt_wait(&s->conn.a);

		if (wc.status != IBV_WC_WR_FLUSH_ERR)
			vt_fail("\"%s\" instead of a flush", ibv_wc_status_str(wc.status));
		if (wc.wr_id == RECV || wc.wr_id == RECV + 1)
			vt_check(wc.wr_id == (uint64_t)(RECV + recvs++));
		else
			vt_check(wc.wr_id == (sends ? FOLLOWER + sends - 1u : OP) && ++sends);
	}
	vt_expect_none(&s->conn.a, 10);
	vt_pair_close(s);
}

/* What can be seen when posting is refused there. */
static void test_refused_posts(struct vt_pair *s)
{
	struct ibv_sge list[VT_MAX_SGE] = {};
	struct ibv_recv_wr recv = { .sg_list = list }, *bad_recv = NULL;
	struct ibv_send_wr send = { .opcode = IBV_WR_SEND, .sg_list = list }, *bad_send = NULL;
	struct ibv_qp_init_attr init = { .cap = { .max_send_wr = 1, .max_recv_wr = 1 } };
	struct ibv_qp *fresh;

	begin(s, VT_ACCESS_ALL, NULL);
	send.num_sge = s->conn.a.max_sge + 60;
	vt_check(ibv_post_send(s->conn.a.qp, &send, &bad_send) && bad_send == &send);
	recv.num_sge = s->conn.a.max_sge + 60;
	vt_check(ibv_post_recv(s->conn.a.qp, &recv, &bad_recv) && bad_recv == &recv);
	send.num_sge = 0;
	send.opcode = 77;
	bad_send = NULL;
	if (!vt_is_rxe(s->dev_a)) /* rxe finds out later */
		vt_check(ibv_post_send(s->conn.a.qp, &send, &bad_send) && bad_send == &send);

	init.send_cq = s->conn.a.cq;
	init.recv_cq = s->conn.a.cq;
	init.qp_type = IBV_QPT_RC;
	fresh = ibv_create_qp(s->dev_a->pd, &init);
	vt_check(fresh);
	recv.num_sge = 0;
	vt_check(ibv_post_recv(fresh, &recv, &bad_recv)); /* RESET */
	vt_check(!ibv_destroy_qp(fresh));
	vt_expect_none(&s->conn.a, 10);
	vt_pair_close(s);
}

/* Posting until there is no more room: ENOMEM, and everything posted completes. */
static void test_queue_full(struct vt_pair *s)
{
	struct vt_conn_attr attr = { .max_wr = 4, .min_rnr_timer = 1 };
	uint64_t posted = 0, done;
	struct vt_op op;
	int err;

	begin(s, VT_ACCESS_ALL, &attr);
	op = one_sided(s, IBV_WR_SEND, 8);
	do {
		op.wr_id = posted;
		err = vt_try_post(&s->conn.a, &op); /* nobody receives: none completes */
		posted += !err;
	} while (!err && posted < 10000);
	if (err != ENOMEM)
		vt_fail("a full queue says %d (%s)", err, strerror(err));
	vt_check(posted >= 4);
	for (done = 0; done < posted; done++) {
		vt_recv(&s->conn.b, done, (struct ibv_sge[]){ vt_sge(&s->b, 0, 8) }, 1);
		vt_expect_ok(&s->conn.b, done, IBV_WC_RECV);
		vt_expect_ok(&s->conn.a, done, IBV_WC_SEND);
	}
	vt_pair_close(s);
}

static bool has_atomics(const struct vt_pair *s)
{
	return s->dev_b->attr.orig_attr.atomic_cap != IBV_ATOMIC_NONE;
}

static void run_rights(struct vt_pair *s, const char *what)
{
	vt_case("%s: WRITE without the right", what);
	test_missing_right(s, IBV_WR_RDMA_WRITE, IBV_ACCESS_REMOTE_WRITE);
	vt_case("%s: READ without the right", what);
	test_missing_right(s, IBV_WR_RDMA_READ, IBV_ACCESS_REMOTE_READ);
	if (has_atomics(s)) {
		vt_case("%s: FETCH_ADD without the right", what);
		test_missing_right(s, IBV_WR_ATOMIC_FETCH_AND_ADD, IBV_ACCESS_REMOTE_ATOMIC);
	}
}

static void run_remote(struct vt_pair *s, const char *what)
{
	vt_case("%s: WRITE with a wrong rkey", what);
	test_wrong_rkey(s, IBV_WR_RDMA_WRITE);
	vt_case("%s: READ with a wrong rkey", what);
	test_wrong_rkey(s, IBV_WR_RDMA_READ);
	vt_case("%s: the rkey of an MR that is gone", what);
	test_dead_rkey(s);
	vt_case("%s: the rkey of another PD", what);
	test_foreign_pd(s);
	vt_case("%s: WRITE that leaves the MR", what);
	test_out_of_bounds(s, IBV_WR_RDMA_WRITE, s->b.map_len - 63, 64);
	vt_case("%s: READ that leaves the MR", what);
	test_out_of_bounds(s, IBV_WR_RDMA_READ, s->b.map_len - 63, 64);
	vt_case("%s: WRITE that begins before the MR", what);
	test_out_of_bounds(s, IBV_WR_RDMA_WRITE, -1, 64);
}

static void run_receive(struct vt_pair *s, const char *what)
{
	vt_case("%s: message longer than the receive, one packet", what);
	test_receive_too_short(s, 200);
	vt_case("%s: message longer than the receive, several packets", what);
	test_receive_too_short(s, 5000);
	vt_case("%s: receive with a wrong key", what);
	test_receive_wrong_key(s);
	vt_case("%s: nobody receives, bounded retries", what);
	test_rnr_exceeded(s);
	vt_case("%s: a receive that comes late", what);
	test_rnr_waits(s);
}

static void run_local(struct vt_pair *s, const char *what)
{
	vt_case("%s: WRITE with a wrong lkey", what);
	test_local_key(s, IBV_WR_RDMA_WRITE);
	vt_case("%s: SEND with a wrong lkey", what);
	test_local_key(s, IBV_WR_SEND);
	vt_case("%s: local range that leaves the MR", what);
	test_local_out_of_bounds(s);
	vt_case("%s: READ into an MR without the right to write", what);
	test_read_into_read_only(s);
	vt_case("%s: posts that are refused at once", what);
	test_refused_posts(s);
	vt_case("%s: a full send queue", what);
	test_queue_full(s);
	vt_case("%s: QP sent to the error state", what);
	test_flush_on_request(s);
}

static void run_vanished(struct vt_pair *s, const char *what)
{
	vt_case("%s: WRITE to a QP that is gone", what);
	test_peer_vanished(s, IBV_WR_RDMA_WRITE);
	vt_case("%s: READ from a QP that is gone", what);
	test_peer_vanished(s, IBV_WR_RDMA_READ);
}

static void run(struct vt_pair *s)
{
	char what[32];

	s->b.map_len = LEN + 2 * VT_GUARD;
	snprintf(what, sizeof(what), "%s/%s", vt_memory_name(s->mem_a), vt_memory_name(s->mem_b));
	run_remote(s, what);
	run_rights(s, what);
	run_receive(s, what);
	run_local(s, what);
	run_vanished(s, what);
}

int main(int argc, char **argv)
{
	return vt_main_each_pair(argc, argv, run);
}
