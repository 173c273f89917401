/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* What UC and UD have in common: there is less that may be posted. */
#ifndef RODP_QP_UNRELIABLE_H
#define RODP_QP_UNRELIABLE_H

#include "qp/lane/types.h"

/*
 * Whether the transport has this work request, and of UD, whether it fits a packet; its own
 * arguments are copied out of the slot, once. Send lane held.
 */
enum ib_wc_status rodp_unreliable_check(struct rodp_qp *qp, struct rodp_swqe *wqe,
					const struct rodp_send_wqe *slot);

#endif
