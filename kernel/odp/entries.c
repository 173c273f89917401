// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The entries of a leaf, see entries.h. */
#include "odp/entries.h"

bool rodp_entries_install(struct rodp_entries *entries, unsigned int i, u64 phys, u64 flags)
{
	const u64 old = entries->slot[i];
	const bool was_present = old & RODP_ENTRY_PRESENT;
	u64 entry = phys | RODP_ENTRY_PRESENT | flags;

	if (rodp_entry_phys(old) == phys)
		entry |= old & RODP_ENTRY_FLAGS;
	WRITE_ONCE(entries->slot[i], entry);
	WRITE_ONCE(entries->present, entries->present + !was_present);
	return !was_present;
}

static void entries_note_dirty(struct rodp_dirty_set *dirty, unsigned int i)
{
	dirty->word[i / 64] |= 1ULL << (i % 64);
	dirty->count++;
}

/* Clears flags of slots first to last. Returns how many entries had any of them. */
static unsigned int entries_take(struct rodp_entries *entries, unsigned int first,
				 unsigned int last, u64 flags, struct rodp_dirty_set *dirty)
{
	unsigned int i, taken = 0;

	for (i = first; i <= last; i++) {
		const u64 entry = entries->slot[i];

		if (!(entry & flags))
			continue;
		if (entry & RODP_ENTRY_DIRTY)
			entries_note_dirty(dirty, i);
		if (flags & RODP_ENTRY_PRESENT)
			dirty->dropped[i / 64] |= 1ULL << (i % 64);
		WRITE_ONCE(entries->slot[i], entry & ~flags);
		taken++;
	}
	return taken;
}

unsigned int rodp_entries_drop(struct rodp_entries *entries, unsigned int first, unsigned int last,
			       struct rodp_dirty_set *dirty)
{
	unsigned int dropped = 0;

	if (entries->present)
		dropped = entries_take(entries, first, last, RODP_ENTRY_FLAGS, dirty);
	WRITE_ONCE(entries->present, entries->present - dropped);
	return dropped;
}

unsigned int rodp_entries_protect(struct rodp_entries *entries, unsigned int first,
				  unsigned int last, struct rodp_dirty_set *dirty)
{
	if (!entries->present)
		return 0;
	return entries_take(entries, first, last, RODP_ENTRY_WRITE | RODP_ENTRY_DIRTY, dirty);
}

bool rodp_entries_accessed(struct rodp_entries *entries, unsigned int first, unsigned int last,
			   bool forget)
{
	bool accessed = false;
	unsigned int i;

	/* Without `forget` it may be asked without the lock. */
	if (!READ_ONCE(entries->present))
		return false;
	for (i = first; i <= last; i++) {
		const u64 entry = READ_ONCE(entries->slot[i]);

		if (!(entry & RODP_ENTRY_ACCESSED))
			continue;
		accessed = true;
		if (!forget)
			break;
		WRITE_ONCE(entries->slot[i], entry & ~RODP_ENTRY_ACCESSED);
	}
	return accessed;
}

unsigned int rodp_entries_ready(const struct rodp_entries *entries, unsigned int first,
				unsigned int count, bool write)
{
	const u64 need = rodp_entry_need(write);
	unsigned int n = 0;

	while (n < count && rodp_entry_allows(READ_ONCE(entries->slot[first + n]), need))
		n++;
	return n;
}

void rodp_entries_hand_over(const struct rodp_entries *entries, const struct rodp_dirty_set *dirty)
{
	u64 start = 0, end = 0; /* the folio that was reported last */
	unsigned int w;

	if (!dirty->count)
		return;
	for (w = 0; w < sizeof(dirty->word) / sizeof(dirty->word[0]); w++) {
		u64 left = dirty->word[w];

		for (; left; left &= left - 1) {
			const unsigned int i = w * 64 + __builtin_ctzll(left);
			const u64 phys = rodp_entry_phys(READ_ONCE(entries->slot[i]));

			if (phys >= start && phys < end)
				continue;
			start = phys;
			end = rodp_env_mark_dirty(phys);
		}
	}
}
