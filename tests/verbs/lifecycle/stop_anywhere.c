// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A queue pair can be stopped wherever it is: --rounds connections are brought into each situation of situation.h, and
 * their QPs are destroyed there, at once or after a modification to RESET or to ERR, one end before the other. New
 * QPs take their memory before the pages come that the old ones waited for. Then a QP is RESET while another
 * thread posts to it. Then the same with all situations at once, by killing the process, and by deleting the link, after which every work request that
 * was posted is complete. What still ran in a stopped QP would run in freed memory: the kernel's log tells,
 * of a kernel with KASAN at once.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "situation.h"

#define BATCH	      8 /* connections that stand at once */
#define CROWD	      (VT_STAGE_PAIRS - VT_STAGE_PAIRS % VT_SITUATIONS)
#define PASSING_US    500 /* at most, in what does not last */
#define LASTING_MS    12 /* in what does */
#define GONE_MS	      60000
#define DEFAULT_PAIRS 24

static uint64_t state_random;

static unsigned int any_of(unsigned int n)
{
	return vt_random(&state_random) % n;
}

static void spin_us(unsigned int us)
{
	uint64_t end_ns = vt_now_ns() + us * 1000ull;

	while (vt_now_ns() < end_ns)
		;
}

static unsigned int rounds(void)
{
	return vt_options.rounds ? vt_options.rounds : DEFAULT_PAIRS;
}

/* ---- destroyed by their process ---- */

/* Whatever the QP is in the middle of: when the call comes back it is in that state. */
static void stop_to(struct vt_end *end, enum ibv_qp_state state)
{
	vt_to_state(end, state);
	if (vt_qp_state(end->qp) != state)
		vt_fail("the QP is in state %d after it was put in state %d", vt_qp_state(end->qp),
			state);
}

static void stop(struct vt_end *end)
{
	switch (any_of(4)) {
	case 0:
		stop_to(end, IBV_QPS_RESET);
		break;
	case 1:
		if (vt_qp_state(end->qp) != IBV_QPS_RESET)
			stop_to(end, IBV_QPS_ERR);
		break;
	}
	vt_end_close(end);
}

/* The QPs that the situation is about go first, or their peers do. */
static void stop_pair(const struct vt_situation *situation, struct vt_conn *conn)
{
	bool b_first = situation->of_b ^ !any_of(3);

	stop(b_first ? &conn->b : &conn->a);
	stop(b_first ? &conn->a : &conn->b);
}

/* Whether some of what was posted has not completed. */
static bool is_busy(const struct vt_situation *situation, struct vt_conn *conn)
{
	struct ibv_wc wc[8];
	int n = ibv_poll_cq(conn->a.cq, VT_ARRAY_SIZE(wc), wc);

	if (n < 0)
		vt_fail("ibv_poll_cq: %d", n);
	return (unsigned int)n < situation->posted;
}

/* Returns whether the QPs had something to do when they were stopped. */
static bool stop_in(const struct vt_situation *situation, struct vt_conn *conn)
{
	bool busy = is_busy(situation, conn);

	stop_pair(situation, conn);
	return busy;
}

/* Some all stand in it at once; what passes is caught one by one. Returns how many were caught. */
static unsigned int run_batch(struct vt_stage *stage, const struct vt_situation *situation)
{
	struct vt_conn conn[BATCH];
	unsigned int i, busy = 0;

	vt_stage_set(stage);
	for (i = 0; i < BATCH; i++)
		vt_connect(&conn[i], stage->a, stage->b, &situation->attr);
	for (i = 0; i < BATCH; i++) {
		situation->enter(stage, &conn[i], i);
		if (!situation->passing)
			continue;
		spin_us(any_of(PASSING_US));
		busy += stop_in(situation, &conn[i]);
	}
	if (situation->passing)
		return busy;
	vt_sleep_ms(situation->settle_ms + any_of(LASTING_MS));
	for (i = 0; i < BATCH; i++)
		busy += stop_in(situation, &conn[i]);
	return busy;
}

static int64_t counter_of(const struct vt_stage *stage, const struct vt_situation *situation)
{
	const struct vt_device *dev = situation->of_b ? stage->b : stage->a;

	return situation->counter ? vt_counter(dev, situation->counter) : 0;
}

static void test_situation(struct vt_stage *stage, const struct vt_situation *situation)
{
	int64_t before = counter_of(stage, situation);
	unsigned int i, busy = 0;

	vt_case("%s: %u pairs destroyed", situation->name, rounds());
	for (i = 0; i < rounds(); i += BATCH)
		busy += run_batch(stage, situation);
	vt_note("%s: %u of %u pairs were busy", situation->name, busy, i);
	vt_check(busy);
	if (situation->counter && counter_of(stage, situation) <= before)
		vt_fail("no QP was in it: %s is what it was", situation->counter);
}

/* ---- while another thread posts ---- */

struct poster {
	struct vt_end *end;
	atomic_bool enough;
	unsigned long posted;
};

/* Whatever the queue says: it may be full, or its QP in no state to send. */
static void *post_on(void *arg)
{
	const struct vt_op op = { .opcode = IBV_WR_SEND, .quiet = true };
	struct poster *poster = arg;

	while (!atomic_load(&poster->enough))
		poster->posted += !vt_try_post(poster->end, &op);
	return NULL;
}

static void test_posting(struct vt_stage *stage)
{
	struct poster poster = {};
	struct vt_conn conn;
	pthread_t thread;
	unsigned int i;

	vt_case("a QP is RESET %u times while a thread posts to it", rounds());
	vt_connect(&conn, stage->a, stage->b, NULL);
	poster.end = &conn.a;
	vt_check(!pthread_create(&thread, NULL, post_on, &poster));
	for (i = 0; i < rounds(); i++) {
		spin_us(any_of(PASSING_US));
		vt_reconnect(&conn, any_of(2));
	}
	atomic_store(&poster.enough, true);
	vt_check(!pthread_join(thread, NULL));
	vt_note("%lu posted", poster.posted);
	vt_check(poster.posted);
	vt_reconnect(&conn, true);
	vt_conn_works(&conn, VT_PINNED);
	vt_disconnect(&conn);
}

/* ---- all situations at once ---- */

struct crowd {
	struct vt_stage stage;
	struct vt_conn conn[CROWD];
};

static const struct vt_situation *situation_of(unsigned int i)
{
	return &vt_situations[i % VT_SITUATIONS];
}

static void crowd_open(struct crowd *crowd)
{
	unsigned int i;

	vt_stage_open(&crowd->stage);
	vt_stage_set(&crowd->stage);
	for (i = 0; i < CROWD; i++)
		vt_connect(&crowd->conn[i], crowd->stage.a, crowd->stage.b, &situation_of(i)->attr);
	for (i = 0; i < CROWD; i++)
		situation_of(i)->enter(&crowd->stage, &crowd->conn[i], i);
}

static _Noreturn void be_killed(int socket)
{
	static struct crowd crowd;

	crowd_open(&crowd);
	vt_tell(socket, "", 1, -1);
	for (;;)
		pause();
}

/* All that was posted completes, as soon as the device has gone. */
static _Noreturn void lose_device(int socket)
{
	static struct crowd crowd;
	unsigned int i, k;

	crowd_open(&crowd);
	vt_tell(socket, "", 1, -1);
	if (vt_async_event(crowd.stage.a, GONE_MS) != IBV_EVENT_DEVICE_FATAL)
		vt_fail("the device goes, and nobody says so");
	for (i = 0; i < CROWD; i++) {
		for (k = 0; k < situation_of(i)->posted; k++)
			vt_wait(&crowd.conn[i].a);
	}
	for (i = 0; i < CROWD; i++)
		vt_disconnect(&crowd.conn[i]);
	exit(0);
}

/* A child that is in all situations. */
static pid_t start_crowd(void (*live)(int socket))
{
	int socket;
	pid_t pid = vt_fork_with_socket(&socket);

	if (!pid) {
		live(socket);
		_exit(1);
	}
	vt_hear(socket, &(char){ 0 }, 1, NULL);
	close(socket);
	vt_sleep_ms(any_of(3));
	return pid;
}

static void test_kill(void)
{
	unsigned int i;
	int status;
	pid_t pid;

	vt_case("%u QPs killed with their process", rounds());
	for (i = 0; i < rounds(); i += 2 * CROWD) {
		pid = start_crowd(be_killed);
		kill(pid, SIGKILL);
		status = vt_reap(pid, GONE_MS, "killing");
		vt_check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		vt_note("killed: %u QPs", i + 2 * CROWD);
	}
}

static void add_link(void)
{
	uint64_t end_ns = vt_now_ns() + vt_options.wait_ms * 1000000ull;

	vt_run("rdma link add %s type rodp netdev \"$RDMA_NETDEV\"", vt_options.dev);
	while (!strstr(vt_run("cat /sys/class/infiniband/%s/ports/1/state", vt_options.dev),
		       "ACTIVE")) {
		if (vt_now_ns() > end_ns)
			vt_fail("the port of the new device is not active");
		vt_sleep_ms(10);
	}
	vt_options.gid_index = vt_options.peer_gid_index = -1; /* not those of before */
}

static void test_link_del(void)
{
	unsigned int i;
	int status;
	pid_t pid;

	vt_case("%u QPs when the link is deleted", rounds());
	for (i = 0; i < rounds(); i += 2 * CROWD) {
		pid = start_crowd(lose_device);
		vt_run("timeout 60 rdma link delete %s", vt_options.dev);
		status = vt_reap(pid, GONE_MS, "losing the device");
		vt_check(WIFEXITED(status) && !WEXITSTATUS(status));
		vt_note("without a device: %u QPs", i + 2 * CROWD);
		add_link();
	}
}

/* ---- afterwards ---- */

static void check_device(void)
{
	struct vt_device *b;

	vt_case("the device works");
	vt_devices_work();
	b = vt_open_b();
	vt_expect_no_leaves(b);
	vt_close(b);
}

int main(int argc, char **argv)
{
	const char *topology = getenv("RDMA_TOPO");
	struct vt_stage stage;
	unsigned int i;

	vt_init(argc, argv);
	state_random = vt_options.seed;
	vt_stage_open(&stage);
	for (i = 0; i < VT_SITUATIONS; i++)
		test_situation(&stage, &vt_situations[i]);
	test_posting(&stage);
	vt_stage_close(&stage);
	check_device();
	test_kill();
	check_device();
	if (topology && !strcmp(topology, "one")) {
		test_link_del();
		check_device();
	}
	return vt_pass();
}
