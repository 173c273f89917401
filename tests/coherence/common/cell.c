// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The stages of a cell. A round is:
 *
 *	sync	new content everywhere; the device has touched every page
 *	traffic	begins in the hot part
 *	event	the row's, meanwhile
 *	watch	the pages of before the event stand still from now on
 *	lap	every hot page is done once more, or the device is refused
 *	restore	by rows that take access away
 *	verify	every byte against the model
 *
 * and after the last one comes another sync.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "co.h"

#define DEFAULT_LEN    (32 * CO_PAGE)
#define DEFAULT_ROUNDS 2
#define MAX_HOT	       (4 * CO_BLOCK)
#define WATCH_MS       5 /* traffic takes less than one for a block */

size_t co_hot(const struct co_cell *cell)
{
	const size_t half = cell->region.len / 2;

	return half < MAX_HOT ? half : MAX_HOT;
}

bool co_writes(const struct co_cell *cell)
{
	return cell->column == CO_LOCAL_WRITE || cell->column == CO_REMOTE_WRITE ||
	       cell->column == CO_ATOMIC;
}

bool co_denied(const struct co_cell *cell)
{
	return cell->row->denies & (co_writes(cell) ? CO_WRITE : CO_READ);
}

static void register_region(struct co_cell *cell)
{
	const int access = VT_ACCESS_ALL | IBV_ACCESS_ON_DEMAND;

	if (cell->memory == CO_IMPLICIT)
		cell->mr = ibv_reg_mr(cell->owner->pd, NULL, SIZE_MAX, access);
	else
		cell->mr = ibv_reg_mr(cell->owner->pd, cell->region.at, cell->region.len, access);
	if (!cell->mr)
		vt_fail("registering the region: %m");
}

void co_cell_open(struct co_cell *cell)
{
	cell->owner = vt_open_a();
	cell->peer = vt_open_b();
	if (!vt_has_odp(cell->owner, IBV_ODP_SUPPORT_SEND | IBV_ODP_SUPPORT_RECV |
					     IBV_ODP_SUPPORT_READ | IBV_ODP_SUPPORT_WRITE |
					     IBV_ODP_SUPPORT_ATOMIC))
		vt_skip("%s cannot do every column with on-demand paging", cell->owner->name);
	register_region(cell);
	vt_buf_make(&cell->plain, cell->peer, CO_BLOCK, VT_PINNED, VT_ACCESS_ALL);
	vt_connect(&cell->conn, cell->owner, cell->peer, NULL);
}

void co_cell_close(struct co_cell *cell)
{
	vt_disconnect(&cell->conn);
	vt_buf_free(&cell->plain);
	if (ibv_dereg_mr(cell->mr))
		vt_fail("deregistering the region");
	vt_close(cell->owner);
	vt_close(cell->peer);
}

static void prepare(struct co_cell *cell)
{
	const struct co_row *row = cell->row;

	cell->region = (struct co_region){ .len = row->len ? row->len : DEFAULT_LEN, .fd = -1 };
	cell->model.word = calloc(1, cell->region.len);
	cell->traffic.known = calloc(1, cell->region.len / CO_PAGE);
	vt_check(cell->model.word && cell->traffic.known);
}

void co_cell_fill(struct co_cell *cell, size_t from, size_t to)
{
	uint8_t *at = cell->region.alias ? cell->region.alias : cell->region.at;

	cell->model.stamp++;
	co_stamp_fill(at + from, cell->model.stamp, from, to);
	co_model_set(cell, cell->model.stamp, from, to);
}

void co_cell_verify(struct co_cell *cell, size_t from, size_t to, const char *what)
{
	co_model_verify(cell, cell->region.at, from, to, what);
}

static void must_succeed(const struct co_cell *cell, enum ibv_wc_status status, size_t offset)
{
	if (status != IBV_WC_SUCCESS)
		vt_fail("round %u, offset 0x%zx: the device's access ended with \"%s\"",
			cell->round, offset, ibv_wc_status_str(status));
}

static void touch_block(struct co_cell *cell, size_t offset)
{
	const unsigned int variant = cell->round + offset / CO_BLOCK;
	struct co_model *model = &cell->model;

	if (co_writes(cell)) {
		model->stamp++;
		co_stamp_fill(cell->plain.data, model->stamp, offset, offset + CO_BLOCK);
		co_model_set(cell, model->stamp, offset, offset + CO_BLOCK);
	}
	must_succeed(cell, co_operate(cell, offset, variant), offset);
	if (!co_writes(cell))
		co_model_verify(cell, cell->plain.data - offset, offset, offset + CO_BLOCK,
				"what the device read");
}

static void touch_page(struct co_cell *cell, size_t page)
{
	const size_t offset = page + (page / CO_PAGE * 8 + 4088) % CO_PAGE;
	uint64_t *want = &cell->model.word[offset / 8], old;

	must_succeed(cell, co_fetch_add(cell, offset, cell->round + 3, &old), offset);
	if (old != *want)
		vt_fail("round %u, offset 0x%zx: an atomic found %016lx instead of %016lx",
			cell->round, offset, (unsigned long)old, (unsigned long)*want);
	*want += cell->round + 3;
}

void co_cell_touch(struct co_cell *cell)
{
	size_t offset;

	if (cell->column == CO_ATOMIC) {
		for (offset = 0; offset < cell->region.len; offset += CO_PAGE)
			touch_page(cell, offset);
	} else {
		for (offset = 0; offset < cell->region.len; offset += CO_BLOCK)
			touch_block(cell, offset);
	}
}

/*
 * The CPU writes what the device will only read; what the device writes is not
 * touched before, so that the CPU's own page table entries may be clean. Atomics that
 * must tell a reborn page from what it was need words that differ.
 */
static bool needs_fill(const struct co_cell *cell)
{
	return !co_writes(cell) || (cell->column == CO_ATOMIC && cell->row->fate != CO_KEPT);
}

void co_cell_sync(struct co_cell *cell)
{
	if (needs_fill(cell))
		co_cell_fill(cell, 0, cell->region.len);
	co_cell_touch(cell);
	co_cell_verify(cell, 0, cell->region.len, "new content");
}

void co_cell_refused(struct co_cell *cell, const char *what)
{
	enum ibv_wc_status status;
	uint64_t old;

	if (cell->column == CO_ATOMIC)
		status = co_fetch_add(cell, 0, 1, &old);
	else
		status = co_operate(cell, 0, cell->round);
	if (status == IBV_WC_SUCCESS)
		vt_fail("round %u: the device has access to %s", cell->round, what);
	co_check_refusal(status);
	co_reconnect(cell);
}

/* A page that may be one or the other: which is it? */
static void adopt_page(struct co_cell *cell, size_t page)
{
	const uint64_t *word = (const uint64_t *)(cell->region.at + page);

	if (word[0] == co_stamp(cell->model.reborn, page / 8) &&
	    word[1] == co_stamp(cell->model.reborn, page / 8 + 1))
		co_model_set(cell, cell->model.reborn, page, page + CO_PAGE);
}

/* A block whose write was refused in the middle. */
static void adopt_torn(struct co_cell *cell)
{
	const struct co_model *model = &cell->model;
	const uint64_t *word = (const uint64_t *)cell->region.at;
	size_t i;

	if (!model->torn_stamp)
		return;
	for (i = model->torn / 8; i < (model->torn + CO_BLOCK) / 8; i++) {
		if (word[i] == co_stamp(model->torn_stamp, i))
			model->word[i] = word[i];
	}
}

/* The model learns what the event did. */
static void apply_fate(struct co_cell *cell)
{
	const size_t hot = co_hot(cell), len = cell->region.len;
	size_t page;

	if (cell->row->fate == CO_REBORN && (co_denied(cell) || !co_writes(cell)))
		co_model_set(cell, cell->model.reborn, 0, hot);
	if (cell->row->fate == CO_REBORN || cell->row->fate == CO_REBORN_STILL)
		co_model_set(cell, cell->model.reborn, hot, len);
	/* Hot pages that the device wrote after the event are what it wrote. */
	for (page = co_writes(cell) ? hot : 0; cell->row->fate == CO_EITHER && page < len;
	     page += CO_PAGE)
		adopt_page(cell, page);
	if (co_denied(cell) && cell->row->fate == CO_KEPT)
		adopt_torn(cell);
}

static void watch(struct co_cell *cell)
{
	const size_t hot = co_hot(cell);
	uint8_t *before;
	size_t i;

	if (!cell->row->watch)
		return;
	before = malloc(hot);
	vt_check(before);
	memcpy(before, cell->region.alias, hot);
	vt_sleep_ms(WATCH_MS);
	for (i = 0; i < hot; i++) {
		if (cell->region.alias[i] != before[i])
			vt_fail("round %u: the old page changed at offset 0x%zx after the event",
				cell->round, i);
	}
	free(before);
}

static void finish_traffic(struct co_cell *cell)
{
	if (co_denied(cell)) {
		co_traffic_refused(cell);
	} else {
		co_traffic_lap(cell);
		if (cell->row->later) {
			cell->row->later(cell);
			co_traffic_lap(cell);
		}
	}
	co_traffic_stop(cell);
	if (co_denied(cell)) {
		co_reconnect(cell);
		co_cell_refused(cell, "what the event took away");
	}
}

static int64_t counter_now(const struct co_cell *cell)
{
	const char *counter = cell->row->counter;

	if (!counter)
		return 0;
	return strcmp(counter, "none") ? co_counter(cell->owner, counter)
				       : co_invalidations(cell->owner);
}

static void check_counter(const struct co_cell *cell, int64_t before)
{
	const char *counter = cell->row->counter;

	if (!counter)
		return;
	if (strcmp(counter, "none"))
		co_expect_moved(cell->owner, counter, before);
	else if (co_invalidations(cell->owner) != before)
		vt_fail("an invalidation arrived where none was expected");
}

static void round_run(struct co_cell *cell)
{
	const struct co_row *row = cell->row;
	int64_t before;

	cell->model.reborn = 0;
	co_cell_sync(cell);
	before = counter_now(cell);
	co_traffic_start(cell);
	atomic_store(&cell->traffic.phase, CO_DURING);
	row->event(cell);
	atomic_store(&cell->traffic.phase, CO_AFTER);
	watch(cell);
	finish_traffic(cell);
	check_counter(cell, before);
	if (row->restore)
		row->restore(cell);
	apply_fate(cell);
	co_cell_verify(cell, 0, cell->region.len, "after the event");
	if (row->check)
		row->check(cell);
}

static void run_rounds(struct co_cell *cell)
{
	const unsigned int rounds = cell->row->rounds ? cell->row->rounds : DEFAULT_ROUNDS;

	cell->row->map(cell);
	if (!co_writes(cell) || cell->column == CO_ATOMIC)
		co_cell_fill(cell, 0, cell->region.len);
	co_cell_open(cell);
	for (cell->round = 0; cell->round < rounds; cell->round++)
		round_run(cell);
	co_cell_sync(cell);
	co_cell_close(cell);
}

_Noreturn void co_cell_run(struct co_cell *cell)
{
	vt_case("%s, %s, %s", cell->row->name, co_memory_name(cell->memory),
		co_column_name(cell->column));
	/* Huge pages only where a row asks for them. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	prepare(cell);
	if (cell->row->run)
		cell->row->run(cell);
	else
		run_rounds(cell);
	exit(vt_pass());
}
