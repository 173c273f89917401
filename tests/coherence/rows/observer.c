// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The observer alone, as often as it can look: a peer in a process of its own writes one block
 * on and on; the owner maps other memory over it, and at once reads the last word of the
 * old page, which the device writes last. It may not change any more. As the peer does
 * not use the owner's address space, nothing but the driver makes the owner wait for it.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rows.h"

#define LOOK_MS	    3000
#define MIN_LOOKS   50
#define LIMIT_MS    20000
#define LAST_WORD   (CO_BLOCK / 8 - 1)
#define ATOMIC_WORD 0

/* What the two processes tell each other. */
struct meeting {
	struct vt_end_addr owner, peer;
	uint32_t key;
	atomic_int owner_ready, peer_ready;
};

static void wait_for(atomic_int *flag, const char *what)
{
	const uint64_t end_ns = vt_now_ns() + LIMIT_MS * 1000000ull;

	while (!atomic_load(flag)) {
		if (vt_now_ns() > end_ns)
			vt_fail("waiting for %s", what);
		vt_sleep_ms(1);
	}
}

/* The peer. */

static void write_once(struct co_cell *cell)
{
	enum ibv_wc_status status;
	uint64_t old;

	if (cell->column == CO_ATOMIC) {
		status = co_fetch_add(cell, ATOMIC_WORD * 8, 1, &old);
	} else {
		co_stamp_fill(cell->plain.data, ++cell->model.stamp, 0, CO_BLOCK);
		status = co_operate(cell, 0, 0);
	}
	if (status != IBV_WC_SUCCESS)
		vt_fail("the peer's write ended with \"%s\"", ibv_wc_status_str(status));
}

static _Noreturn void peer_main(struct co_cell *cell, struct meeting *meeting)
{
	struct ibv_mr owners = {};

	cell->peer = vt_open_b();
	vt_buf_make(&cell->plain, cell->peer, CO_BLOCK, VT_PINNED, VT_ACCESS_ALL);
	vt_end_open(&cell->conn.b, cell->peer, NULL);
	meeting->peer = vt_end_addr(&cell->conn.b);
	atomic_store(&meeting->peer_ready, 1);
	wait_for(&meeting->owner_ready, "the owner");
	vt_end_connect(&cell->conn.b, &meeting->owner, NULL);
	owners.rkey = meeting->key;
	cell->mr = &owners;
	for (;;)
		write_once(cell);
}

/* The owner. */

static void meet(struct co_cell *cell, struct meeting *meeting)
{
	const int access = VT_ACCESS_ALL | IBV_ACCESS_ON_DEMAND;

	cell->owner = vt_open_a();
	cell->mr = cell->memory == CO_IMPLICIT
			   ? ibv_reg_mr(cell->owner->pd, NULL, SIZE_MAX, access)
			   : ibv_reg_mr(cell->owner->pd, cell->region.at, cell->region.len, access);
	if (!cell->mr)
		vt_fail("registering the region: %m");
	vt_end_open(&cell->conn.a, cell->owner, NULL);
	meeting->owner = vt_end_addr(&cell->conn.a);
	meeting->key = cell->mr->rkey;
	wait_for(&meeting->peer_ready, "the peer");
	vt_end_connect(&cell->conn.a, &meeting->peer, NULL);
	atomic_store(&meeting->owner_ready, 1);
}

static volatile const uint64_t *watched(const struct co_cell *cell, const uint8_t *at)
{
	return (volatile const uint64_t *)at +
	       (cell->column == CO_ATOMIC ? ATOMIC_WORD : LAST_WORD);
}

/* Until the device has written the block there, from its begin to its end. */
static void wait_for_writes(const struct co_cell *cell, const uint8_t *at)
{
	const uint64_t end_ns = vt_now_ns() + LIMIT_MS * 1000000ull;
	volatile const uint64_t *word = watched(cell, at);
	uint64_t seen = *word;
	int changes = 0;

	while (changes < 2) {
		if (vt_now_ns() > end_ns)
			vt_fail("look %u: the device does not write", cell->round);
		if (*word == seen)
			continue;
		seen = *word;
		changes++;
	}
}

static void look_once(struct co_cell *cell)
{
	const struct co_region *region = &cell->region;
	volatile const uint64_t *old = watched(cell, region->alias);
	uint64_t then;
	void *at;

	co_map_again(cell);
	wait_for_writes(cell, region->alias);
	at = mmap(region->at, region->len, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	then = *old;
	if (at != region->at)
		vt_fail("mmap(MAP_FIXED): %m");
	wait_for_writes(cell, region->at);
	if (*old != then)
		vt_fail("look %u: the old page changed after the event, from %016lx to %016lx",
			cell->round, (unsigned long)then, (unsigned long)*old);
}

static void run_observer(struct co_cell *cell)
{
	const uint64_t end_ns = vt_now_ns() + LOOK_MS * 1000000ull;
	struct meeting *meeting;
	pid_t peer;

	if (cell->column != CO_REMOTE_WRITE && cell->column != CO_ATOMIC)
		vt_skip("nothing to observe: the device reads, or the owner itself posts");
	co_map_memfd(cell);
	meeting = mmap(NULL, sizeof(*meeting), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	vt_check(meeting != MAP_FAILED);
	peer = fork();
	if (peer < 0)
		vt_fail("fork: %m");
	if (!peer)
		peer_main(cell, meeting);
	meet(cell, meeting);
	while (cell->round < MIN_LOOKS || vt_now_ns() < end_ns) {
		look_once(cell);
		cell->round++;
	}
	kill(peer, SIGKILL);
	waitpid(peer, NULL, 0);
	vt_note("%u looks", cell->round);
	vt_end_close(&cell->conn.a);
	vt_check(!ibv_dereg_mr(cell->mr));
	vt_close(cell->owner);
}

const struct co_row co_row_observer = {
	.name = "observer",
	.len = CO_BLOCK,
	.run = run_observer,
};
