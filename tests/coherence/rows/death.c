// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The owner of a region ends while traffic runs: it exits, executes another
 * program, is killed, runs out of memory. The owner ("victim") is a child process;
 * the cell's own process is the peer and the observer, who sees the region's pages
 * through a mapping of his own. Once the victim is gone they must stand still.
 *
 * The end that posts pumps one operation after the other to the first block until
 * one fails: the peer in remote columns, the victim in local ones.
 */
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rows.h"

#define LIMIT_MS      30000
#define WATCH_MS      30
#define OOM_MAX_BYTES (48ul << 20)

/* What the two processes tell each other. */
struct share {
	struct vt_end_addr owner, peer;
	uint64_t plain;
	uint32_t region_key, plain_key;
	atomic_int owner_ready, peer_ready, frozen;
	atomic_uint operations;
};

struct death {
	/* In the victim: ends it. NULL: the peer kills it. */
	void (*die)(struct co_cell *cell, int exec_fd);
	void (*map)(struct co_cell *cell);
};

struct scene {
	const struct death *death;
	struct share *share;
	pid_t victim;
	int exec_fd; /* the observer's end of a pipe that exec closes */
	struct vt_device owner;
	struct ibv_mr other_mr; /* what the other process registered */
	pthread_t pump;
	int64_t released; /* the device's counter before the end */
	uint32_t last, torn; /* stamps that the peer wrote, and was writing */
};

static const struct vt_conn_attr short_lived = { .timeout = 14, .retry_cnt = 3 };

static struct scene *scene_of(const struct co_cell *cell)
{
	return cell->data;
}

static void wait_for(atomic_int *flag, int value, const char *what)
{
	const uint64_t end_ns = vt_now_ns() + LIMIT_MS * 1000000ull;

	while (atomic_load(flag) < value) {
		if (vt_now_ns() > end_ns)
			vt_fail("waiting for %s", what);
		vt_sleep_ms(1);
	}
}

static void wait_for_traffic(struct co_cell *cell)
{
	const uint64_t end_ns = vt_now_ns() + LIMIT_MS * 1000000ull;

	while (atomic_load(&scene_of(cell)->share->operations) < 20) {
		if (vt_now_ns() > end_ns)
			vt_fail("the traffic does not flow");
		vt_sleep_ms(1);
	}
}

static bool is_local(const struct co_cell *cell)
{
	return cell->column == CO_LOCAL_READ || cell->column == CO_LOCAL_WRITE;
}

/* The pump. */

static void check_result(struct co_cell *cell)
{
	if (cell->column == CO_REMOTE_READ)
		co_model_verify(cell, cell->plain.data, 0, CO_BLOCK, "what the peer read");
}

static enum ibv_wc_status pump_once(struct co_cell *cell, unsigned int i)
{
	struct scene *scene = scene_of(cell);
	enum ibv_wc_status status;
	uint64_t old;

	if (cell->column == CO_ATOMIC) {
		status = co_fetch_add(cell, 0, 1, &old);
		if (status == IBV_WC_SUCCESS && old != cell->model.word[0]++)
			vt_fail("an atomic found %016lx", (unsigned long)old);
		return status;
	}
	if (cell->column == CO_REMOTE_WRITE) {
		scene->torn = ++cell->model.stamp;
		co_stamp_fill(cell->plain.data, scene->torn, 0, CO_BLOCK);
	}
	/* The victim reads the peer's two blocks in turn. */
	if (cell->column == CO_LOCAL_WRITE)
		cell->plain.data += i & 1 ? -CO_BLOCK : CO_BLOCK;
	status = co_operate(cell, 0, 0);
	if (status == IBV_WC_SUCCESS) {
		scene->last = scene->torn;
		check_result(cell);
	}
	return status;
}

static void *pump(void *arg)
{
	struct co_cell *cell = arg;
	struct scene *scene = scene_of(cell);
	enum ibv_wc_status status;
	unsigned int i = 0;

	while ((status = pump_once(cell, ++i)) == IBV_WC_SUCCESS)
		atomic_fetch_add(&scene->share->operations, 1);
	return (void *)(intptr_t)status;
}

static void start_pump(struct co_cell *cell)
{
	if (pthread_create(&scene_of(cell)->pump, NULL, pump, cell))
		vt_fail("starting the traffic's thread");
}

/* The victim. */

static void victim_open(struct co_cell *cell)
{
	struct scene *scene = scene_of(cell);
	const int access = VT_ACCESS_ALL | IBV_ACCESS_ON_DEMAND;

	cell->owner = vt_open_a();
	cell->mr = cell->memory == CO_IMPLICIT
			   ? ibv_reg_mr(cell->owner->pd, NULL, SIZE_MAX, access)
			   : ibv_reg_mr(cell->owner->pd, cell->region.at, cell->region.len, access);
	if (!cell->mr)
		vt_fail("registering the region: %m");
	vt_end_open(&cell->conn.a, cell->owner, &short_lived);
	scene->share->owner = vt_end_addr(&cell->conn.a);
	scene->share->region_key = cell->mr->rkey;
	atomic_store(&scene->share->owner_ready, 1);
	wait_for(&scene->share->peer_ready, 1, "the peer");
	vt_end_connect(&cell->conn.a, &scene->share->peer, &short_lived);
	scene->other_mr.rkey = scene->share->plain_key;
	cell->plain.mr = &scene->other_mr;
	cell->plain.data = (uint8_t *)(uintptr_t)scene->share->plain;
	if (cell->column == CO_LOCAL_WRITE)
		cell->plain.data += CO_BLOCK; /* the pump goes back first or forth */
}

static _Noreturn void victim_main(struct co_cell *cell, int exec_fd)
{
	struct scene *scene = scene_of(cell);

	victim_open(cell);
	atomic_store(&scene->share->owner_ready, 2);
	if (is_local(cell))
		start_pump(cell);
	wait_for_traffic(cell);
	if (scene->death->die)
		scene->death->die(cell, exec_fd);
	for (;;)
		pause();
}

static void die_exit(struct co_cell *cell, int exec_fd)
{
	(void)cell;
	(void)exec_fd;
	_exit(0);
}

static void die_exec(struct co_cell *cell, int exec_fd)
{
	(void)cell;
	(void)exec_fd; /* closed by it, as it is said in its flags */
	execl("/bin/sleep", "sleep", "60", NULL);
	vt_fail("executing sleep: %m");
}

/* A thread that no signal reaches, so that the process outlives its death for the reaper. */
static void *hang(void *arg)
{
	int fd = (intptr_t)arg;

	if (write(fd, "x", 1) != 1)
		return NULL;
	return NULL;
}

static void die_oom(struct co_cell *cell, int exec_fd)
{
	char path[256];
	pthread_t thread;
	size_t len = 4 * OOM_MAX_BYTES;
	uint8_t *at;
	int fd;

	(void)exec_fd;
	snprintf(path, sizeof(path), "%s/co-oom", getenv("CO_DISK"));
	fd = open(path, O_RDWR | O_CREAT, 0600);
	unlink(path);
	if (fd < 0)
		vt_fail("%s: %m", path);
	atomic_store(&scene_of(cell)->share->owner_ready, 3);
	wait_for(&scene_of(cell)->share->frozen, 1, "the file system to be frozen");
	if (pthread_create(&thread, NULL, hang, (void *)(intptr_t)fd))
		vt_fail("starting a thread");
	vt_sleep_ms(50);
	at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	vt_check(at != MAP_FAILED);
	memset(at, 1, len);
	vt_fail("a cgroup of %lu bytes has room for %zu", OOM_MAX_BYTES, len);
}

/* The observer. */

static void peer_open(struct co_cell *cell)
{
	struct scene *scene = scene_of(cell);
	struct share *share = scene->share;

	cell->peer = vt_open_b();
	/* For its counters only. */
	scene->owner = (struct vt_device){ .name = vt_options.dev };
	cell->owner = &scene->owner;
	vt_buf_make(&cell->plain, cell->peer, 2 * CO_BLOCK, VT_PINNED, VT_ACCESS_ALL);
	co_stamp_fill(cell->plain.data, 1001, 0, CO_BLOCK);
	co_stamp_fill(cell->plain.data + CO_BLOCK, 1002, 0, CO_BLOCK);
	vt_end_open(&cell->conn.b, cell->peer, &short_lived);
	share->peer = vt_end_addr(&cell->conn.b);
	share->plain = vt_addr(&cell->plain, 0);
	share->plain_key = cell->plain.mr->rkey;
	wait_for(&share->owner_ready, 1, "the victim");
	vt_end_connect(&cell->conn.b, &share->owner, &short_lived);
	scene->other_mr.rkey = share->region_key;
	cell->mr = &scene->other_mr;
	scene->released = co_counter(cell->owner, "odp_inval_release");
	atomic_store(&share->peer_ready, 1);
	wait_for(&share->owner_ready, 2, "the victim's connection");
}

static void peer_close(struct co_cell *cell)
{
	vt_end_close(&cell->conn.b);
	vt_buf_free(&cell->plain);
	vt_close(cell->peer);
}

static void start_victim(struct co_cell *cell)
{
	struct scene *scene = scene_of(cell);
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		vt_fail("pipe2: %m");
	scene->victim = fork();
	if (scene->victim < 0)
		vt_fail("fork: %m");
	if (!scene->victim) {
		close(fds[0]);
		victim_main(cell, fds[1]);
	}
	close(fds[1]);
	scene->exec_fd = fds[0];
}

/* The old program is gone: its pipe is closed. */
static void wait_for_end(struct co_cell *cell)
{
	char byte;

	if (read(scene_of(cell)->exec_fd, &byte, 1))
		vt_fail("the victim's pipe: %m");
}

static void reap_victim(struct co_cell *cell)
{
	int status;

	kill(scene_of(cell)->victim, SIGKILL);
	if (waitpid(scene_of(cell)->victim, &status, 0) < 0)
		vt_fail("waitpid: %m");
	if (WIFEXITED(status) && WEXITSTATUS(status))
		vt_fail("the victim ended with status %d", WEXITSTATUS(status));
}

/* Words of the first block may be of the last write or of the one that failed. */
static void adopt_last(struct co_cell *cell)
{
	const struct scene *scene = scene_of(cell);
	const uint64_t *word = (const uint64_t *)cell->region.alias;
	size_t i;

	if (cell->column == CO_ATOMIC && word[0] == cell->model.word[0] + 1)
		cell->model.word[0]++; /* the one whose answer never came */
	for (i = 0; i < CO_BLOCK / 8 && co_writes(cell) && cell->column != CO_ATOMIC; i++) {
		if (word[i] == co_stamp(scene->last, i) || word[i] == co_stamp(scene->torn, i) ||
		    (is_local(cell) &&
		     (word[i] == co_stamp(1001, i) || word[i] == co_stamp(1002, i))))
			cell->model.word[i] = word[i];
	}
}

static void check_still(struct co_cell *cell)
{
	const size_t len = cell->region.len;
	uint8_t *before = malloc(len);

	vt_check(before);
	memcpy(before, cell->region.alias, len);
	vt_sleep_ms(WATCH_MS);
	if (memcmp(before, cell->region.alias, len))
		vt_fail("the region changed after its owner was gone");
	free(before);
}

static void check_content(struct co_cell *cell)
{
	adopt_last(cell);
	co_model_verify(cell, cell->region.alias, 0, cell->region.len, "what the victim left");
	if (cell->column == CO_LOCAL_READ)
		co_model_verify(cell, cell->plain.data, 0, CO_BLOCK, "what the victim sent");
}

/* The peer's pump ends because there is nobody any more. */
static void join_pump(struct co_cell *cell)
{
	void *result;

	if (is_local(cell))
		return;
	pthread_join(scene_of(cell)->pump, &result);
	if ((intptr_t)result != IBV_WC_RETRY_EXC_ERR)
		co_check_refusal((intptr_t)result);
}

static void begin(struct co_cell *cell, const struct death *death)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	vt_check(scene);
	scene->death = death;
	scene->share = mmap(NULL, sizeof(*scene->share), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	vt_check(scene->share != MAP_FAILED);
	cell->data = scene;
	death->map(cell);
	co_cell_fill(cell, 0, cell->region.len);
	scene->last = scene->torn = cell->model.stamp;
	start_victim(cell);
	peer_open(cell);
	if (!is_local(cell))
		start_pump(cell);
	wait_for_traffic(cell);
}

static void run_death(struct co_cell *cell, const struct death *death)
{
	begin(cell, death);
	if (!death->die)
		kill(scene_of(cell)->victim, SIGKILL);
	wait_for_end(cell);
	if (death->die != die_exec)
		reap_victim(cell);
	/*
	 * Where the kernel lends no threads of a process, a fault that was under way when the process
	 * ended holds the mm for a moment longer (docs/odp.md).
	 */
	co_expect_moved(cell->owner, "odp_inval_release", scene_of(cell)->released);
	check_still(cell);
	join_pump(cell);
	check_content(cell);
	if (death->die == die_exec)
		reap_victim(cell);
	peer_close(cell);
}

static void run_exit(struct co_cell *cell)
{
	run_death(cell, &(const struct death){ .die = die_exit, .map = co_map_memfd });
}

static void run_exec(struct co_cell *cell)
{
	run_death(cell, &(const struct death){ .die = die_exec, .map = co_map_memfd });
}

static void run_kill(struct co_cell *cell)
{
	run_death(cell, &(const struct death){ .map = co_map_memfd });
}

const struct co_row co_row_exit = { .name = "exit", .run = run_exit };
const struct co_row co_row_exec = { .name = "exec", .run = run_exec };
const struct co_row co_row_kill = { .name = "kill-9", .run = run_kill };

/* The victim's memory is its own; it is in a cgroup that is too small for what it wants. */
static void map_small_cgroup(struct co_cell *cell)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/memory.swap.max", co_cgroup());
	co_try(path, "0");
	snprintf(path, sizeof(path), "%s/memory.max", co_cgroup());
	co_set(path, "%lu", OOM_MAX_BYTES);
	/* Whoever dies, it must not be the observer. */
	co_try("/proc/self/oom_score_adj", "-1000");
	co_map_anon(cell);
}

static void freeze(bool on)
{
	int fd = open(getenv("CO_DISK"), O_RDONLY | O_DIRECTORY);

	if (fd < 0 || ioctl(fd, on ? FIFREEZE : FITHAW, 0))
		vt_fail("%s the file system: %m", on ? "freezing" : "thawing");
	close(fd);
}

static void die_oom_adjusted(struct co_cell *cell, int exec_fd)
{
	co_set("/proc/self/oom_score_adj", "1000");
	die_oom(cell, exec_fd);
}

/*
 * The reaper's invalidations reached the driver; or there was nothing left for them to find,
 * since a cgroup that is short of memory has the driver's leaves back first.
 */
static void expect_reaped(struct co_cell *cell, int64_t reaped, int64_t shrunk)
{
	const uint64_t end_ns = vt_now_ns() + 30 * 1000000000ull;

	while (co_counter(cell->owner, "odp_inval_nonblock") <= reaped &&
	       co_counter(cell->owner, "odp_leaves_shrunk") <= shrunk) {
		if (vt_now_ns() > end_ns)
			vt_fail("the reaper did not reach the driver: odp_inval_nonblock stayed at %ld, odp_leaves_shrunk at %ld",
				(long)reaped, (long)shrunk);
	}
}

/*
 * The reaper takes the victim's memory without waiting for it to end, and must not
 * be made to wait by the device: its invalidations may not block. (What it takes with
 * UNMAP leaves no leaf that could be told of the RELEASE that follows.)
 */
static void run_oom(struct co_cell *cell)
{
	const struct vt_device device = { .name = vt_options.dev };
	int64_t before, shrunk;

	if (!getenv("CO_DISK"))
		vt_skip("no file system on a disk (CO_DISK is not set)");
	shrunk = co_counter(&device,
			    "odp_leaves_shrunk"); /* before the victim, who may lose some at once */
	begin(cell, &(const struct death){ .die = die_oom_adjusted, .map = map_small_cgroup });
	before = co_counter(cell->owner, "odp_inval_nonblock");
	wait_for(&scene_of(cell)->share->owner_ready, 3, "the victim's last file");
	freeze(true);
	atomic_store(&scene_of(cell)->share->frozen, 1);
	/* The reaper first gives the victim two seconds to end by itself. */
	expect_reaped(cell, before, shrunk);
	freeze(false);
	reap_victim(cell);
	join_pump(cell);
	peer_close(cell);
}

const struct co_row co_row_oom = { .name = "oom-reaper", .run = run_oom };
