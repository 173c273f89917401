/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Quotas: how many objects of one kind a device has, for kinds that nothing else counts, so that
 * the device's limit (max_pd and so on) holds.
 *
 *	err = rodp_quota_take(&dev->pds, RODP_MAX_PD);
 *	if (err)
 *		return err;
 *	return rodp_quota_settle(&dev->pds, make the object);
 */
#ifndef RODP_BASE_QUOTA_H
#define RODP_BASE_QUOTA_H

#include "base/dev.h"

/**
 * rodp_quota_take() - Count one object more
 * @count: the objects of its kind
 * @most: the limit
 *
 * Context: Any.
 * Return: 0, or -ENOMEM: there are @most objects already, and nothing is counted.
 */
static inline int rodp_quota_take(atomic_t *count, int most)
{
	if (atomic_inc_return(count) <= most)
		return 0;
	atomic_dec(count);
	return -ENOMEM;
}

/**
 * rodp_quota_give() - Count one object less, after it was destroyed or could not be made
 * @count: the objects of its kind
 *
 * Context: Any.
 */
static inline void rodp_quota_give(atomic_t *count)
{
	atomic_dec(count);
}

/**
 * rodp_quota_settle() - Keep or give back what was taken for an object
 * @count: the objects of its kind
 * @err: result of making the object, 0 or a negative errno
 *
 * Context: Any.
 * Return: @err.
 */
static inline int rodp_quota_settle(atomic_t *count, int err)
{
	if (err)
		rodp_quota_give(count);
	return err;
}

#endif
