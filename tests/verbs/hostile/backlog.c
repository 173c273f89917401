// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A user without privileges lets his queue pairs wait for memory that never comes (a userfaultfd),
 * and sends them datagrams. What waits is bounded by the account of the user (user_backlog_mb),
 * however many queue pairs there are; the rest is dropped and counted, and all of it is given back
 * in the end.
 */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vt.h"

#define NOBODY	  65534
#define QPS	  32
#define DATAGRAMS 64 /* for each */
#define LEN	  4096
#define SLOT	  (16 * 4096) /* of memory that is held, for each receiver */
#define LIMIT_MIB 1
#define PARAMETER "/sys/module/rodp/parameters/user_backlog_mb"

struct setup {
	struct vt_device *dev;
	struct vt_end sender, receivers[QPS];
	struct vt_buf source;
	uint8_t *held;
	struct ibv_mr *mr;
	struct ibv_ah *ah;
	int uffd;
};

static void set_limit(unsigned int mib)
{
	FILE *file = fopen(PARAMETER, "w");

	if (!file)
		vt_skip(PARAMETER ": %m");
	fprintf(file, "%u", mib);
	vt_check(!fclose(file));
}

/* A userfaultfd that answers the kernel's faults takes privileges. */
static void hold_memory(struct setup *s)
{
	s->held = mmap(NULL, QPS * SLOT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);
	vt_check(s->held != MAP_FAILED);
	vt_check(vt_small_pages(s->held, QPS * SLOT));
	s->uffd = vt_uffd_open(VT_UFFD_MISSING, s->held, QPS * SLOT);
}

static void open_all(struct setup *s)
{
	int i;

	vt_buf_make(&s->source, s->dev, LEN, VT_PINNED, VT_ACCESS_ALL);
	s->mr = vt_reg(s->dev, s->held, QPS * SLOT, VT_ODP, VT_ACCESS_ALL);
	vt_ud_open(&s->sender, s->dev, false);
	for (i = 0; i < QPS; i++)
		vt_ud_open(&s->receivers[i], s->dev, false);
	s->ah = vt_ah(&s->sender, &s->dev->gid, s->dev->gid_index);
}

static void close_all(struct setup *s)
{
	int i;

	vt_check(!ibv_destroy_ah(s->ah));
	for (i = 0; i < QPS; i++)
		vt_end_close(&s->receivers[i]);
	vt_end_close(&s->sender);
	vt_check(!ibv_dereg_mr(s->mr));
	vt_buf_free(&s->source);
}

static void send_one(struct setup *s, int to)
{
	struct vt_op op = {
		.opcode = IBV_WR_SEND,
		.wr_id = 1,
		.sge = { vt_sge(&s->source, 0, vt_mtu_bytes(s->dev->port.active_mtu)) },
		.num_sge = 1,
		.to = { s->ah, s->receivers[to].qp->qp_num, VT_QKEY },
	};

	vt_post(&s->sender, &op);
	vt_expect_ok(&s->sender, 1, IBV_WC_SEND);
}

/* The first datagram of each waits for its memory, those behind it wait for the first. */
static void flood(struct setup *s)
{
	int i, n;

	for (i = 0; i < QPS; i++) {
		struct ibv_sge sge = { (uintptr_t)s->held + i * SLOT, SLOT, s->mr->lkey };

		vt_recv(&s->receivers[i], 2, &sge, 1);
		for (n = 0; n < DATAGRAMS; n++)
			send_one(s, i);
	}
}

static void flood_once(struct setup *s)
{
	const int64_t waiting = QPS * (DATAGRAMS - 1);
	int64_t before, dropped;

	open_all(s);
	before = vt_counter(s->dev, "backlog_drops");
	flood(s);
	dropped = vt_counter(s->dev, "backlog_drops") - before;
	vt_note("%ld of %ld datagrams were dropped", (long)dropped, (long)waiting);
	/* Each occupies more than its payload. */
	if ((waiting - dropped) * vt_mtu_bytes(s->dev->port.active_mtu) > LIMIT_MIB << 20)
		vt_fail("%ld datagrams wait", (long)(waiting - dropped));
	if (dropped == waiting)
		vt_fail("none waits");
	close_all(s);
}

/* Twice: all is given back. */
static _Noreturn void run_user(void)
{
	struct setup s = {};

	hold_memory(&s);
	vt_check(!setgid(NOBODY) && !setuid(NOBODY));
	s.dev = vt_open_a();
	flood_once(&s);
	flood_once(&s);
	vt_close(s.dev);
	exit(0);
}

int main(int argc, char **argv)
{
	struct vt_device *dev, *peer;
	pid_t pid;

	vt_start(argc, argv, &dev, &peer);
	if (!vt_is_rodp(dev))
		vt_skip("is about rodp's lanes");
	vt_need_odp(dev, 0);
	set_limit(LIMIT_MIB);
	vt_case("datagrams for %d queue pairs that wait", QPS);
	pid = vt_fork();
	if (!pid)
		run_user();
	vt_check(!vt_reap(pid, 60000, "the user"));
	set_limit(64);
	return vt_finish(dev, peer);
}
