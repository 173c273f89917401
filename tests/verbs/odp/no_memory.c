// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The device faults for a process whose memory cgroup is full, and which the OOM killer may not kill: the
 * fault finds no memory. If there is some again within a second, a peer's WRITE notices nothing; if
 * there is none, it ends with an error, and not before that was tried some times.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "owner.h"
#include "vt.h"

#define GROUP "rodp-no-memory"
#define LEN   (8u << 20)
#define ROOM  (1 << 20) /* less than LEN: what the cgroup may have more */
#define TRIES 8 /* that find no memory before that is an error (kernel/qp/xfer/park.c) */
#define SEED  7

struct peer {
	struct vt_owner owner;
	struct vt_buf local;
};

static void refuse_to_be_killed(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	vt_check(fd >= 0 && write(fd, "-1000", 5) == 5);
	close(fd);
}

/* Whatever it needs it has touched when it tells of itself: from then on its cgroup may be full. */
static void be_owner(int socket)
{
	struct vt_device *dev;
	struct vt_end end;
	struct ibv_mr *mr;
	uint8_t *at;
	bool verify;

	refuse_to_be_killed();
	vt_cgroup_enter(GROUP);
	dev = vt_open_b();
	at = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		  -1, 0);
	vt_check(at != MAP_FAILED && !madvise(at, LEN, MADV_NOHUGEPAGE));
	mr = vt_reg(dev, at, LEN, VT_ODP, VT_ACCESS_ALL);
	vt_owner_offer(socket, dev, mr, &end);
	vt_hear(socket, &verify, sizeof(verify), NULL);
	if (verify)
		vt_verify(at, LEN, SEED, 0, "what was written");
	vt_end_close(&end);
	vt_check(!ibv_dereg_mr(mr));
	vt_close(dev);
	exit(vt_pass());
}

static void meet(struct peer *p)
{
	vt_owner_meet(&p->owner, be_owner);
	vt_buf_make(&p->local, p->owner.dev, LEN, VT_PINNED, VT_ACCESS_ALL);
}

static void part(struct peer *p, bool verify)
{
	vt_tell(p->owner.socket, &verify, sizeof(verify), -1);
	vt_check(!vt_reap(p->owner.pid, vt_options.wait_ms, "the owner"));
	vt_buf_free(&p->local);
	vt_owner_part(&p->owner);
}

static void fill_cgroup(void)
{
	char limit[32];

	snprintf(limit, sizeof(limit), "%ld",
		 (long)vt_cgroup_get(GROUP, "memory.current", NULL) + ROOM);
	vt_cgroup_set(GROUP, "memory.max", limit);
}

static void post_write(struct peer *p)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = 1,
		.sge = { vt_sge(&p->local, 0, LEN) },
		.num_sge = 1,
		.remote_addr = p->owner.offer.at,
		.rkey = p->owner.offer.rkey,
	};

	vt_fill(p->local.data, LEN, SEED, 0);
	vt_post(&p->owner.end, &op);
}

static int64_t failed(const struct peer *p)
{
	int64_t count = vt_counter(p->owner.dev, "odp_faults_failed");

	vt_check(count >= 0);
	return count;
}

/* A fault has found no memory. */
static void wait_for_failure(const struct peer *p, int64_t before)
{
	uint64_t end_ns = vt_now_ns() + vt_options.wait_ms * 1000000ull;

	while (failed(p) == before) {
		if (vt_now_ns() > end_ns)
			vt_fail("%d MiB are written into a cgroup that has room for %d KiB",
				LEN >> 20, ROOM >> 10);
		vt_sleep_ms(1);
	}
}

static void test_memory_comes_back(void)
{
	struct peer p = {};
	int64_t before;

	vt_case("there is memory again");
	meet(&p);
	before = failed(&p);
	fill_cgroup();
	post_write(&p);
	wait_for_failure(&p, before);
	vt_cgroup_set(GROUP, "memory.max", "max");
	vt_expect_ok(&p.owner.end, 1, IBV_WC_RDMA_WRITE);
	part(&p, true);
}

static void test_no_memory(void)
{
	struct peer p = {};
	int64_t before;

	vt_case("there is no memory");
	meet(&p);
	before = failed(&p);
	fill_cgroup();
	post_write(&p);
	vt_expect(&p.owner.end, 1, IBV_WC_REM_ACCESS_ERR);
	if (failed(&p) - before < TRIES)
		vt_fail("given up after %ld faults without memory", (long)(failed(&p) - before));
	vt_cgroup_set(GROUP, "memory.max", "max");
	part(&p, false);
}

int main(int argc, char **argv)
{
	struct vt_device *dev;

	vt_init(argc, argv);
	dev = vt_open_b();
	if (!vt_is_rodp(dev))
		vt_skip("%s: this is about rodp", dev->name);
	vt_close(dev);
	vt_cgroup_make(GROUP);
	vt_cgroup_set(GROUP, "memory.swap.max", "0");
	test_memory_comes_back();
	test_no_memory();
	vt_cgroup_end(GROUP);
	return vt_pass();
}
