// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Two connections share a way that marks packets when it gets narrow (congestion.sh makes it so). Who gets
 * marked packets tells their sender, and that slows down: each has its half,
 * within a tenth. How many packets were sent again is told. For WRITEs, whose data are requests, and for READs, whose data are answers.
 */
#include "vt.h"

#define LEN	32768
#define DEPTH	4 /* messages on their way, of each */
#define SECONDS 6
#define TIMES	5 /* as long again and again, until they have */
#define WARM_MS 3000 /* until the two have found their rates */
#define LEAST	0.9 /* of what the other one has */

struct flow {
	struct vt_conn conn;
	struct vt_buf a, b;
	uint64_t done;
};

struct counters {
	int64_t marked, told, heard, again;
};

/* from: whose packets are marked; to: who gets them. */
static struct counters look(const struct vt_device *from, const struct vt_device *to)
{
	return (struct counters){
		.marked = vt_counter(to, "np_ecn_marked_roce_packets"),
		.told = vt_counter(to, "np_cnp_sent"),
		.heard = vt_counter(from, "rp_cnp_handled"),
		.again = vt_counter(from, "retransmits"),
	};
}

static void post(struct flow *flow, enum ibv_wr_opcode opcode)
{
	struct vt_op op = {
		.opcode = opcode,
		.wr_id = 1,
		.sge = { vt_sge(&flow->a, 0, LEN) },
		.num_sge = 1,
		.remote_addr = vt_addr(&flow->b, 0),
		.rkey = flow->b.mr->rkey,
	};

	vt_post(&flow->conn.a, &op);
}

/* Both stream until a time; then all that is on its way is waited for, if the last. */
static void stream(struct flow *flows, enum ibv_wr_opcode opcode, uint64_t until, bool last)
{
	struct ibv_wc wc;
	int i;

	while (vt_now_ns() < until) {
		for (i = 0; i < 2; i++) {
			if (ibv_poll_cq(flows[i].conn.a.cq, 1, &wc) != 1)
				continue;
			if (wc.status)
				vt_fail("\"%s\"", ibv_wc_status_str(wc.status));
			flows[i].done++;
			post(&flows[i], opcode);
		}
	}
	for (i = 0; last && i < 2 * DEPTH; i++)
		vt_check(!vt_wait(&flows[i / DEPTH].conn.a).status);
}

static bool is_fair(const struct flow *flows)
{
	return flows[0].done >= LEAST * flows[1].done && flows[1].done >= LEAST * flows[0].done;
}

static void check(const struct counters *before, const struct counters *after,
		  const struct flow *flows)
{
	vt_note("%lu and %lu messages; marked %ld, notifications %ld sent, %ld heeded; %ld packets again",
		(unsigned long)flows[0].done, (unsigned long)flows[1].done,
		(long)(after->marked - before->marked), (long)(after->told - before->told),
		(long)(after->heard - before->heard), (long)(after->again - before->again));
	vt_check(after->marked > before->marked);
	vt_check(after->told > before->told);
	vt_check(after->heard > before->heard);
	if (!is_fair(flows))
		vt_fail("one has %.2f of what the other one has",
			(double)flows[0].done / flows[1].done);
}

static void test(struct vt_device *a, struct vt_device *b, enum ibv_wr_opcode opcode,
		 const char *what)
{
	const bool is_read = opcode == IBV_WR_RDMA_READ;
	struct vt_device *from = is_read ? b : a, *to = is_read ? a : b;
	const unsigned int seconds = vt_options.seconds ? vt_options.seconds : SECONDS;
	struct counters before, after;
	static struct flow flows[2];
	int i;

	vt_case("%s", what);
	for (i = 0; i < 2; i++) {
		vt_connect(&flows[i].conn, a, b, NULL);
		vt_buf_make(&flows[i].a, a, LEN, VT_PINNED, VT_ACCESS_ALL);
		vt_buf_make(&flows[i].b, b, LEN, VT_PINNED, VT_ACCESS_ALL);
	}
	before = look(from, to);
	for (i = 0; i < 2 * DEPTH; i++)
		post(&flows[i / DEPTH], opcode);
	stream(flows, opcode, vt_now_ns() + WARM_MS * 1000000ull, false);
	flows[0].done = flows[1].done = 0;
	for (i = 0; i < TIMES && !(i && is_fair(flows)); i++)
		stream(flows, opcode, vt_now_ns() + seconds * 1000000000ull, false);
	stream(flows, opcode, 0, true);
	after = look(from, to);
	check(&before, &after, flows);
	for (i = 0; i < 2; i++) {
		vt_disconnect(&flows[i].conn);
		vt_buf_free(&flows[i].a);
		vt_buf_free(&flows[i].b);
	}
}

int main(int argc, char **argv)
{
	struct vt_device *a, *b;

	vt_start(argc, argv, &a, &b);
	vt_need_two_hosts();
	if (vt_is_rxe(a) || vt_is_rxe(b))
		vt_skip("is about rodp's congestion notifications");
	test(a, b, IBV_WR_RDMA_WRITE, "WRITE");
	test(a, b, IBV_WR_RDMA_READ, "READ");
	return vt_finish(a, b);
}
