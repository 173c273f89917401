// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A fault of the device waits in a userfaultfd that nobody answers, while
 * its owner is killed, exits, replaces itself, or closes the device. Whatever goes
 * first, the device or the userfaultfd, nobody waits for the fault, and in the end
 * nothing of it is left. The same for a prefetch that waits there, and for a thread that waits
 * for a prefetch.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vt.h"

#define LEN	(64 * 4096)
#define GONE_MS 10000 /* "at once", on a machine that is busy with other things */

/* The three faults: a WRITE into the memory, a READ from it, a receive into it. */
#define FAULTS 3

enum order {
	DEVICE_FIRST, /* files are closed in the order of their numbers */
	UFFD_FIRST,
	UFFD_ELSEWHERE, /* another process has the userfaultfd open still */
	ORDERS
};

static const char *const order_names[] = {
	[DEVICE_FIRST] = "the device closes first",
	[UFFD_FIRST] = "the userfaultfd closes first",
	[UFFD_ELSEWHERE] = "the userfaultfd stays open elsewhere",
};

struct victim {
	struct vt_device *dev;
	struct vt_conn conn[FAULTS];
	struct vt_buf local;
	uint8_t *at;
	struct ibv_mr *mr;
	int uffd;
};

static void post_fault(struct victim *v, int i)
{
	static const enum ibv_wr_opcode opcodes[FAULTS] = { IBV_WR_RDMA_WRITE, IBV_WR_RDMA_READ,
							    IBV_WR_SEND };
	struct ibv_sge room = {
		.addr = (uintptr_t)v->at + i * LEN / 4,
		.length = 8192,
		.lkey = v->mr->lkey,
	};
	struct vt_op op = {
		.opcode = opcodes[i],
		.wr_id = 1,
		.sge = { vt_sge(&v->local, i * LEN / 4, 8192) },
		.num_sge = 1,
		.remote_addr = room.addr,
		.rkey = v->mr->rkey,
	};

	if (op.opcode == IBV_WR_SEND)
		vt_recv(&v->conn[i].b, 2, &room, 1);
	vt_post(&v->conn[i].a, &op);
}

static int prefetch(struct victim *v, uint32_t flags)
{
	struct ibv_sge sge = {
		.addr = (uintptr_t)v->at + 3 * LEN / 4,
		.length = 8192,
		.lkey = v->mr->lkey,
	};

	return ibv_advise_mr(v->dev->pd, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE, flags, &sge, 1);
}

/* All faults and a prefetch wait; nothing completes. */
static void start_faults(struct victim *v)
{
	uint64_t end_ns = vt_now_ns() + vt_options.wait_ms * 1000000ull;
	unsigned int waiting = 0;
	int i;

	for (i = 0; i < FAULTS; i++)
		post_fault(v, i);
	vt_check(!prefetch(v, 0));
	while (waiting < FAULTS + 1 && vt_now_ns() < end_ns)
		waiting += vt_uffd_wait_fault(v->uffd, 100);
	if (waiting < FAULTS + 1)
		vt_fail("%u of %d faults arrived at the userfaultfd", waiting, FAULTS + 1);
	for (i = 0; i < FAULTS; i++)
		vt_expect_none(&v->conn[i].a, 1);
}

static void map(struct victim *v)
{
	v->at = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	vt_check(v->at != MAP_FAILED);
}

static void open_victim(struct victim *v, enum order order)
{
	int i;

	map(v);
	if (order == UFFD_FIRST)
		v->uffd = vt_uffd_open(VT_UFFD_MISSING, v->at, LEN);
	v->dev = vt_open_b();
	if (order != UFFD_FIRST)
		v->uffd = vt_uffd_open(VT_UFFD_MISSING, v->at, LEN);
	if ((v->uffd < v->dev->ctx->cmd_fd) != (order == UFFD_FIRST))
		vt_fail("file %d is the device, %d the userfaultfd", v->dev->ctx->cmd_fd, v->uffd);
	v->mr = vt_reg(v->dev, v->at, LEN, VT_ODP, VT_ACCESS_ALL);
	vt_buf_make(&v->local, v->dev, LEN, VT_PINNED, VT_ACCESS_ALL);
	for (i = 0; i < FAULTS; i++)
		vt_connect(&v->conn[i], v->dev, v->dev, NULL);
	start_faults(v);
}

/* Waits for a prefetch until its process ends. */
static void *wait_for_prefetch(void *arg)
{
	prefetch(arg, IBV_ADVISE_MR_FLAG_FLUSH);
	return NULL;
}

static _Noreturn void be_victim(int socket, enum order order, const char *end)
{
	pthread_t thread;
	struct victim v;

	open_victim(&v, order);
	vt_check(!pthread_create(&thread, NULL, wait_for_prefetch, &v));
	vt_sleep_ms(20); /* it is about to wait; whether it does is as good a case */
	vt_tell(socket, "", 1, order == UFFD_ELSEWHERE ? v.uffd : -1);
	if (!strcmp(end, "exit"))
		exit(0);
	if (!strcmp(end, "exec"))
		execl("/bin/sleep", "sleep", "1000", NULL);
	for (;;)
		pause();
}

static void test_end(enum order order, const char *end)
{
	int socket, uffd = -1;
	uint64_t start;
	pid_t pid;

	vt_case("%s: %s", end, order_names[order]);
	pid = vt_fork_with_socket(&socket);
	if (!pid)
		be_victim(socket, order, end);
	vt_hear(socket, &(char){ 0 }, 1, order == UFFD_ELSEWHERE ? &uffd : NULL);
	start = vt_now_ns();
	if (!strcmp(end, "kill"))
		kill(pid, SIGKILL);
	if (!strcmp(end, "exec")) {
		vt_sleep_ms(200);
		kill(pid, SIGKILL);
	}
	vt_reap(pid, GONE_MS, end);
	vt_note("%s, %s: gone after %lu us", end, order_names[order],
		(unsigned long)((vt_now_ns() - start) / 1000));
	vt_devices_work();
	if (uffd >= 0)
		close(uffd);
	close(socket);
}

/* In a process that lives on: each object goes at once, in either order. */
static _Noreturn void close_objects(enum order order)
{
	struct victim v;
	int i;

	open_victim(&v, order);
	alarm(GONE_MS / 1000); /* a call that hangs cannot be waited for in another way */
	if (order == UFFD_FIRST)
		close(v.uffd);
	for (i = 0; i < FAULTS; i++)
		vt_disconnect(&v.conn[i]);
	vt_check(!ibv_dereg_mr(v.mr));
	vt_buf_free(&v.local);
	vt_close(v.dev);
	if (order != UFFD_FIRST)
		close(v.uffd);
	alarm(0);
	exit(0);
}

static void test_close(enum order order)
{
	int status;
	pid_t pid;

	vt_case("objects closed, %s", order_names[order]);
	pid = vt_fork();
	if (!pid)
		close_objects(order);
	status = vt_reap(pid, GONE_MS + vt_options.wait_ms, "closing");
	if (WIFSIGNALED(status))
		vt_fail("closing the objects hung for %d ms", GONE_MS);
	vt_check(!WEXITSTATUS(status));
	vt_devices_work();
}

int main(int argc, char **argv)
{
	static const char *const ends[] = { "kill", "exit", "exec" };
	struct vt_device *dev;
	enum order order;
	size_t i;

	vt_init(argc, argv);
	dev = vt_open_b();
	vt_need_odp(dev, IBV_ODP_SUPPORT_WRITE | IBV_ODP_SUPPORT_READ | IBV_ODP_SUPPORT_RECV);
	for (order = 0; order < ORDERS; order++) {
		for (i = 0; i < VT_ARRAY_SIZE(ends); i++)
			test_end(order, ends[i]);
	}
	test_close(DEVICE_FIRST);
	test_close(UFFD_FIRST);
	vt_expect_no_leaves(dev);
	vt_close(dev);
	return vt_pass();
}
