// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * What modify_qp promises, whoever calls it and whatever happens meanwhile:
 *
 * - a request that is refused changes nothing, whichever of its attributes is wrong;
 * - two threads that ask for the same transition: one gets it, the other hears that it does not exist any more;
 * - a peer's bad request while the QP goes from RTR to RTS puts it in ERR, and it stays there;
 * - in SQD the path can be changed; what was begun is finished, and the rest takes the new path;
 * - a UC or UD QP whose send fails in SQD is in SQE (IBTA vol. 1, 10.3.1);
 * - both ends of a connection are on the same path, whatever becomes of the module's parameter.
 */
#include <pthread.h>
#include <unistd.h>

#include "situation.h"
#include "wire.h"

enum {
	DEFAULT_RACES = 100,
	RECEIVES = 4,
	LEN = 64 * 1024,
	SEED = 3,
	NEW_CLASS = 0x2c, /* of traffic */
	SOON = 2000 /* ms until a packet is captured */
};

static unsigned int races(void)
{
	return vt_options.rounds ? vt_options.rounds : DEFAULT_RACES;
}

/* ---- transitions by hand ---- */

#define TO_INIT (IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS)
#define TO_RTR                                                                          \
	(IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN | \
	 IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER)
#define TO_RTS                                                                     \
	(IBV_QP_STATE | IBV_QP_SQ_PSN | IBV_QP_MAX_QP_RD_ATOMIC | IBV_QP_TIMEOUT | \
	 IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY)

/* All that a QP of a connection is told, from RESET to RTS. */
static struct ibv_qp_attr plan(const struct vt_end *end, const struct vt_end *peer)
{
	return (struct ibv_qp_attr){
		.port_num = 1,
		.qp_access_flags = VT_ACCESS_ALL,
		.path_mtu = IBV_MTU_1024,
		.dest_qp_num = peer->qp->qp_num,
		.rq_psn = peer->psn,
		.sq_psn = end->psn,
		.max_dest_rd_atomic = 4,
		.max_rd_atomic = 4,
		.min_rnr_timer = 12,
		.timeout = 14,
		.retry_cnt = 7,
		.rnr_retry = 7,
		.ah_attr = vt_ah_attr(&peer->dev->gid, end->dev->gid_index, NULL),
	};
}

static int go(struct vt_end *end, struct ibv_qp_attr attr, enum ibv_qp_state state, int mask)
{
	attr.qp_state = state;
	return ibv_modify_qp(end->qp, &attr, mask);
}

static void must_go(struct vt_end *end, const struct ibv_qp_attr *attr, enum ibv_qp_state state,
		    int mask)
{
	int err = go(end, *attr, state, mask);

	if (err)
		vt_fail("QP to state %d: %s", state, strerror(err));
}

static void open_ends(struct vt_conn *conn, struct vt_device *const *devs)
{
	vt_end_open(&conn->a, devs[0], NULL);
	vt_end_open(&conn->b, devs[1], NULL);
}

/* ---- what is refused changes nothing ---- */

static void ask_badly_rtr(struct ibv_qp_attr *attr, int i)
{
	switch (i) {
	case 0:
		attr->path_mtu = 9;
		break;
	case 1:
		attr->min_rnr_timer = 32;
		break;
	case 2:
		attr->max_dest_rd_atomic = 255;
		break;
	case 3:
		attr->ah_attr.is_global = 0;
		break;
	case 4:
		attr->ah_attr.grh.sgid_index = 255;
		break;
	case 5:
		attr->ah_attr.grh.dgid.raw[10] = attr->ah_attr.grh.dgid.raw[11] = 0xff;
		memset(attr->ah_attr.grh.dgid.raw + 12, 0, 4); /* 0.0.0.0 */
		break;
	case 6:
		attr->ah_attr.port_num = 2;
		break;
	}
}

static void ask_badly_rts(struct ibv_qp_attr *attr, int i)
{
	switch (i) {
	case 0:
		attr->timeout = 32;
		break;
	case 1:
		attr->retry_cnt = 8;
		break;
	case 2:
		attr->rnr_retry = 8;
		break;
	case 3:
		attr->max_rd_atomic = 255;
		break;
	}
}

static struct ibv_qp_attr all_of(struct ibv_qp *qp)
{
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;
	int err;

	memset(&attr, 0, sizeof(attr));
	err = ibv_query_qp(qp, &attr, TO_INIT | TO_RTR | TO_RTS, &init);
	if (err)
		vt_fail("querying a QP: %s", strerror(err));
	return attr;
}

static void refuse(struct vt_end *end, const struct ibv_qp_attr *good,
		   void (*spoil)(struct ibv_qp_attr *attr, int i), int n, enum ibv_qp_state state,
		   int mask)
{
	struct ibv_qp_attr before = all_of(end->qp), after, bad;
	int i;

	for (i = 0; i < n; i++) {
		vt_case("to state %d with bad attribute %d", state, i);
		bad = *good;
		spoil(&bad, i);
		vt_check(go(end, bad, state, mask));
		after = all_of(end->qp);
		vt_check(!memcmp(&before, &after, sizeof(before)));
	}
}

static void test_refused(struct vt_device *const *devs)
{
	struct ibv_qp_attr a, b;
	struct vt_conn conn;

	open_ends(&conn, devs);
	a = plan(&conn.a, &conn.b);
	b = plan(&conn.b, &conn.a);
	refuse(&conn.a, &a, ask_badly_rtr, 7, IBV_QPS_RTR, TO_RTR);
	must_go(&conn.a, &a, IBV_QPS_RTR, TO_RTR);
	must_go(&conn.b, &b, IBV_QPS_RTR, TO_RTR);
	refuse(&conn.a, &a, ask_badly_rts, 4, IBV_QPS_RTS, TO_RTS);
	must_go(&conn.a, &a, IBV_QPS_RTS, TO_RTS);
	must_go(&conn.b, &b, IBV_QPS_RTS, TO_RTS);
	vt_case("what was refused left the connection as it was");
	vt_conn_works(&conn, VT_PINNED);
	vt_disconnect(&conn);
}

/* ---- two threads ---- */

struct rival {
	struct vt_end *end;
	struct ibv_qp_attr attr;
	pthread_barrier_t *start;
	unsigned int rounds;
	unsigned int won[3];
};

/* Each transition once a round; the rival does the same. */
static void *compete(void *arg)
{
	static const struct {
		enum ibv_qp_state state;
		int mask;
	} steps[] = {
		{ IBV_QPS_INIT, TO_INIT },
		{ IBV_QPS_RTR, TO_RTR },
		{ IBV_QPS_RTS, TO_RTS },
	};
	struct rival *rival = arg;
	unsigned int i, k;
	int err;

	for (i = 0; i < rival->rounds; i++) {
		pthread_barrier_wait(rival->start);
		vt_to_state(rival->end, IBV_QPS_RESET);
		for (k = 0; k < VT_ARRAY_SIZE(steps); k++) {
			pthread_barrier_wait(rival->start);
			err = go(rival->end, rival->attr, steps[k].state, steps[k].mask);
			rival->won[k] += !err;
			if (err && err != EINVAL)
				vt_fail("to state %d: %s", steps[k].state, strerror(err));
		}
	}
	return NULL;
}

static void test_rivals(struct vt_device *const *devs)
{
	struct rival rival[2] = {};
	pthread_barrier_t start;
	pthread_t thread;
	struct vt_conn conn;
	int i, k;

	vt_case("two threads modify one QP");
	open_ends(&conn, devs);
	vt_check(!pthread_barrier_init(&start, NULL, 2));
	for (i = 0; i < 2; i++)
		rival[i] = (struct rival){ .end = &conn.a,
					   .attr = plan(&conn.a, &conn.b),
					   .start = &start,
					   .rounds = races() };
	vt_check(!pthread_create(&thread, NULL, compete, &rival[1]));
	compete(&rival[0]);
	vt_check(!pthread_join(thread, NULL));
	/* INIT to INIT exists (11.2.5.2), so both may get that. */
	for (k = 1; k < 3; k++) {
		if (rival[0].won[k] + rival[1].won[k] != races())
			vt_fail("%u and %u of %u transitions number %d succeeded", rival[0].won[k],
				rival[1].won[k], races(), k);
	}
	vt_reconnect(&conn, true);
	vt_conn_works(&conn, VT_PINNED);
	vt_disconnect(&conn);
}

/* ---- a bad request in the middle ---- */

struct attacker {
	struct vt_conn *conn;
	struct vt_op op;
	pthread_barrier_t *start;
};

static void *attack(void *arg)
{
	struct attacker *attacker = arg;

	pthread_barrier_wait(attacker->start);
	vt_post(&attacker->conn->a, &attacker->op);
	return NULL;
}

static void post_receives(struct vt_end *end)
{
	int i;

	for (i = 0; i < RECEIVES; i++)
		vt_recv(end, i, NULL, 0);
}

static void race_bad_request(struct vt_device *const *devs, struct vt_buf *buf)
{
	struct vt_conn conn;
	struct ibv_qp_attr a, b;
	pthread_barrier_t start;
	struct attacker attacker = {
		.conn = &conn,
		.start = &start,
		.op = {
			.opcode = IBV_WR_RDMA_WRITE,
			.wr_id = 1,
			.sge = { vt_sge(buf, 0, 8) },
			.num_sge = 1,
			.remote_addr = 4096,
			.rkey = 0x5555,
		},
	};
	pthread_t thread;
	int i;

	open_ends(&conn, devs);
	a = plan(&conn.a, &conn.b);
	b = plan(&conn.b, &conn.a);
	must_go(&conn.b, &b, IBV_QPS_RTR, TO_RTR);
	must_go(&conn.a, &a, IBV_QPS_RTR, TO_RTR);
	must_go(&conn.a, &a, IBV_QPS_RTS, TO_RTS);
	post_receives(&conn.b);
	vt_check(!pthread_barrier_init(&start, NULL, 2));
	vt_check(!pthread_create(&thread, NULL, attack, &attacker));
	pthread_barrier_wait(&start);
	go(&conn.b, b, IBV_QPS_RTS, TO_RTS); /* refused, if the other was first */
	vt_expect(&conn.a, 1, IBV_WC_REM_ACCESS_ERR);
	vt_expect_state(&conn.b, IBV_QPS_ERR);
	for (i = 0; i < RECEIVES; i++)
		vt_expect(&conn.b, i, IBV_WC_WR_FLUSH_ERR);
	vt_check(!pthread_join(thread, NULL));
	vt_check(!pthread_barrier_destroy(&start));
	vt_disconnect(&conn);
}

static void test_bad_request(struct vt_device *const *devs)
{
	struct vt_buf buf;
	unsigned int i;

	vt_case("a bad request while the QP goes to RTS");
	vt_buf_make(&buf, devs[0], 4096, VT_PINNED, VT_ACCESS_ALL);
	for (i = 0; i < races(); i++)
		race_bad_request(devs, &buf);
	vt_buf_free(&buf);
}

/* ---- another path in SQD ---- */

#define MESSAGES 16

static void post_messages(struct vt_conn *conn, const struct vt_buf *from, const struct vt_buf *to)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.sge = { vt_sge(from, 0, LEN) },
		.num_sge = 1,
		.remote_addr = vt_addr(to, 0),
		.rkey = to->mr->rkey,
	};
	unsigned int i;

	for (i = 0; i < MESSAGES; i++) {
		op.wr_id = i;
		vt_post(&conn->a, &op);
	}
}

static void change_path(struct vt_conn *conn, struct ibv_qp_attr *attr)
{
	const struct vt_route route = { .traffic_class = NEW_CLASS };

	attr->ah_attr = vt_ah_attr(&conn->b.dev->gid, conn->a.dev->gid_index, &route);
	must_go(&conn->a, attr, IBV_QPS_SQD, IBV_QP_STATE | IBV_QP_AV | IBV_QP_PORT);
	vt_check(all_of(conn->a.qp).ah_attr.grh.traffic_class == NEW_CLASS);
}

/* A packet of the new path is seen behind those of the old one. */
static void expect_class(int capture)
{
	struct vt_packet packet;

	do {
		if (!vt_captured(capture, &packet, SOON))
			vt_fail("no packet has the new traffic class");
	} while (!packet.outgoing || (packet.tos & ~3) != NEW_CLASS); /* and ECT in it */
}

static void test_new_path(struct vt_device *const *devs, bool network)
{
	int capture = network ? vt_capture(getenv("RDMA_NETDEV")) : -1;
	struct vt_buf x, y;
	struct vt_conn conn;
	struct ibv_qp_attr attr;
	unsigned int i;

	vt_case("SQD, and on by another path");
	vt_connect(&conn, devs[0], devs[1], NULL);
	vt_buf_make(&x, devs[0], LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&y, devs[1], LEN, VT_ODP, VT_ACCESS_ALL);
	vt_fill(x.data, LEN, SEED, 0);
	attr = plan(&conn.a, &conn.b);
	post_messages(&conn, &x, &y);
	vt_to_state(&conn.a, IBV_QPS_SQD);
	change_path(&conn, &attr);
	vt_to_state(&conn.a, IBV_QPS_RTS);
	for (i = 0; i < MESSAGES; i++)
		vt_expect_ok(&conn.a, i, IBV_WC_RDMA_WRITE);
	vt_verify(y.data, LEN, SEED, 0, "what was written");
	vt_conn_works(&conn, VT_PINNED);
	if (network) {
		expect_class(capture);
		close(capture);
	}
	vt_disconnect(&conn);
	vt_buf_free(&x);
	vt_buf_free(&y);
}

/* ---- a send that fails in SQD ---- */

static void open_type(struct vt_conn *conn, struct vt_stage *stage, enum ibv_qp_type type)
{
	struct vt_conn_attr attr = { .qp_type = type };

	if (type == IBV_QPT_UC) {
		vt_connect(conn, stage->a, stage->b, &attr);
		return;
	}
	vt_ud_open(&conn->a, stage->a, false);
	vt_ud_open(&conn->b, stage->b, false);
}

/* Its first piece is held back; the second one does not exist. */
static void post_failing(struct vt_conn *conn, struct vt_stage *stage)
{
	struct vt_op op = {
		.opcode = IBV_WR_SEND,
		.wr_id = 1,
		.sge = {
			{ .addr = (uintptr_t)stage->held.at, .length = 64, .lkey = stage->held.mr_a->lkey },
			{ .addr = 4096, .length = 64, .lkey = 0xdead },
		},
		.num_sge = 2,
	};

	if (conn->a.qp->qp_type == IBV_QPT_UD)
		op.to = (struct vt_to){
			.ah = vt_ah(&conn->a, &conn->b.dev->gid, conn->a.dev->gid_index),
			.qpn = conn->b.qp->qp_num,
			.qkey = VT_QKEY,
		};
	vt_post(&conn->a, &op);
	vt_check(vt_uffd_wait_fault(stage->uffd, vt_options.wait_ms));
	vt_to_state(&conn->a, IBV_QPS_SQD);
	vt_stage_release(stage);
	vt_expect(&conn->a, 1, IBV_WC_LOC_PROT_ERR);
	vt_expect_state(&conn->a, IBV_QPS_SQE);
	if (op.to.ah)
		vt_check(!ibv_destroy_ah(op.to.ah));
}

static void test_failing_in_sqd(enum ibv_qp_type type)
{
	struct vt_stage stage;
	struct vt_conn conn;

	vt_case("type %d: a send fails in SQD", type);
	vt_stage_open(&stage);
	vt_stage_set(&stage);
	open_type(&conn, &stage, type);
	post_failing(&conn, &stage);
	vt_to_state(&conn.a, IBV_QPS_RTS);
	vt_disconnect(&conn);
	vt_stage_close(&stage);
}

/* ---- both ends on one path ---- */

static void test_parameter(struct vt_device *const *devs, bool on)
{
	struct ibv_qp_attr a, b;
	struct vt_conn conn;

	vt_case("local_path becomes %d between the two ends' RTR", on);
	open_ends(&conn, devs);
	a = plan(&conn.a, &conn.b);
	b = plan(&conn.b, &conn.a);
	vt_set_local_path(!on);
	must_go(&conn.b, &b, IBV_QPS_RTR, TO_RTR);
	vt_set_local_path(on);
	must_go(&conn.a, &a, IBV_QPS_RTR, TO_RTR);
	must_go(&conn.b, &b, IBV_QPS_RTS, TO_RTS);
	must_go(&conn.a, &a, IBV_QPS_RTS, TO_RTS);
	vt_conn_works(&conn, VT_PINNED);
	vt_disconnect(&conn);
	vt_set_local_path(true);
}

int main(int argc, char **argv)
{
	const char *topology = getenv("RDMA_TOPO");
	struct vt_device *devs[2];
	bool network;

	vt_start(argc, argv, &devs[0], &devs[1]);
	network = topology && !strcmp(topology, "veth");
	test_refused(devs);
	test_rivals(devs);
	test_bad_request(devs);
	test_new_path(devs, network);
	test_failing_in_sqd(IBV_QPT_UC);
	test_failing_in_sqd(IBV_QPT_UD);
	if (!network) {
		test_parameter(devs, false);
		test_parameter(devs, true);
	}
	return vt_finish(devs[0], devs[1]);
}
