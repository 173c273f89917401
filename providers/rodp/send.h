/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Send work requests: what both ways of posting share. The caller holds sq.lock.
 */
#ifndef RODP_SEND_H
#define RODP_SEND_H

#include <errno.h>
#include <string.h>

#include "rodp.h"
#include "wq.h"

/* A send queue takes work requests in these states only (IBTA 1.7, C10-96). */
static inline bool rodp_qp_can_send(const struct rodp_qp *qp)
{
	return qp->vqp.qp.state >= IBV_QPS_RTS;
}

/* Append length bytes of inline data. Returns 0 or EINVAL when they do not fit. */
static inline int rodp_wqe_add_inline(const struct rodp_qp *qp, struct rodp_send_wqe *wqe,
				      const void *data, size_t length)
{
	if (length > qp->max_inline - wqe->inline_len)
		return EINVAL;
	memcpy((char *)wqe->sge + wqe->inline_len, data, length);
	wqe->inline_len += length;
	return 0;
}

/* bind_info->mr may be NULL when the window is unbound (length 0). */
static inline void rodp_wqe_set_bind(struct rodp_send_wqe *wqe, const struct ibv_mw *mw,
				     uint32_t rkey, const struct ibv_mw_bind_info *bind_info)
{
	wqe->bind.addr = bind_info->addr;
	wqe->bind.length = bind_info->length;
	wqe->bind.mr_lkey = bind_info->mr ? bind_info->mr->lkey : 0;
	wqe->bind.mw_rkey = mw->rkey;
	wqe->bind.new_rkey = rkey;
	wqe->bind.access = bind_info->mw_access_flags;
}

#endif
