// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A message of 1 MiB into memory that nobody has touched: faults are few and
 * handled where they happen, without retransmission and without RNR NAK.
 */
#include <sys/mman.h>

#include "vt.h"

#define LEN    (1024 * 1024)
#define ROUNDS 10
/* Fault requests a message. How long a SEND will be, its receiver cannot know. */
#define MAX_FAULTS	8
#define MAX_FAULTS_SEND 16

static const char *const names[] = {
	"odp_faults",	       "odp_faults_coalesced",	"odp_pages_mapped", "odp_parks",
	"retransmits",	       "send_rnr_err",		"rcvd_rnr_err",	    "send_seq_err",
	"duplicate_request",   "out_of_seq_request",	"backlog_drops",    "odp_fault_retries",
	"completer_retry_err", "local_ack_timeout_err",
};

static const char *const forbidden[] = { "retransmits",		 "send_rnr_err",
					 "rcvd_rnr_err",	 "send_seq_err",
					 "duplicate_request",	 "completer_retry_err",
					 "local_ack_timeout_err" };

struct sums {
	int64_t value[VT_ARRAY_SIZE(names)]; /* of both devices; -1: no such counter */
};

static void read_counters(struct sums *sums, const struct vt_device *a, const struct vt_device *b)
{
	size_t i;

	for (i = 0; i < VT_ARRAY_SIZE(names); i++) {
		sums->value[i] = vt_counter(a, names[i]);
		if (strcmp(a->name, b->name) && vt_counter(b, names[i]) >= 0)
			sums->value[i] += vt_counter(b, names[i]);
	}
}

static int64_t difference(const struct sums *after, const struct sums *before, const char *name)
{
	size_t i;

	for (i = 0; strcmp(names[i], name); i++)
		;
	return after->value[i] - before->value[i];
}

static void report(const char *what, const struct sums *before, const struct sums *after,
		   uint64_t ns, int max_faults)
{
	size_t i;

	vt_note("%s: %lu us; counters of %d messages:", what, (unsigned long)(ns / 1000), ROUNDS);
	for (i = 0; i < VT_ARRAY_SIZE(names); i++) {
		if (after->value[i] >= 0)
			vt_note("  %-24s %ld", names[i],
				(long)(after->value[i] - before->value[i]));
	}
	for (i = 0; i < VT_ARRAY_SIZE(forbidden); i++) {
		if (difference(after, before, forbidden[i]))
			vt_fail("%s: %ld on a clean link", forbidden[i],
				(long)difference(after, before, forbidden[i]));
	}
	if (difference(after, before, "odp_faults") > max_faults * ROUNDS)
		vt_fail("more than %d fault requests a message", max_faults);
}

static void cool(struct vt_buf *buf, bool huge)
{
	vt_check(huge ? !madvise(buf->data, LEN, MADV_HUGEPAGE) : vt_small_pages(buf->data, LEN));
	vt_buf_cool(buf);
}

static void test(struct vt_device *a, struct vt_device *b, enum ibv_wr_opcode opcode, bool huge,
		 const char *what)
{
	struct vt_buf source, target;
	struct sums before, after;
	struct vt_conn conn;
	uint64_t ns = 0, start;
	int i;

	vt_case("%s", what);
	vt_connect(&conn, a, b, NULL);
	vt_buf_make(&source, a, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&target, b, LEN, VT_ODP, VT_ACCESS_ALL);
	vt_fill(source.data, LEN, 1, 0);
	read_counters(&before, a, b);
	for (i = 0; i < ROUNDS; i++) {
		struct ibv_sge room = vt_sge(&target, 0, LEN);
		struct vt_op op = { .opcode = IBV_WR_SEND, .wr_id = 1, .num_sge = 1 };

		cool(&target, huge);
		start = vt_now_ns();
		if (opcode == IBV_WR_SEND) {
			op.sge[0] = vt_sge(&source, 0, LEN);
			vt_recv(&conn.b, 2, &room, 1);
			vt_post(&conn.a, &op);
			vt_expect_ok(&conn.b, 2, IBV_WC_RECV);
			vt_expect_ok(&conn.a, 1, IBV_WC_SEND);
		} else {
			vt_rdma(&conn, opcode, &source, 0, &target, 0, LEN);
		}
		ns += vt_now_ns() - start;
		if (opcode == IBV_WR_RDMA_READ)
			vt_verify_zero(source.data, LEN, "what was read");
		else
			vt_verify(target.data, LEN, 1, 0, "what was written");
	}
	read_counters(&after, a, b);
	report(what, &before, &after, ns / ROUNDS,
	       opcode == IBV_WR_SEND ? MAX_FAULTS_SEND : MAX_FAULTS);
	vt_verify_guards(&target, "the target");
	vt_disconnect(&conn);
	vt_buf_free(&source);
	vt_buf_free(&target);
}

int main(int argc, char **argv)
{
	struct vt_device *a, *b;

	vt_start(argc, argv, &a, &b);
	vt_need_odp(b, IBV_ODP_SUPPORT_WRITE | IBV_ODP_SUPPORT_READ | IBV_ODP_SUPPORT_RECV);
	test(a, b, IBV_WR_RDMA_WRITE, false, "cold WRITE");
	test(a, b, IBV_WR_SEND, false, "cold SEND");
	test(a, b, IBV_WR_RDMA_READ, false, "cold READ");
	if (vt_has_huge_pages())
		test(a, b, IBV_WR_RDMA_WRITE, true, "cold WRITE, huge pages");
	return vt_finish(a, b);
}
