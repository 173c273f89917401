// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Keys, see key.h. */
#include <linux/random.h>

#include "key.h"

#define KEY_VARIANT_BITS 8

int rodp_key_assign(struct rodp_dev *dev, struct rodp_mr *mr)
{
	u8 variant;
	u32 index;
	int err;

	/* Findable from here on: the bounds and rights are set, the key is not needed to use it. */
	get_random_bytes(&variant, sizeof(variant));
	err = xa_alloc_cyclic(&dev->mrs, &index, NULL, XA_LIMIT(1, RODP_MAX_MR), &dev->next_mr,
			      GFP_KERNEL);
	if (err < 0)
		return err;
	mr->ib.lkey = index << KEY_VARIANT_BITS | variant;
	mr->ib.rkey = mr->ib.lkey;
	xa_store(&dev->mrs, index, mr, GFP_KERNEL);
	return 0;
}

void rodp_key_remove(struct rodp_dev *dev, struct rodp_mr *mr)
{
	xa_erase(&dev->mrs, mr->ib.lkey >> KEY_VARIANT_BITS);
}

struct rodp_mr *rodp_key_lookup(struct rodp_dev *dev, u32 key)
{
	struct rodp_mr *mr = xa_load(&dev->mrs, key >> KEY_VARIANT_BITS);

	return mr && mr->ib.lkey == key ? mr : NULL;
}
