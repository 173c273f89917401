/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Work queues: the parts that the posting functions inline. The caller holds
 * wq->lock throughout.
 */
#ifndef RODP_WQ_H
#define RODP_WQ_H

#include "rodp.h"

/* The slot for producer counter prod, or NULL when the queue is full. */
static inline void *rodp_wq_slot(struct rodp_wq *wq, uint32_t prod)
{
	if (prod - wq->cons >= wq->ring.entries) {
		wq->cons = rodp_ring_acquire(&wq->ring.hdr->cons);
		if (prod - wq->cons >= wq->ring.entries)
			return NULL;
	}
	return rodp_ring_slot(&wq->ring, prod);
}

/* Show the kernel everything up to wq->prod. True if the doorbell must be rung. */
static inline bool rodp_wq_publish(struct rodp_wq *wq)
{
	rodp_ring_release(&wq->ring.hdr->prod, wq->prod);
	return rodp_ring_needs_kick(&wq->ring);
}

static inline struct rodp_sge rodp_sge_from_ibv(const struct ibv_sge *sge)
{
	return (struct rodp_sge){ .addr = sge->addr, .length = sge->length, .lkey = sge->lkey };
}

#endif
