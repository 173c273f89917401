// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A process with a hot region runs its memcg out of memory. The
 * OOM killer kills it, and the OOM reaper, which must not block, frees its memory under
 * full traffic into it.
 *
 * First plainly: the process is killed and gone. Then in the way in which the reaper
 * itself is needed: a thread that writes to a frozen file system keeps the address space of
 * the killed process alive, and the uverbs file, which we have open too, keeps its region. The killer is called by
 * hand there: a group that is short of memory has the driver's leaves back before it kills, and then the reaper
 * has nothing to tell the device of.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vt.h"

#define GROUP	"vt-oom"
#define LIMIT	"100663296" /* bytes: 96 MiB */
#define HOT	(32u << 20)
#define HOG	(256u << 20) /* more than the limit */
#define PIECE	(64u << 10)
#define GONE_MS 30000

struct setup {
	struct vt_device *dev_a, *dev_b; /* b is inherited by the process that is killed */
	struct vt_buf a;
	int socket;
	bool hang;
	int file; /* on the disk that is frozen */
	uint8_t *hot; /* the victim's */
	uint32_t hot_rkey;
	atomic_bool stop;
	atomic_ulong done, after_kill;
	atomic_bool killed;
};

struct hello {
	uint8_t *hot;
	uint32_t hot_rkey;
};

static uint8_t *map(size_t len)
{
	uint8_t *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	vt_check(at != MAP_FAILED);
	return at;
}

/* Until the file system is thawed. */
static void *write_for_ever(void *arg)
{
	struct setup *s = arg;

	if (write(s->file, "x", 1) != 1)
		vt_fail("writing to the disk: %m");
	return NULL;
}

/* Cannot end, and is the one whom the OOM killer takes. */
static _Noreturn void be_chosen(struct setup *s)
{
	pthread_t thread;

	vt_run("echo 1000 >/proc/%d/oom_score_adj", getpid());
	vt_check(!pthread_create(&thread, NULL, write_for_ever, s));
	vt_sleep_ms(50);
	vt_tell(s->socket, "", 1, -1);
	for (;;)
		pause();
}

static _Noreturn void be_victim(struct setup *s)
{
	struct hello hello = {};
	uint8_t *hog;
	size_t i;

	vt_cgroup_enter(GROUP);
	hello.hot = map(HOT);
	hello.hot_rkey = vt_reg(s->dev_b, hello.hot, HOT, VT_ODP, VT_ACCESS_ALL)->rkey;
	vt_tell(s->socket, &hello, sizeof(hello), -1);
	vt_hear(s->socket, &(char){ 0 }, 1, NULL);
	if (s->hang)
		be_chosen(s);
	hog = map(HOG);
	for (i = 0; i < HOG; i += 4096)
		hog[i] = 1;
	vt_fail("%u bytes fit into a group of %s", HOG, LIMIT);
}

/* A WRITE into memory of the victim. Returns whether it went well. */
static bool write_once(struct setup *s, struct vt_conn *conn, uint8_t *at, uint32_t rkey)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = 1,
		.sge = { vt_sge(&s->a, 0, PIECE) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)at,
		.rkey = rkey,
	};
	struct ibv_wc wc;

	vt_post(&conn->a, &op);
	wc = vt_wait(&conn->a);
	if (wc.status && wc.status != IBV_WC_REM_ACCESS_ERR && wc.status != IBV_WC_REM_OP_ERR)
		vt_fail("\"%s\"", ibv_wc_status_str(wc.status));
	return !wc.status;
}

/* The hot region, over and over; when it fails, with another connection. */
static void *traffic(void *arg)
{
	struct setup *s = arg;
	struct vt_conn conn;
	size_t offset = 0;
	bool good = false;

	while (!atomic_load(&s->stop)) {
		if (!good)
			vt_connect(&conn, s->dev_a, s->dev_b, NULL);
		good = write_once(s, &conn, s->hot + offset, s->hot_rkey);
		atomic_fetch_add(&s->done, good);
		if (atomic_load(&s->killed))
			atomic_fetch_add(&s->after_kill, 1);
		if (!good)
			vt_disconnect(&conn);
		offset = (offset + PIECE) % HOT;
	}
	if (good)
		vt_disconnect(&conn);
	return NULL;
}

static int open_kernel_log(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		vt_skip("/dev/kmsg: %m");
	lseek(fd, 0, SEEK_END);
	return fd;
}

/* Waits for a line of the kernel log with these words. False after ms. */
static bool wait_for_log(int fd, const char *words, unsigned int ms)
{
	uint64_t end_ns = vt_now_ns() + ms * 1000000ull;
	char line[1024];
	ssize_t n;

	while (vt_now_ns() < end_ns) {
		n = read(fd, line, sizeof(line) - 1);
		if (n > 0) {
			line[n] = 0;
			if (strstr(line, words))
				return true;
		} else {
			vt_sleep_ms(1);
		}
	}
	return false;
}

static void wait_for_kill(void)
{
	uint64_t end_ns = vt_now_ns() + GONE_MS * 1000000ull;

	while (vt_cgroup_get(GROUP, "memory.events", "oom_kill") < 1) {
		if (vt_now_ns() > end_ns)
			vt_fail("the group is not out of memory");
		vt_sleep_ms(1);
	}
}

static unsigned long ms_since(uint64_t start_ns)
{
	return (vt_now_ns() - start_ns) / 1000000;
}

/* The killed process cannot end: its memory goes before it. Then it may. */
static void wait_until_reaped(struct setup *s, int log, pid_t pid, uint64_t start_ns)
{
	int64_t nonblock = vt_counter(s->dev_b, "odp_inval_nonblock");
	char words[64];

	snprintf(words, sizeof(words), "oom_reaper: reaped process %d", pid);
	if (!wait_for_log(log, words, GONE_MS))
		vt_fail("the OOM reaper did not say within %d ms that it was through", GONE_MS);
	/* The reaper lets a killed process have 2000 ms for its end. */
	vt_figure("reaped after the kill", "ms", ms_since(start_ns));
	vt_figure("memory left in the group", "KiB",
		  vt_cgroup_get(GROUP, "memory.current", NULL) / 1024);
	vt_figure("invalidations that must not block", "",
		  vt_counter(s->dev_b, "odp_inval_nonblock") - nonblock);
	if (!atomic_load(&s->after_kill))
		vt_fail("there was no traffic while the reaper worked");
	vt_figure("requests while the reaper worked", "", atomic_load(&s->after_kill));
	vt_disk_freeze(false);
}

static void wait_for_end(pid_t pid, bool hang, uint64_t start_ns)
{
	int status = vt_reap(pid, GONE_MS, "the process that the OOM killer killed");

	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		vt_fail("the process ended with status 0x%x, not by SIGKILL", status);
	vt_figure(hang ? "with a thread that cannot end: gone after the kill"
		       : "gone after the kill",
		  "ms", ms_since(start_ns));
}

static void test(struct setup *s, bool hang)
{
	int log = open_kernel_log();
	pthread_t thread;
	struct hello hello;
	int64_t nonblock = vt_counter(s->dev_b, "odp_inval_nonblock");
	uint64_t start;
	pid_t pid;

	s->hang = hang;
	atomic_store(&s->stop, false);
	atomic_store(&s->killed, false);
	atomic_store(&s->done, 0);
	atomic_store(&s->after_kill, 0);
	vt_cgroup_make(GROUP);
	vt_cgroup_set(GROUP, "memory.max", LIMIT);
	vt_cgroup_set(GROUP, "memory.swap.max", "0");
	pid = vt_fork_with_socket(&s->socket);
	if (!pid)
		be_victim(s);
	vt_hear(s->socket, &hello, sizeof(hello), NULL);
	s->hot = hello.hot;
	s->hot_rkey = hello.hot_rkey;
	if (hang)
		vt_disk_freeze(true);
	vt_check(!pthread_create(&thread, NULL, traffic, s));
	while (atomic_load(&s->done) < HOT / PIECE)
		vt_sleep_ms(1);

	vt_tell(s->socket, "", 1, -1);
	if (hang) {
		vt_hear(s->socket, &(char){ 0 }, 1, NULL);
		vt_run("echo f >/proc/sysrq-trigger");
	}
	wait_for_kill();
	start = vt_now_ns();
	atomic_store(&s->killed, true);
	if (hang) {
		wait_until_reaped(s, log, pid, start);
		if (vt_counter(s->dev_b, "odp_inval_nonblock") == nonblock)
			vt_fail("the reaper did not reach the device");
	}
	wait_for_end(pid, hang, start);
	atomic_store(&s->stop, true);
	vt_check(!pthread_join(thread, NULL));
	vt_check(!close(s->socket) && !close(log));
	vt_cgroup_end(GROUP);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.dev_a, &s.dev_b);
	vt_need_odp(s.dev_b, IBV_ODP_SUPPORT_WRITE);
	vt_buf_make(&s.a, s.dev_a, PIECE, VT_PINNED, VT_ACCESS_ALL);
	vt_case("killed, and gone");
	test(&s, false);
	vt_case("killed, and its memory reaped while a thread of it cannot end");
	vt_disk_make(1 << 20);
	s.file = vt_disk_open();
	test(&s, true);
	close(s.file);
	vt_disk_end();
	vt_expect_no_leaves(s.dev_b);
	return vt_pass();
}
