// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The device's counters, and whether an event moved them. */
#include "co.h"

#define LIMIT_MS 30000 /* only what fails takes as long */

int64_t co_counter(const struct vt_device *dev, const char *counter)
{
	int64_t value = vt_counter(dev, counter);

	if (value < 0)
		vt_fail("%s has no counter %s", dev->name, counter);
	return value;
}

int64_t co_invalidations(const struct vt_device *dev)
{
	static const char *const kinds[] = {
		"odp_inval_unmap",	  "odp_inval_clear",   "odp_inval_protect_vma",
		"odp_inval_protect_page", "odp_inval_migrate", "odp_inval_soft_dirty",
		"odp_inval_release",
	};
	int64_t sum = co_counter(dev, kinds[0]);
	size_t i;

	for (i = 1; i < VT_ARRAY_SIZE(kinds); i++)
		sum += vt_counter(dev, kinds[i]);
	return sum;
}

void co_expect_moved(const struct vt_device *dev, const char *counter, int64_t before)
{
	const uint64_t end_ns = vt_now_ns() + LIMIT_MS * 1000000ull;

	while (co_counter(dev, counter) <= before) {
		if (vt_now_ns() > end_ns)
			vt_fail("the event did not reach the driver: %s stayed at %ld", counter,
				(long)before);
	}
}
