// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A process with everything mixed is killed at any moment, again and again: connections of every transport with
 * work under way, objects that come and go, prefetches, faults that hang, memory that is given back and
 * unmapped below its regions, device memory, groups, a child that has the same file. Whenever it is, all
 * of it goes, another process notices nothing, and no object is left.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bystander.h"
#include "ends.h"
#include "ground.h"
#include "vt.h"

enum {
	ROUNDS = 8,
	LOOK = 16, /* rounds between two looks at what is left */
	TELL_S = 5, /* between two lines of progress */
	LIVES_MS = 60, /* at most, once it works */
	PAGE = 4096,
	PAGES = 64 /* of memory that comes and goes, and as many that never come */
};

struct victim {
	struct vt_device *devs[2];
	struct vt_ground ground[2];
	struct vt_ends ends[VT_TRANSPORTS];
	uint8_t *loose, *held;
	struct ibv_mr *loose_mr, *held_mr;
	int uffd;
	uint64_t random;
};

static uint32_t below(struct victim *v, uint32_t n)
{
	return (vt_random(&v->random) >> 16) % n;
}

/* ---- what it does; calls may fail, since what went before is random ---- */

static void do_work(struct victim *v)
{
	static const enum ibv_wr_opcode opcodes[] = {
		IBV_WR_SEND,	  IBV_WR_SEND_WITH_IMM,	       IBV_WR_RDMA_WRITE,
		IBV_WR_RDMA_READ, IBV_WR_ATOMIC_FETCH_AND_ADD, IBV_WR_RDMA_WRITE_WITH_IMM,
	};
	struct vt_ends *ends = &v->ends[below(v, VT_TRANSPORTS)];
	struct ibv_sge sge = vt_ground_sge(&v->ground[1], 0, VT_GROUND_PART / 2);
	struct vt_op op = {
		.opcode = opcodes[below(v, VT_ARRAY_SIZE(opcodes))],
		.sge = { vt_ground_sge(&v->ground[0], 0, below(v, 4096)) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)vt_ground_open(&v->ground[1]),
		.rkey = v->ground[1].open->rkey,
	};
	struct ibv_wc wc[16];

	if (!vt_transport_can(ends->transport, op.opcode))
		op.opcode = IBV_WR_SEND;
	if (op.opcode == IBV_WR_ATOMIC_FETCH_AND_ADD)
		op.sge[0].length = 8;
	(void)vt_ends_recv(ends, 1, &sge);
	(void)vt_ends_post(ends, &op);
	(void)ibv_poll_cq(ends->a.cq, VT_ARRAY_SIZE(wc), wc);
	(void)ibv_poll_cq(ends->b.cq, VT_ARRAY_SIZE(wc), wc);
}

/* A WRITE or READ of memory that is absent, or never comes. */
static void do_fault(struct victim *v)
{
	bool held = !below(v, 8);
	size_t at = (size_t)below(v, PAGES) * PAGE;
	struct vt_op op = {
		.opcode = below(v, 2) ? IBV_WR_RDMA_WRITE : IBV_WR_RDMA_READ,
		.sge = { vt_ground_sge(&v->ground[0], 0, PAGE) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)(held ? v->held : v->loose) + at,
		.rkey = (held ? v->held_mr : v->loose_mr)->rkey,
	};

	(void)vt_ends_post(&v->ends[below(v, 2) ? VT_RC : VT_XRC], &op);
}

static void do_prefetch(struct victim *v)
{
	struct ibv_sge sge = { (uintptr_t)v->loose, PAGES * PAGE, v->loose_mr->lkey };

	(void)ibv_advise_mr(v->devs[1]->pd, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE, 0, &sge, 1);
}

static void do_madvise(struct victim *v)
{
	vt_check(!madvise(v->loose + below(v, PAGES / 2) * PAGE, PAGES / 2 * PAGE, MADV_DONTNEED));
}

/* Other memory at the same address. */
static void do_map(struct victim *v)
{
	vt_check(mmap(v->loose, PAGES * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == v->loose);
}

static void do_set(struct victim *v)
{
	vt_ends_set(&v->ends[below(v, VT_TRANSPORTS)], IBV_QPS_RTS,
		    below(v, 4) ? IBV_QPS_RTS : IBV_QPS_RTR);
}

/* Regions, a window, device memory, a queue pair: they begin and end. */
static void do_objects(struct victim *v)
{
	struct ibv_alloc_dm_attr attr = { .length = 3 * PAGE };
	struct vt_device *dev = v->devs[below(v, 2)];
	struct ibv_dm *dm = ibv_alloc_dm(dev->ctx, &attr);
	struct ibv_mw *mw = ibv_alloc_mw(dev->pd, IBV_MW_TYPE_2);
	struct ibv_mr *mr = vt_reg(dev, v->loose, PAGES * PAGE, VT_ODP, VT_ACCESS_ALL);
	struct vt_end end;

	vt_end_open(&end, dev, NULL);
	vt_check(mw && !ibv_dealloc_mw(mw));
	vt_check(!ibv_dereg_mr(mr));
	vt_check(dm && !ibv_free_dm(dm));
	vt_end_close(&end);
}

static void do_group(struct victim *v)
{
	const union ibv_gid group = { .raw = { [10] = 0xff, [11] = 0xff, 239, 77, 0, 13 } };
	struct ibv_qp *qp = v->ends[VT_UD].b.qp;

	if (!ibv_attach_mcast(qp, &group, 0))
		(void)ibv_detach_mcast(qp, &group, 0);
}

/* It shares everything for a moment, the file of the device among it. */
static void do_fork(struct victim *v)
{
	pid_t pid = vt_fork();

	if (!pid)
		_exit(0);
	vt_check(waitpid(pid, NULL, 0) == pid);
}

/* Some more often than others. */
static void (*const deeds[])(struct victim *v) = {
	do_work,     do_work,	 do_work, do_work, do_work,    do_fault, do_fault, do_fault,
	do_prefetch, do_madvise, do_map,  do_set,  do_objects, do_group, do_fork,
};

/* ---- the process ---- */

static uint8_t *map_pages(void)
{
	uint8_t *at = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);

	vt_check(at != MAP_FAILED);
	return at;
}

static void open_victim(struct victim *v)
{
	enum vt_transport transport;
	int i;

	v->loose = map_pages();
	v->held = map_pages();
	v->devs[0] = vt_open_a();
	v->devs[1] = vt_open_b();
	for (i = 0; i < 2; i++)
		vt_ground_make(&v->ground[i], v->devs[i]);
	v->loose_mr = vt_reg(v->devs[1], v->loose, PAGES * PAGE, VT_ODP, VT_ACCESS_ALL);
	v->held_mr = vt_reg(v->devs[1], v->held, PAGES * PAGE, VT_ODP, VT_ACCESS_ALL);
	v->uffd = vt_uffd_open(VT_UFFD_MISSING, v->held, PAGES * PAGE);
	for (transport = 0; transport < VT_TRANSPORTS; transport++) {
		vt_ends_open(&v->ends[transport], transport, v->devs[0], v->devs[1], 0);
		vt_ends_set(&v->ends[transport], IBV_QPS_RTS, IBV_QPS_RTS);
	}
}

static void *work_beside(void *arg)
{
	for (;;)
		do_work(arg);
	return NULL;
}

/* Two threads: one posts, the other does everything. Until it is killed. */
static _Noreturn void be_victim(atomic_ulong *done, uint64_t seed)
{
	static struct victim v, beside;
	pthread_t thread;

	v.random = seed;
	open_victim(&v);
	beside = v;
	beside.random = ~seed;
	vt_check(!pthread_create(&thread, NULL, work_beside, &beside));
	for (;;) {
		deeds[below(&v, VT_ARRAY_SIZE(deeds))](&v);
		atomic_fetch_add(done, 1);
	}
}

/* ---- rounds ---- */

/* Most are killed while they work, some while they begin. */
static void kill_one(unsigned int round, atomic_ulong *done)
{
	uint64_t random = vt_options.seed + round, end_ns;
	const unsigned long before = atomic_load(done);
	uint64_t seed = vt_random(&random);
	int status;
	pid_t pid;

	vt_case("process %u, seed %#lx", round, (unsigned long)seed);
	pid = vt_fork();
	if (!pid)
		be_victim(done, seed);
	end_ns = vt_now_ns() + vt_options.wait_ms * 1000000ull;
	while (round % 8 != 7 && atomic_load(done) == before && vt_now_ns() < end_ns)
		vt_sleep_ms(1);
	vt_sleep_ms(vt_random(&random) % LIVES_MS);
	vt_check(!kill(pid, SIGKILL));
	status = vt_reap(pid, vt_options.wait_ms, "a process that was killed");
	if (!WIFSIGNALED(status))
		vt_fail("the process ended by itself, with status %#x: see above", status);
}

static void kill_all(const struct vt_bystander *bystander, atomic_ulong *done)
{
	unsigned int round, rounds = vt_options.rounds ? vt_options.rounds : ROUNDS;
	uint64_t told_ns = vt_now_ns();
	char *before = vt_objects();

	for (round = 0; round < rounds; round++) {
		kill_one(round, done);
		if (round % LOOK == LOOK - 1 || round == rounds - 1) {
			vt_expect_objects(before, "what was killed");
			vt_bystander_check(bystander);
		}
		if (vt_now_ns() - told_ns > TELL_S * 1000000000ull) {
			vt_note("%u of %u processes are killed", round + 1, rounds);
			told_ns = vt_now_ns();
		}
	}
	vt_note("%u processes are killed, in the middle of %lu deeds", rounds, atomic_load(done));
	free(before);
}

static void expect_nothing_left(void)
{
	struct vt_device *dev = vt_open_b();

	vt_case("afterwards");
	vt_expect_no_leaves(dev);
	vt_close(dev);
	vt_devices_work();
}

int main(int argc, char **argv)
{
	struct vt_bystander bystander;
	struct vt_device *dev;
	atomic_ulong *done;

	vt_init(argc, argv);
	dev = vt_open_b();
	if (!vt_is_rodp(dev))
		vt_skip("%s: this is about rodp", dev->name);
	vt_need_odp(dev, 0);
	vt_close(dev);
	done = mmap(NULL, sizeof(*done), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	vt_check(done != MAP_FAILED);
	vt_bystander_start(&bystander);
	kill_all(&bystander, done);
	vt_bystander_end(&bystander);
	expect_nothing_left();
	return vt_pass();
}
