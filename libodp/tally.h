/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * tally: what is counted at each odp_get() and odp_put(), without an atomic operation and without
 * a cache line that two threads write.
 *
 * A thread has a place among ODP_PLACES, which is its own until it ends, and in each domain a slot
 * at that place, which only it writes. Threads that find all places taken share the last slot, and
 * count there with atomic operations.
 */
#ifndef ODP_TALLY_H
#define ODP_TALLY_H

#include <stdint.h>

#define ODP_PLACES	64 /* and one that is shared */
#define ODP_PLACE_NONE	(-1) /* the thread was not seen yet */
#define ODP_TALLY_ALIGN 64 /* bytes, a cache line */

enum odp_tally_what {
	ODP_TALLY_HITS, /* keys of a region that was there */
	ODP_TALLY_MISSES, /* keys of a new one */
	ODP_TALLY_PUTS,
	ODP_TALLY_WHATS,
};

struct odp_tally {
	struct {
		uint64_t count[ODP_TALLY_WHATS];
	} __attribute__((aligned(ODP_TALLY_ALIGN))) slot[ODP_PLACES + 1];
};

extern __thread int odp_place __attribute__((tls_model("initial-exec")));

/* The thread's place, for the first time: taken, or ODP_PLACES. */
int odp_place_take(void);

static inline void odp_tally_add(struct odp_tally *tally, enum odp_tally_what what)
{
	const int place = odp_place != ODP_PLACE_NONE ? odp_place : odp_place_take();
	uint64_t *count = &tally->slot[place].count[what];

	if (place < ODP_PLACES)
		__atomic_store_n(count, *count + 1, __ATOMIC_RELEASE);
	else
		__atomic_add_fetch(count, 1, __ATOMIC_RELEASE);
}

/* Of all threads. What others count meanwhile may be in it. */
uint64_t odp_tally_sum(const struct odp_tally *tally, enum odp_tally_what what);
/* Keys that are held. Not less than those held all the time, whatever others do meanwhile. */
uint64_t odp_tally_held(const struct odp_tally *tally);

#endif
