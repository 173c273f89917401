// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Work requests without a message, see bind.h. */
#include "mem/fast.h"
#include "mem/invalidate.h"
#include "qp/send/bind.h"
#include "qp/send/flight.h"

static int bind_execute(const struct rodp_end *end, const struct rodp_swqe *wqe)
{
	if (wqe->opcode == IB_WR_BIND_MW)
		return rodp_window_bind(end->dev, end->ib.pd, end->serial, &wqe->bind);
	if (wqe->opcode == IB_WR_REG_MR)
		return rodp_fast_register(end->dev, end->ib.pd, wqe->bind.new_rkey,
					  wqe->bind.access);
	return rodp_key_invalidate(end->dev, end->ib.pd, end->serial, wqe->invalidate_rkey);
}

void rodp_bind_run(struct rodp_sender *tx, struct rodp_swqe *wqe)
{
	int err = wqe->executed ? 0 : bind_execute(tx->sq.end, wqe);

	rodp_end_assert_sending(tx->sq.end);
	if (err == -EAGAIN) {
		rodp_lane_rest(&tx->sq.lane, 0);
		return;
	}
	if (err) {
		wqe->status = IB_WC_MW_BIND_ERR; /* "memory management operation error" */
		return;
	}
	wqe->executed = true;
	tx->sq.at.cur++;
	tx->flight.cur_packet = 0;
	rodp_flight_retire_executed(tx);
}
