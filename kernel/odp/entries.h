/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The entries of a leaf: what the device knows of 2 MiB of VA, one word a page.
 *
 * An entry is a physical address with flags in the bits below the page size:
 *
 *	PRESENT	the device may read the page
 *	WRITE	the device may write it
 *	DIRTY	the device wrote it, which was not reported to the mm yet
 *	ACCESSED the device touched the page since the mm last asked
 *	SYNC	the page is mapped with MAP_SYNC: what is written back to it is persistent
 *
 * WRITE implies PRESENT, and DIRTY implies WRITE. Dirty pages are handed over to the mm in two
 * steps (see leaf.h for why): clearing WRITE clears DIRTY too, and a rodp_dirty_set records
 * the pages until they are reported to the mm. An entry without PRESENT gives no right, but
 * keeps its address until the hand-over is done.
 *
 * The code is pure: the leaf's lock is the caller's business, and what is needed of the kernel
 * is in entries_env.h.
 */
#ifndef RODP_ODP_ENTRIES_H
#define RODP_ODP_ENTRIES_H

#include "odp/entries_env.h"

#define RODP_LEAF_SHIFT	    21
#define RODP_LEAF_BYTES	    (1ULL << RODP_LEAF_SHIFT)
#define RODP_LEAF_PAGES	    (1U << (RODP_LEAF_SHIFT - PAGE_SHIFT))

#define RODP_ENTRY_PRESENT  1ULL
#define RODP_ENTRY_WRITE    2ULL
#define RODP_ENTRY_DIRTY    4ULL
#define RODP_ENTRY_ACCESSED 8ULL
#define RODP_ENTRY_SYNC	    16ULL
#define RODP_ENTRY_FLAGS                                                                  \
	(RODP_ENTRY_PRESENT | RODP_ENTRY_WRITE | RODP_ENTRY_DIRTY | RODP_ENTRY_ACCESSED | \
	 RODP_ENTRY_SYNC)

struct rodp_entries {
	u64 *slot; /* RODP_LEAF_PAGES of them, zeroed at first */
	unsigned int present; /* entries that are */
};

/* Words of a set of slots, one bit each. */
#define RODP_SLOT_WORDS ((RODP_LEAF_PAGES + 63) / 64)

/*
 * Slots whose pages must be reported to the mm as dirty and, for the statistics, slots that were
 * dropped. Zeroed by its owner.
 */
struct rodp_dirty_set {
	u64 word[RODP_SLOT_WORDS];
	unsigned int count; /* in word */
	u64 dropped[RODP_SLOT_WORDS];
};

/* The slot of a VA in its leaf. */
static inline unsigned int rodp_entries_slot(u64 va)
{
	return (va & (RODP_LEAF_BYTES - 1)) >> PAGE_SHIFT;
}

static inline u64 rodp_entry_phys(u64 entry)
{
	return entry & ~(u64)(PAGE_SIZE - 1);
}

/* The flags an access needs. */
static inline u64 rodp_entry_need(bool write)
{
	return write ? RODP_ENTRY_PRESENT | RODP_ENTRY_WRITE : RODP_ENTRY_PRESENT;
}

static inline bool rodp_entry_allows(u64 entry, u64 need)
{
	return (entry & need) == need;
}

/*
 * The entry of va, for an access within its page: it becomes ACCESSED and, with write, DIRTY.
 * 0: it does not allow the access. (An entry that does is PRESENT, so not 0.) Inline, because
 * it is the hottest function of the driver.
 */
static inline u64 rodp_entries_use(struct rodp_entries *entries, u64 va, bool write)
{
	const u64 need = rodp_entry_need(write);
	const u64 mark = RODP_ENTRY_ACCESSED | (write ? RODP_ENTRY_DIRTY : 0);
	u64 *slot = &entries->slot[rodp_entries_slot(va)];
	const u64 entry = READ_ONCE(*slot);

	if (!rodp_entry_allows(entry, need))
		return 0;
	if ((entry & mark) != mark)
		WRITE_ONCE(*slot, entry | mark);
	return entry;
}

/*
 * Make slot i present. phys is page aligned. flags: of RODP_ENTRY_WRITE and RODP_ENTRY_SYNC. They are
 * only added here: rodp_entries_drop() takes them away, rodp_entries_protect() takes WRITE.
 * Returns whether the slot was not present before.
 */
bool rodp_entries_install(struct rodp_entries *entries, unsigned int i, u64 phys, u64 flags);

/* Drop slots first to last, both included. Returns how many were present. */
unsigned int rodp_entries_drop(struct rodp_entries *entries, unsigned int first, unsigned int last,
			       struct rodp_dirty_set *dirty);

/* Take WRITE from slots first to last, both included. Returns how many had it. */
unsigned int rodp_entries_protect(struct rodp_entries *entries, unsigned int first,
				  unsigned int last, struct rodp_dirty_set *dirty);

/*
 * Whether the device touched a page of slots first to last, both included, since this
 * was last asked with `forget` set. Without it nothing is written.
 */
bool rodp_entries_accessed(struct rodp_entries *entries, unsigned int first, unsigned int last,
			   bool forget);

/*
 * How many of `count` slots from first on are present with the rights asked for, in a
 * row. May be called without the leaf's lock: then a hint.
 */
unsigned int rodp_entries_ready(const struct rodp_entries *entries, unsigned int first,
				unsigned int count, bool write);

/* The second step of a hand-over: report every page in dirty to the mm. */
void rodp_entries_hand_over(const struct rodp_entries *entries, const struct rodp_dirty_set *dirty);

#endif
