// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The verbs of memory windows; binding them is a work request (qp/send/bind.h). */
#include "mem/window.h"
#include "verbs/verbs.h"

int rodp_alloc_mw(struct ib_mw *ib, struct ib_udata *udata)
{
	struct rodp_mw *mw = to_rodp_mw(ib);
	int err = ib_no_udata_io(udata);

	if (err)
		return err;
	if (ib->type != IB_MW_TYPE_1 && ib->type != IB_MW_TYPE_2)
		return -EINVAL;
	mw->window = rodp_window_create(to_rodp_dev(ib->device), ib->pd, ib->type == IB_MW_TYPE_2);
	if (IS_ERR(mw->window))
		return PTR_ERR(mw->window);
	ib->rkey = mw->window->key;
	return 0;
}

int rodp_dealloc_mw(struct ib_mw *ib)
{
	rodp_window_destroy(to_rodp_mw(ib)->window);
	return 0;
}
