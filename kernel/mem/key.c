// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Keys, see key.h. */
#include <linux/random.h>

#include "base/quota.h"
#include "mem/key.h"
#include "mem/window.h"

#define KEY_VARIANT_BITS 8
#define KEY_LAST	 ((1u << (32 - KEY_VARIANT_BITS)) - 1) /* index */

/* Tags of the table's entries: what they point to. */
enum {
	TAG_MR = 0,
	TAG_WINDOW = 1,
};

/* The first free index from a random one on. At most one in 16 is taken: the next is seldom far. */
static int key_find_free(struct rodp_dev *dev, u32 *index)
{
	u32 from = 1 + get_random_u32_below(KEY_LAST);
	int err = xa_alloc(&dev->mrs, index, NULL, XA_LIMIT(from, KEY_LAST), GFP_KERNEL_ACCOUNT);

	if (err == -EBUSY)
		err = xa_alloc(&dev->mrs, index, NULL, XA_LIMIT(1, from), GFP_KERNEL_ACCOUNT);
	return err;
}

/* *key is written before the entry can be found. */
static int key_store(struct rodp_dev *dev, void *entry, u32 *key)
{
	u32 index;
	int err = key_find_free(dev, &index);

	if (err)
		return err;
	*key = index << KEY_VARIANT_BITS | get_random_u8();
	xa_store(&dev->mrs, index, entry, GFP_KERNEL_ACCOUNT);
	return 0;
}

static int key_assign(struct rodp_dev *dev, void *entry, u32 *key)
{
	if (rodp_quota_take(&dev->keys, RODP_MAX_MR))
		return -EBUSY;
	return rodp_quota_settle(&dev->keys, key_store(dev, entry, key));
}

int rodp_key_assign(struct rodp_dev *dev, struct rodp_mr *mr)
{
	int err = key_assign(dev, xa_tag_pointer(mr, TAG_MR), &mr->ib.lkey);

	if (err)
		return err;
	mr->ib.rkey = mr->ib.lkey;
	rodp_recent_add(&dev->recent_mrs, mr->ib.lkey >> KEY_VARIANT_BITS, mr);
	if (!mr->ops->dormant)
		smp_store_release(&mr->key, mr->ib.lkey);
	return 0;
}

int rodp_key_assign_window(struct rodp_dev *dev, struct rodp_window *window)
{
	return key_assign(dev, xa_tag_pointer(window, TAG_WINDOW), &window->key);
}

void rodp_key_remove(struct rodp_dev *dev, u32 key)
{
	const u32 index = key >> KEY_VARIANT_BITS;
	void *entry = xa_erase(&dev->mrs, index);

	if (xa_pointer_tag(entry) == TAG_MR)
		rodp_recent_remove(&dev->recent_mrs, index, xa_untag_pointer(entry));
	rodp_quota_give(&dev->keys);
}

static void *key_find(struct rodp_dev *dev, u32 key, unsigned int tag)
{
	void *entry;

	RCU_LOCKDEP_WARN(!rcu_read_lock_any_held(), "a key's entry may be freed");
	entry = xa_load(&dev->mrs, key >> KEY_VARIANT_BITS);
	return entry && xa_pointer_tag(entry) == tag ? xa_untag_pointer(entry) : NULL;
}

struct rodp_mr *rodp_key_lookup(struct rodp_dev *dev, u32 key)
{
	struct rodp_mr *mr;

	/* Nobody's key, but equal to mr->key while none is in force. */
	if (unlikely(!(key >> KEY_VARIANT_BITS)))
		return NULL;
	mr = rodp_recent_find(&dev->recent_mrs, key >> KEY_VARIANT_BITS);
	if (likely(mr && smp_load_acquire(&mr->key) == key))
		return mr;
	mr = key_find(dev, key, TAG_MR);
	return mr && smp_load_acquire(&mr->key) == key ? mr : NULL;
}

struct rodp_mr *rodp_key_lookup_kin(struct rodp_dev *dev, u32 key)
{
	return key_find(dev, key, TAG_MR);
}

struct rodp_window *rodp_key_lookup_window(struct rodp_dev *dev, u32 key)
{
	return key_find(dev, key, TAG_WINDOW);
}
