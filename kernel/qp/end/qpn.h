/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The table of all QPs of the module: QPNs are unique across devices. */
#ifndef RODP_QP_QPN_H
#define RODP_QP_QPN_H

#include "qp/end/end.h"

/* Give the end a number and make it findable. Sleeps. Returns 0, -ENOMEM, or -EBUSY (table full). */
int rodp_qpn_assign(struct rodp_end *end);

/* Who found it before may still use it, until an RCU grace period has passed. */
void rodp_qpn_remove(struct rodp_end *end);

/* Under rcu_read_lock(). NULL: no such QP. */
struct rodp_end *rodp_qpn_lookup(u32 qpn);

void rodp_qpn_module_exit(void);

#endif
