/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The mmu_interval_notifier callback of a leaf, which the mm calls at its events. */
#ifndef RODP_ODP_NOTIFIER_H
#define RODP_ODP_NOTIFIER_H

#include <linux/mmu_notifier.h>

extern const struct mmu_interval_notifier_ops rodp_leaf_notifier_ops;

#endif
