/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Quotas: how many objects of a kind a device has, where nothing else counts them and its limit
 * (max_pd and so on) must hold. Any context.
 */
#ifndef RODP_BASE_QUOTA_H
#define RODP_BASE_QUOTA_H

#include "base/dev.h"

/* One more. 0, or -ENOMEM: `most` are there. */
static inline int rodp_quota_take(atomic_t *count, int most)
{
	if (atomic_inc_return(count) <= most)
		return 0;
	atomic_dec(count);
	return -ENOMEM;
}

/* One less: after it was destroyed, or could not be made. */
static inline void rodp_quota_give(atomic_t *count)
{
	atomic_dec(count);
}

/* What making it came to, when one was taken for it. */
static inline int rodp_quota_settle(atomic_t *count, int err)
{
	if (err)
		rodp_quota_give(count);
	return err;
}

#endif
