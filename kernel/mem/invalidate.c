// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Invalidation of keys, see invalidate.h. */
#include "mem/fast.h"
#include "mem/invalidate.h"
#include "mem/window.h"

int rodp_key_invalidate(struct rodp_dev *dev, struct ib_pd *pd, u64 qp, u32 key)
{
	int err = rodp_window_invalidate(dev, pd, qp, key);

	return err == -ENOENT ? rodp_fast_invalidate(dev, pd, key) : err;
}
