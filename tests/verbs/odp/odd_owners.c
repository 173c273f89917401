// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Who registers memory on demand gets threads, as by pthread_create(), and there are processes that this is
 * not natural for: one of the deadline class; one that may have no more threads, which is told so; one that
 * shares its memory with the process that registered first, and that has ended meanwhile; one whose last
 * thread ends without ending the process. Faults are served in all that may have regions. One that is stopped
 * when another one ends its regions blocks no thread of the kernel's.
 */
#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vt.h"

#define PAGE	4096ul
#define LEN	(16 * PAGE)
#define NOBODY	65534
#define STACK	(256 * 1024)
#define GONE_MS 30000 /* the last worker of a process looks every 10 s */

#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE 6
#endif

/* As the kernel has it. */
struct deadline {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static bool itself; /* whether threads of the process do its faults */

/* A WRITE into absent pages. */
static void fault(struct vt_device *dev)
{
	struct vt_buf local, absent;
	struct vt_conn conn;

	vt_connect(&conn, dev, dev, NULL);
	vt_buf_make(&local, dev, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&absent, dev, LEN, VT_ODP, VT_ACCESS_ALL);
	vt_fill(local.data, LEN, 1, 0);
	vt_buf_cool(&absent);
	vt_rdma(&conn, IBV_WR_RDMA_WRITE, &local, 0, &absent, 0, LEN);
	vt_verify(absent.data, LEN, 1, 0, "what was written");
	vt_disconnect(&conn);
	vt_buf_free(&local);
	vt_buf_free(&absent);
}

/* Runs a case in a process of its own; it passed when it exits with 0. */
static void run(const char *what, void (*test)(void))
{
	int status;
	pid_t pid;

	vt_case("%s", what);
	pid = vt_fork();
	if (!pid) {
		test();
		_exit(0);
	}
	status = vt_reap(pid, vt_options.wait_ms + GONE_MS, what);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		vt_fail("ended with %#x", status);
}

static void plain(void)
{
	struct vt_device *dev = vt_open_b();
	struct vt_buf buf;

	vt_buf_make(&buf, dev, LEN, VT_ODP, VT_ACCESS_ALL);
	vt_faults_itself(dev); /* fails if it should and does not */
	vt_buf_free(&buf);
	fault(dev);
	vt_close(dev);
}

static void of_deadline_class(void)
{
	const struct deadline attr = {
		.size = sizeof(attr),
		.policy = SCHED_DEADLINE,
		.runtime = 5000000,
		.deadline = 20000000,
		.period = 20000000,
	};
	struct vt_device *dev = vt_open_b();
	struct deadline is = {};

	if (syscall(SYS_sched_setattr, 0, &attr, 0)) {
		vt_note("no deadline class here: %m");
		return;
	}
	fault(dev);
	vt_check(!syscall(SYS_sched_getattr, 0, &is, sizeof(is), 0));
	vt_check(is.policy == SCHED_DEADLINE && !(is.flags & SCHED_FLAG_RESET_ON_FORK));
	vt_check(is.runtime == attr.runtime && is.period == attr.period);
	vt_close(dev);
}

static void without_more_threads(void)
{
	const struct rlimit none = { 1, 1 };
	struct vt_device *dev = vt_open_b();
	uint8_t *at = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ibv_mr *mr;

	vt_check(at != MAP_FAILED);
	vt_check(!setrlimit(RLIMIT_NPROC, &none));
	vt_check(!setreuid(NOBODY, NOBODY));
	errno = 0;
	mr = ibv_reg_mr(dev->pd, at, LEN, VT_ACCESS_ALL | IBV_ACCESS_ON_DEMAND);
	if (itself && (mr || errno != EAGAIN))
		vt_fail("%s: %m", mr ? "registered" : "refused");
	if (!itself && !mr)
		vt_fail("refused: %m");
	if (mr)
		vt_check(!ibv_dereg_mr(mr));
	vt_close(dev);
}

static struct vt_device *shared_dev;
static struct vt_buf shared_buf;

static int register_and_end(void *arg)
{
	(void)arg;
	vt_buf_make(&shared_buf, shared_dev, LEN, VT_ODP, VT_ACCESS_ALL);
	_exit(0);
}

static void sharing_memory(void)
{
	char *stack = malloc(STACK);
	int status;
	pid_t pid;

	shared_dev = vt_open_b();
	/* Another process, with this one's memory. */
	pid = clone(register_and_end, stack + STACK, CLONE_VM | SIGCHLD, NULL);
	vt_check(pid > 0 && waitpid(pid, &status, 0) == pid && !status);
	fault(shared_dev);
	vt_buf_free(&shared_buf);
	vt_close(shared_dev);
	free(stack);
}

/* Another process has the device open too, so that no file's end is the end of the region. */
static void only_workers_left(void)
{
	int socket;
	pid_t pid;

	pid = vt_fork_with_socket(&socket);
	if (!pid) {
		struct vt_device *dev = vt_open_b();
		struct vt_buf buf;

		vt_buf_make(&buf, dev, LEN, VT_ODP, VT_ACCESS_ALL);
		vt_tell(socket, "", 1, dev->ctx->cmd_fd);
		syscall(SYS_exit, 0); /* this thread only */
	}
	vt_hear(socket, &(char){ 0 }, 1, &(int){ 0 });
	vt_reap(pid, GONE_MS, "a process without threads");
}

/* It registers memory, gives the file away, and stops. */
static _Noreturn void register_and_stop(int socket)
{
	struct vt_device *dev = vt_open_b();
	struct vt_buf buf;

	vt_buf_make(&buf, dev, LEN, VT_ODP, VT_ACCESS_ALL);
	vt_tell(socket, "", 1, dev->ctx->cmd_fd);
	vt_check(!close(dev->ctx->cmd_fd));
	raise(SIGSTOP);
	_exit(0);
}

/* Whether a kernel thread waits in the work queue that ends the driver's workers, just now. */
static bool is_reaper_blocked(void)
{
	return !system(
		"grep -l rodp_worker /proc/[0-9]*/comm 2>/dev/null |"
		" sed 's/comm$/status/' | xargs -r grep -h '^State' 2>/dev/null | grep -q D");
}

static void stopped_at_the_end(void)
{
	int socket, file, status, i;
	bool blocked = true;
	pid_t pid;

	pid = vt_fork_with_socket(&socket);
	if (!pid)
		register_and_stop(socket);
	vt_hear(socket, &(char){ 0 }, 1, &file);
	vt_check(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	vt_check(!close(file)); /* the last one: the region ends */
	/* For a moment it may wait; one that waits for the process does all the time. */
	for (i = 0; i < 20 && blocked; i++) {
		vt_sleep_ms(20);
		blocked = is_reaper_blocked();
	}
	if (blocked)
		vt_fail("a kernel thread waits until a stopped process goes on");
	vt_check(!kill(pid, SIGKILL));
	vt_reap(pid, GONE_MS, "a process that was stopped");
}

int main(int argc, char **argv)
{
	struct vt_device *dev;
	struct vt_buf buf;

	vt_init(argc, argv);
	dev = vt_open_b();
	if (!vt_is_rodp(dev))
		vt_skip("%s: this is about rodp", dev->name);
	vt_buf_make(&buf, dev, LEN, VT_ODP, VT_ACCESS_ALL);
	itself = vt_faults_itself(dev);
	vt_buf_free(&buf);
	run("an ordinary process", plain);
	run("of the deadline class", of_deadline_class);
	run("without more threads", without_more_threads);
	run("sharing memory with one that ended", sharing_memory);
	run("whose own threads have all ended", only_workers_left);
	run("stopped when its regions end", stopped_at_the_end);
	vt_expect_no_leaves(dev);
	vt_close(dev);
	return vt_pass();
}
