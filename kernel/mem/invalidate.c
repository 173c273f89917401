// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Invalidation of keys, see invalidate.h. */
#include "invalidate.h"
#include "window.h"

int rodp_key_invalidate(struct rodp_dev *dev, struct ib_pd *pd, u64 qp, u32 key)
{
	return rodp_window_invalidate(dev, pd, qp, key) ? -EINVAL : 0;
}
