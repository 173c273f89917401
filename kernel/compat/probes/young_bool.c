// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Do the young operations of an mmu_notifier return bool? (They returned int.) */
#include <linux/mmu_notifier.h>

static bool test_young(struct mmu_notifier *subscription, struct mm_struct *mm,
		       unsigned long address)
{
	return false;
}

const struct mmu_notifier_ops probe = { .test_young = test_young };
