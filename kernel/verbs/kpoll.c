// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Completion queues of kernel consumers: the reader's side of the ring. Both calls may come
 * from any context, also with interrupts off.
 */
#include "ring/cq.h"
#include "verbs/verbs.h"

static int kpoll_wc_flags(u32 flags)
{
	int out = flags & (IB_WC_GRH | IB_WC_WITH_IMM);

	return flags & RODP_WC_WITH_INV ? out | IB_WC_WITH_INVALIDATE : out;
}

static void kpoll_fill_wc(struct ib_wc *wc, const struct rodp_cqe *cqe)
{
	*wc = (struct ib_wc){
		.wr_id = cqe->wr_id,
		.status = cqe->status,
		.opcode = cqe->opcode,
		.vendor_err = cqe->vendor_err,
		.byte_len = cqe->byte_len,
		.qp = (struct ib_qp *)(uintptr_t)cqe->reserved1,
		.src_qp = cqe->src_qp,
		.slid = cqe->slid,
		.wc_flags = kpoll_wc_flags(cqe->wc_flags),
		.pkey_index = cqe->pkey_index,
		.sl = cqe->sl,
		.dlid_path_bits = cqe->dlid_path_bits,
		.port_num = 1,
	};
	if (cqe->vlan_id) {
		wc->vlan_id = cqe->vlan_id;
		wc->wc_flags |= IB_WC_WITH_VLAN;
	}
	if (cqe->wc_flags & RODP_WC_WITH_INV)
		wc->ex.invalidate_rkey = cqe->invalidated_rkey;
	else
		wc->ex.imm_data = cqe->imm_data;
}

int rodp_poll_cq(struct ib_cq *ib, int max, struct ib_wc *wc)
{
	struct rodp_cq *cq = to_rodp_cq(ib);
	unsigned long flags;
	u32 cons, prod;
	int n = 0;

	spin_lock_irqsave(&cq->poll_lock, flags);
	cons = cq->ring.hdr->cons;
	prod = rodp_ring_prod(&cq->ring);
	while (n < max && cons != prod)
		kpoll_fill_wc(&wc[n++], rodp_ring_slot(&cq->ring, cons++));
	if (n)
		rodp_ring_publish_cons(&cq->ring, cons);
	spin_unlock_irqrestore(&cq->poll_lock, flags);
	return n;
}

int rodp_req_notify_cq(struct ib_cq *ib, enum ib_cq_notify_flags flags)
{
	struct rodp_cq *cq = to_rodp_cq(ib);
	bool solicited = (flags & IB_CQ_SOLICITED_MASK) == IB_CQ_SOLICITED;
	u32 *armed = &cq->ring.hdr->flags;
	u32 bit = solicited ? RODP_CQ_ARM_SOLICITED : RODP_CQ_ARM_NEXT, old = READ_ONCE(*armed);

	while (!try_cmpxchg(armed, &old, old | bit))
		;
	smp_mb(); /* armed before the last look; pairs with cq_take_arm() */
	return (flags & IB_CQ_REPORT_MISSED_EVENTS) &&
	       rodp_ring_prod(&cq->ring) != READ_ONCE(cq->ring.hdr->cons);
}
