// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A fault that hangs is seen: after a second in the device's counters, in the trace, and in what rdma(8) shows
 * of the queue pair; it is counted once, and is over when it is answered. A prefetch that takes long is
 * no such fault.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vt.h"

#define PAGE	4096ul
#define LEN	(16 * PAGE)
#define TRACING "/sys/kernel/tracing/"
#define LATE_MS 1000

struct setup {
	struct vt_device *dev;
	struct vt_conn conn;
	struct vt_buf local;
	struct ibv_mr *mr;
	uint8_t *at;
	int uffd;
};

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		vt_skip("writing %s: %m", path);
	close(fd);
}

static uint64_t shown(const struct setup *s, const char *name)
{
	char member[64];

	snprintf(member, sizeof(member), "\"lqpn\":%u", s->conn.b.qp->qp_num);
	return vt_number_of(vt_object_with(vt_run("rdma -dd -j resource show qp"), member), name);
}

static void expect_counter(const struct setup *s, const char *name, int64_t value)
{
	uint64_t end_ns = vt_now_ns() + vt_options.wait_ms * 1000000ull;
	int64_t is;

	while ((is = vt_counter(s->dev, name)) != value && vt_now_ns() < end_ns)
		vt_sleep_ms(20);
	if (is != value)
		vt_fail("%s is %ld, not %ld", name, (long)is, (long)value);
}

static void test_fault(struct setup *s)
{
	const int64_t late = vt_counter(s->dev, "odp_faults_late");
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = 1,
		.sge = { vt_sge(&s->local, 0, PAGE) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)s->at,
		.rkey = s->mr->rkey,
	};
	char place[64];

	vt_case("a fault");
	write_file(TRACING "trace", "\n");
	write_file(TRACING "events/rodp/rodp_fault_late/enable", "1");
	vt_check(!shown(s, "drv_recv_parked_ms"));
	vt_post(&s->conn.a, &op);
	vt_check(vt_uffd_wait_fault(s->uffd, vt_options.wait_ms) == 1);
	expect_counter(s, "odp_faults_hung", 1);
	vt_sleep_ms(3 * LATE_MS);
	vt_check(vt_counter(s->dev, "odp_faults_late") == late + 1);
	vt_check(vt_counter(s->dev, "odp_faults_hung") == 1);
	if (shown(s, "drv_recv_parked_ms") < LATE_MS)
		vt_fail("shown as parked for %lu ms",
			(unsigned long)shown(s, "drv_recv_parked_ms"));
	write_file(TRACING "events/rodp/rodp_fault_late/enable", "0");
	snprintf(place, sizeof(place), " va=0x%lx ns=", (unsigned long)(uintptr_t)s->at);
	if (!strstr(vt_run("grep rodp_fault_late: " TRACING "trace"), place))
		vt_fail("the trace has no rodp_fault_late with%s", place);
	vt_uffd_zero(s->uffd, s->at, PAGE);
	vt_expect_ok(&s->conn.a, 1, IBV_WC_RDMA_WRITE);
	expect_counter(s, "odp_faults_hung", 0);
	vt_check(vt_counter(s->dev, "odp_faults_late") == late + 1);
	vt_check(!shown(s, "drv_recv_parked_ms"));
}

static void test_prefetch(struct setup *s)
{
	const int64_t late = vt_counter(s->dev, "odp_faults_late");
	struct ibv_sge sge = {
		.addr = (uintptr_t)s->at + PAGE,
		.length = PAGE,
		.lkey = s->mr->lkey,
	};

	vt_case("a prefetch");
	vt_check(!ibv_advise_mr(s->dev->pd, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE, 0, &sge, 1));
	vt_check(vt_uffd_wait_fault(s->uffd, vt_options.wait_ms) == 1);
	vt_sleep_ms(3 * LATE_MS);
	vt_check(vt_counter(s->dev, "odp_faults_late") == late);
	vt_uffd_zero(s->uffd, s->at + PAGE, PAGE);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_init(argc, argv);
	s.dev = vt_open_b();
	if (!vt_is_rodp(s.dev))
		vt_skip("%s: only rodp shows this", s.dev->name);
	s.at = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	vt_check(s.at != MAP_FAILED);
	s.uffd = vt_uffd_open(VT_UFFD_MISSING, s.at, LEN);
	s.mr = vt_reg(s.dev, s.at, LEN, VT_ODP, VT_ACCESS_ALL);
	vt_buf_make(&s.local, s.dev, PAGE, VT_PINNED, VT_ACCESS_ALL);
	vt_connect(&s.conn, s.dev, s.dev, NULL);
	test_fault(&s);
	test_prefetch(&s);
	vt_disconnect(&s.conn);
	vt_buf_free(&s.local);
	vt_check(!ibv_dereg_mr(s.mr));
	close(s.uffd);
	vt_close(s.dev);
	return vt_pass();
}
