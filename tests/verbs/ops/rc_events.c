// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Completion channels: who asks is told once, solicited-only means that, and no
 * completion is missed. Asynchronous events of QPs, CQs and the port.
 */
#include <sys/wait.h>

#include "vt.h"

#define QUIET_MS 100 /* long enough for an event that must not come */
#define SOON_MS	 10000

static void begin(struct vt_pair *s)
{
	struct vt_conn_attr attr = { .events = true };

	vt_pair_open(s, 4096, VT_ACCESS_ALL, &attr);
}

static void send_one(struct vt_pair *s, uint64_t wr_id, unsigned int flags)
{
	struct ibv_sge room = vt_sge(&s->b, 0, 64);
	struct vt_op op = {
		.opcode = IBV_WR_SEND,
		.flags = flags,
		.wr_id = wr_id,
		.sge = { vt_sge(&s->a, 0, 64) },
		.num_sge = 1,
	};

	vt_recv(&s->conn.b, wr_id, &room, 1);
	vt_post(&s->conn.a, &op);
	vt_expect_ok(&s->conn.a, wr_id, IBV_WC_SEND);
}

static void arm(struct vt_end *at, int solicited_only)
{
	vt_check(!ibv_req_notify_cq(at->cq, solicited_only));
}

static void test_once(struct vt_pair *s)
{
	begin(s);
	send_one(s, 1, 0);
	vt_check(!vt_comp_event(&s->conn.b, QUIET_MS)); /* nobody asked */
	vt_expect_ok(&s->conn.b, 1, IBV_WC_RECV);

	arm(&s->conn.b, 0);
	vt_check(!vt_comp_event(&s->conn.b, QUIET_MS)); /* nothing new */
	send_one(s, 2, 0);
	vt_check(vt_comp_event(&s->conn.b, SOON_MS));
	send_one(s, 3, 0);
	vt_check(!vt_comp_event(&s->conn.b, QUIET_MS)); /* asked once, told once */
	vt_expect_ok(&s->conn.b, 2, IBV_WC_RECV);
	vt_expect_ok(&s->conn.b, 3, IBV_WC_RECV);
	vt_pair_close(s);
}

static void test_solicited(struct vt_pair *s)
{
	begin(s);
	arm(&s->conn.b, 1);
	send_one(s, 1, 0);
	vt_check(!vt_comp_event(&s->conn.b, QUIET_MS));
	send_one(s, 2, IBV_SEND_SOLICITED);
	vt_check(vt_comp_event(&s->conn.b, SOON_MS));

	arm(&s->conn.b, 1);
	arm(&s->conn.b, 0); /* the wider request counts */
	send_one(s, 3, 0);
	vt_check(vt_comp_event(&s->conn.b, SOON_MS));
	vt_expect_ok(&s->conn.b, 1, IBV_WC_RECV);
	vt_expect_ok(&s->conn.b, 2, IBV_WC_RECV);
	vt_expect_ok(&s->conn.b, 3, IBV_WC_RECV);
	vt_pair_close(s);
}

/* A completion in error always counts as solicited (ibv_req_notify_cq(3)), on both queues. */
static void test_error_is_solicited(struct vt_pair *s)
{
	struct ibv_qp_attr attr = { .qp_state = IBV_QPS_ERR };
	struct vt_op bad = { .opcode = IBV_WR_RDMA_WRITE, .wr_id = 2, .num_sge = 1 };
	struct ibv_sge room;

	begin(s);
	bad.sge[0] = vt_sge(&s->a, 0, 64);
	room = vt_sge(&s->b, 0, 64);
	vt_recv(&s->conn.b, 1, &room, 1);
	arm(&s->conn.b, 1);
	vt_check(!ibv_modify_qp(s->conn.b.qp, &attr, IBV_QP_STATE));
	vt_check(vt_comp_event(&s->conn.b, SOON_MS));
	vt_expect(&s->conn.b, 1, IBV_WC_WR_FLUSH_ERR);

	arm(&s->conn.a, 1);
	bad.sge[0].lkey ^= 0x5a5a5a00;
	vt_post(&s->conn.a, &bad);
	vt_check(vt_comp_event(&s->conn.a, SOON_MS));
	vt_expect(&s->conn.a, 2, IBV_WC_LOC_PROT_ERR);
	vt_pair_close(s);
}

/* The loop of every event-driven program: wait, arm, drain; nothing may be left behind. */
static void test_no_lost_wakeup(struct vt_pair *s)
{
	unsigned int rounds = vt_options.rounds ? vt_options.rounds : 2000;
	unsigned int i, got = 0, per = 4;
	struct ibv_wc wc;

	begin(s);
	arm(&s->conn.b, 0);
	for (i = 0; i < rounds; i++) {
		unsigned int k;

		for (k = 0; k < per; k++) {
			struct ibv_sge room = vt_sge(&s->b, 0, 64);
			struct vt_op op = { .opcode = IBV_WR_SEND, .wr_id = k };

			op.sge[0] = vt_sge(&s->a, 0, 64);
			op.num_sge = 1;
			op.quiet = k != per - 1;
			vt_recv(&s->conn.b, k, &room, 1);
			vt_post(&s->conn.a, &op);
		}
		while (got < (i + 1) * per) {
			if (!vt_comp_event(&s->conn.b, SOON_MS))
				vt_fail("round %u: no event, %u of %u messages are there", i, got,
					(i + 1) * per);
			arm(&s->conn.b, 0);
			while (ibv_poll_cq(s->conn.b.cq, 1, &wc) > 0) {
				vt_check(wc.status == IBV_WC_SUCCESS);
				got++;
			}
		}
		vt_expect_ok(&s->conn.a, per - 1, IBV_WC_SEND);
	}
	vt_pair_close(s);
}

static void test_sq_drained(struct vt_pair *s)
{
	struct ibv_qp_attr attr = { .qp_state = IBV_QPS_SQD, .en_sqd_async_notify = 1 };

	begin(s);
	if (ibv_modify_qp(s->conn.a.qp, &attr, IBV_QP_STATE | IBV_QP_EN_SQD_ASYNC_NOTIFY))
		vt_fail("QP to SQD: %m");
	if (vt_async_event(s->dev_a, SOON_MS) != IBV_EVENT_SQ_DRAINED)
		vt_fail("no IBV_EVENT_SQ_DRAINED");
	vt_pair_close(s);
}

/* More completions than the CQ has room for. */
static void test_cq_overrun(struct vt_pair *s)
{
	struct vt_conn_attr attr = { .max_wr = 64 };
	struct ibv_cq *small;
	unsigned int i;
	int event;

	vt_pair_open(s, 4096, VT_ACCESS_ALL, &attr);
	small = s->conn.a.cq;
	for (i = 0; i < (unsigned int)small->cqe + 64; i++) {
		struct vt_op op = {
			.opcode = IBV_WR_RDMA_WRITE,
			.sge = { vt_sge(&s->a, 0, 8) },
			.num_sge = 1,
			.remote_addr = vt_addr(&s->b, 0),
			.rkey = s->b.mr->rkey,
		};

		while (vt_try_post(&s->conn.a, &op) == ENOMEM)
			vt_sleep_ms(1);
		event = vt_async_event(s->dev_a, 0);
		if (event >= 0)
			break;
	}
	if (event < 0)
		event = vt_async_event(s->dev_a, SOON_MS);
	if (event != IBV_EVENT_CQ_ERR)
		vt_fail("event %d instead of IBV_EVENT_CQ_ERR", event);
	vt_pair_close(s);
	while (vt_async_event(s->dev_a, 100) >= 0)
		; /* the QP's, if there are any */
}

/* The lab runs us in the network namespace of --dev's interface. */
static int run_ip_link(const char *netdev, const char *what)
{
	char command[200];
	int status;

	snprintf(command, sizeof(command), "ip link set %s %s", netdev, what);
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void expect_port_event(struct vt_pair *s, int wanted)
{
	int event;

	do {
		event = vt_async_event(s->dev_a, SOON_MS);
		if (event < 0)
			vt_fail("no event of the port, expected %d", wanted);
	} while (event != wanted); /* GID changes and the like may come first */
}

static void test_port(struct vt_pair *s, const char *netdev)
{
	struct ibv_port_attr port;

	vt_check(!run_ip_link(netdev, "down"));
	expect_port_event(s, IBV_EVENT_PORT_ERR);
	vt_check(!ibv_query_port(s->dev_a->ctx, 1, &port) && port.state == IBV_PORT_DOWN);
	vt_check(!run_ip_link(netdev, "up"));
	expect_port_event(s, IBV_EVENT_PORT_ACTIVE);
	vt_check(!ibv_query_port(s->dev_a->ctx, 1, &port) && port.state == IBV_PORT_ACTIVE);
}

int main(int argc, char **argv)
{
	struct vt_pair s = {};

	vt_start(argc, argv, &s.dev_a, &s.dev_b);
	vt_case("told once");
	test_once(&s);
	vt_case("solicited completions only");
	test_solicited(&s);
	if (!vt_is_rxe(s.dev_a)) { /* rxe: only what the sender marks */
		vt_case("an error is solicited");
		test_error_is_solicited(&s);
	}
	vt_case("no wakeup is lost");
	test_no_lost_wakeup(&s);
	while (vt_async_event(s.dev_a, 0) >= 0 || vt_async_event(s.dev_b, 0) >= 0)
		;
	vt_case("send queue drained");
	test_sq_drained(&s);
	vt_case("CQ overrun");
	test_cq_overrun(&s);
	if (getenv("RDMA_NETDEV")) {
		vt_case("port down and up");
		test_port(&s, getenv("RDMA_NETDEV"));
	}
	return vt_finish(s.dev_a, s.dev_b);
}
