// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A process is killed in the middle of traffic, from either end: the other one
 * gets an error within the time that its retries take, and its device goes on.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vt.h"

#define LEN   (256 * 1024)
#define DEPTH 16

/* What each process tells the other through a pipe. */
struct hello {
	struct vt_end_addr addr;
	uint64_t remote_addr;
	uint32_t rkey;
};

struct side {
	struct vt_device *dev;
	struct vt_end end;
	struct vt_buf buf;
	struct hello peer;
};

static const struct vt_conn_attr conn_attr = { .timeout = 14, .retry_cnt = 3 };

static void exchange(struct side *s, int in, int out)
{
	struct hello hello = {
		.addr = vt_end_addr(&s->end),
		.remote_addr = vt_addr(&s->buf, 0),
		.rkey = s->buf.mr->rkey,
	};

	vt_check(write(out, &hello, sizeof(hello)) == sizeof(hello));
	if (read(in, &s->peer, sizeof(s->peer)) != sizeof(s->peer))
		vt_fail("the other process said nothing");
	vt_end_connect(&s->end, &s->peer.addr, &conn_attr);
	/* Both are connected before either begins. */
	vt_check(write(out, "", 1) == 1);
	vt_check(read(in, &hello, 1) == 1);
}

static void open_side(struct side *s, struct vt_device *dev, enum vt_memory memory, int in, int out)
{
	s->dev = dev;
	vt_end_open(&s->end, dev, &conn_attr);
	vt_buf_make(&s->buf, dev, LEN, memory, VT_ACCESS_ALL);
	exchange(s, in, out);
}

static void post(struct side *s, enum ibv_wr_opcode opcode)
{
	struct vt_op op = {
		.opcode = opcode,
		.wr_id = opcode,
		.sge = { vt_sge(&s->buf, 0, LEN) },
		.num_sge = 1,
		.remote_addr = s->peer.remote_addr,
		.rkey = s->peer.rkey,
	};

	vt_post(&s->end, &op);
}

/* Keeps DEPTH requests in flight until one fails; returns its status. */
static enum ibv_wc_status stream(struct side *s, unsigned int *done)
{
	struct ibv_wc wc;
	int i;

	for (i = 0; i < DEPTH; i++)
		post(s, i & 1 ? IBV_WR_RDMA_READ : IBV_WR_RDMA_WRITE);
	for (;;) {
		wc = vt_wait(&s->end);
		if (wc.status)
			return wc.status;
		++*done;
		post(s, wc.wr_id);
	}
}

/* The process that is killed: an end of traffic in either direction. */
static _Noreturn void victim(enum vt_memory memory, bool active, int in, int out)
{
	unsigned int done = 0;
	struct side s;

	open_side(&s, vt_open_b(), memory, in, out);
	if (active)
		stream(&s, &done);
	for (;;)
		pause();
}

static void survive(struct side *s, pid_t pid, bool active)
{
	enum ibv_wc_status status;
	unsigned int done = 0;
	int exit_status;

	if (active) { /* the victim posts: let it, and be its target */
		vt_sleep_ms(300);
		kill(pid, SIGKILL);
		vt_check(waitpid(pid, &exit_status, 0) == pid);
		vt_expect_none(&s->end, 50);
		return;
	}
	if (!fork()) { /* kills while we are busy */
		vt_sleep_ms(300);
		kill(pid, SIGKILL);
		_exit(0);
	}
	status = stream(s, &done);
	/* What goes first, the victim's memory region or its QP, nobody says. */
	if (status != IBV_WC_RETRY_EXC_ERR && status != IBV_WC_REM_ACCESS_ERR &&
	    status != IBV_WC_REM_OP_ERR)
		vt_fail("\"%s\" when the other end was killed", ibv_wc_status_str(status));
	if (!done)
		vt_fail("nothing was transferred before the kill");
	vt_note("%u transfers before the kill", done);
	vt_expect_state(&s->end, IBV_QPS_ERR);
	while (wait(&exit_status) > 0)
		;
}

/* The device that has lost a peer still does everything. */
static void check_device(struct vt_device *a)
{
	struct vt_device *b = vt_open_b();
	struct vt_conn conn;
	struct vt_buf x, y;

	vt_connect(&conn, a, b, NULL);
	vt_buf_make(&x, a, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&y, b, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_fill(x.data, LEN, 1, 0);
	vt_rdma(&conn, IBV_WR_RDMA_WRITE, &x, 0, &y, 0, LEN);
	vt_verify(y.data, LEN, 1, 0, "data after the kill");
	vt_disconnect(&conn);
	vt_buf_free(&x);
	vt_buf_free(&y);
	vt_close(b);
}

static void test(enum vt_memory a, enum vt_memory b, bool active)
{
	int to_child[2], to_parent[2];
	struct side s;
	pid_t pid;

	vt_case("%s/%s, the one that %s is killed", vt_memory_name(a), vt_memory_name(b),
		active ? "posts" : "answers");
	vt_check(!pipe(to_child) && !pipe(to_parent));
	pid = fork();
	vt_check(pid >= 0);
	if (!pid) {
		close(to_child[1]);
		close(to_parent[0]);
		victim(b, active, to_child[0], to_parent[1]);
	}
	close(to_child[0]);
	close(to_parent[1]);
	open_side(&s, vt_open_a(), a, to_parent[0], to_child[1]);
	survive(&s, pid, active);
	vt_end_close(&s.end);
	check_device(s.dev);
	vt_buf_free(&s.buf);
	vt_close(s.dev);
	close(to_child[1]);
	close(to_parent[0]);
}

static void run(enum vt_memory a, enum vt_memory b, void *arg)
{
	unsigned int *rounds = arg, i;

	for (i = 0; i < *rounds; i++) {
		test(a, b, false);
		test(a, b, true);
	}
}

/* The two devices opened here say which kinds of memory there are; no object of theirs is used. */
int main(int argc, char **argv)
{
	unsigned int rounds;
	struct vt_device *a, *b;

	vt_start(argc, argv, &a, &b);
	rounds = vt_options.rounds ? vt_options.rounds : 2;
	vt_each_memory(a, b, run, &rounds);
	return vt_finish(a, b);
}
