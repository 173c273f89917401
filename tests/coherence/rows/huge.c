// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Huge pages: transparent ones that come and go, and those of hugetlbfs. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rows.h"

#define THP	 "/sys/kernel/mm/transparent_hugepage/"
#define LIMIT_MS 60000

static uint64_t huge_kib(const struct co_cell *cell)
{
	return co_smaps(cell->region.at, "AnonHugePages");
}

static void advise(struct co_cell *cell, int advice)
{
	if (madvise(cell->region.at, cell->region.len, advice))
		vt_fail("madvise(%d): %m", advice);
}

static void need_huge(const struct co_cell *cell)
{
	if (!huge_kib(cell))
		vt_skip("no huge page to be had");
}

/* Dropped, and faulted in as one by whoever is first, which may be the device. */
static void event_fault(struct co_cell *cell)
{
	advise(cell, MADV_DONTNEED);
	co_traffic_lap(cell);
	if (co_writes(cell)) /* reads find the huge zero page, which nothing counts */
		need_huge(cell);
}

const struct co_row co_row_thp_fault = {
	.name = "thp-fault",
	.len = CO_HUGE,
	.map = co_map_anon_huge,
	.event = event_fault,
	.fate = CO_REBORN,
	.counter = "odp_inval_clear",
};

/* A page fewer in the middle of the still part splits it; then it is there again. */
static void event_split(struct co_cell *cell)
{
	need_huge(cell);
	if (!co_try("/sys/kernel/debug/split_huge_pages", "%d,0x%lx,0x%lx", getpid(),
		    (unsigned long)cell->region.at,
		    (unsigned long)cell->region.at + cell->region.len))
		vt_skip("split_huge_pages: %m");
}

static bool split_done(struct co_cell *cell)
{
	if (huge_kib(cell))
		event_split(cell);
	return !huge_kib(cell);
}

static void event_split_until_done(struct co_cell *cell)
{
	event_split(cell);
	if (!co_until(split_done, cell, LIMIT_MS))
		vt_fail("the huge page does not split");
}

/* One huge page again: in a mapping without the page table that the split page had. */
static void map_huge_again(struct co_cell *cell)
{
	co_map_anon_huge(cell);
	cell->region.at[0] = 0;
	need_huge(cell);
	co_stamp_fill(cell->region.at, ++cell->model.stamp, 0, cell->region.len);
	co_model_set(cell, cell->model.stamp, 0, cell->region.len);
}

const struct co_row co_row_thp_split = {
	.name = "thp-split",
	.len = CO_HUGE,
	.map = co_map_anon_huge,
	.event = event_split_until_done,
	.check = map_huge_again,
	.counter = "odp_inval_clear",
};

static bool has_collapsed(struct co_cell *cell)
{
	return huge_kib(cell);
}

/* Small pages, which khugepaged may not see before the event. */
static void map_small(struct co_cell *cell)
{
	const size_t len = cell->region.len;
	uint8_t *copy = malloc(len);

	vt_check(copy);
	memcpy(copy, cell->region.at, len);
	advise(cell, MADV_NOHUGEPAGE);
	advise(cell, MADV_DONTNEED);
	memcpy(cell->region.at, copy, len);
	free(copy);
}

static void map_for_khugepaged(struct co_cell *cell)
{
	co_map_anon_huge(cell);
	map_small(cell);
	co_set(THP "khugepaged/scan_sleep_millisecs", "5");
	co_set(THP "khugepaged/alloc_sleep_millisecs", "5");
	co_set(THP "khugepaged/pages_to_scan", "65536");
}

static void event_khugepaged(struct co_cell *cell)
{
	advise(cell, MADV_HUGEPAGE);
	if (!co_until(has_collapsed, cell, LIMIT_MS))
		vt_fail("khugepaged does not come");
}

const struct co_row co_row_khugepaged = {
	.name = "khugepaged",
	.len = CO_HUGE,
	.rounds = 1,
	.map = map_for_khugepaged,
	.event = event_khugepaged,
	.counter = "odp_inval_clear",
};

static void need_hugetlb(void)
{
	if (co_get("/proc/sys/vm/nr_hugepages") < 8)
		co_set("/proc/sys/vm/nr_hugepages", "8");
	if (co_get("/proc/sys/vm/nr_hugepages") < 4)
		vt_skip("no huge pages for hugetlbfs");
}

static void map_hugetlb(struct co_cell *cell)
{
	void *at;

	need_hugetlb();
	co_map_anon(cell);
	at = mmap(cell->region.at, cell->region.len, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_FIXED, -1, 0);
	if (at != cell->region.at)
		vt_skip("mapping a huge page: %m");
}

static void drop(struct co_cell *cell)
{
	advise(cell, MADV_DONTNEED);
}

const struct co_row co_row_hugetlb_dontneed = {
	.name = "hugetlb-dontneed",
	.len = CO_HUGE,
	.map = map_hugetlb,
	.event = drop,
	.fate = CO_REBORN,
	.counter = "odp_inval_clear",
};

static void make_readonly(struct co_cell *cell)
{
	if (mprotect(cell->region.at, cell->region.len, PROT_READ))
		vt_fail("mprotect: %m");
}

static void make_writable(struct co_cell *cell)
{
	if (mprotect(cell->region.at, cell->region.len, PROT_READ | PROT_WRITE))
		vt_fail("mprotect: %m");
}

static void map_hugetlb_file(struct co_cell *cell)
{
	int fd;

	need_hugetlb();
	fd = memfd_create("co", MFD_HUGETLB);
	if (fd < 0)
		vt_skip("memfd_create(MFD_HUGETLB): %m");
	co_map_fd(cell, fd);
}

const struct co_row co_row_hugetlb_mprotect = {
	.name = "hugetlb-mprotect",
	.len = CO_HUGE,
	.map = map_hugetlb_file,
	.event = make_readonly,
	.restore = make_writable,
	.denies = CO_WRITE,
	.watch = true,
	.counter = "odp_inval_protect_vma",
};

static void punch(struct co_cell *cell)
{
	if (fallocate(cell->region.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
		      cell->region.len))
		vt_fail("punching a hole: %m");
}

const struct co_row co_row_hugetlb_punch = {
	.name = "hugetlb-punch",
	.len = CO_HUGE,
	.map = map_hugetlb_file,
	.event = punch,
	.fate = CO_REBORN,
};
