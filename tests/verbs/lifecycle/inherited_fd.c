// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Two processes, one uverbs file. A region belongs to the memory of the
 * process that registered it, whoever uses the key, and for as long as that process has
 * this memory. What one process ends is the other's only where it must be.
 */
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vt.h"

#define LEN (32 * 4096)

struct setup {
	struct vt_device *dev_a, *dev_b; /* b is the one that both have open */
	struct vt_buf a;
	uint8_t *at; /* the same address in both processes, not the same memory */
	struct ibv_mr *mr;
	int socket;
};

static uint8_t *map(void)
{
	uint8_t *at = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	vt_check(at != MAP_FAILED);
	return at;
}

/* What the processes tell one another: a key, or the answer to a question. */
struct word {
	uint32_t rkey;
	uint64_t value;
};

static void tell(struct setup *s, uint32_t rkey, uint64_t value)
{
	struct word word = { .rkey = rkey, .value = value };

	vt_tell(s->socket, &word, sizeof(word), -1);
}

static struct word hear(struct setup *s)
{
	struct word word;

	vt_hear(s->socket, &word, sizeof(word), NULL);
	return word;
}

static struct vt_buf target(const struct setup *s, struct ibv_mr *mr)
{
	return (struct vt_buf){ .data = s->at, .len = LEN, .mr = mr };
}

/* As the peer of both: pattern seed into the memory that rkey stands for. */
static void write_to(struct setup *s, uint32_t rkey, uint64_t seed)
{
	struct ibv_mr mr = { .rkey = rkey };
	struct vt_buf remote = target(s, &mr);
	struct vt_conn conn;

	vt_connect(&conn, s->dev_a, s->dev_b, NULL);
	vt_fill(s->a.data, LEN, seed, 0);
	vt_rdma(&conn, IBV_WR_RDMA_WRITE, &s->a, 0, &remote, 0, LEN);
	memset(s->a.data, 0, LEN);
	vt_rdma(&conn, IBV_WR_RDMA_READ, &s->a, 0, &remote, 0, LEN);
	vt_verify(s->a.data, LEN, seed, 0, "what was read back");
	vt_disconnect(&conn);
}

static void expect_refused(struct setup *s, uint32_t rkey)
{
	struct vt_conn conn;
	struct ibv_wc wc;
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_READ,
		.wr_id = 1,
		.sge = { vt_sge(&s->a, 0, LEN) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)s->at,
		.rkey = rkey,
	};

	vt_connect(&conn, s->dev_a, s->dev_b, NULL);
	vt_post(&conn.a, &op);
	wc = vt_wait(&conn.a);
	if (wc.status != IBV_WC_REM_ACCESS_ERR && wc.status != IBV_WC_REM_OP_ERR)
		vt_fail("\"%s\" for memory of a process that is gone",
			ibv_wc_status_str(wc.status));
	vt_disconnect(&conn);
}

/* As the owner of the QP's PD, with a key of either process: a WRITE out of its memory. */
static void send_from(struct setup *s, uint32_t lkey, uint64_t seed)
{
	struct vt_conn conn;
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = 1,
		.sge = { { .addr = (uintptr_t)s->at, .length = LEN, .lkey = lkey } },
		.num_sge = 1,
		.remote_addr = vt_addr(&s->a, 0),
		.rkey = s->a.mr->rkey,
	};

	vt_connect(&conn, s->dev_b, s->dev_a, NULL);
	memset(s->a.data, 0, LEN);
	vt_post(&conn.a, &op);
	vt_expect_ok(&conn.a, 1, IBV_WC_RDMA_WRITE);
	vt_verify(s->a.data, LEN, seed, 0, "what was sent");
	vt_disconnect(&conn);
}

static pid_t start_child(struct setup *s, void (*child)(struct setup *s))
{
	pid_t pid = vt_fork_with_socket(&s->socket);

	if (!pid) {
		child(s);
		_exit(0);
	}
	return pid;
}

static void end_child(struct setup *s, pid_t pid)
{
	int status = vt_reap(pid, vt_options.wait_ms, "the child");

	if (status)
		vt_fail("the child ended with status 0x%x", status);
	close(s->socket);
}

static void verify_and_tell(struct setup *s, uint64_t seed)
{
	vt_verify(s->at, LEN, seed, 0, "the child's memory");
	tell(s, 0, 0);
}

static void child_own_memory(struct setup *s)
{
	struct ibv_mr *mr = vt_reg(s->dev_b, s->at, LEN, VT_ODP, VT_ACCESS_ALL);

	tell(s, mr->rkey, 0);
	hear(s);
	verify_and_tell(s, 2);
	hear(s);
	vt_verify(s->at, LEN, 2, 0, "the child's memory, after WRITEs to the parent's");
	vt_check(!ibv_dereg_mr(mr));
}

/* Two regions at one address, each in its own process's memory. */
static void test_two_memories(struct setup *s)
{
	pid_t pid;
	uint32_t rkey;

	vt_case("one address, two memories");
	vt_fill(s->at, LEN, 0, 0);
	write_to(s, s->mr->rkey, 1);
	pid = start_child(s, child_own_memory);
	rkey = hear(s).rkey;
	write_to(s, rkey, 2);
	tell(s, 0, 0);
	hear(s);
	vt_verify(s->at, LEN, 1, 0, "the parent's memory, after WRITEs to the child's");
	send_from(s, rkey, 2);
	send_from(s, s->mr->rkey, 1);
	write_to(s, s->mr->rkey, 3);
	vt_verify(s->at, LEN, 3, 0, "the parent's memory");
	tell(s, 0, 0);
	end_child(s, pid);
	write_to(s, s->mr->rkey, 4);
	vt_verify(s->at, LEN, 4, 0, "the parent's memory, when the child is gone");
}

static void child_leaves_region(struct setup *s)
{
	struct ibv_mr *mr = vt_reg(s->dev_b, s->at, LEN, VT_ODP, VT_ACCESS_ALL);

	tell(s, mr->rkey, mr->handle);
	hear(s);
}

/* The child's region outlives the child, since the file does; its memory does not. */
static void test_owner_gone(struct setup *s)
{
	uint32_t rkey;
	pid_t pid;

	vt_case("a region whose process is gone");
	pid = start_child(s, child_leaves_region);
	rkey = hear(s).rkey;
	write_to(s, rkey, 5);
	tell(s, 0, 0);
	end_child(s, pid);
	expect_refused(s, rkey);
	write_to(s, s->mr->rkey, 6);
	vt_verify(s->at, LEN, 6, 0, "the parent's memory");
}

static void child_only_looks(struct setup *s)
{
	tell(s, 0, 0);
	hear(s);
	vt_verify(s->at, LEN, 7, 0, "the child's snapshot");
	tell(s, 0, 0);
	hear(s);
	vt_check(!ibv_dereg_mr(s->mr));
	tell(s, 0, 0);
	hear(s);
}

/* The parent's key is the parent's memory, also while and after the child ends the region. */
static void test_dereg_elsewhere(struct setup *s)
{
	uint32_t rkey = s->mr->rkey;
	pid_t pid;

	vt_case("deregistered by the other process");
	write_to(s, s->mr->rkey, 7);
	pid = start_child(s, child_only_looks);
	hear(s);
	write_to(s, s->mr->rkey, 8);
	tell(s, 0, 0);
	hear(s);
	vt_verify(s->at, LEN, 8, 0, "the parent's memory");
	tell(s, 0, 0);
	hear(s);
	expect_refused(s, rkey);
	tell(s, 0, 0);
	end_child(s, pid);
}

/*
 * The process that opened the file has ended; the file it left goes on answering, and
 * may be posted on, although uverbs takes a write() only from who opened it. The other end is a
 * device opened here.
 */
static void go_on_alone(struct setup *s)
{
	struct vt_conn conn, back;
	struct vt_buf local, remote;

	tell(s, 0, 0);
	if (read(s->socket, &(char){ 0 }, 1) != 0)
		vt_fail("the process that opened the device is still there");
	s->dev_a = vt_open_a();
	vt_buf_make(&local, s->dev_a, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&remote, s->dev_b, LEN, VT_ODP, VT_ACCESS_ALL);
	vt_connect(&conn, s->dev_a, s->dev_b, NULL);
	vt_connect(&back, s->dev_b, s->dev_a, NULL);
	vt_fill(local.data, LEN, 9, 0);
	vt_rdma(&conn, IBV_WR_RDMA_WRITE, &local, 0, &remote, 0, LEN);
	vt_verify(remote.data, LEN, 9, 0, "memory of the process that is left");
	memset(local.data, 0, LEN);
	vt_rdma(&back, IBV_WR_RDMA_WRITE, &remote, 0, &local, 0, LEN);
	vt_verify(local.data, LEN, 9, 0, "what was posted on the file that was left");
	vt_disconnect(&back);
	s->a = local;
	expect_refused(s, s->mr->rkey);
	vt_disconnect(&conn);
	vt_buf_free(&local);
	vt_buf_free(&remote);
	vt_close(s->dev_a);
}

/* Opens, gives everything to a child of its own, and ends with regions and QPs alive. */
static _Noreturn void be_opener(int result)
{
	struct setup s = { .dev_a = vt_open_a(), .dev_b = vt_open_b() };
	struct vt_conn conn;
	int pair[2];

	s.at = map();
	s.mr = vt_reg(s.dev_b, s.at, LEN, VT_ODP, VT_ACCESS_ALL);
	vt_buf_make(&s.a, s.dev_a, LEN, VT_PINNED, VT_ACCESS_ALL);
	write_to(&s, s.mr->rkey, 1);
	vt_connect(&conn, s.dev_a, s.dev_b, NULL);
	vt_check(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	fflush(stdout);
	if (!fork()) { /* not vt_fork(): it outlives its parent */
		alarm(3 * vt_options.wait_ms / 1000);
		close(pair[0]);
		s.socket = pair[1];
		go_on_alone(&s);
		_exit(write(result, "y", 1) != 1);
	}
	close(pair[1]);
	s.socket = pair[0];
	hear(&s);
	_exit(0);
}

static void test_opener_gone(void)
{
	int result[2];
	char word = 'n';
	pid_t pid;

	vt_case("the process that opened the device ends first");
	vt_check(!pipe(result));
	pid = vt_fork();
	if (!pid)
		be_opener(result[1]);
	close(result[1]);
	vt_check(!vt_reap(pid, vt_options.wait_ms, "the opener"));
	if (read(result[0], &word, 1) != 1 || word != 'y')
		vt_fail("the process that was left did not come to its end");
	close(result[0]);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.dev_a, &s.dev_b);
	vt_need_odp(s.dev_b, IBV_ODP_SUPPORT_WRITE | IBV_ODP_SUPPORT_READ);
	s.at = map();
	s.mr = vt_reg(s.dev_b, s.at, LEN, VT_ODP, VT_ACCESS_ALL);
	vt_buf_make(&s.a, s.dev_a, LEN, VT_PINNED, VT_ACCESS_ALL);
	test_two_memories(&s);
	test_owner_gone(&s);
	test_dereg_elsewhere(&s);
	vt_buf_free(&s.a);
	test_opener_gone();
	return vt_pass();
}
