// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The traffic of a cell: a thread that does the column to one hot block after the
 * other, and checks everything it learns against the model. The model's hot part is
 * the thread's while it runs.
 *
 * An operation knows the phase before it was posted and after it completed. If both
 * are the same there is one legal result; only an operation that overlapped the
 * event's begin or end has two.
 */
#include "co.h"

#define LIMIT_MS 60000 /* for a lap, under emulation and with swapping */

/* Times around one operation. */
struct span {
	enum co_phase from, to;
};

static enum co_phase phase(const struct co_cell *cell)
{
	return atomic_load(&cell->traffic.phase);
}

static bool hot_reborn(const struct co_cell *cell)
{
	return cell->row->fate == CO_REBORN;
}

/* May a word be what it was before the event? */
static bool may_be_old(const struct co_cell *cell, struct span span)
{
	return !hot_reborn(cell) || span.from < CO_AFTER;
}

/* May a word be reborn? */
static bool may_be_new(const struct co_cell *cell, struct span span)
{
	return (hot_reborn(cell) || cell->row->fate == CO_EITHER) && span.to > CO_BEFORE;
}

static void check_read(struct co_cell *cell, size_t offset, struct span span)
{
	const uint64_t *found = (const uint64_t *)cell->plain.data;
	size_t first = offset / 8, i;

	for (i = 0; i < CO_BLOCK / 8; i++) {
		if (may_be_old(cell, span) && found[i] == cell->model.word[first + i])
			continue;
		if (may_be_new(cell, span) && found[i] == co_stamp(cell->model.reborn, first + i))
			continue;
		vt_fail("traffic, round %u: the device read %016lx at offset 0x%zx, expected "
			"%016lx (phases %d to %d)",
			cell->round, (unsigned long)found[i], (first + i) * 8,
			(unsigned long)cell->model.word[first + i], span.from, span.to);
	}
}

/* An operation failed: may it? */
static void check_failure(const struct co_cell *cell, enum ibv_wc_status status, struct span span)
{
	if (!co_denied(cell) || span.to == CO_BEFORE)
		vt_fail("traffic, round %u: \"%s\" (phases %d to %d)", cell->round,
			ibv_wc_status_str(status), span.from, span.to);
	co_check_refusal(status);
}

/* An operation succeeded: may it? */
static void check_success(const struct co_cell *cell, struct span span)
{
	if (co_denied(cell) && span.from == CO_AFTER)
		vt_fail("traffic, round %u: the device still has access after the event",
			cell->round);
}

static bool do_block(struct co_cell *cell, size_t offset, unsigned int variant)
{
	struct span span = { .from = phase(cell) };
	enum ibv_wc_status status;
	uint32_t stamp = 0;

	if (co_writes(cell)) {
		stamp = ++cell->model.stamp;
		co_stamp_fill(cell->plain.data, stamp, offset, offset + CO_BLOCK);
	}
	status = co_operate(cell, offset, variant);
	span.to = phase(cell);
	if (status != IBV_WC_SUCCESS) {
		cell->model.torn = offset;
		cell->model.torn_stamp = stamp;
		check_failure(cell, status, span);
		return false;
	}
	check_success(cell, span);
	if (co_writes(cell))
		co_model_set(cell, stamp, offset, offset + CO_BLOCK);
	else
		check_read(cell, offset, span);
	return true;
}

/* What is known of a hot page since the event began. */
enum {
	REBIRTH_SEEN = 1, /* the model has its content of after it */
	SETTLED = 2, /* an operation that began after the event was there */
};

/* What an atomic found is the page's word before; a reborn page is taken over into the model. */
static void take_old(struct co_cell *cell, size_t offset, uint64_t old, struct span span)
{
	const size_t page = offset / CO_PAGE;
	unsigned char *known = &cell->traffic.known[page];
	const bool may_old = may_be_old(cell, span) || (*known & REBIRTH_SEEN);
	const bool may_new = may_be_new(cell, span) && !(*known & SETTLED);

	if (span.from == CO_AFTER)
		*known |= SETTLED | REBIRTH_SEEN;
	if (may_old && old == cell->model.word[offset / 8])
		return;
	if (may_new && old == co_stamp(cell->model.reborn, offset / 8)) {
		co_model_set(cell, cell->model.reborn, page * CO_PAGE, (page + 1) * CO_PAGE);
		*known |= REBIRTH_SEEN;
		return;
	}
	vt_fail("traffic, round %u: an atomic found %016lx at offset 0x%zx, expected %016lx "
		"(phases %d to %d)",
		cell->round, (unsigned long)old, offset,
		(unsigned long)cell->model.word[offset / 8], span.from, span.to);
}

static bool do_atomic(struct co_cell *cell, size_t offset, unsigned int variant)
{
	struct span span = { .from = phase(cell) };
	uint64_t *want = &cell->model.word[offset / 8], compare = *want, old, swap;
	enum ibv_wc_status status;

	swap = co_stamp(++cell->model.stamp, offset / 8);
	if (variant & 1)
		status = co_fetch_add(cell, offset, 0x100000001ull, &old);
	else
		status = co_cmp_swp(cell, offset, compare, swap, &old);
	span.to = phase(cell);
	if (status != IBV_WC_SUCCESS) {
		check_failure(cell, status, span);
		return false;
	}
	check_success(cell, span);
	take_old(cell, offset, old, span);
	if (variant & 1)
		*want = old + 0x100000001ull;
	else if (old == compare)
		*want = swap;
	return true;
}

static bool do_step(struct co_cell *cell, size_t offset, unsigned int lap)
{
	const unsigned int variant = lap + offset / CO_BLOCK;
	size_t page;

	if (cell->column != CO_ATOMIC)
		return do_block(cell, offset, variant);
	for (page = 0; page < CO_BLOCK; page += CO_PAGE) {
		if (!do_atomic(cell, offset + page + lap * 56 % CO_PAGE, variant + page / CO_PAGE))
			return false;
	}
	return true;
}

static bool do_lap(struct co_cell *cell, unsigned int lap)
{
	size_t offset;

	for (offset = 0; offset < co_hot(cell); offset += CO_BLOCK) {
		if (atomic_load(&cell->traffic.stop))
			return false;
		if (!do_step(cell, offset, lap))
			return false;
	}
	return true;
}

static void *traffic(void *arg)
{
	struct co_cell *cell = arg;
	unsigned int lap = 0;

	while (do_lap(cell, lap++))
		atomic_fetch_add(&cell->traffic.laps, 1);
	atomic_store(&cell->traffic.ended, true);
	return NULL;
}

static void wait_for_laps(struct co_cell *cell, unsigned int laps)
{
	const uint64_t end_ns = vt_now_ns() + LIMIT_MS * 1000000ull;

	while (atomic_load(&cell->traffic.laps) < laps && !atomic_load(&cell->traffic.ended)) {
		if (vt_now_ns() > end_ns)
			vt_fail("traffic, round %u: no lap within %d ms", cell->round, LIMIT_MS);
		vt_sleep_ms(1);
	}
}

void co_traffic_start(struct co_cell *cell)
{
	struct co_traffic *traffic_state = &cell->traffic;

	atomic_store(&traffic_state->phase, CO_BEFORE);
	atomic_store(&traffic_state->stop, false);
	atomic_store(&traffic_state->ended, false);
	atomic_store(&traffic_state->laps, 0);
	memset(traffic_state->known, 0, cell->region.len / CO_PAGE);
	cell->model.torn_stamp = 0;
	if (pthread_create(&traffic_state->thread, NULL, traffic, cell))
		vt_fail("starting the traffic's thread");
	wait_for_laps(cell, 1);
}

/* The lap that is under way began earlier, so the next one counts. */
void co_traffic_lap(struct co_cell *cell)
{
	wait_for_laps(cell, atomic_load(&cell->traffic.laps) + 2);
}

void co_traffic_refused(struct co_cell *cell)
{
	wait_for_laps(cell, ~0u);
}

void co_traffic_stop(struct co_cell *cell)
{
	atomic_store(&cell->traffic.stop, true);
	pthread_join(cell->traffic.thread, NULL);
}
