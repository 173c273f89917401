// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* What UC and UD have in common, see unreliable.h. */
#include <rdma/ib_addr.h>

#include "qp/queue/unreliable.h"

/* The largest datagram that the netdev carries, all headers told off, bytes. */
static u32 datagram_max(const struct rodp_dev *dev)
{
	return rodp_mtu_bytes(iboe_get_mtu(READ_ONCE(dev->ndev->mtu)));
}

enum ib_wc_status rodp_unreliable_check(struct rodp_qp *qp, struct rodp_swqe *wqe,
					const struct rodp_send_wqe *slot)
{
	/* No memory windows either: nothing that is done here without a message. */
	if (wqe->is_local || rodp_opcode_request(qp->transport, wqe->message, true, true) < 0)
		return IB_WC_LOC_QP_OP_ERR;
	if (qp->transport != RODP_TP_UD)
		return IB_WC_SUCCESS;
	wqe->ud.qpn = READ_ONCE(slot->ud.remote_qpn) & RODP_QPN_MASK;
	wqe->ud.qkey = READ_ONCE(slot->ud.remote_qkey);
	wqe->ud.ah_num = READ_ONCE(slot->ud.ah_num);
	return wqe->length > datagram_max(qp->dev) ? IB_WC_LOC_LEN_ERR : IB_WC_SUCCESS;
}
