// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Pages that move: between nodes, out of the way, off memory that goes. */
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
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

static void map_on_node_0(struct co_cell *cell)
{
	co_need_numa();
	co_set("/proc/sys/kernel/numa_balancing", "0");
	co_map_anon(cell);
	memset(cell->region.at, 0, cell->region.len);
	if (move_pages_to(cell, 0) < 0)
		vt_fail("move_pages: %m");
}

const struct co_row co_row_move_pages = {
	.name = "move-pages",
	.rounds = 4,
	.map = map_on_node_0,
	.event = event_move_pages,
	.counter = "odp_inval_clear",
};

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
	.map = map_on_node_0,
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
	co_set("/proc/sys/kernel/numa_balancing", "1");
	cell->data = (void *)(intptr_t)co_counter(cell->owner, "odp_inval_protect_vma");
	run_on_cpu_of(0);
	if (!co_until(balanced, cell, LIMIT_MS))
		vt_fail("no scan of the NUMA balancer reached the driver");
	co_set("/proc/sys/kernel/numa_balancing", "0");
}

static void map_on_node_1(struct co_cell *cell)
{
	map_on_node_0(cell);
	if (move_pages_to(cell, 1) < 0)
		vt_fail("move_pages: %m");
}

const struct co_row co_row_numa_balancing = {
	.name = "numa-balancing",
	.map = map_on_node_1,
	.event = event_balance,
};

#define FILLER (128ul << 20)

/* Every second page of a large area is free: something to compact. */
static uint8_t *make_holes(void)
{
	uint8_t *at = mmap(NULL, FILLER, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			   0);
	size_t i;

	vt_check(at != MAP_FAILED);
	for (i = 0; i < FILLER; i += CO_PAGE)
		at[i] = 1;
	for (i = 0; i < FILLER; i += 2 * CO_PAGE)
		madvise(at + i, CO_PAGE, MADV_DONTNEED);
	return at;
}

/* The region's pages come from between others, which are free afterwards. */
static void map_among_holes(struct co_cell *cell)
{
	cell->data = make_holes();
	co_map_anon(cell);
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
	if (!co_until(compacted, cell, LIMIT_MS))
		vt_skip("compaction finds nothing to do with the region");
}

const struct co_row co_row_compaction = {
	.name = "compaction",
	.rounds = 1,
	.map = map_among_holes,
	.event = event_compact,
	.counter = "odp_inval_clear",
};

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

/* The block of the first still page goes; it takes whatever pages it has along. */
static bool offlined(struct co_cell *cell)
{
	return co_try(cell->data, "offline");
}

static void event_offline(struct co_cell *cell)
{
	const uint8_t *page = cell->region.at + co_hot(cell);
	const uint64_t before = co_pfn(page);
	static char path[128];

	snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%lu/state",
		 (unsigned long)(before * CO_PAGE / block_bytes()));
	cell->data = path;
	if (!co_until(offlined, cell, LIMIT_MS))
		vt_skip("%s: %m (give the guest --append movablecore=512M)", path);
	if (co_pfn(page) == before)
		vt_fail("the page is still on memory that is gone");
	if (!co_try(path, "online_movable"))
		vt_fail("%s: online_movable: %m", path);
}

const struct co_row co_row_offline = {
	.name = "memory-offline",
	.map = co_map_anon,
	.event = event_offline,
	.counter = "odp_inval_clear",
};
