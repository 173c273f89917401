// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Prefetch of scattered ranges: cut into pieces that devices take, which go to the
 * device in batches. The regions of a batch are held until the device has looked at them.
 */
#include <errno.h>

#include "domain.h"
#include "retry.h"

/*
 * One ioctl attribute holds 4095 pieces; a batch is on the stack, and what it holds others cannot
 * evict.
 */
#define BATCH 64
/* Bytes. A piece's length is 32 bits wide, and rxe takes 2 GiB for a negative number. */
#define PIECE (1ull << 30)

struct batch {
	struct odp_domain *domain;
	const struct odp_region *given; /* the key's; NULL: the domain chooses */
	enum odp_prefetch_how how;
	unsigned int flags;
	int count;
	int err; /* the first */
	struct ibv_sge piece[BATCH];
	struct odp_region *region[BATCH]; /* held by us, or NULL */
};

static enum ibv_advise_mr_advice advice_of(enum odp_prefetch_how how)
{
	switch (how) {
	case ODP_PREFETCH_READ:
		return IBV_ADVISE_MR_ADVICE_PREFETCH;
	case ODP_PREFETCH_WRITE:
		return IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE;
	default:
		return IBV_ADVISE_MR_ADVICE_PREFETCH_NO_FAULT;
	}
}

static void note(struct batch *batch, int err)
{
	batch->err = batch->err ? batch->err : err;
}

static void batch_send(struct batch *batch)
{
	const uint32_t flags = batch->flags & ODP_PREFETCH_WAIT ? IBV_ADVISE_MR_FLAG_FLUSH : 0;
	struct odp_retry retry = {};
	int err, i;

	if (!batch->count)
		return;
	do {
		err = -ibv_advise_mr(batch->domain->pd, advice_of(batch->how), flags, batch->piece,
				     batch->count);
	} while (odp_retry(&retry, err));
	note(batch, err);
	__atomic_add_fetch(&batch->domain->info.retries, retry.count, __ATOMIC_RELAXED);
	for (i = 0; i < batch->count; i++)
		if (batch->region[i])
			odp_domain_put(batch->domain, &batch->region[i], 1);
	batch->count = 0;
}

/* A region with remote rights as well serves here: the key goes nowhere. */
static int choose_region(struct batch *batch, uint64_t va, uint64_t len, struct ibv_mr **mr)
{
	struct odp_region **region = &batch->region[batch->count];
	struct odp_want want = {
		.first = va,
		.last = va + len - 1,
		.access = IBV_ACCESS_LOCAL_WRITE,
		.or_more = true,
	};
	int err;

	*region = NULL;
	if (batch->given) {
		*mr = batch->given->mr;
		return odp_interval_covers(&batch->given->span, want.first, want.last) ? 0
										       : -EINVAL;
	}
	err = odp_domain_get(batch->domain, ODP_IMPLICIT | ODP_EXPLICIT, &want, region);
	if (err < 0)
		return err;
	*mr = (*region)->mr;
	return 0;
}

/* At most PIECE bytes. */
static void batch_add(struct batch *batch, uint64_t va, uint64_t len)
{
	struct ibv_mr *mr;
	int err = choose_region(batch, va, len, &mr);

	if (err) {
		note(batch, err);
		return;
	}
	batch->piece[batch->count] =
		(struct ibv_sge){ .addr = va, .length = len, .lkey = mr->lkey };
	if (++batch->count == BATCH)
		batch_send(batch);
}

static void batch_add_range(struct batch *batch, const struct iovec *range)
{
	struct odp_want want;
	uint64_t va, len;

	if (!range->iov_len)
		return;
	if (odp_want_range(&want, range->iov_base, range->iov_len)) {
		note(batch, -EINVAL);
		return;
	}
	for (va = want.first; va - want.first < range->iov_len; va += len) {
		len = range->iov_len - (va - want.first);
		len = len < PIECE ? len : PIECE;
		batch_add(batch, va, len);
	}
}

int odp_prefetch(struct odp_domain *domain, const struct odp_key *key, const struct iovec *range,
		 size_t n, enum odp_prefetch_how how, unsigned int flags)
{
	struct batch batch = {
		.domain = domain,
		.given = key ? key->region : NULL,
		.how = how,
		.flags = flags,
	};
	size_t i;

	if (!odp_home_is(&domain->home))
		return -ECHILD;
	if ((unsigned int)how > ODP_PREFETCH_RESIDENT || (flags & ~ODP_PREFETCH_WAIT))
		return -EINVAL;
	if (!domain->prefetches || !(domain->attr.levels & (ODP_IMPLICIT | ODP_EXPLICIT)) ||
	    (key && (key->level & (ODP_PINNED | ODP_DMABUF))))
		return -EOPNOTSUPP;
	for (i = 0; i < n; i++)
		batch_add_range(&batch, &range[i]);
	batch_send(&batch);
	return batch.err;
}
