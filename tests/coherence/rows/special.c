// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Memory that is not like other memory: the zero page, a stack that grows, the vDSO. */
#include <sys/auxv.h>
#include <sys/mman.h>

#include "rows.h"

/* The device reads pages that nobody wrote; then the CPU writes them. */
static void run_zero_page(struct co_cell *cell)
{
	const enum co_column column = cell->column;
	int64_t before;

	co_map_anon(cell);
	co_cell_open(cell);
	for (cell->round = 0; cell->round < 4; cell->round++) {
		vt_check(!madvise(cell->region.at, cell->region.len, MADV_DONTNEED));
		co_model_set(cell, 0, 0, cell->region.len);
		cell->column = CO_REMOTE_READ;
		co_cell_touch(cell);
		cell->column = column;
		before = co_counter(cell->owner, "odp_inval_clear");
		if (cell->round & 1) {
			/* The device is the first to write: no event, the driver asks. */
			co_cell_touch(cell);
		} else {
			co_cell_fill(cell, 0, cell->region.len);
			co_expect_moved(cell->owner, "odp_inval_clear", before);
			co_cell_touch(cell);
		}
		co_cell_verify(cell, 0, cell->region.len, "pages that were zero");
		co_cell_sync(cell);
	}
	co_cell_close(cell);
}

const struct co_row co_row_zero_page = {
	.name = "zero-page",
	.run = run_zero_page,
};

/* How many pages of the region are there. */
static size_t resident(const struct co_cell *cell)
{
	return cell->region.len / CO_PAGE - vt_pages_out(cell->region.at, cell->region.len);
}

/* The device touches one block of memory that nobody touched: that block comes to be, no other. */
static void run_first_touch(struct co_cell *cell)
{
	const size_t wanted = (cell->column == CO_ATOMIC ? CO_PAGE : CO_BLOCK) / CO_PAGE;
	enum ibv_wc_status status;
	uint64_t old;

	co_map_anon(cell);
	co_cell_open(cell);
	for (cell->round = 0; cell->round < 4; cell->round++) {
		vt_check(!madvise(cell->region.at, cell->region.len, MADV_DONTNEED));
		if (cell->column == CO_ATOMIC)
			status = co_fetch_add(cell, cell->round * CO_BLOCK, 1, &old);
		else
			status = co_operate(cell, cell->round * CO_BLOCK, cell->round);
		if (status != IBV_WC_SUCCESS)
			vt_fail("round %u: \"%s\"", cell->round, ibv_wc_status_str(status));
		if (resident(cell) != wanted)
			vt_fail("round %u: %zu pages are there, %zu were touched", cell->round,
				resident(cell), wanted);
	}
	co_cell_close(cell);
}

const struct co_row co_row_first_touch = {
	.name = "first-touch",
	.run = run_first_touch,
};

/*
 * The stack's mapping ends above the region; the device is refused below it, and
 * has access as soon as the CPU made it grow. A device does not make a stack grow.
 */
static void run_stack(struct co_cell *cell)
{
	const size_t len = cell->region.len;
	uint8_t *top;
	size_t i;

	co_map_anon(cell);
	/* Far from the reserved address space: a stack keeps its distance to others. */
	top = mmap(NULL, 64 * CO_HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		   0);
	vt_check(top != MAP_FAILED && !munmap(top, 64 * CO_HUGE));
	cell->region.at = (uint8_t *)(((uintptr_t)top + 48 * CO_HUGE) & ~(CO_HUGE - 1));
	top = mmap(cell->region.at + len, CO_PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED_NOREPLACE, -1, 0);
	if (top != cell->region.at + len)
		vt_skip("mapping a stack: %m");
	co_cell_open(cell);
	co_cell_refused(cell, "a stack that did not grow yet");
	for (i = 0; i <= len; i += CO_PAGE)
		*(volatile uint8_t *)(top - i) = 0;
	co_cell_fill(cell, 0, len);
	co_cell_touch(cell);
	co_cell_verify(cell, 0, len, "the stack");
	co_cell_sync(cell);
	co_cell_close(cell);
}

const struct co_row co_row_stack = {
	.name = "stack-growth",
	.run = run_stack,
};

/* Start of the mapping of that name, and its length. */
static uint8_t *find_mapping(const char *name, size_t *len)
{
	unsigned long start, end;
	char line[512];
	FILE *file;
	uint8_t *found = NULL;

	file = fopen("/proc/self/maps", "r");
	if (!file)
		vt_fail("/proc/self/maps: %m");
	while (!found && fgets(line, sizeof(line), file)) {
		if (!strstr(line, name) || sscanf(line, "%lx-%lx", &start, &end) != 2)
			continue;
		found = (uint8_t *)start;
		*len = end - start;
	}
	fclose(file);
	if (!found)
		vt_skip("no mapping %s", name);
	return found;
}

/* A block that begins in the mapping. */
static void aim_at(struct co_cell *cell, const char *name)
{
	size_t len;

	cell->region.at = find_mapping(name, &len);
	cell->region.len = CO_BLOCK;
}

/* The kernel's variables: no page that a device could have, in any column. */
static void run_vvar(struct co_cell *cell)
{
	aim_at(cell, "[vvar]");
	co_cell_open(cell);
	for (cell->round = 0; cell->round < 2; cell->round++)
		co_cell_refused(cell, "[vvar]");
	co_cell_close(cell);
}

const struct co_row co_row_vvar = {
	.name = "vvar",
	.run = run_vvar,
	.denies = CO_READ | CO_WRITE,
};

/* The vDSO's code may be read like any text, or refused; it is never written. */
static void run_vdso(struct co_cell *cell)
{
	enum ibv_wc_status status;
	uint8_t before[CO_PAGE];
	size_t len;

	cell->region.at = find_mapping("[vdso]", &len);
	if (len < CO_BLOCK) {
		/* A block does not fit: its end is beyond the mapping, and must be refused. */
		cell->region.len = CO_BLOCK;
	}
	cell->region.len = CO_BLOCK;
	memcpy(before, cell->region.at, CO_PAGE);
	co_cell_open(cell);
	if (co_writes(cell)) {
		co_cell_refused(cell, "[vdso] for writing");
	} else {
		status = co_operate(cell, 0, 0);
		if (status != IBV_WC_SUCCESS) {
			co_check_refusal(status);
			co_reconnect(cell);
		} else if (memcmp(cell->plain.data, cell->region.at,
				  len < CO_BLOCK ? len : CO_BLOCK)) {
			vt_fail("the device read something else than the vDSO");
		}
	}
	if (memcmp(before, cell->region.at, CO_PAGE))
		vt_fail("the vDSO changed");
	co_cell_close(cell);
}

const struct co_row co_row_vdso = {
	.name = "vdso",
	.run = run_vdso,
	.denies = CO_WRITE,
};
