/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The table of all QPs of the module: QPNs are unique across devices. */
#ifndef RODP_QP_QPN_H
#define RODP_QP_QPN_H

#include "qp/lane/types.h"

/* Give qp a number and make it findable. Sleeps. Returns 0, -ENOMEM, or -EBUSY (table full). */
int rodp_qpn_assign(struct rodp_qp *qp);

/* Who found it before may still use it, until an RCU grace period has passed. */
void rodp_qpn_remove(struct rodp_qp *qp);

/* Under rcu_read_lock(). NULL: no such QP. */
struct rodp_qp *rodp_qpn_lookup(u32 qpn);

void rodp_qpn_module_exit(void);

#endif
