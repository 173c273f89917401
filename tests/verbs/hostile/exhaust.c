// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A user without privileges, in a memory cgroup of 64 MiB, takes all that he can get of one resource after the
 * other: queues, packets that wait, groups, prefetches, faults that hang, regions and what
 * tracks their pages, device memory, timers. The host's available memory moves by less than 128 MiB, and another
 * user's connections go on; how much of their rate is left is told, and with --seconds=30 and
 * more it must be a half.
 *
 * --seconds is for each resource (half a one).
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bystander.h"
#include "ends.h"
#include "observe.h"

#define GROUP	    "rodp-exhaust"
#define GROUP_BYTES "67108864"
#define ALLOWED_KIB (128 * 1024)
#define NOBODY	    65534
#define PAGE	    4096ul
#define MIB	    (1ul << 20)
#define LEAF	    (2 * MIB) /* what a record of pages is for */

enum {
	SAMPLE_MS = 20,
	MOST = 1024, /* objects of one kind */
	QPS = 32,
	FLOOD = 64, /* datagrams at once */
	SHORT_MS = 500, /* for each resource */
	RATED_MS = 30000 /* from which a rate means something */
};

/* A process of the user: what it has, and until when it goes on. */
struct user {
	struct vt_device *dev;
	uint8_t *held; /* memory that never comes; QPS pages */
	int uffd;
	uint64_t end_ns;
	struct vt_buf buf;
};

static bool goes_on(const struct user *user)
{
	return vt_now_ns() < user->end_ns;
}

/* ---- queues ---- */

static void take_cqs(struct user *user)
{
	int cqes = user->dev->attr.orig_attr.max_cqe, n = 0;
	static struct ibv_cq *cqs[MOST];

	while (goes_on(user) && n < MOST && cqes > 1) {
		cqs[n] = ibv_create_cq(user->dev->ctx, cqes, NULL, NULL, 0);
		if (cqs[n])
			n++;
		else
			cqes /= 2; /* what still fits */
	}
	while (n--)
		vt_check(!ibv_destroy_cq(cqs[n]));
}

static void take_qps(struct user *user)
{
	const struct ibv_device_attr *limits = &user->dev->attr.orig_attr;
	struct ibv_cq *cq = ibv_create_cq(user->dev->ctx, 16, NULL, NULL, 0);
	struct ibv_qp_init_attr init = {
		.qp_type = IBV_QPT_RC,
		.send_cq = cq,
		.recv_cq = cq,
		.cap = { limits->max_qp_wr, limits->max_qp_wr, limits->max_sge, limits->max_sge,
			 0 },
	};
	static struct ibv_qp *qps[MOST];
	int n = 0;

	vt_check(cq);
	while (goes_on(user) && n < MOST) {
		qps[n] = ibv_create_qp(user->dev->pd, &init);
		if (qps[n])
			n++;
		else if (init.cap.max_send_wr > 1)
			init.cap.max_send_wr = init.cap.max_recv_wr /= 2; /* the same */
		else
			break;
	}
	while (n--)
		vt_check(!ibv_destroy_qp(qps[n]));
	vt_check(!ibv_destroy_cq(cq));
}

/* ---- packets that wait ---- */

static void send_datagrams(struct vt_end *from, const struct vt_buf *buf, const struct vt_to *to)
{
	struct vt_op op = {
		.opcode = IBV_WR_SEND,
		.sge = { vt_sge(buf, 0, vt_mtu_bytes(from->dev->port.active_mtu)) },
		.num_sge = 1,
		.to = *to,
	};
	int i;

	for (i = 0; i < FLOOD; i++)
		vt_post(from, &op);
	for (i = 0; i < FLOOD; i++)
		(void)vt_wait(from);
}

/* The first datagram of each waits for memory that never comes, and those behind it wait for that. */
static void fill_backlog(struct user *user)
{
	struct ibv_mr *mr = vt_reg(user->dev, user->held, QPS * PAGE, VT_ODP, VT_ACCESS_ALL);
	struct vt_end sender, receivers[QPS];
	struct vt_to to = { .qkey = VT_QKEY };
	int i;

	vt_ud_open(&sender, user->dev, false);
	to.ah = vt_ah(&sender, &user->dev->gid, user->dev->gid_index);
	for (i = 0; i < QPS; i++) {
		struct ibv_sge sge = { (uintptr_t)user->held + i * PAGE, PAGE, mr->lkey };

		vt_ud_open(&receivers[i], user->dev, false);
		vt_recv(&receivers[i], 1, &sge, 1);
	}
	for (i = 0; goes_on(user); i = (i + 1) % QPS) {
		to.qpn = receivers[i].qp->qp_num;
		send_datagrams(&sender, &user->buf, &to);
	}
	vt_check(!ibv_destroy_ah(to.ah));
	for (i = 0; i < QPS; i++)
		vt_end_close(&receivers[i]);
	vt_end_close(&sender);
	vt_check(!ibv_dereg_mr(mr));
}

static void flood_group(struct user *user)
{
	const union ibv_gid group = { .raw = { [10] = 0xff, [11] = 0xff, 239, 77, 0, 11 } };
	struct vt_to to = { .qpn = 0xffffff, .qkey = VT_QKEY };
	struct vt_end sender, members[QPS];
	int i;

	vt_ud_open(&sender, user->dev, false);
	to.ah = vt_ah(&sender, &group, user->dev->gid_index);
	for (i = 0; i < QPS; i++) {
		vt_ud_open(&members[i], user->dev, false);
		vt_check(!ibv_attach_mcast(members[i].qp, &group, 0));
	}
	while (goes_on(user))
		send_datagrams(&sender, &user->buf, &to);
	vt_check(!ibv_destroy_ah(to.ah));
	for (i = 0; i < QPS; i++) {
		vt_check(!ibv_detach_mcast(members[i].qp, &group, 0));
		vt_end_close(&members[i]);
	}
	vt_end_close(&sender);
}

/* ---- on-demand paging ---- */

/* As fast as they are taken, whether or not the last ones are done. */
static void flood_prefetch(struct user *user)
{
	const size_t len = 8 * MIB;
	static uint8_t *at; /* of all rounds */
	struct ibv_mr *mr;
	struct ibv_sge sge;
	unsigned long n = 0;
	int err;

	at = at ? at : vt_map_aligned(len, LEAF, PROT_READ | PROT_WRITE);
	mr = vt_reg(user->dev, at, len, VT_ODP, VT_ACCESS_ALL);
	sge = (struct ibv_sge){ (uintptr_t)at, len, mr->lkey };
	while (goes_on(user)) {
		err = ibv_advise_mr(user->dev->pd, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE, 0, &sge, 1);
		if (err && err != EAGAIN && err != ENOMEM)
			vt_fail("a prefetch: %s", strerror(err));
		if (!(++n % 64))
			vt_check(!madvise(at, len, MADV_DONTNEED));
	}
	vt_check(!ibv_dereg_mr(mr));
}

/* Each connection has a WRITE that waits for a page of its own. */
static void hang_faults(struct user *user)
{
	struct ibv_mr *mr = vt_reg(user->dev, user->held, QPS * PAGE, VT_ODP, VT_ACCESS_ALL);
	struct vt_conn conns[QPS];
	int i;

	for (i = 0; i < QPS; i++) {
		struct vt_op op = {
			.opcode = IBV_WR_RDMA_WRITE,
			.sge = { vt_sge(&user->buf, 0, 64) },
			.num_sge = 1,
			.remote_addr = (uintptr_t)user->held + i * PAGE,
			.rkey = mr->rkey,
		};

		vt_connect(&conns[i], user->dev, user->dev, NULL);
		vt_post(&conns[i].a, &op);
	}
	while (goes_on(user))
		vt_sleep_ms(SAMPLE_MS);
	for (i = 0; i < QPS; i++)
		vt_disconnect(&conns[i]);
	vt_check(!ibv_dereg_mr(mr));
}

/* A page in each of many leaves, through one region after the other. */
static void fill_leaves(struct user *user)
{
	const size_t len = 2048 * LEAF;
	uint8_t *at = mmap(NULL, len, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct ibv_mr *mr;
	struct vt_conn conn;
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.sge = { vt_sge(&user->buf, 0, 64) },
		.num_sge = 1,
	};
	size_t offset;

	vt_check(at != MAP_FAILED && !madvise(at, len, MADV_NOHUGEPAGE));
	mr = vt_reg(user->dev, at, len, VT_ODP, VT_ACCESS_ALL);
	op.rkey = mr->rkey;
	vt_connect(&conn, user->dev, user->dev, NULL);
	for (offset = 0; offset < len && goes_on(user); offset += LEAF) {
		op.remote_addr = (uintptr_t)at + offset;
		vt_post(&conn.a, &op);
		(void)vt_wait(&conn.a);
	}
	vt_disconnect(&conn);
	vt_check(!ibv_dereg_mr(mr));
	munmap(at, len);
}

static void take_regions(struct user *user)
{
	static struct ibv_mr *mrs[MOST];
	int n = 0;

	while (goes_on(user) && n < MOST) {
		mrs[n] = ibv_reg_mr(user->dev->pd, user->buf.data, user->buf.len,
				    VT_ACCESS_ALL | (n & 1 ? IBV_ACCESS_ON_DEMAND : 0));
		if (!mrs[n])
			break;
		n++;
	}
	while (n--)
		vt_check(!ibv_dereg_mr(mrs[n]));
}

/* ---- device memory ---- */

/* A dma-buf of it keeps the memory when it is freed. */
static void take_device_memory(struct user *user)
{
	struct ibv_alloc_dm_attr attr = { .length = MIB };
	static struct ibv_dm *dms[MOST];
	static int fds[MOST];
	int n = 0;

	while (goes_on(user) && n < MOST / 8 && (dms[n] = ibv_alloc_dm(user->dev->ctx, &attr))) {
		fds[n] = vt_export_dm(dms[n]);
		n++;
	}
	while (n--) {
		vt_check(!ibv_free_dm(dms[n]));
		if (fds[n] >= 0)
			close(fds[n]);
	}
}

/* ---- timers ---- */

/* Half of the pairs have no peer, the others no receive. */
static void start_timers(struct user *user)
{
	const struct vt_conn_attr attr = { .timeout = 1, .min_rnr_timer = 1, .rnr_retry = 7 };
	struct ibv_qp_attr reset = { .qp_state = IBV_QPS_RESET };
	struct vt_op op = {
		.opcode = IBV_WR_SEND,
		.sge = { vt_sge(&user->buf, 0, 64) },
		.num_sge = 1,
	};
	struct vt_conn conns[QPS];
	int i;

	for (i = 0; i < QPS; i++) {
		vt_connect(&conns[i], user->dev, user->dev, &attr);
		if (i & 1)
			vt_check(!ibv_modify_qp(conns[i].b.qp, &reset, IBV_QP_STATE));
		vt_post(&conns[i].a, &op);
	}
	vt_sleep_ms(200);
	for (i = 0; i < QPS; i++)
		vt_disconnect(&conns[i]);
}

/* ---- the user ---- */

static const struct mode {
	const char *name;
	void (*take)(struct user *user); /* again and again, until the time is over */
	bool holds; /* needs memory that never comes */
} modes[] = {
	{ "completion queues", take_cqs, false },
	{ "queue pairs", take_qps, false },
	{ "packets that wait", fill_backlog, true },
	{ "multicast", flood_group, false },
	{ "prefetches", flood_prefetch, false },
	{ "faults that hang", hang_faults, true },
	{ "regions", take_regions, false },
	{ "records of pages", fill_leaves, false },
	{ "device memory", take_device_memory, false },
	{ "timers", start_timers, false },
};

/* A userfaultfd that holds up the kernel's faults takes privileges: it is made before they go. */
static void hold_memory(struct user *user)
{
	user->held = mmap(NULL, QPS * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			  0);
	vt_check(user->held != MAP_FAILED);
	vt_check(!madvise(user->held, QPS * PAGE, MADV_NOHUGEPAGE));
	user->uffd = vt_uffd_open(VT_UFFD_MISSING, user->held, QPS * PAGE);
}

static _Noreturn void be_user(const struct mode *mode, unsigned int ms)
{
	struct user user = {};

	vt_cgroup_enter(GROUP);
	if (mode->holds)
		hold_memory(&user);
	vt_check(!setgid(NOBODY) && !setuid(NOBODY));
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* another user's process forgets it */
	user.dev = vt_open_a();
	vt_buf_make(&user.buf, user.dev, 2 * PAGE, VT_PINNED, VT_ACCESS_ALL);
	user.end_ns = vt_now_ns() + ms * 1000000ull;
	while (goes_on(&user))
		mode->take(&user);
	vt_buf_free(&user.buf);
	vt_close(user.dev);
	exit(0);
}

/* ---- who looks ---- */

/* Rounds a second of the bystander, until the process ends; 0: for ms. *missing: the most, KiB. */
static double watch(const struct vt_bystander *bystander, pid_t pid, unsigned int ms, int *status,
		    long *missing)
{
	const uint64_t begin = vt_now_ns();
	const unsigned long rounds = vt_bystander_rounds(bystander);
	const long before = vt_available_kib();
	long now;

	*missing = 0;
	while (pid ? !waitpid(pid, status, WNOHANG) : vt_now_ns() - begin < ms * 1000000ull) {
		now = before - vt_available_kib();
		*missing = now > *missing ? now : *missing;
		if (pid && vt_now_ns() - begin > (ms + vt_options.wait_ms) * 1000000ull)
			vt_fail("the user's process does not end");
		vt_sleep_ms(SAMPLE_MS);
	}
	return (vt_bystander_rounds(bystander) - rounds) * 1e9 / (vt_now_ns() - begin);
}

/* Who is killed for having more than his cgroup may have has got no further than that. */
static void check_user(int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL &&
	    vt_cgroup_get(GROUP, "memory.events", "oom_kill") > 0) {
		vt_note("  killed: its cgroup was out of memory");
		return;
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		vt_fail("the user's process ended with status %#x: see above", status);
}

static void test_mode(const struct vt_bystander *bystander, const struct mode *mode,
		      unsigned int ms)
{
	double alone, beside;
	int status = 0;
	long missing;
	pid_t pid;

	vt_case("%s", mode->name);
	vt_bystander_check(bystander);
	alone = watch(bystander, 0, ms / 4, NULL, &missing);
	pid = vt_fork();
	if (!pid)
		be_user(mode, ms);
	beside = watch(bystander, pid, ms, &status, &missing);
	vt_note("%-18s at most %4ld MiB were missing; a bystander went round %.0f times a second, %.2f of before",
		mode->name, missing / 1024, beside, alone ? beside / alone : 0);
	check_user(status);
	if (missing > ALLOWED_KIB)
		vt_fail("the host missed %ld MiB", missing / 1024);
	if (ms >= RATED_MS && beside < alone / 2)
		vt_fail("a bystander has less than half of its rate");
}

int main(int argc, char **argv)
{
	struct vt_bystander bystander;
	struct vt_device *dev;
	unsigned int ms;
	size_t i;

	vt_init(argc, argv);
	dev = vt_open_a();
	if (!vt_is_rodp(dev))
		vt_skip("is about rodp's bounds");
	vt_need_odp(dev, 0);
	vt_close(dev);
	ms = vt_options.seconds ? vt_options.seconds * 1000 : SHORT_MS;
	vt_cgroup_make(GROUP);
	vt_cgroup_set(GROUP, "memory.max", GROUP_BYTES);
	vt_cgroup_set(GROUP, "memory.swap.max", "0");
	vt_bystander_start(&bystander);
	for (i = 0; i < VT_ARRAY_SIZE(modes); i++)
		test_mode(&bystander, &modes[i], ms);
	vt_bystander_end(&bystander);
	vt_cgroup_end(GROUP);
	vt_case("afterwards");
	vt_devices_work();
	return vt_pass();
}
