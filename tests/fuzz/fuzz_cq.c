// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A completion queue whose process writes anything into its ring: counters of nonsense, flags that
 * change as they are read. Completions lie in order until they are polled, what is lost is told,
 * and a ring that takes another's place has them all.
 */
#include "standin.h"
#include "shared.h"

#include "ring/cq.h"

#define LOG 128 /* completions whose wr_id is remembered */

static struct rodp_cq cq;
static u64 wr_ids[LOG]; /* by number */
static u32 first_known; /* number of the first of them; a process may ask for those before */
static const uint8_t *data;
static size_t size;
static unsigned int events, errors;

static u64 take(size_t bytes)
{
	return fuzz_take(&data, &size, bytes);
}

static void on_completion(struct ib_cq *ib, void *context)
{
	fuzz_check(ib == &cq.ib && !cq.lock.held);
	events++;
}

static void on_event(struct ib_event *event, void *context)
{
	fuzz_check(event->element.cq == &cq.ib && event->event == IB_EVENT_CQ_ERR);
	errors++;
}

static u32 cons(void)
{
	return *(volatile u32 *)&cq.ring.hdr->cons;
}

static void set_cons(u32 value)
{
	*(volatile u32 *)&cq.ring.hdr->cons = value;
}

static void tell(enum rodp_cq_outcome outcome)
{
	const unsigned int before = events, failed = errors;

	if (outcome == RODP_CQ_EVENT)
		rodp_cq_notify(&cq);
	if (outcome == RODP_CQ_OVERFLOW)
		rodp_cq_fail(&cq);
	fuzz_check(events - before == (outcome == RODP_CQ_EVENT && cq.ib.comp_handler));
	/* The process is told once, however often it is lost. */
	fuzz_check(errors <= 1 && (outcome == RODP_CQ_OVERFLOW || errors == failed));
}

static void add(void)
{
	struct rodp_cqe cqe = { .wr_id = take(4) };
	const u8 kind = take(1);
	const bool solicited = kind & 1;
	const u32 prod = cq.prod, flags = kind >> 1 & 3;
	const bool lost = cq.overflow || prod - cons() >= cq.ring.entries;
	const bool armed = flags & (RODP_CQ_ARM_NEXT | (solicited ? RODP_CQ_ARM_SOLICITED : 0));
	enum rodp_cq_outcome outcome;

	cq.ring.hdr->flags = flags;
	outcome = rodp_cq_add(&cq, &cqe, solicited);
	fuzz_check(outcome == (lost ? RODP_CQ_OVERFLOW : armed ? RODP_CQ_EVENT : RODP_CQ_QUIET));
	fuzz_check(cq.overflow == lost && cq.prod == prod + !lost);
	if (!lost) {
		fuzz_check(*(volatile u32 *)&cq.ring.hdr->prod == cq.prod);
		fuzz_check(cq.ring.hdr->flags == (armed ? 0 : flags));
		fuzz_check(!cq.timestamps == !cqe.timestamp);
		wr_ids[prod % LOG] = cqe.wr_id;
	}
	tell(outcome);
}

/* What an honest process finds: the completions from its counter up to the driver's. */
static void check_contents(void)
{
	for (u32 n = cons(); n != cq.prod; n++) {
		const struct rodp_cqe *cqe = rodp_ring_slot(&cq.ring, n);

		fuzz_check((s32)(n - first_known) < 0 || cqe->wr_id == wr_ids[n % LOG]);
	}
}

static void poll(void)
{
	const u32 there = cq.prod - cons();

	if (there > cq.ring.entries)
		return;
	check_contents();
	if (there)
		set_cons(cons() + 1 + take(1) % there);
}

static void remember_moved(u32 first, u32 n)
{
	u64 moved[LOG];

	for (u32 i = 0; i < n; i++)
		moved[i] = wr_ids[(first + i) % LOG];
	memcpy(wr_ids, moved, n * sizeof(moved[0]));
	first_known = (s32)(first_known - first) < 0 ? 0 : first_known - first;
}

static void commit(bool prepared)
{
	const u32 first = cons(), n = cq.prod - first, entries = cq.next.entries;
	const u32 flags = cq.ring.hdr->flags;
	const bool fits = prepared && n <= cq.ring.entries && n <= entries;
	struct rodp_ring old;

	fuzz_check(rodp_cq_commit_ring(&cq, &old) == (fits ? 0 : -EINVAL));
	if (!fits) {
		fuzz_check(!old.hdr && cq.next.entries == entries);
		return;
	}
	fuzz_check(old.hdr && !cq.next.hdr && cq.ring.entries == entries);
	fuzz_check(cq.prod == n && !cons() && cq.ring.hdr->flags == flags);
	fuzz_check(cq.ib.cqe == (int)entries);
	remember_moved(first, n);
	check_contents();
	rodp_ring_destroy(&old);
}

static void resize(void)
{
	struct rodp_ring ring = { 0 };

	if (take(1) & 1) {
		commit(cq.next.hdr);
		return;
	}
	if (rodp_ring_create(&ring, NULL, 1 + take(1) % 32, sizeof(struct rodp_cqe), NULL))
		return;
	rodp_cq_prepare_ring(&cq, &ring);
	/* One that was prepared before and not used. */
	rodp_ring_destroy(&ring);
}

static void step(void)
{
	const u8 what = take(1);

	switch (what & 7) {
	case 0:
	case 1:
	case 2:
	case 3:
		return add();
	case 4:
	case 5:
		return poll();
	case 6:
		return resize();
	}
	if (what & 0x80)
		set_cons(take(4));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	data = bytes;
	size = n;
	events = errors = 0;
	memset(&cq, 0, sizeof(cq));
	rodp_cq_init(&cq);
	cq.timestamps = take(1) & 1;
	cq.ib.comp_handler = take(1) & 1 ? on_completion : NULL;
	cq.ib.event_handler = take(1) & 1 ? on_event : NULL;
	fuzz_check(
		!rodp_ring_create(&cq.ring, NULL, 1 + take(1) % 32, sizeof(struct rodp_cqe), NULL));
	/* As after 2^32 completions, so that the counters wrap. */
	cq.prod = -(u32)(take(1) & 7);
	set_cons(cq.prod);
	first_known = cq.prod;
	while (size)
		step();
	rodp_ring_destroy(&cq.next);
	rodp_ring_destroy(&cq.ring);
	return 0;
}
