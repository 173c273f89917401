// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * QP numbers: one table for the module, so that a packet finds its QP in one
 * look-up whichever netdev it came through. Read under RCU.
 */
#include <linux/xarray.h>

#include "qp/lane/qpn.h"

/* 0 and 1 are the management QPs. Every device has its own QP 1, and RoCE has no QP 0. */
#define QPN_FIRST 0x10

static DEFINE_XARRAY_ALLOC(qpn_table);
static u32 qpn_next = QPN_FIRST;

static int gsi_assign(struct rodp_qp *qp)
{
	if (cmpxchg((struct rodp_qp __force **)&qp->dev->gsi, NULL, qp))
		return -EBUSY;
	qp->ib.qp_num = RODP_QPN_GSI;
	return 0;
}

int rodp_qpn_assign(struct rodp_qp *qp)
{
	u32 qpn;
	int err;

	if (qp->init.qp_type == IB_QPT_GSI)
		return gsi_assign(qp);
	err = xa_alloc_cyclic(&qpn_table, &qpn, qp, XA_LIMIT(QPN_FIRST, RODP_QPN_MASK - 1),
			      &qpn_next, GFP_KERNEL);

	if (err < 0)
		return err;
	qp->ib.qp_num = qpn;
	return 0;
}

void rodp_qpn_remove(struct rodp_qp *qp)
{
	if (qp->init.qp_type == IB_QPT_GSI)
		RCU_INIT_POINTER(qp->dev->gsi, NULL);
	else
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
