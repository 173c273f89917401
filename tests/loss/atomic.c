// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Atomics on one word: each finds what the one before it left. One that is executed twice, or not at
 * all, is seen by the next and in the end.
 */
#include "loss.h"

static uint64_t *atomic_word(struct loss *loss)
{
	return (uint64_t *)loss->to.data;
}

/* Where request n brings what it found. */
static uint64_t *atomic_found(struct loss *loss, uint64_t n)
{
	return (uint64_t *)(loss->from.data + loss_slot(n));
}

static void atomic_post(struct loss *loss, uint64_t n, uint64_t compare_add, uint64_t swap)
{
	struct vt_op op = loss_request(loss, n, sizeof(uint64_t));

	op.remote_addr = vt_addr(&loss->to, 0);
	op.compare_add = compare_add;
	op.swap = swap;
	*atomic_found(loss, n) = ~0ull;
	loss_post(loss, &op);
}

static void atomic_expect(struct loss *loss, uint64_t n, uint64_t word)
{
	if (*atomic_found(loss, n) != word)
		vt_fail("atomic %llu found %#llx, not %#llx", (unsigned long long)n,
			(unsigned long long)*atomic_found(loss, n), (unsigned long long)word);
}

/* The page is dropped between rounds, and so holds zeros. */
static void atomic_begin(struct loss *loss)
{
	if (loss->memory != VT_ODP)
		return;
	vt_buf_cool(&loss->to);
	loss->word = 0;
}

static void atomic_end(struct loss *loss)
{
	if (*atomic_word(loss) != loss->word)
		vt_fail("in the end the word is %#llx, not %#llx",
			(unsigned long long)*atomic_word(loss), (unsigned long long)loss->word);
	loss_no_more(loss);
}

void loss_round_fetch_add(struct loss *loss)
{
	uint64_t n, first = loss->next;

	atomic_begin(loss);
	loss->next += LOSS_DEPTH;
	for (n = first; n < loss->next && !loss->over; n++)
		atomic_post(loss, n, 3, 0);
	for (n = first; n < loss->next; n++, loss->word += 3) {
		if (loss->over || !loss_sent(loss, n, loss->next))
			return;
		atomic_expect(loss, n, loss->word);
	}
	atomic_end(loss);
}

/* What the word becomes by number n. */
static uint64_t atomic_value(uint64_t n)
{
	return (n + 1) * 0x9e3779b97f4a7c15ull;
}

void loss_round_cmp_swap(struct loss *loss)
{
	uint64_t n, first = loss->next, word;

	atomic_begin(loss);
	loss->next += LOSS_DEPTH;
	for (n = first, word = loss->word; n < loss->next && !loss->over; n++) {
		atomic_post(loss, n, word, atomic_value(n));
		word = atomic_value(n);
	}
	for (n = first; n < loss->next; n++, loss->word = atomic_value(n - 1)) {
		if (loss->over || !loss_sent(loss, n, loss->next))
			return;
		atomic_expect(loss, n, loss->word);
	}
	atomic_end(loss);
}
