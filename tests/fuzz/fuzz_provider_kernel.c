// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The driver's side of fuzz_provider: how it reads what the provider wrote. */
#include "qp/queue/rwqe.h"
#include "qp/queue/swqe.h"

#include "fuzz_provider.h"

static void see_data(const struct rodp_swqe *wqe, struct seen *seen)
{
	seen->is_inline = wqe->is_inline;
	seen->num_sge = wqe->num_sge;
	if (wqe->is_inline)
		memcpy(seen->data, wqe->data, wqe->length);
	else if (!wqe->no_message && wqe->message != RODP_MSG_FLUSH)
		memcpy(seen->sge, wqe->sge, wqe->num_sge * sizeof(seen->sge[0]));
}

static void see_operands(const struct rodp_swqe *wqe, struct seen *seen)
{
	if (wqe->no_message) {
		seen->bind.addr = wqe->bind.addr;
		seen->bind.length = wqe->bind.length;
		seen->bind.mr_lkey = wqe->bind.mr_lkey;
		seen->bind.mw_rkey = wqe->bind.mw_rkey;
		seen->bind.new_rkey = wqe->bind.new_rkey;
		seen->bind.access = wqe->bind.access;
		return;
	}
	seen->remote_addr = wqe->remote_addr;
	seen->compare_add = wqe->compare_add;
	seen->swap = wqe->swap;
	seen->rkey = wqe->rkey;
	seen->flush = wqe->flush;
}

void kernel_sees_send(const struct rodp_send_wqe *slot, uint32_t max_sge, uint32_t max_inline,
		      struct seen *seen)
{
	const struct rodp_swqe_limits limits = { max_sge, max_inline, true };
	const size_t room = max_t(size_t, max_sge * sizeof(struct rodp_sge), max_inline);
	struct rodp_swqe *wqe = calloc(1, sizeof(*wqe) + room);

	*seen = (struct seen){ .status = rodp_swqe_copy(wqe, slot, &limits) };
	seen->wr_id = wqe->wr_id;
	seen->opcode = wqe->opcode;
	seen->flags = wqe->flags;
	if (!seen->status) {
		seen->length = wqe->length;
		seen->imm = wqe->imm_data;
		seen->srqn = wqe->srqn;
		see_operands(wqe, seen);
		see_data(wqe, seen);
	}
	/* Of a datagram the sender looks into the slot's other fields, which lie at the same place. */
	seen->ud.qpn = slot->ud.remote_qpn;
	seen->ud.qkey = slot->ud.remote_qkey;
	seen->ud.ah_num = slot->ud.ah_num;
	free(wqe);
}

void kernel_sees_receive(const struct rodp_recv_wqe *slot, uint32_t max_sge, struct seen *seen)
{
	struct rodp_rwqe wqe;

	*seen = (struct seen){ .status = rodp_rwqe_copy(&wqe, slot, max_sge) };
	seen->wr_id = wqe.wr_id;
	seen->num_sge = wqe.num_sge;
	seen->length = wqe.length;
	memcpy(seen->sge, wqe.sge, wqe.num_sge * sizeof(seen->sge[0]));
}
