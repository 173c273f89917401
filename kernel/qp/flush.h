/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * FLUSH requests: what they ask for, and whether the peer may (IBTA vol. 1, annex A19).
 *
 * Global placement needs no work: the device writes memory with the CPU, which is coherent.
 * Persistent placement is not offered.
 */
#ifndef RODP_QP_FLUSH_H
#define RODP_QP_FLUSH_H

#include "request.h"

struct rodp_flush {
	u32 placement; /* RODP_FETH_GLOBAL, RODP_FETH_PERSISTENT */
	u32 level; /* RODP_FETH_SEL_* */
	u64 va; /* with RODP_FETH_SEL_RANGE */
	u32 length; /* bytes; the same */
	u32 rkey;
};

/* Of a FLUSH packet. */
struct rodp_flush rodp_flush_of(struct sk_buff *skb);

/* Whether such a FLUSH exists, and the device has any. */
bool rodp_flush_is_valid(const struct rodp_flush *flush);

/* Whether the key is of pd and grants it, for the range if there is one. Softirq or process. */
bool rodp_flush_is_granted(struct rodp_qp *qp, struct ib_pd *pd, const struct rodp_flush *flush);

/* Execute a FLUSH request. Receive lane held. */
enum rodp_verdict rodp_flush_execute(struct rodp_qp *qp, struct sk_buff *skb);

#endif
