// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Local operations, see local.h. */
#include "mem/fast.h"
#include "mem/invalidate.h"
#include "qp/queue/sq.h"
#include "qp/send/local.h"

static int local_execute(struct rodp_qp *qp, const struct rodp_swqe *wqe)
{
	if (wqe->opcode == IB_WR_BIND_MW)
		return rodp_window_bind(qp->dev, qp->ib.pd, qp->serial, &wqe->bind);
	if (wqe->opcode == IB_WR_REG_MR)
		return rodp_fast_register(qp->dev, qp->ib.pd, wqe->bind.new_rkey, wqe->bind.access);
	return rodp_key_invalidate(qp->dev, qp->ib.pd, qp->serial, wqe->invalidate_rkey);
}

void rodp_local_run(struct rodp_qp *qp, struct rodp_swqe *wqe)
{
	struct rodp_sq *sq = &qp->sq;

	if (!wqe->executed && local_execute(qp, wqe)) {
		wqe->status = IB_WC_MW_BIND_ERR; /* "memory management operation error" */
		return;
	}
	wqe->executed = true;
	sq->cur++;
	sq->cur_packet = 0;
	rodp_sq_retire_executed(qp);
}
