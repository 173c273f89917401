// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Resolving, see resolve.h. */
#include <linux/bitmap.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/hmm.h>
#include <linux/lockdep.h>
#include <linux/magic.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include "base/stats.h"
#include "odp/core.h"
#include "odp/leaf.h"
#include "odp/resolve.h"
#include "odp/tree.h"
#include "odp/vma.h"

/*
 * Most bytes to ask HMM for at once, and the size of the aligned block whose other pages are
 * mapped too when the mm has them. A waiter resumes after the first such round of a long
 * message and copies while the job maps the next ones. Zeroing so many pages takes a few dozen
 * microseconds, beside which a round's own cost is small. Divides a leaf.
 */
#define RESOLVE_BYTES (256ULL << 10)
#define RESOLVE_PAGES (RESOLVE_BYTES >> PAGE_SHIFT)

/*
 * Collisions with invalidations in a row before the walk rests. Each one halves what is asked
 * for, so by then it is one page for a while, which only an invalidation every few
 * microseconds still hits.
 */
#define RESOLVE_MAX_COLLISIONS 32

/* How long a walk rests when invalidations keep it from installing: they go first. */
#define RESOLVE_REST_USEC 100

/*
 * Times in a row that a page was faulted in and HMM did not see it. Each is a success that
 * something undid before the look; so many are a page that HMM does not know how to show.
 */
#define RESOLVE_MAX_FRUITLESS 1000

/* One look, and the faults that it needs. */
struct resolve_round {
	struct rodp_leaf *leaf;
	u64 block; /* VA of the first page, RESOLVE_BYTES aligned */
	unsigned int first, count; /* the wanted pages; others only if the mm has them */
	bool write; /* wanted */
	bool prefetch; /* how pages are counted */
	unsigned long pfns[RESOLVE_PAGES]; /* what the last look brought */
	DECLARE_BITMAP(sync, RESOLVE_PAGES); /* and which of them are mapped with MAP_SYNC */
};

/*
 * memfd_secret() pages are not in the direct map. HMM returns them all the same, and the
 * kernel's own test for them is not exported to modules.
 */
static bool resolve_is_secret(struct page *page)
{
	struct folio *folio = page_folio(page);
	struct address_space *mapping = READ_ONCE(folio->mapping);

	if (folio_test_large(folio) || folio_test_anon(folio) || !mapping || !mapping->host)
		return false;
	return mapping->host->i_sb->s_magic == SECRETMEM_MAGIC;
}

/*
 * Whether the kernel can touch the page at its direct-map address. The page is mapped and
 * cannot change meanwhile: the leaf is locked, the sequence was checked.
 */
static bool resolve_is_touchable(struct page *page)
{
	return !PageHWPoison(page) && !is_device_private_page(page) && !is_pci_p2pdma_page(page) &&
	       !resolve_is_secret(page);
}

/* What an entry for page i allows, by RODP_ENTRY_*. */
static u64 resolve_flags(const struct resolve_round *round, unsigned int i)
{
	return (round->pfns[i] & HMM_PFN_WRITE ? RODP_ENTRY_WRITE : 0) |
	       (test_bit(i, round->sync) ? RODP_ENTRY_SYNC : 0);
}

/*
 * The sequence was checked. Returns whether page i may be used now. A slot that was not
 * present before is added to mapped.
 */
static bool resolve_install_page(struct resolve_round *round, unsigned int i, u64 *mapped)
{
	const unsigned int slot = rodp_entries_slot(round->block) + i;
	const unsigned long pfn = round->pfns[i];
	struct page *page;

	lockdep_assert_held(&round->leaf->lock);
	if (!(pfn & HMM_PFN_VALID))
		return false;
	page = hmm_pfn_to_page(pfn);
	if (!resolve_is_touchable(page))
		return false;
	if (rodp_entries_install(&round->leaf->entries, slot, (u64)page_to_pfn(page) << PAGE_SHIFT,
				 resolve_flags(round, i)))
		mapped[slot / 64] |= 1ULL << (slot % 64);
	return true;
}

/*
 * Whether page i is part of a folio that the mm maps as a whole, so that all of the leaf is:
 * with the same rights, in one piece of memory.
 */
static bool resolve_is_huge(const struct resolve_round *round, unsigned int i)
{
	const unsigned long pfn = round->pfns[i];

	lockdep_assert_held(&round->leaf->lock);
	return (pfn & HMM_PFN_VALID) && hmm_pfn_to_map_order(pfn) >= RODP_LEAF_SHIFT - PAGE_SHIFT &&
	       !folio_test_has_hwpoisoned(page_folio(hmm_pfn_to_page(pfn))) &&
	       resolve_is_touchable(hmm_pfn_to_page(pfn));
}

/* Count pages that became present, under the leaf's lock: nobody uses them before that. */
static void resolve_count(const struct resolve_round *round, const u64 *mapped)
{
	struct rodp_mirror *mirror = round->leaf->mirror;
	unsigned int i, n = 0;

	lockdep_assert_held(&round->leaf->lock);
	for (i = 0; i < RODP_SLOT_WORDS; i++)
		n += hweight64(mapped[i]);
	rodp_stats_add(mirror->stats, RODP_STAT_ODP_PAGES_MAPPED, n);
	if (round->prefetch)
		rodp_stats_add(mirror->stats, RODP_STAT_ODP_PAGES_PREFETCHED, n);
	rodp_tally_add(&mirror->tally, round->leaf->base, mapped,
		       round->prefetch ? RODP_TALLY_PREFETCHED : RODP_TALLY_FAULTED);
}

/* The sequence was checked, and covers the whole leaf. */
static void resolve_install_huge(struct resolve_round *round)
{
	const unsigned long pfn = round->pfns[round->first];
	const u64 here = (u64)page_to_pfn(hmm_pfn_to_page(pfn)) << PAGE_SHIFT;
	const unsigned int slot = rodp_entries_slot(round->block) + round->first;
	const u64 start = here - ((u64)slot << PAGE_SHIFT);
	const u64 flags = resolve_flags(round, round->first);
	u64 mapped[RODP_SLOT_WORDS] = {};
	unsigned int i;

	lockdep_assert_held(&round->leaf->lock);
	for (i = 0; i < RODP_LEAF_PAGES; i++)
		if (rodp_entries_install(&round->leaf->entries, i, start + ((u64)i << PAGE_SHIFT),
					 flags))
			mapped[i / 64] |= 1ULL << (i % 64);
	resolve_count(round, mapped);
}

/* Whether HMM gave page i all rights that are wanted. */
static bool resolve_has_rights(const struct resolve_round *round, unsigned int i)
{
	return !round->write || (round->pfns[i] & HMM_PFN_WRITE);
}

/* The sequence was checked. Returns how many wanted pages in a row may be used. */
static unsigned int resolve_install(struct resolve_round *round)
{
	u64 mapped[RODP_SLOT_WORDS] = {};
	unsigned int i, reached = round->first;

	lockdep_assert_held(&round->leaf->lock);
	if (resolve_is_huge(round, round->first)) {
		resolve_install_huge(round);
		return resolve_has_rights(round, round->first) ? round->count : 0;
	}
	for (i = 0; i < RESOLVE_PAGES; i++)
		if (resolve_install_page(round, i, mapped) && i == reached &&
		    resolve_has_rights(round, i))
			reached++;
	resolve_count(round, mapped);
	return min(reached - round->first, round->count);
}

/* What of a mapping page table entries do not tell: that it is not to be written, that it is MAP_SYNC. */
static void resolve_note_mapping(struct resolve_round *round, const struct vm_area_struct *vma)
{
	const u64 start = max_t(u64, vma->vm_start, round->block);
	const u64 end = min_t(u64, vma->vm_end, round->block + RESOLVE_BYTES);
	const unsigned int first = (start - round->block) >> PAGE_SHIFT;
	const unsigned int count = (end - start) >> PAGE_SHIFT;
	unsigned int i;

	mmap_assert_locked(round->leaf->notifier.mm);
	if (vma->vm_flags & VM_SYNC)
		bitmap_set(round->sync, first, count);
	if (rodp_vma_allows(vma->vm_flags, true))
		return;
	for (i = first; i < first + count; i++)
		round->pfns[i] &= ~HMM_PFN_WRITE;
}

/* The mmap lock has been held since HMM looked. */
static void resolve_note_mappings(struct resolve_round *round)
{
	struct mm_struct *mm = round->leaf->notifier.mm;
	const u64 end = round->block + RESOLVE_BYTES;
	struct vm_area_struct *vma;

	mmap_assert_locked(mm);
	for (vma = find_vma(mm, round->block); vma && vma->vm_start < end;
	     vma = find_vma(mm, vma->vm_end))
		resolve_note_mapping(round, vma);
}

/* What the mm has of the block, into the round. Returns 0; -EBUSY: a collision; -EINTR. */
static int resolve_ask(struct resolve_round *round, struct hmm_range *range)
{
	struct mm_struct *mm = round->leaf->notifier.mm;
	int err;

	memset(round->pfns, 0, sizeof(round->pfns));
	bitmap_zero(round->sync, RESOLVE_PAGES);
	range->notifier_seq = mmu_interval_read_begin(range->notifier);
	if (mmap_read_lock_killable(mm))
		return -EINTR;
	err = hmm_range_fault(range);
	if (!err)
		resolve_note_mappings(round);
	mmap_read_unlock(mm);
	return err;
}

/*
 * Map what the mm has of the block; nothing is faulted in, so that the mmap lock is held for a
 * moment only. Returns how many wanted pages in a row may be used now, or why none;
 * -EBUSY: a collision.
 */
static int resolve_look(struct resolve_round *round)
{
	struct rodp_leaf *leaf = round->leaf;
	struct hmm_range range = {
		.notifier = &leaf->notifier,
		.start = round->block,
		.end = round->block + RESOLVE_BYTES,
		.hmm_pfns = round->pfns,
		/* No wish, neither here nor in pfns: HMM only looks. */
		.default_flags = 0,
		.pfn_flags_mask = 0,
	};
	int result = resolve_ask(round, &range);

	if (result)
		return result;
	spin_lock_bh(&leaf->lock);
	if (mmu_interval_read_retry(&leaf->notifier, range.notifier_seq))
		result = -EBUSY;
	else
		result = resolve_install(round);
	spin_unlock_bh(&leaf->lock);
	return result;
}

/* The mapping of va, if it gives what is wanted. ERR_PTR(-EFAULT): there is none such. */
static struct vm_area_struct *resolve_vma(const struct resolve_round *round, u64 va)
{
	struct mm_struct *mm = round->leaf->notifier.mm;
	struct vm_area_struct *vma;

	mmap_assert_locked(mm);
	vma = vma_lookup(mm, va);
	return vma && rodp_vma_allows(vma->vm_flags, round->write) ? vma : ERR_PTR(-EFAULT);
}

/*
 * Fault in one page of a mapping. The mmap lock is held before and after, and not while the handler
 * waits for a disk or for user space; *waited becomes true if it did: then the mapping may be gone.
 * Returns 0 or why not; -EINTR: a fatal signal.
 */
static int resolve_fault_page(const struct resolve_round *round, struct vm_area_struct *vma, u64 va,
			      bool *waited)
{
	const unsigned int flags = FAULT_FLAG_REMOTE | (round->write ? FAULT_FLAG_WRITE : 0);
	struct mm_struct *mm = round->leaf->notifier.mm;
	vm_fault_t fault;

	mmap_assert_locked(mm);
	fault = handle_mm_fault(vma, va, flags | FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_KILLABLE,
				NULL);
	if (!(fault & (VM_FAULT_COMPLETED | VM_FAULT_RETRY)))
		return vm_fault_to_errno(fault, 0);
	/* The lock was dropped. */
	*waited = true;
	mmap_read_lock(mm);
	if (fault & VM_FAULT_COMPLETED)
		return 0;
	return fixup_user_fault(mm, va, flags | FAULT_FLAG_TRIED, waited);
}

/* Whether the last look brought what is wanted of page i. */
static bool resolve_has(const struct resolve_round *round, unsigned int i)
{
	return (round->pfns[i] & HMM_PFN_VALID) && resolve_has_rights(round, i);
}

/*
 * Fault in the wanted pages that the last look did not bring, and no others, up to one that was
 * waited for: who is parked need not wait for the next one too. Returns 0: look again; or why
 * the first page cannot be faulted in. That a later one cannot does not matter yet.
 */
static int resolve_fault(const struct resolve_round *round)
{
	struct mm_struct *mm = round->leaf->notifier.mm;
	unsigned int i, last = round->first + round->count;
	struct vm_area_struct *vma = NULL;
	bool waited = false;
	int err = 0;
	u64 va;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	for (i = round->first; i < last && !err && !waited; i++) {
		if (resolve_has(round, i))
			continue;
		va = round->block + ((u64)i << PAGE_SHIFT);
		if (!vma || va >= vma->vm_end)
			vma = resolve_vma(round, va);
		err = PTR_ERR_OR_ZERO(vma);
		if (!err)
			err = resolve_fault_page(round, vma, va, &waited);
	}
	mmap_read_unlock(mm);
	return i > round->first + 1 ? 0 : err;
}

/*
 * The first wanted page was faulted in, and cannot be used. Returns -EAGAIN when it was gone
 * again before the look: fault once more; -EFAULT when it is not to be touched.
 */
static int resolve_fruitless(const struct resolve_round *round)
{
	const unsigned long pfn = round->pfns[round->first];

	return (pfn & HMM_PFN_ERROR) || resolve_has(round, round->first) ? -EFAULT : -EAGAIN;
}

/*
 * Map the wanted pages: first those that the mm has, else fault them in. Returns how many in a row
 * may be used now; -EBUSY: a collision; -EAGAIN: as resolve_fruitless(); or why the first cannot
 * be mapped. Never 0.
 */
static int resolve_wanted(struct resolve_round *round)
{
	int result = resolve_look(round);

	if (result)
		return result;
	result = resolve_fault(round);
	if (!result)
		result = resolve_look(round);
	return result ? result : resolve_fruitless(round);
}

/*
 * The next step, at most to the end of its block. HMM is not asked for pages that other walks
 * have mapped meanwhile, or that were mapped with a huge page. Returns as resolve_wanted().
 */
static int resolve_attempt(const struct rodp_resolver *resolver, struct rodp_leaf *leaf)
{
	struct resolve_round round = {
		.leaf = leaf,
		.block = resolver->va & ~(RESOLVE_BYTES - 1),
		.write = resolver->write,
		.prefetch = resolver->prefetch,
	};
	const u64 stop = min3(resolver->end, resolver->va + resolver->step,
			      round.block + RESOLVE_BYTES);
	unsigned int ready;

	round.first = (resolver->va - round.block) >> PAGE_SHIFT;
	round.count = PAGE_ALIGN(stop - resolver->va) >> PAGE_SHIFT;
	ready = rodp_entries_ready(&leaf->entries, rodp_entries_slot(resolver->va), round.count,
				   resolver->write);
	return ready ? ready : resolve_wanted(&round);
}

static void resolve_proceed(struct rodp_resolver *resolver, unsigned int pages)
{
	resolver->va += (u64)pages << PAGE_SHIFT;
	resolver->step = min(resolver->step * 2, RESOLVE_BYTES);
	resolver->collisions = 0;
	resolver->fruitless = 0;
}

/*
 * An invalidation came between. Returns 0: try again; -EAGAIN: rest before that; -EFAULT: a fatal
 * signal, since others may invalidate for ever.
 */
static int resolve_collided(struct rodp_resolver *resolver)
{
	if (fatal_signal_pending(current))
		return -EFAULT;
	rodp_stats_inc(resolver->mirror->stats, RODP_STAT_ODP_FAULT_RETRIES);
	if (resolver->step > PAGE_SIZE)
		resolver->step /= 2;
	if (++resolver->collisions < RESOLVE_MAX_COLLISIONS)
		return 0;
	resolver->collisions = 0;
	return -EAGAIN;
}

/*
 * The next page was not mapped, and no collision is the reason. Returns 0: try again; -EAGAIN:
 * rest before that; or why the page cannot be mapped.
 */
static int resolve_refused(struct rodp_resolver *resolver, int err)
{
	if (fatal_signal_pending(current))
		return -EFAULT;
	if (err != -EAGAIN)
		return err == -ENOMEM ? err : -EFAULT;
	if (++resolver->fruitless >= RESOLVE_MAX_FRUITLESS)
		return -EFAULT;
	return resolver->fruitless % RESOLVE_MAX_COLLISIONS ? 0 : -EAGAIN;
}

/* Returns as resolve_step(). */
static int resolve_in(struct rodp_resolver *resolver, struct rodp_leaf *leaf)
{
	int result, err;

	do {
		result = resolve_attempt(resolver, leaf);
		if (result > 0) {
			resolve_proceed(resolver, result);
			return 0;
		}
		err = result == -EBUSY ? resolve_collided(resolver)
				       : resolve_refused(resolver, result);
		cond_resched();
	} while (!err);
	return err;
}

/*
 * Map the next pages and move behind them. Returns 0; -EAGAIN when invalidations kept coming
 * between; or why the next page cannot be mapped: -EFAULT, -ENOMEM.
 */
static int resolve_step(struct rodp_resolver *resolver)
{
	struct rodp_leaf *leaf = rodp_tree_pin(resolver->mirror, resolver->va);
	int err;

	if (IS_ERR(leaf))
		return PTR_ERR(leaf);
	err = resolve_in(resolver, leaf);
	rodp_tree_unpin(leaf);
	return err;
}

void rodp_resolver_init(struct rodp_resolver *resolver, struct rodp_mirror *mirror, u64 va, u64 end,
			bool write)
{
	*resolver = (struct rodp_resolver){
		.mirror = mirror,
		.va = va,
		.end = end,
		.write = write,
		.step = RESOLVE_BYTES,
	};
}

bool rodp_resolver_next(struct rodp_resolver *resolver)
{
	if (resolver->va >= resolver->end)
		return false;
	resolver->err = resolve_step(resolver);
	if (resolver->err == -EAGAIN) {
		usleep_range(RESOLVE_REST_USEC, 2 * RESOLVE_REST_USEC);
		resolver->err = 0;
	}
	return !resolver->err;
}

u64 rodp_resolve_present(struct rodp_mirror *mirror, u64 va, u64 end)
{
	struct resolve_round round = { .prefetch = true, .block = va & ~(RESOLVE_BYTES - 1) };
	int collisions = 0;

	round.leaf = rodp_tree_pin(mirror, va);
	if (!IS_ERR(round.leaf)) {
		while (resolve_look(&round) == -EBUSY && ++collisions < RESOLVE_MAX_COLLISIONS)
			;
		rodp_tree_unpin(round.leaf);
	}
	return min(end, round.block + RESOLVE_BYTES);
}
