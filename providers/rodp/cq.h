/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Completion queues: what both ways of polling share.
 */
#ifndef RODP_CQ_H
#define RODP_CQ_H

#include "rodp.h"

static inline void rodp_cq_lock(struct rodp_cq *cq)
{
	if (!cq->single_threaded)
		pthread_spin_lock(&cq->lock);
}

static inline void rodp_cq_unlock(struct rodp_cq *cq)
{
	if (!cq->single_threaded)
		pthread_spin_unlock(&cq->lock);
}

/*
 * Is there a completion at cq->cons? The kernel is never more than a ring ahead;
 * a counter that says so is that of a device which is gone and whose pages were
 * replaced. The caller holds the lock.
 */
static inline bool rodp_cq_available(struct rodp_cq *cq)
{
	if (cq->cons == cq->prod) {
		uint32_t prod = rodp_ring_acquire(&cq->ring.hdr->prod);

		if (prod - cq->cons <= cq->ring.entries)
			cq->prod = prod;
	}
	return cq->cons != cq->prod;
}

#endif
