// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * QP numbers: one table for the module, so that a packet finds its QP in one
 * look-up whichever netdev it came through. Read under RCU.
 */
#include <linux/xarray.h>

#include "base/recent.h"
#include "wire/header.h"
#include "qp/end/qpn.h"

/* 0 and 1 are the management QPs. Every device has its own QP 1, and RoCE has no QP 0. */
#define QPN_FIRST 0x10

static DEFINE_XARRAY_ALLOC(qpn_table);
static struct rodp_recent qpn_recent;
static u32 qpn_next = QPN_FIRST;

static int qpn_assign_gsi(struct rodp_end *end)
{
	if (cmpxchg((struct rodp_end __force **)&end->dev->gsi, NULL, end))
		return -EBUSY;
	end->ib.qp_num = RODP_QPN_GSI;
	return 0;
}

static void qpn_remove_gsi(struct rodp_end *end)
{
	RCU_INIT_POINTER(end->dev->gsi, NULL);
}

const struct rodp_qpn_ops rodp_qpn_gsi = {
	.assign = qpn_assign_gsi,
	.remove = qpn_remove_gsi,
};

static int qpn_assign(struct rodp_end *end)
{
	u32 qpn;
	int err;

	err = xa_alloc_cyclic(&qpn_table, &qpn, end, XA_LIMIT(QPN_FIRST, RODP_QPN_MASK - 1),
			      &qpn_next, GFP_KERNEL_ACCOUNT);
	if (err < 0)
		return err;
	end->ib.qp_num = qpn;
	rodp_recent_add(&qpn_recent, qpn, end);
	return 0;
}

static void qpn_remove(struct rodp_end *end)
{
	xa_erase(&qpn_table, end->ib.qp_num);
	rodp_recent_remove(&qpn_recent, end->ib.qp_num, end);
}

const struct rodp_qpn_ops rodp_qpn_any = {
	.assign = qpn_assign,
	.remove = qpn_remove,
};

struct rodp_end *rodp_qpn_lookup(u32 qpn)
{
	struct rodp_end *end = rodp_recent_find(&qpn_recent, qpn);

	return likely(end && end->ib.qp_num == qpn) ? end : xa_load(&qpn_table, qpn);
}

struct rodp_end *rodp_qpn_lookup_peer(const struct rodp_end *end, u32 qpn)
{
	struct rodp_end *peer = rodp_qpn_lookup(qpn);

	return peer && peer->transport->tp == end->transport->tp ? peer : NULL;
}

void rodp_qpn_module_exit(void)
{
	unsigned long qpn = 0;

	WARN_ON(xa_find(&qpn_table, &qpn, ULONG_MAX, XA_PRESENT));
	xa_destroy(&qpn_table);
}
