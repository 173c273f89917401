// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * QP numbers: one table for the module, so that a packet finds its QP in one
 * look-up whichever netdev it came through. Read under RCU.
 */
#include <linux/xarray.h>

#include "qpn.h"

/* 0 and 1 are the management QPs, every device has its own. */
#define QPN_FIRST 0x10

static DEFINE_XARRAY_ALLOC(qpn_table);
static u32 qpn_next = QPN_FIRST;

int rodp_qpn_assign(struct rodp_qp *qp)
{
	u32 qpn;
	int err = xa_alloc_cyclic(&qpn_table, &qpn, qp, XA_LIMIT(QPN_FIRST, RODP_QPN_MASK - 1),
				  &qpn_next, GFP_KERNEL);

	if (err < 0)
		return err;
	qp->ib.qp_num = qpn;
	return 0;
}

void rodp_qpn_remove(struct rodp_qp *qp)
{
	xa_erase(&qpn_table, qp->ib.qp_num);
}

struct rodp_qp *rodp_qpn_lookup(u32 qpn)
{
	return xa_load(&qpn_table, qpn);
}

void rodp_qpn_module_exit(void)
{
	unsigned long qpn = 0;

	WARN_ON(xa_find(&qpn_table, &qpn, ULONG_MAX, XA_PRESENT));
	xa_destroy(&qpn_table);
}
