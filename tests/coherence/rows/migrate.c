// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Pages that move: between nodes, out of the way, off memory that goes. */
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "rows.h"

#define MPOL_MF_MOVE 2
#define LIMIT_MS     30000

static size_t pages(const struct co_cell *cell)
{
	return cell->region.len / CO_PAGE;
}

static long move_pages_to(const struct co_cell *cell, int node)
{
	const size_t n = pages(cell);
	void *page[n];
	int nodes[n], status[n];
	size_t i;

	for (i = 0; i < n; i++) {
		page[i] = cell->region.at + i * CO_PAGE;
		nodes[i] = node;
	}
	return syscall(SYS_move_pages, 0, n, page, nodes, status, MPOL_MF_MOVE);
}

/* How many pages are on the node. */
static size_t on_node(const struct co_cell *cell, int node)
{
	const size_t n = pages(cell);
	size_t i, found = 0;
	void *page[n];
	int status[n];

	for (i = 0; i < n; i++)
		page[i] = cell->region.at + i * CO_PAGE;
	if (syscall(SYS_move_pages, 0, n, page, NULL, status, 0))
		vt_fail("move_pages: %m");
	for (i = 0; i < n; i++)
		found += status[i] == node;
	return found;
}

/* Hot pages are busy now and then: what counts is where they are in the end. */
static bool move_pages_done(struct co_cell *cell)
{
	const int node = (cell->round + 1) & 1;

	if (move_pages_to(cell, node) < 0)
		vt_fail("move_pages: %m");
	return on_node(cell, node) == pages(cell);
}

static void event_move_pages(struct co_cell *cell)
{
	if (!co_until(move_pages_done, cell, LIMIT_MS))
		vt_fail("only %zu of %zu pages moved", on_node(cell, (cell->round + 1) & 1),
			pages(cell));
}

/*
 * The switch of the NUMA balancer is a static key: throwing it changes the kernel's code, which
 * an emulator of two CPUs does not always survive. So it is thrown once before and once after
 * the row that needs it, not in each of its cells.
 */
static void switch_balancer(bool on)
{
	co_try("/proc/sys/kernel/numa_balancing", "%d", on);
}

static void map_at_node_0(struct co_cell *cell)
{
	co_need_numa();
	co_map_anon(cell);
	memset(cell->region.at, 0, cell->region.len);
	if (move_pages_to(cell, 0) < 0)
		vt_fail("move_pages: %m");
}

static void map_on_node_0(struct co_cell *cell)
{
	switch_balancer(false);
	map_at_node_0(cell);
}

const struct co_row co_row_move_pages = {
	.name = "move-pages",
	.rounds = 4,
	.map = map_on_node_0,
	.event = event_move_pages,
	.counter = "odp_inval_clear",
};

/*
 * With CAP_SYS_NICE, migrate_pages() takes along what others map as well: every library,
 * hundreds of pages of code, whose translations an emulator must then throw away.
 */
static void drop_sys_nice(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, caps))
		vt_fail("capget: %m");
	caps[0].effective &= ~(1u << CAP_SYS_NICE);
	if (syscall(SYS_capset, &header, caps))
		vt_fail("capset: %m");
}

static void map_own(struct co_cell *cell)
{
	map_on_node_0(cell);
	drop_sys_nice();
}

static bool migrate_pages_done(struct co_cell *cell)
{
	const unsigned int to = (cell->round + 1) & 1;
	unsigned long from_mask = 1ul << !to, to_mask = 1ul << to;

	if (syscall(SYS_migrate_pages, 0, 3, &from_mask, &to_mask) < 0)
		vt_fail("migrate_pages: %m");
	return on_node(cell, to) == pages(cell);
}

static void event_migrate_pages(struct co_cell *cell)
{
	if (!co_until(migrate_pages_done, cell, LIMIT_MS))
		vt_fail("only %zu of %zu pages moved", on_node(cell, (cell->round + 1) & 1),
			pages(cell));
}

const struct co_row co_row_migrate_pages = {
	.name = "migrate-pages",
	.gentle = true,
	.map = map_own,
	.event = event_migrate_pages,
	.counter = "odp_inval_clear",
};

static void run_on_cpu_of(int node)
{
	cpu_set_t set;
	int cpu;

	CPU_ZERO(&set);
	for (cpu = 0; cpu < 64; cpu++) {
		char path[96];

		snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/cpu%d", node, cpu);
		if (!access(path, F_OK))
			CPU_SET(cpu, &set);
	}
	if (sched_setaffinity(0, sizeof(set), &set))
		vt_skip("node %d has no CPU: %m", node);
}

/* Reads by a CPU of node 0, whose hint faults the balancer follows. */
static bool balanced(struct co_cell *cell)
{
	volatile const uint8_t *at = cell->region.at;
	size_t i, n;

	for (n = 0; n < 2000; n++) {
		for (i = 0; i < cell->region.len; i += CO_PAGE)
			(void)at[i];
	}
	return co_counter(cell->owner, "odp_inval_protect_vma") > (intptr_t)cell->data;
}

static void event_balance(struct co_cell *cell)
{
	co_need_numa();
	co_try("/sys/kernel/debug/sched/numa_balancing/scan_delay_ms", "10");
	co_try("/sys/kernel/debug/sched/numa_balancing/scan_period_min_ms", "10");
	switch_balancer(true);
	cell->data = (void *)(intptr_t)co_counter(cell->owner, "odp_inval_protect_vma");
	run_on_cpu_of(0);
	if (!co_until(balanced, cell, LIMIT_MS))
		vt_fail("no scan of the NUMA balancer reached the driver");
}

static void map_on_node_1(struct co_cell *cell)
{
	if (access("/proc/sys/kernel/numa_balancing", F_OK))
		vt_skip("this kernel does not balance NUMA nodes");
	map_at_node_0(cell);
	if (move_pages_to(cell, 1) < 0)
		vt_fail("move_pages: %m");
}

const struct co_row co_row_numa_balancing = {
	.name = "numa-balancing",
	.map = map_on_node_1,
	.event = event_balance,
};

#define FILLER	   (256ul << 20)
#define COMPACT_MS 10000

/* The highest frame number of a piece as long as the region. */
static uint64_t highest(const uint64_t *pfns, size_t n)
{
	uint64_t max = 0;
	size_t i;

	for (i = 0; i < n; i++)
		max = pfns[i] > max ? pfns[i] : max;
	return max;
}

static size_t lowest_piece(const uint8_t *filler, size_t len)
{
	const size_t n = len / CO_PAGE;
	uint64_t *pfns = co_pfns(filler, FILLER);
	size_t i, best = 0;

	for (i = 0; i < FILLER / CO_PAGE; i += n) {
		if (highest(pfns + i, n) < highest(pfns + best, n))
			best = i;
	}
	free(pfns);
	return best * CO_PAGE;
}

static void unmap(uint8_t *from, uint8_t *to)
{
	if (from != to && munmap(from, to - from))
		vt_fail("munmap: %m");
}

/*
 * Compaction moves pages from low to high addresses. Of much memory, the region is
 * the piece that is lowest, and all above it is free afterwards.
 */
static void map_low(struct co_cell *cell)
{
	const size_t len = cell->region.len;
	uint8_t *filler, *low;

	switch_balancer(false);
	co_map_anon(cell);
	filler = mmap(NULL, FILLER, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (filler == MAP_FAILED)
		vt_fail("mapping %lu bytes: %m", FILLER);
	low = filler + lowest_piece(filler, len);
	if (mremap(low, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, cell->region.at) !=
	    cell->region.at)
		vt_fail("mremap: %m");
	unmap(filler, low);
	unmap(low + len, filler + FILLER);
}

static bool compacted(struct co_cell *cell)
{
	uint64_t *pfns = co_pfns(cell->region.at, cell->region.len);
	size_t moved;

	co_set("/proc/sys/vm/compact_memory", "1");
	moved = co_moved(cell->region.at, cell->region.len, pfns);
	free(pfns);
	return moved;
}

static void event_compact(struct co_cell *cell)
{
	if (!co_until(compacted, cell, COMPACT_MS))
		vt_skip("compaction finds nothing to do with the region");
}

const struct co_row co_row_compaction = {
	.name = "compaction",
	.rounds = 1,
	.map = map_low,
	.event = event_compact,
	.counter = "odp_inval_clear",
};

#define OFFLINE_S 5

static uint64_t block_bytes(void)
{
	unsigned long long bytes;
	FILE *file;
	int n;

	file = fopen("/sys/devices/system/memory/block_size_bytes", "r");
	if (!file)
		vt_skip("this kernel has no memory hotplug");
	n = fscanf(file, "%llx", &bytes);
	fclose(file);
	vt_check(n == 1);
	return bytes;
}

/* A file of a memory block. */
static const char *block_file(uint64_t block, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%lu/%s",
		 (unsigned long)block, name);
	return path;
}

static bool is_movable(uint64_t block)
{
	char zone[32] = "";
	FILE *file;

	file = fopen(block_file(block, "valid_zones"), "r");
	if (!file)
		return false;
	if (!fgets(zone, sizeof(zone), file))
		zone[0] = 0;
	fclose(file);
	return !strncmp(zone, "Movable", 7);
}

static void on_alarm(int signal)
{
	(void)signal;
}

/* The kernel tries for ever to move what cannot move, until a signal comes to this thread. */
static bool take_offline(uint64_t block)
{
	struct sigaction action = { .sa_handler = on_alarm }; /* no restart of system calls */
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM };
	struct itimerspec limit = { .it_value.tv_sec = OFFLINE_S, .it_interval.tv_sec = 1 };
	timer_t timer;
	bool ok;

	event._sigev_un._tid = syscall(SYS_gettid);
	if (sigaction(SIGALRM, &action, NULL) || timer_create(CLOCK_MONOTONIC, &event, &timer) ||
	    timer_settime(timer, 0, &limit, NULL))
		vt_fail("setting a timer: %m");
	ok = co_try(block_file(block, "state"), "offline");
	timer_delete(timer);
	return ok;
}

static bool make_movable(uint64_t block)
{
	if (!take_offline(block))
		return false;
	return co_try(block_file(block, "state"), "online_movable");
}

/* Whether a block of the node has movable pages only, as it can be made. */
static bool has_movable_block(int node)
{
	uint64_t block;
	char path[96];

	for (block = 0; block < 1024; block++) {
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/memory%lu", node,
			 (unsigned long)block);
		if (!access(path, F_OK) && (is_movable(block) || make_movable(block)))
			return true;
	}
	return false;
}

static void map_on_movable(struct co_cell *cell)
{
	co_need_numa();
	block_bytes();
	if (!has_movable_block(1))
		vt_skip("no block of node 1 can be emptied");
	map_on_node_1(cell);
}

/* To the movable block, in rounds after the first. */
static void move_to_node_1(struct co_cell *cell)
{
	if (move_pages_to(cell, 1) < 0)
		vt_fail("move_pages: %m");
}

static bool offlined(struct co_cell *cell)
{
	return take_offline((uintptr_t)cell->data);
}

/* The block of the first still page goes, and takes whatever pages it has along. */
static void event_offline(struct co_cell *cell)
{
	const uint8_t *page = cell->region.at + co_hot(cell);
	const uint64_t before = co_pfn(page), block = before * CO_PAGE / block_bytes();

	cell->data = (void *)block;
	if (!co_until(offlined, cell, LIMIT_MS))
		vt_skip("memory block %lu does not go offline: %m", (unsigned long)block);
	if (co_pfn(page) == before)
		vt_fail("the page is still on memory that is gone");
	if (!co_try(block_file(block, "state"), "online_movable"))
		vt_fail("memory block %lu does not come back: %m", (unsigned long)block);
}

const struct co_row co_row_offline = {
	.name = "memory-offline",
	.map = map_on_movable,
	.event = event_offline,
	.check = move_to_node_1,
	.counter = "odp_inval_clear",
};
