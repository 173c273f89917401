// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Polling completion queues. The kernel fills the ring, the process empties it; neither
 * polling nor arming enters the kernel. cq->lock protects the consumer side.
 */
#include <string.h>

#include "cq.h"
#include "rodp.h"

static void cqe_to_wc(struct ibv_wc *wc, const struct rodp_cqe *cqe)
{
	wc->wr_id = cqe->wr_id;
	wc->status = cqe->status;
	wc->opcode = cqe->opcode;
	wc->vendor_err = cqe->vendor_err;
	wc->byte_len = cqe->byte_len;
	wc->imm_data = cqe->imm_data;
	wc->qp_num = cqe->qp_num;
	wc->src_qp = cqe->src_qp;
	wc->wc_flags = cqe->wc_flags;
	wc->pkey_index = cqe->pkey_index;
	wc->slid = cqe->slid;
	wc->sl = cqe->sl;
	wc->dlid_path_bits = cqe->dlid_path_bits;
}

int rodp_poll_cq(struct ibv_cq *ibcq, int num_entries, struct ibv_wc *wc)
{
	struct rodp_cq *cq = to_rodp_cq(ibcq);
	int n;

	rodp_cq_lock(cq);
	for (n = 0; n < num_entries && rodp_cq_available(cq); n++)
		cqe_to_wc(&wc[n], rodp_ring_slot(&cq->ring, cq->cons++));
	if (n)
		rodp_ring_release(&cq->ring.hdr->cons, cq->cons);
	rodp_cq_unlock(cq);

	return n;
}

/*
 * The fence orders the arming before the poll that must follow it: either that
 * poll sees a new completion or the kernel sees the bit. The lock is for the ring:
 * another thread may be resizing the CQ.
 */
int rodp_req_notify_cq(struct ibv_cq *ibcq, int solicited_only)
{
	struct rodp_cq *cq = to_rodp_cq(ibcq);
	uint32_t bit = solicited_only ? RODP_CQ_ARM_SOLICITED : RODP_CQ_ARM_NEXT;

	rodp_cq_lock(cq);
	__atomic_fetch_or(&cq->ring.hdr->flags, bit, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	rodp_cq_unlock(cq);
	return 0;
}

/* Of a QP that was reset, no completion is left behind: whoever connects it anew would take it for new. */
void rodp_cq_forget_qp(struct ibv_cq *ibcq, uint32_t qp_num)
{
	struct rodp_cq *cq = to_rodp_cq(ibcq);
	const struct rodp_cqe *cqe;
	uint32_t n, first, prod;

	rodp_cq_lock(cq);
	prod = rodp_ring_acquire(&cq->ring.hdr->prod);
	if (prod - cq->cons <= cq->ring.entries)
		cq->prod = prod;
	first = cq->prod;
	for (n = cq->prod; n != cq->cons; n--) {
		cqe = rodp_ring_slot(&cq->ring, n - 1);
		if (cqe->qp_num != qp_num)
			memmove(rodp_ring_slot(&cq->ring, --first), cqe, sizeof(*cqe));
	}
	cq->cons = first;
	rodp_ring_release(&cq->ring.hdr->cons, cq->cons);
	rodp_cq_unlock(cq);
}
