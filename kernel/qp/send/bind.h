/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Binding: work requests that the requester executes without a message, in
 * their turn: binding a memory window, fast registration, invalidating a key. They take no PSN and are
 * executed once, also when what is before them is sent again. Send lane held.
 */
#ifndef RODP_QP_BIND_H
#define RODP_QP_BIND_H

#include "qp/send/sender.h"

/*
 * Whether its turn has come. An invalidation waits until all before it is complete: what is
 * sent again may need the key. That is what the fence of IBTA vol. 1, 10.8.3.3 would do.
 */
static inline bool rodp_bind_may_run(const struct rodp_sq *sq, const struct rodp_swqe *wqe)
{
	lockdep_assert_held(&sq->lane.lock);
	return wqe->executed || wqe->opcode != IB_WR_LOCAL_INV || sq->at.tail == sq->at.cur;
}

/*
 * Execute it, the current one, unless it is, and step to the next; or set its status. While somebody
 * uses the key that it takes away, the lane rests and comes again.
 */
void rodp_bind_run(struct rodp_sender *tx, struct rodp_swqe *wqe);

#endif
