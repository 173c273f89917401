// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * What administrators see: rdma(8) says of regions and QPs what the private ioctl says,
 * tracepoints say what happened, and a fault that user space holds up is in all of them.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "observe.h"

#define PAGE	4096ul
#define BLOCK	(2ul << 20)
#define PAGES	(BLOCK / PAGE)
#define HELD_MS 60 /* a fault is held up for so long at least */
#define TRACING "/sys/kernel/tracing/"

struct setup {
	struct vt_device *a, *b;
	struct vt_conn conn;
	struct vt_buf source; /* pinned */
	uint8_t *at; /* BLOCK, aligned */
	struct ibv_mr *mr;
};

/* The object that rdma(8) shows of a region; details only root sees. */
static const char *shown_mr(const struct ibv_mr *mr)
{
	char member[64];

	snprintf(member, sizeof(member), "\"lkey\":\"%x\"", mr->lkey);
	return vt_object_with(vt_run("rdma -dd -j resource show mr"), member);
}

static const char *shown_stats(const struct ibv_mr *mr)
{
	char member[64];

	snprintf(member, sizeof(member), "\"mrn\":%lu",
		 (unsigned long)vt_number_of(shown_mr(mr), "mrn"));
	return vt_object_with(vt_run("rdma -j statistic show mr"), member);
}

static const char *shown_qp(const struct ibv_qp *qp)
{
	char member[64];

	snprintf(member, sizeof(member), "\"lqpn\":%u", qp->qp_num);
	return vt_object_with(vt_run("rdma -dd -j resource show qp"), member);
}

static void post_write(struct setup *s, const struct ibv_mr *mr, size_t first, size_t count)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = 1,
		.sge = { vt_sge(&s->source, 0, count * PAGE) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)s->at + first * PAGE,
		.rkey = mr->rkey,
	};

	vt_post(&s->conn.a, &op);
}

static void write_pages(struct setup *s, const struct ibv_mr *mr, size_t first, size_t count)
{
	post_write(s, mr, first, count);
	vt_expect_ok(&s->conn.a, 1, IBV_WC_RDMA_WRITE);
}

static void check_stats(const struct ibv_mr *mr)
{
	const char *shown = shown_stats(mr);
	const struct rodp_mr_stats is = vt_stats(mr);

	vt_check(vt_number_of(shown, "page_faults") == is.page_faults);
	vt_check(vt_number_of(shown, "page_faults_handled") == is.page_faults_handled);
	vt_check(vt_number_of(shown, "page_invalidations") == is.page_invalidations);
	vt_check(vt_number_of(shown, "page_invalidations_handled") ==
		 is.page_invalidations_handled);
	vt_check(vt_number_of(shown, "page_prefetch") == is.page_prefetch);
}

static void test_regions(struct setup *s)
{
	struct ibv_mr *implicit;

	vt_case("an explicit region");
	write_pages(s, s->mr, 0, 16);
	vt_check(!madvise(s->at, 5 * PAGE, MADV_DONTNEED));
	check_stats(s->mr);
	vt_check(vt_number_of(shown_stats(s->mr), "page_faults") == 16);
	vt_check(vt_number_of(shown_stats(s->mr), "page_faults_handled") == 1);
	vt_check(vt_number_of(shown_stats(s->mr), "page_invalidations") == 5);
	vt_check(vt_number_of(shown_stats(s->mr), "page_invalidations_handled") == 1);
	vt_check(strstr(shown_mr(s->mr), "\"drv_odp\":\"explicit\""));

	vt_case("an implicit region");
	implicit = ibv_reg_mr(s->b->pd, NULL, SIZE_MAX, VT_ACCESS_ALL | IBV_ACCESS_ON_DEMAND);
	if (!implicit)
		vt_fail("registering the implicit region: %m");
	write_pages(s, implicit, 2, 2);
	check_stats(implicit);
	vt_check(vt_number_of(shown_stats(implicit), "page_faults") == 2);
	vt_check(vt_number_of(shown_stats(s->mr), "page_faults") == 18);
	vt_check(strstr(shown_mr(implicit), "\"drv_odp\":\"implicit\""));
	vt_check(!ibv_dereg_mr(implicit));

	vt_case("a pinned region");
	vt_check(!strstr(shown_mr(s->source.mr), "drv_odp"));
	vt_check(!strstr(shown_stats(s->source.mr), "page_faults"));
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		vt_fail("writing %s: %m", path);
	close(fd);
}

/* How many lines of the trace have all these words. */
static unsigned int traced(const char *trace, const char *event, const char *word,
			   const char *other)
{
	unsigned int n = 0;
	const char *line;
	char text[512];
	size_t len;

	for (line = trace; *line; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		snprintf(text, sizeof(text), "%.*s ", (int)len, line);
		n += strstr(text, event) && strstr(text, word) && strstr(text, other);
	}
	return n;
}

static void test_trace(struct setup *s)
{
	char place[64], qpn[64], begin[64], end[64];
	const char *trace;

	vt_case("tracepoints");
	if (access(TRACING "events/rodp/enable", W_OK))
		vt_fail(TRACING "events/rodp/enable: %m");
	vt_check(!madvise(s->at, BLOCK, MADV_DONTNEED));
	write_file(TRACING "trace", "\n");
	write_file(TRACING "events/rodp/enable", "1");
	write_pages(s, s->mr, 64, 8);
	vt_check(!madvise(s->at + 64 * PAGE, 3 * PAGE, MADV_DONTNEED));
	write_file(TRACING "events/rodp/enable", "0");
	write_pages(s, s->mr, 64, 8);
	trace = vt_run("cat " TRACING "trace");

	snprintf(place, sizeof(place), " va=0x%lx bytes=32768 write=1 ",
		 (unsigned long)(uintptr_t)s->at + 64 * PAGE);
	snprintf(end, sizeof(end), " va=0x%lx error=0 ",
		 (unsigned long)(uintptr_t)s->at + 72 * PAGE);
	snprintf(qpn, sizeof(qpn), " qpn=%u lane=recv ", s->conn.b.qp->qp_num);
	snprintf(begin, sizeof(begin), " start=0x%lx end=0x%lx ",
		 (unsigned long)(uintptr_t)s->at + 64 * PAGE,
		 (unsigned long)(uintptr_t)s->at + 67 * PAGE);
	if (traced(trace, "rodp_fault_begin: ", place, "") != 1 ||
	    traced(trace, "rodp_fault_end: ", end, " ns=") != 1 ||
	    traced(trace, "rodp_qp_park: ", qpn, " bytes=32768 write=1 ") != 1 ||
	    traced(trace, "rodp_qp_resume: ", qpn, " error=0 ns=") != 1 ||
	    traced(trace, "rodp_invalidate: ", begin, " dropped=3 ") != 1 ||
	    traced(trace, "rodp_invalidate: ", " event=clear ", begin) != 1)
		vt_fail("expected one each of\n%s\n%s\n%s\n%s\nin\n%s", place, end, qpn, begin,
			trace);
	vt_check(traced(trace, "rodp_fault_begin: ", "", "") == 1); /* none after it was off */
}

/* Waits that took as long as the fault was held up, at least. */
static uint64_t long_waits(const struct rodp_latency *latency)
{
	uint64_t n = 0;
	size_t i;

	for (i = 25; i < RODP_LATENCY_BUCKETS; i++) /* 2^25 ns: 33 ms */
		n += latency->bucket[i];
	return n;
}

static void test_held(struct setup *s)
{
	uint8_t *page = s->at + 100 * PAGE;
	struct rodp_latency before, after;
	uint64_t asked_ns;
	int fd;

	vt_case("a fault that user space holds up");
	vt_check(!madvise(s->at, BLOCK, MADV_DONTNEED));
	fd = vt_uffd_open(VT_UFFD_MISSING, page, PAGE);
	vt_check(!vt_latency(s->b->ctx, RODP_LATENCY_OWN, &before));
	vt_check(vt_number_of(shown_qp(s->conn.b.qp), "drv_recv_parked") == 0);
	post_write(s, s->mr, 100, 1);
	vt_check(vt_uffd_wait_fault(fd, vt_options.wait_ms) == 1);
	asked_ns = vt_now_ns();
	vt_check(vt_number_of(shown_qp(s->conn.b.qp), "drv_recv_parked") == 1);
	vt_check(vt_number_of(shown_qp(s->conn.a.qp), "drv_send_parked") == 0);
	vt_check(vt_number_of(shown_qp(s->conn.a.qp), "drv_send_queued") == 1);
	while (vt_now_ns() - asked_ns < HELD_MS * 1000000ull)
		vt_sleep_ms(1);
	vt_uffd_zero(fd, page, PAGE);
	vt_expect_ok(&s->conn.a, 1, IBV_WC_RDMA_WRITE);
	close(fd);
	vt_check(vt_number_of(shown_qp(s->conn.b.qp), "drv_recv_parked") == 0);
	vt_check(vt_number_of(shown_qp(s->conn.a.qp), "drv_send_queued") == 0);
	vt_check(!vt_latency(s->b->ctx, RODP_LATENCY_OWN, &after));
	vt_check(long_waits(&after) == long_waits(&before) + 1);
	vt_check(after.sum_ns - before.sum_ns >= HELD_MS * 1000000ull);
}

static void set_up(struct setup *s)
{
	s->at = vt_map_aligned(BLOCK, BLOCK, PROT_READ | PROT_WRITE);
	vt_check(vt_small_pages(s->at, BLOCK));
	s->mr = vt_reg(s->b, s->at, BLOCK, VT_ODP, VT_ACCESS_ALL);
	vt_buf_make(&s->source, s->a, 64 * PAGE, VT_PINNED, VT_ACCESS_ALL);
	vt_connect(&s->conn, s->a, s->b, NULL);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.a, &s.b);
	if (!vt_is_rodp(s.b))
		vt_skip("%s: only rodp shows this", s.b->name);
	if (geteuid())
		vt_skip("rdma(8) shows keys to root only");
	set_up(&s);
	test_regions(&s);
	test_trace(&s);
	test_held(&s);
	vt_disconnect(&s.conn);
	vt_check(!ibv_dereg_mr(s.mr));
	vt_buf_free(&s.source);
	return vt_finish(s.a, s.b);
}
