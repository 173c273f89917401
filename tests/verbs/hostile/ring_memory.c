// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A process makes CQs, QPs and SRQs, as large and as many as it can. In a memory cgroup of 64 MiB
 * it is refused (ENOMEM) before it has more than that, is not killed, and the host misses no more.
 * A user without privileges is refused at the limit of his account (user_rings_mb), whatever his
 * cgroup is, and has all of it again once he has destroyed what he made. The uids that he has in a user
 * namespace of his own have no account of their own.
 */
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vt.h"

#define GROUP	    "rodp-ring-memory"
#define GROUP_MIB   64
#define ALLOWED_MIB 128 /* that the host may miss meanwhile */
#define USER_MIB    8
#define MOST	    512 /* objects; all of them would be some GiB */
#define CQES	    (1 << 16)
#define CQ_MIB	    4.5
#define WRS	    (1 << 13) /* with 32 entries each: 4.2 MiB */
#define NOBODY	    65534
#define SUBORDINATE 100001 /* a uid that nobody else has */
#define PARAMETER   "/sys/module/rodp/parameters/user_rings_mb"

enum kind {
	CQ,
	RECEIVES,
	SENDS,
	SRQ,
	KINDS
};

static const char *const kinds[] = { "CQs", "QPs that receive", "QPs that send", "SRQs" };

struct maker {
	struct vt_device *dev;
	struct ibv_cq *cq; /* of the QPs */
	void *made[MOST];
	unsigned int count;
};

static void *make(struct maker *maker, enum kind kind)
{
	uint32_t sge = maker->dev->attr.orig_attr.max_sge;
	struct ibv_qp_init_attr qp = {
		.qp_type = IBV_QPT_RC,
		.send_cq = maker->cq,
		.recv_cq = maker->cq,
		.cap = { 1, 1, 1, 1, 0 },
	};
	struct ibv_srq_init_attr srq = { .attr = { .max_wr = WRS, .max_sge = sge } };

	switch (kind) {
	case CQ:
		return ibv_create_cq(maker->dev->ctx, CQES, NULL, NULL, 0);
	case RECEIVES:
		qp.cap.max_recv_wr = WRS;
		qp.cap.max_recv_sge = sge;
		return ibv_create_qp(maker->dev->pd, &qp);
	case SENDS:
		qp.cap.max_send_wr = WRS;
		qp.cap.max_send_sge = sge;
		return ibv_create_qp(maker->dev->pd, &qp);
	default:
		return ibv_create_srq(maker->dev->pd, &srq);
	}
}

static void end(void *made, enum kind kind)
{
	if (kind == CQ)
		vt_check(!ibv_destroy_cq(made));
	else if (kind == SRQ)
		vt_check(!ibv_destroy_srq(made));
	else
		vt_check(!ibv_destroy_qp(made));
}

/* As many as can be had. */
static void make_all(struct maker *maker, enum kind kind)
{
	maker->count = 0;
	errno = 0;
	while (maker->count < MOST && (maker->made[maker->count] = make(maker, kind)))
		maker->count++;
	if (maker->count == MOST)
		vt_fail("%u %s, and no end", maker->count, kinds[kind]);
	if (errno != ENOMEM)
		vt_fail("%s number %u: %m", kinds[kind], maker->count);
}

static void end_all(struct maker *maker, enum kind kind)
{
	while (maker->count)
		end(maker->made[--maker->count], kind);
}

static void open_maker(struct maker *maker)
{
	maker->dev = vt_open_a();
	maker->cq = ibv_create_cq(maker->dev->ctx, 16, NULL, NULL, 0);
	vt_check(maker->cq);
}

static void close_maker(struct maker *maker)
{
	vt_check(!ibv_destroy_cq(maker->cq));
	vt_close(maker->dev);
}

static long available_mib(void)
{
	return vt_available_kib() / 1024;
}

/* ---- in a cgroup ---- */

static _Noreturn void fill_cgroup(enum kind kind, int socket)
{
	static struct maker maker;

	open_maker(&maker);
	vt_cgroup_enter(GROUP);
	make_all(&maker, kind);
	vt_tell(socket, &maker.count, sizeof(maker.count), -1);
	vt_hear(socket, &kind, sizeof(kind), NULL); /* until the other one has looked */
	end_all(&maker, kind);
	close_maker(&maker);
	exit(0);
}

static void test_cgroup(enum kind kind)
{
	long before = available_mib(), missing;
	unsigned int count;
	int socket;
	pid_t pid;

	vt_case("%s in a cgroup of %d MiB", kinds[kind], GROUP_MIB);
	pid = vt_fork_with_socket(&socket);
	if (!pid)
		fill_cgroup(kind, socket);
	vt_hear(socket, &count, sizeof(count), NULL);
	missing = before - available_mib();
	vt_note("%u %s, and no more; %ld MiB are missing", count, kinds[kind], missing);
	if (missing > ALLOWED_MIB)
		vt_fail("the host misses %ld MiB", missing);
	vt_tell(socket, &kind, sizeof(kind), -1);
	vt_check(!vt_reap(pid, vt_options.wait_ms, "who fills a cgroup"));
	close(socket);
}

static void test_cgroups(void)
{
	enum kind kind;

	vt_cgroup_make(GROUP);
	vt_cgroup_set(GROUP, "memory.max", "67108864");
	vt_cgroup_set(GROUP, "memory.swap.max", "0");
	for (kind = CQ; kind < KINDS; kind++)
		test_cgroup(kind);
	vt_check(vt_cgroup_get(GROUP, "memory.events", "oom_kill") <= 0);
	vt_cgroup_end(GROUP);
}

/* ---- of one user ---- */

static void set_user_limit(unsigned int mib)
{
	FILE *file = fopen(PARAMETER, "w");

	if (!file)
		vt_skip(PARAMETER ": %m");
	fprintf(file, "%u", mib);
	vt_check(!fclose(file));
}

/* Twice: what was destroyed is given back. */
static _Noreturn void fill_account(void)
{
	static struct maker maker;
	unsigned int first = 0;
	int i;

	vt_check(!setgid(NOBODY) && !setuid(NOBODY));
	open_maker(&maker);
	for (i = 0; i < 2; i++) {
		make_all(&maker, CQ);
		vt_note("a user has %u CQs, and no more", maker.count);
		vt_check(maker.count && maker.count * CQ_MIB <= USER_MIB);
		vt_check(!i || maker.count == first);
		first = maker.count;
		end_all(&maker, CQ);
	}
	close_maker(&maker);
	exit(0);
}

static void test_user(void)
{
	pid_t pid;

	vt_case("a user's limit of %d MiB", USER_MIB);
	set_user_limit(USER_MIB);
	pid = vt_fork();
	if (!pid)
		fill_account();
	vt_check(!vt_reap(pid, vt_options.wait_ms, "who fills an account"));
	set_user_limit(0);
}

/* ---- of one user with many uids ---- */

/* As another uid of the namespace, while the first has all that the user may have. */
static _Noreturn void ask_for_more(void)
{
	static struct maker maker;

	vt_check(!setgid(1) && !setuid(1));
	open_maker(&maker);
	errno = 0;
	if (make(&maker, CQ))
		vt_fail("a second uid of a user has rings beyond his limit");
	vt_check(errno == ENOMEM);
	close_maker(&maker);
	exit(0);
}

static _Noreturn void fill_from_namespace(int socket)
{
	static struct maker maker;
	pid_t pid;

	vt_check(!setgid(NOBODY) && !setuid(NOBODY));
	if (unshare(CLONE_NEWUSER))
		vt_fail("a user without privileges can make no user namespace: %m");
	vt_tell(socket, "", 1, -1);
	vt_hear(socket, &(char){ 0 }, 1, NULL); /* it has uids */
	open_maker(&maker);
	make_all(&maker, CQ);
	vt_check(maker.count);
	pid = vt_fork();
	if (!pid)
		ask_for_more();
	vt_check(!vt_reap(pid, vt_options.wait_ms, "the second uid"));
	end_all(&maker, CQ);
	close_maker(&maker);
	exit(0);
}

/* What newuidmap(1) and newgidmap(1) do for who is in /etc/subuid and /etc/subgid. */
static void map_ids(pid_t pid, const char *map)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, map);
	file = fopen(path, "w");
	if (!file)
		vt_fail("%s: %m", path);
	fprintf(file, "0 %d 1\n1 %d 1\n", NOBODY, SUBORDINATE);
	if (fclose(file))
		vt_fail("%s: %m", path);
}

static void test_namespace(void)
{
	int socket;
	pid_t pid;

	vt_case("a user's limit of %d MiB, and two uids in a namespace", USER_MIB);
	set_user_limit(USER_MIB);
	pid = vt_fork_with_socket(&socket);
	if (!pid)
		fill_from_namespace(socket);
	vt_hear(socket, &(char){ 0 }, 1, NULL);
	map_ids(pid, "uid_map");
	map_ids(pid, "gid_map");
	vt_tell(socket, "", 1, -1);
	vt_check(!vt_reap(pid, vt_options.wait_ms, "who has two uids"));
	close(socket);
	set_user_limit(0);
}

int main(int argc, char **argv)
{
	struct vt_device *a, *b;

	vt_start(argc, argv, &a, &b);
	if (!vt_is_rodp(a))
		vt_skip("is about rodp's rings");
	test_user();
	test_namespace();
	test_cgroups();
	return vt_finish(a, b);
}
