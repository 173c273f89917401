/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * FLUSH requests: what they ask for, and whether the peer may (IBTA vol. 1, annex A19).
 *
 * Global placement needs no work: the device writes memory with the CPU, which is coherent.
 * Persistent placement writes the CPU's caches back, in pieces, parked where memory is absent.
 * The level of a whole region, asked for with a memory window's key, is that of the window.
 */
#ifndef RODP_QP_FLUSH_H
#define RODP_QP_FLUSH_H

#include "qp/recv/request.h"

struct rodp_flush {
	u32 placement; /* RODP_FETH_GLOBAL, RODP_FETH_PERSISTENT */
	u32 level; /* RODP_FETH_SEL_* */
	u64 va; /* with RODP_FETH_SEL_RANGE */
	u64 length; /* bytes; the same */
	u32 rkey;
};

/* Of a FLUSH packet. */
struct rodp_flush rodp_flush_of(struct sk_buff *skb);

/* Whether such a FLUSH exists, and the device has any. */
bool rodp_flush_is_valid(const struct rodp_flush *flush);

/* The rights that QP and key must have, IB_ACCESS_FLUSH_*. */
u32 rodp_flush_rights(const struct rodp_flush *flush);

/* Execute a FLUSH request. Receive lane held. */
enum rodp_verdict rodp_flush_execute(struct rodp_qp *qp, struct sk_buff *skb);

#endif
