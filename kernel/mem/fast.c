// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* MRs for fast registration, see fast.h. */
#include "mem/fast.h"
#include "mem/key.h"
#include "mem/pages.h"

#define FAST_RIGHTS                                                               \
	(IB_ACCESS_LOCAL_WRITE | IB_ACCESS_REMOTE_WRITE | IB_ACCESS_REMOTE_READ | \
	 IB_ACCESS_REMOTE_ATOMIC | IB_ACCESS_OPTIONAL)

static const struct rodp_mr_ops fast_ops = {
	.name = "fast",
	.release = rodp_pages_free,
	.dormant = true,
};

/* Of so many pages in force, and as many that are listed for the next time. */
static int fast_take(struct rodp_mr *mr, u32 max_pages)
{
	mr->pages.fast.max = max_pages;
	mr->pages.page = kvmalloc_array(2 * max_pages, sizeof(void *), GFP_KERNEL);
	return mr->pages.page ? 0 : -ENOMEM;
}

struct rodp_mr *rodp_fast_create(struct rodp_dev *dev, struct ib_pd *pd, u32 max_pages)
{
	struct rodp_mr *mr;

	if (!max_pages || max_pages > RODP_MAX_FAST_PAGES)
		return ERR_PTR(-EINVAL);
	mr = rodp_mr_begin(&fast_ops, pd, 0, 0, 0);
	if (IS_ERR(mr))
		return mr;
	return rodp_mr_finish(dev, mr, fast_take(mr, max_pages));
}

bool rodp_mr_is_fast(const struct rodp_mr *mr)
{
	return mr->ops == &fast_ops;
}

void rodp_fast_begin_list(struct rodp_mr *mr)
{
	mr->pages.fast.listed = 0;
}

int rodp_fast_add_page(struct rodp_mr *mr, u64 addr)
{
	u32 max = mr->pages.fast.max;

	if (mr->pages.fast.listed == max)
		return -ENOMEM;
	mr->pages.page[max + mr->pages.fast.listed++] = (void *)(uintptr_t)addr;
	return 0;
}

/* mr->key while a REG_MR takes the list over. No key has index 0, so that none is equal to it. */
#define FAST_TAKING 1

/*
 * Have an MR that is not in force to oneself: no other REG_MR takes the list at the same time, and
 * the reference keeps an MR that is being destroyed, and its memory, until fast_publish().
 */
static bool fast_claim(struct rodp_mr *mr)
{
	if (!refcount_inc_not_zero(&mr->ref))
		return false;
	if (cmpxchg(&mr->key, 0, FAST_TAKING) == 0)
		return true;
	rodp_mr_put(mr);
	return false;
}

static void fast_publish(struct rodp_mr *mr, u32 key)
{
	smp_store_release(&mr->key, key); /* pairs with rodp_key_lookup() and rodp_mr_get() */
	rodp_mr_put(mr);
}

/*
 * Whether nobody has access, of an MR that is not in force: accesses are short, and only they have
 * references beyond these.
 */
static bool fast_is_settled(struct rodp_mr *mr, unsigned int others)
{
	if (refcount_read(&mr->ref) > 1 + others)
		return false;
	smp_rmb(); /* the count before what its last holder did */
	return true;
}

/* Nobody has access. The list stays: it can be registered again. */
static void fast_take_list(struct rodp_mr *mr)
{
	memcpy(mr->pages.page, mr->pages.page + mr->pages.fast.max,
	       mr->pages.fast.listed * sizeof(mr->pages.page[0]));
	mr->iova = mr->ib.iova;
	mr->length = mr->ib.length;
	mr->pages.offset = offset_in_page(mr->iova);
}

static bool fast_is_of(const struct rodp_mr *mr, struct ib_pd *pd)
{
	return mr && rodp_mr_is_fast(mr) && mr->ib.pd == pd;
}

/* An MR that is claimed. Another QP may have taken its last key away while accesses were under way. */
static int fast_put_in_force(struct rodp_mr *mr, u32 key, u32 access)
{
	if (!fast_is_settled(mr, 1)) {
		fast_publish(mr, 0);
		return -EAGAIN;
	}
	fast_take_list(mr);
	mr->access = access;
	WRITE_ONCE(mr->pages.fast.leaving, 0);
	fast_publish(mr, key);
	return 0;
}

int rodp_fast_register(struct rodp_dev *dev, struct ib_pd *pd, u32 key, u32 access)
{
	struct rodp_mr *mr;
	int err = -EINVAL;

	if (access & ~FAST_RIGHTS)
		return -EINVAL;
	rcu_read_lock();
	mr = rodp_key_lookup_kin(dev, key);
	if (fast_is_of(mr, pd) && mr->pages.fast.listed && fast_claim(mr))
		err = fast_put_in_force(mr, key, access);
	rcu_read_unlock();
	return err;
}

/* Whether the key goes out of force now, or did before and its accesses have not settled since. */
static bool fast_shut(struct rodp_mr *mr, u32 key)
{
	if (cmpxchg(&mr->key, key, 0) != key)
		return READ_ONCE(mr->pages.fast.leaving) == key;
	WRITE_ONCE(mr->pages.fast.leaving, key);
	return true;
}

int rodp_fast_invalidate(struct rodp_dev *dev, struct ib_pd *pd, u32 key)
{
	struct rodp_mr *mr;
	int err = -EINVAL;

	rcu_read_lock();
	mr = rodp_key_lookup_kin(dev, key);
	if (fast_is_of(mr, pd) && fast_shut(mr, key))
		err = fast_is_settled(mr, 0) ? 0 : -EAGAIN;
	if (!err)
		WRITE_ONCE(mr->pages.fast.leaving, 0);
	rcu_read_unlock();
	return err;
}
