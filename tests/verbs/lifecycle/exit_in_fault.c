// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Processes end while faults of theirs are in flight, in every way in which
 * a process can end. Nobody waits for the faults, and nothing is left of them.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vt.h"

#define LEN	(16u << 20) /* cold, so that a fault job has work for a while */
#define QPS	4
#define ROUNDS	8
#define GONE_MS 15000

struct owner {
	struct vt_device *dev;
	struct vt_conn conn[QPS];
	uint8_t *local, *remote;
	struct ibv_mr *local_mr, *remote_mr;
};

static uint8_t *map(void)
{
	uint8_t *at = mmap(NULL, LEN, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	vt_check(at != MAP_FAILED);
	return at;
}

/* Both ends of each transfer are cold. */
static void post(struct owner *o, int qp)
{
	const uint32_t part = LEN / QPS;
	struct vt_op op = {
		.opcode = qp & 1 ? IBV_WR_RDMA_READ : IBV_WR_RDMA_WRITE,
		.wr_id = 1,
		.sge = { { .addr = (uintptr_t)o->local + qp * part,
			   .length = part,
			   .lkey = o->local_mr->lkey } },
		.num_sge = 1,
		.remote_addr = (uintptr_t)o->remote + qp * part,
		.rkey = o->remote_mr->rkey,
	};

	vt_post(&o->conn[qp].a, &op);
}

static _Noreturn void be_owner(int socket, const char *end)
{
	struct owner o;
	int i;

	o.dev = vt_open_b();
	o.local = map();
	o.remote = map();
	o.local_mr = vt_reg(o.dev, o.local, LEN, VT_ODP, VT_ACCESS_ALL);
	o.remote_mr = vt_reg(o.dev, o.remote, LEN, VT_ODP, VT_ACCESS_ALL);
	for (i = 0; i < QPS; i++)
		vt_connect(&o.conn[i], o.dev, o.dev, NULL);
	for (i = 0; i < QPS; i++)
		post(&o, i);
	vt_check(write(socket, "", 1) == 1);
	if (!strcmp(end, "_exit"))
		_exit(0);
	if (!strcmp(end, "exec"))
		execl("/bin/true", "true", NULL);
	if (!strcmp(end, "unmap")) {
		munmap(o.remote, LEN);
		munmap(o.local, LEN);
		_exit(0);
	}
	if (!strcmp(end, "dereg")) {
		for (i = 0; i < QPS; i++)
			vt_disconnect(&o.conn[i]);
		ibv_dereg_mr(o.remote_mr);
		ibv_dereg_mr(o.local_mr);
		vt_close(o.dev);
		_exit(0);
	}
	for (;;)
		pause();
}

static void test(const char *end, unsigned int delay_us)
{
	int pipe_fd[2], status;
	pid_t pid;

	vt_check(!pipe(pipe_fd));
	pid = vt_fork();
	if (!pid)
		be_owner(pipe_fd[1], end);
	close(pipe_fd[1]);
	if (read(pipe_fd[0], &(char){ 0 }, 1) != 1)
		vt_fail("%s: the owner of the faults did not begin", end);
	usleep(delay_us);
	if (!strcmp(end, "kill"))
		kill(pid, SIGKILL);
	status = vt_reap(pid, GONE_MS, end);
	if (strcmp(end, "kill") && (!WIFEXITED(status) || WEXITSTATUS(status)))
		vt_fail("%s: the owner ended with status 0x%x", end, status);
	close(pipe_fd[0]);
}

int main(int argc, char **argv)
{
	static const char *const ends[] = { "kill", "_exit", "exec", "unmap", "dereg" };
	unsigned int rounds, i;
	struct vt_device *dev;
	uint64_t random;
	int64_t before;
	size_t end;

	vt_init(argc, argv);
	random = vt_options.seed;
	rounds = vt_options.rounds ? vt_options.rounds : ROUNDS;
	dev = vt_open_b();
	vt_need_odp(dev, IBV_ODP_SUPPORT_WRITE | IBV_ODP_SUPPORT_READ);
	before = vt_counter(dev, "odp_faults");
	for (end = 0; end < VT_ARRAY_SIZE(ends); end++) {
		vt_case("%s", ends[end]);
		for (i = 0; i < rounds; i++)
			test(ends[end], vt_random(&random) % 8000);
	}
	vt_expect_no_leaves(dev);
	if (before >= 0 && vt_counter(dev, "odp_faults") == before)
		vt_fail("no fault was in flight");
	vt_close(dev);
	return vt_pass();
}
