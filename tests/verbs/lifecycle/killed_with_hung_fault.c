// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A process with much memory ends, by a signal, by itself or by exec, while a fault
 * and a prefetch of its memory hang in a userfaultfd that another process keeps open and never answers.
 * Its memory is free within 2 s, with the userfaultfd still open.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vt.h"

#define PAGE	   4096ul
#define HELD	   (16 * PAGE)
#define MIB	   (1ul << 20)
#define FREE_MS	   2000
#define OTHERS_KIB (32 * 1024ul)

struct victim {
	struct vt_device *dev;
	struct vt_conn conn;
	struct vt_buf local;
	struct ibv_mr *mr, *big_mr;
	uint8_t *at, *big;
	int uffd;
};

/* KiB. */
static uint64_t free_kib(void)
{
	FILE *in = fopen("/proc/meminfo", "r");
	unsigned long long kib = 0;
	char line[128];

	vt_check(in);
	while (fgets(line, sizeof(line), in) && sscanf(line, "MemFree: %llu", &kib) != 1)
		;
	fclose(in);
	return kib;
}

/* On a small machine little: it takes its time to fill. Else half of what is free, up to 4 GiB. */
static size_t big_len(void)
{
	const size_t mib = free_kib() / 1024;

	if (mib < 4096)
		return mib / 8 * MIB;
	return mib / 2 > 4096 ? 4096 * MIB : mib / 2 * MIB;
}

static uint8_t *map(size_t len)
{
	uint8_t *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	vt_check(at != MAP_FAILED);
	return at;
}

/* A WRITE and a prefetch, of different pages, both in the userfaultfd. */
static void hang(struct victim *v)
{
	struct ibv_sge sge = {
		.addr = (uintptr_t)v->at + HELD / 2,
		.length = PAGE,
		.lkey = v->mr->lkey,
	};
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = 1,
		.sge = { vt_sge(&v->local, 0, PAGE) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)v->at,
		.rkey = v->mr->rkey,
	};
	uint64_t end_ns = vt_now_ns() + vt_options.wait_ms * 1000000ull;
	unsigned int hung = 0;

	vt_post(&v->conn.a, &op);
	vt_check(!ibv_advise_mr(v->dev->pd, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE, 0, &sge, 1));
	while (hung < 2 && vt_now_ns() < end_ns)
		hung += vt_uffd_wait_fault(v->uffd, 100);
	if (hung < 2)
		vt_fail("%u of 2 faults arrived at the userfaultfd", hung);
}

static _Noreturn void be_victim(int socket, size_t len, const char *end)
{
	struct victim v = {};

	v.at = map(HELD);
	/* Else a huge page of its neighbour's may have it, and nothing misses. */
	vt_check(vt_small_pages(v.at, HELD));
	v.big = map(len);
	memset(v.big, 1, len);
	v.dev = vt_open_b();
	v.mr = vt_reg(v.dev, v.at, HELD, VT_ODP, VT_ACCESS_ALL);
	v.big_mr = vt_reg(v.dev, v.big, len, VT_ODP, VT_ACCESS_ALL);
	v.uffd = vt_uffd_open(VT_UFFD_MISSING, v.at, HELD);
	vt_buf_make(&v.local, v.dev, PAGE, VT_PINNED, VT_ACCESS_ALL);
	vt_connect(&v.conn, v.dev, v.dev, NULL);
	hang(&v);
	vt_tell(socket, "", 1, v.uffd);
	vt_hear(socket, &(char){ 0 }, 1, NULL);
	if (!strcmp(end, "exit"))
		_exit(0);
	if (!strcmp(end, "exec"))
		execl("/bin/sleep", "sleep", "1000", NULL);
	for (;;)
		pause();
}

static void expect_free(uint64_t wanted_kib, const char *end)
{
	uint64_t start = vt_now_ns(), is;

	do {
		is = free_kib();
		if (is >= wanted_kib) {
			vt_note("%s: the memory is free after %lu ms", end,
				(unsigned long)((vt_now_ns() - start) / 1000000));
			return;
		}
		vt_sleep_ms(10);
	} while (vt_now_ns() - start < FREE_MS * 1000000ull);
	vt_fail("%s: %lu MiB are not free after %d ms", end,
		(unsigned long)(wanted_kib - is) / 1024, FREE_MS);
}

static void test(const char *end)
{
	const size_t len = big_len();
	uint64_t before;
	int socket, uffd;
	pid_t pid;

	vt_case("%s, %lu MiB", end, len / MIB);
	before = free_kib();
	pid = vt_fork_with_socket(&socket);
	if (!pid)
		be_victim(socket, len, end);
	vt_hear(socket, &(char){ 0 }, 1, &uffd);
	if (free_kib() + len / 1024 / 2 > before)
		vt_fail("the victim does not use its memory");
	vt_tell(socket, "", 1, -1);
	if (!strcmp(end, "kill"))
		kill(pid, SIGKILL);
	/* Some for what else happens on the machine; with KASAN what is freed stays in quarantine. */
	expect_free(before - len / 1024 / 10 - OTHERS_KIB, end);
	if (!strcmp(end, "exec"))
		kill(pid, SIGKILL);
	vt_reap(pid, vt_options.wait_ms, end);
	close(uffd);
	close(socket);
}

int main(int argc, char **argv)
{
	static const char *const ends[] = { "kill", "exit", "exec" };
	struct vt_device *dev;
	size_t i;

	vt_init(argc, argv);
	dev = vt_open_b();
	if (!vt_is_rodp(dev))
		vt_skip("%s: this is about rodp", dev->name);
	for (i = 0; i < VT_ARRAY_SIZE(ends); i++)
		test(ends[i]);
	vt_expect_no_leaves(dev);
	vt_close(dev);
	return vt_pass();
}
