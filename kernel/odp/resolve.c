// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Resolving, see resolve.h. */
#include <linux/fs.h>
#include <linux/hmm.h>
#include <linux/magic.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "base/stats.h"
#include "compat/odp.h"
#include "odp/core.h"
#include "odp/leaf.h"
#include "odp/resolve.h"
#include "odp/tree.h"

/*
 * Most bytes to ask HMM for at once, and the aligned block whose pages at hand are
 * mapped along. A waiter resumes after the first such round of a long message, and
 * copies while the job maps the next ones: a few dozen microseconds of zeroing
 * pages, beside which a round's own cost is small. Divides a leaf.
 */
#define RODP_RESOLVE_BYTES (256ULL << 10)
#define RODP_RESOLVE_PAGES (RODP_RESOLVE_BYTES >> PAGE_SHIFT)

/*
 * Collisions in a row before the job must take a break. Each one halves what is
 * asked for, so by then it is one page for a while, which only an invalidation
 * every few microseconds still hits.
 */
#define MAX_COLLISIONS 32

/*
 * Times that one page is faulted slowly. Each is a success of the handler that
 * something undid before HMM could see it.
 */
#define MAX_SLOW_FAULTS 16

/* One question to HMM. */
struct round {
	struct rodp_leaf *leaf;
	u64 block; /* VA of the first page, RODP_RESOLVE_BYTES aligned */
	unsigned int first, count; /* the pages wanted; the others only when at hand */
	bool write; /* wanted */
	bool prefetch; /* how pages are counted */
	unsigned long pfns[RODP_RESOLVE_PAGES];
};

/*
 * memfd_secret() pages are out of the direct map. HMM hands them out all the
 * same; the kernel's own test for them is not there for modules.
 */
static bool page_is_secret(struct page *page)
{
	struct folio *folio = page_folio(page);
	struct address_space *mapping = READ_ONCE(folio->mapping);

	if (folio_test_large(folio) || folio_test_anon(folio) || !mapping || !mapping->host)
		return false;
	return mapping->host->i_sb->s_magic == SECRETMEM_MAGIC;
}

/*
 * Whether the kernel can touch the page at its direct-map address. The page is
 * mapped and cannot change meanwhile: the leaf is locked, the sequence holds.
 */
static bool page_is_touchable(struct page *page)
{
	return !PageHWPoison(page) && !is_device_private_page(page) && !is_pci_p2pdma_page(page) &&
	       !page_is_secret(page);
}

/*
 * leaf->lock held, the sequence checked. Returns whether page i may be used now. A slot
 * that was not present before is added to mapped.
 */
static bool install_page(struct round *round, unsigned int i, u64 *mapped)
{
	const unsigned int slot = rodp_entries_slot(round->block) + i;
	const unsigned long pfn = round->pfns[i];
	struct page *page;

	if (!(pfn & HMM_PFN_VALID))
		return false;
	page = hmm_pfn_to_page(pfn);
	if (!page_is_touchable(page))
		return false;
	if (rodp_entries_install(&round->leaf->entries, slot, (u64)page_to_pfn(page) << PAGE_SHIFT,
				 pfn & HMM_PFN_WRITE))
		mapped[slot / 64] |= 1ULL << (slot % 64);
	return true;
}

/*
 * Whether page i is part of a folio that the mm maps as a whole, so that all of
 * the leaf is: with the same rights, in one piece of memory.
 */
static bool is_huge(const struct round *round, unsigned int i)
{
	const unsigned long pfn = round->pfns[i];

	return (pfn & HMM_PFN_VALID) && hmm_pfn_to_map_order(pfn) >= RODP_LEAF_SHIFT - PAGE_SHIFT &&
	       !folio_test_has_hwpoisoned(page_folio(hmm_pfn_to_page(pfn))) &&
	       page_is_touchable(hmm_pfn_to_page(pfn));
}

/* Counts pages that became present. leaf->lock held: nobody uses them before they are counted. */
static void count_mapped(const struct round *round, const u64 *mapped)
{
	struct rodp_mirror *mirror = round->leaf->mirror;
	unsigned int i, n = 0;

	for (i = 0; i < RODP_SLOT_WORDS; i++)
		n += hweight64(mapped[i]);
	rodp_stats_add(mirror->stats, RODP_STAT_ODP_PAGES_MAPPED, n);
	if (round->prefetch)
		rodp_stats_add(mirror->stats, RODP_STAT_ODP_PAGES_PREFETCHED, n);
	rodp_tally_add(&mirror->tally, round->leaf->base, mapped,
		       round->prefetch ? RODP_TALLY_PREFETCHED : RODP_TALLY_FAULTED);
}

/* leaf->lock held, the sequence checked, which speaks for the whole leaf. */
static void install_huge(struct round *round)
{
	const unsigned long pfn = round->pfns[round->first];
	const u64 here = (u64)page_to_pfn(hmm_pfn_to_page(pfn)) << PAGE_SHIFT;
	const unsigned int slot = rodp_entries_slot(round->block) + round->first;
	const u64 start = here - ((u64)slot << PAGE_SHIFT);
	u64 mapped[RODP_SLOT_WORDS] = {};
	unsigned int i;

	for (i = 0; i < RODP_LEAF_PAGES; i++)
		if (rodp_entries_install(&round->leaf->entries, i, start + ((u64)i << PAGE_SHIFT),
					 pfn & HMM_PFN_WRITE))
			mapped[i / 64] |= 1ULL << (i % 64);
	count_mapped(round, mapped);
}

/* Whether HMM gave page i all rights that are wanted. */
static bool has_rights(const struct round *round, unsigned int i)
{
	return !round->write || (round->pfns[i] & HMM_PFN_WRITE);
}

/* leaf->lock held, the sequence checked. Returns how many wanted pages in a row may be used. */
static unsigned int install(struct round *round)
{
	u64 mapped[RODP_SLOT_WORDS] = {};
	unsigned int i, reached = round->first;

	if (is_huge(round, round->first)) {
		install_huge(round);
		return has_rights(round, round->first) ? round->count : 0;
	}
	for (i = 0; i < RODP_RESOLVE_PAGES; i++)
		if (install_page(round, i, mapped) && i == reached && has_rights(round, i))
			reached++;
	count_mapped(round, mapped);
	return min(reached - round->first, round->count);
}

/*
 * Ask HMM for `count` pages of the block from page `first` on; the pfns of others are 0 (I3).
 * Returns the pages wanted that may be used now, in a row, or why there are none.
 */
static int round_run(struct round *round, unsigned int first, unsigned int count)
{
	struct rodp_leaf *leaf = round->leaf;
	struct hmm_range range = {
		.notifier = &leaf->notifier,
		.start = round->block + ((u64)first << PAGE_SHIFT),
		.end = round->block + ((u64)(first + count) << PAGE_SHIFT),
		.hmm_pfns = round->pfns + first,
		.pfn_flags_mask = HMM_PFN_REQ_FAULT | HMM_PFN_REQ_WRITE,
	};
	int result = rodp_hmm_range_fault(&range);

	if (result)
		return result;
	spin_lock_bh(&leaf->lock);
	if (mmu_interval_read_retry(&leaf->notifier, range.notifier_seq))
		result = -EBUSY;
	else
		result = install(round);
	spin_unlock_bh(&leaf->lock);
	return result;
}

/* What is at hand in the block; nothing is faulted in. Returns as round_run(). */
static int round_look(struct round *round)
{
	memset(round->pfns, 0, sizeof(round->pfns));
	return round_run(round, 0, RODP_RESOLVE_PAGES);
}

/* What is wanted, and nothing else. Returns as round_run(). */
static int round_fault(struct round *round)
{
	const unsigned long want = HMM_PFN_REQ_FAULT | (round->write ? HMM_PFN_REQ_WRITE : 0);
	unsigned int i;

	memset(round->pfns, 0, sizeof(round->pfns));
	for (i = 0; i < round->count; i++)
		round->pfns[round->first + i] = want;
	return round_run(round, round->first, round->count);
}

/*
 * The next step, but not beyond end or its block. What others have mapped meanwhile, or
 * what came with a huge page, is not asked for again.
 *
 * Two questions, since HMM, when it faults one page of a range in, does the same for all
 * that follow, wanted or not: first what is at hand, then what is wanted.
 */
static int attempt(const struct rodp_resolver *resolver, struct rodp_leaf *leaf, u64 end)
{
	struct round round = {
		.leaf = leaf,
		.block = resolver->va & ~(RODP_RESOLVE_BYTES - 1),
		.write = resolver->write,
		.prefetch = resolver->prefetch,
	};
	const u64 stop = min3(end, resolver->va + resolver->step, round.block + RODP_RESOLVE_BYTES);
	unsigned int ready;
	int result = 0;

	round.first = (resolver->va - round.block) >> PAGE_SHIFT;
	round.count = PAGE_ALIGN(stop - resolver->va) >> PAGE_SHIFT;
	ready = rodp_entries_ready(&leaf->entries, rodp_entries_slot(resolver->va), round.count,
				   resolver->write);
	if (ready)
		return ready;
	if (round.count < RODP_RESOLVE_PAGES)
		result = round_look(&round);
	return result ?: round_fault(&round) ?: -EFAULT;
}

static void proceed(struct rodp_resolver *resolver, unsigned int pages)
{
	resolver->va += (u64)pages << PAGE_SHIFT;
	resolver->step = min(resolver->step * 2, RODP_RESOLVE_BYTES);
	resolver->collisions = 0;
	resolver->slow_faults = 0;
}

/* Returns whether what is asked for was more than one page, and now is less. */
static bool halve(struct rodp_resolver *resolver)
{
	if (resolver->step <= PAGE_SIZE)
		return false;
	resolver->step /= 2;
	return true;
}

static int collided(struct rodp_resolver *resolver)
{
	rodp_stats_inc(resolver->mirror->stats, RODP_STAT_ODP_FAULT_RETRIES);
	halve(resolver);
	if (++resolver->collisions < MAX_COLLISIONS)
		return 0;
	resolver->collisions = 0;
	return -EAGAIN;
}

/*
 * HMM fails for a range when it fails for one page of it, and does not say which. Narrow
 * the step until the first page itself fails, then give it its last chance.
 */
static int refused(struct rodp_resolver *resolver, int error)
{
	if (halve(resolver))
		return 0;
	if (error == -EFAULT && resolver->slow_faults++ < MAX_SLOW_FAULTS &&
	    !rodp_hmm_fault_slowly(resolver->mirror->mm, resolver->va, resolver->write))
		return 0;
	return error == -ENOMEM ? error : -EFAULT;
}

static int resolve_in(struct rodp_resolver *resolver, struct rodp_leaf *leaf, u64 end)
{
	int result, error;

	do {
		result = attempt(resolver, leaf, end);
		if (result > 0) {
			proceed(resolver, result);
			return 0;
		}
		error = result == -EBUSY ? collided(resolver) : refused(resolver, result);
		cond_resched();
	} while (!error);
	return error;
}

void rodp_resolver_init(struct rodp_resolver *resolver, struct rodp_mirror *mirror, u64 va,
			bool write)
{
	*resolver = (struct rodp_resolver){
		.mirror = mirror,
		.va = va,
		.write = write,
		.step = RODP_RESOLVE_BYTES,
	};
}

int rodp_resolve(struct rodp_resolver *resolver, u64 end)
{
	struct rodp_leaf *leaf = rodp_tree_pin(resolver->mirror, resolver->va);
	int error;

	if (IS_ERR(leaf))
		return PTR_ERR(leaf);
	error = resolve_in(resolver, leaf, end);
	rodp_tree_unpin(leaf);
	return error;
}

u64 rodp_resolve_present(struct rodp_mirror *mirror, u64 va, u64 end)
{
	struct round round = { .prefetch = true, .block = va & ~(RODP_RESOLVE_BYTES - 1) };
	int collisions = 0;

	round.leaf = rodp_tree_pin(mirror, va);
	if (!IS_ERR(round.leaf)) {
		while (round_look(&round) == -EBUSY && ++collisions < MAX_COLLISIONS)
			;
		rodp_tree_unpin(round.leaf);
	}
	return min(end, round.block + RODP_RESOLVE_BYTES);
}
