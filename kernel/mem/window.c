// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Memory windows, see window.h. */
#include <linux/slab.h>

#include "mem/key.h"
#include "mem/window.h"

#define FLUSH_RIGHTS (IB_ACCESS_FLUSH_GLOBAL | IB_ACCESS_FLUSH_PERSISTENT)
#define WINDOW_RIGHTS \
	(IB_ACCESS_REMOTE_READ | IB_ACCESS_REMOTE_WRITE | IB_ACCESS_REMOTE_ATOMIC | FLUSH_RIGHTS)

struct rodp_window *rodp_window_create(struct rodp_dev *dev, struct ib_pd *pd, bool type2)
{
	struct rodp_window *window = kzalloc(sizeof(*window), GFP_KERNEL_ACCOUNT);
	int err;

	if (!window)
		return ERR_PTR(-ENOMEM);
	window->dev = dev;
	window->pd = pd;
	window->type2 = type2;
	spin_lock_init(&window->lock);
	err = rodp_key_assign_window(dev, window);
	if (!err)
		return window;
	kfree(window);
	return ERR_PTR(err);
}

/* Nobody new gets in. Those inside have references to the MR of their own. */
static void window_shut(struct rodp_window *window)
{
	lockdep_assert_held(&window->lock);
	if (window->mr)
		rodp_mr_unbind(window->mr);
	window->mr = NULL;
}

/* Of a window that is shut: 0 when nobody is inside, else -EAGAIN. */
static int window_settled(struct rodp_window *window)
{
	return atomic_read_acquire(&window->busy) ? -EAGAIN : 0;
}

/* Unbind a window that has this key: one with another key was bound by somebody else since. */
static int window_unbind(struct rodp_window *window, u32 key)
{
	bool same;

	spin_lock_bh(&window->lock);
	same = window->key == key;
	if (same)
		window_shut(window);
	spin_unlock_bh(&window->lock);
	return same ? window_settled(window) : 0;
}

/* The key of a window that is destroyed. No key has index 0, so that none is equal to it. */
#define WINDOW_NO_KEY 0

/*
 * Unbind for good. Others may have found the window before, even be about to bind it: they
 * compare its key again under the lock, and refuse.
 */
static void window_end(struct rodp_window *window)
{
	spin_lock_bh(&window->lock);
	window->key = WINDOW_NO_KEY;
	window_shut(window);
	spin_unlock_bh(&window->lock);
	if (window_settled(window))
		synchronize_rcu(); /* an access is one section with BH disabled */
}

void rodp_window_destroy(struct rodp_window *window)
{
	rodp_key_remove(window->dev, window->key);
	window_end(window);
	kfree_rcu(window, rcu);
}

/* The rights that an MR needs for these of a window (C10-74); whether memory can be flushed it knows. */
static u32 window_needs(u32 access)
{
	bool writes = access & (IB_ACCESS_REMOTE_WRITE | IB_ACCESS_REMOTE_ATOMIC);

	return IB_ACCESS_MW_BIND | (writes ? IB_ACCESS_LOCAL_WRITE : 0) | (access & FLUSH_RIGHTS);
}

/* The MR to bind to, counted as bound, or NULL. */
static struct rodp_mr *window_target(struct rodp_dev *dev, struct ib_pd *pd,
				     const struct rodp_bind *bind)
{
	struct rodp_mr *mr = rodp_mr_get(dev, pd, bind->mr_lkey, window_needs(bind->access),
					 bind->addr, bind->length);
	bool bound;

	if (!mr)
		return NULL;
	bound = !(mr->access & IB_ZERO_BASED) && rodp_mr_bind(mr);
	rodp_mr_put(mr);
	return bound ? mr : NULL;
}

/* What can be said before the MR is looked at. */
static bool window_may_bind(const struct rodp_window *window, struct ib_pd *pd,
			    const struct rodp_bind *bind)
{
	/* Applications ask for LOCAL_WRITE too; a window has no lkey for which it could mean anything. */
	const u32 rights = WINDOW_RIGHTS | IB_ACCESS_LOCAL_WRITE |
			   (window->type2 ? IB_ZERO_BASED : 0);

	lockdep_assert_held(&window->lock);
	if (window->pd != pd || window->key != bind->mw_rkey ||
	    !rodp_key_is_kin(window->key, bind->new_rkey) || (bind->access & ~rights))
		return false;
	return !window->type2 || (!window->mr && bind->length);
}

/* mr: NULL for none. False when somebody else was faster. */
static bool window_set(struct rodp_window *window, struct rodp_mr *mr, u64 qp,
		       const struct rodp_bind *bind)
{
	bool set = false;

	spin_lock_bh(&window->lock);
	if (!window->mr && window->key == bind->mw_rkey) {
		window->key = bind->new_rkey;
		window->access = bind->access & WINDOW_RIGHTS;
		window->qp = qp;
		window->mr = mr;
		window->va = bind->access & IB_ZERO_BASED ? 0 : bind->addr;
		window->iova = bind->addr;
		window->length = bind->length;
		set = true;
	}
	spin_unlock_bh(&window->lock);
	return set;
}

static int window_bind(struct rodp_window *window, struct ib_pd *pd, u64 qp,
		       const struct rodp_bind *bind)
{
	struct rodp_mr *mr = NULL;
	int err = 0;
	bool may;

	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "the window may be freed");
	spin_lock_bh(&window->lock);
	may = window_may_bind(window, pd, bind);
	spin_unlock_bh(&window->lock);
	if (!may)
		return -EINVAL;
	if (bind->length) {
		mr = window_target(window->dev, pd, bind);
		if (!mr)
			return -EINVAL;
	}
	if (!window->type2)
		err = window_unbind(window, bind->mw_rkey);
	if (!err && window_set(window, mr, qp, bind))
		return 0;
	if (mr)
		rodp_mr_unbind(mr);
	return err ?: -EINVAL;
}

int rodp_window_bind(struct rodp_dev *dev, struct ib_pd *pd, u64 qp, const struct rodp_bind *bind)
{
	struct rodp_window *window;
	int err = -EINVAL;

	rcu_read_lock();
	window = rodp_key_lookup_window(dev, bind->mw_rkey);
	if (window)
		err = window_bind(window, pd, qp, bind);
	rcu_read_unlock();
	return err;
}

/* Look and shut are one: a window that is bound anew in between would be another's to invalidate. */
static int window_invalidate(struct rodp_window *window, struct ib_pd *pd, u64 qp, u32 key)
{
	bool may;

	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "the window may be freed");
	spin_lock_bh(&window->lock);
	may = window->type2 && window->pd == pd && window->key == key &&
	      (!window->mr || window->qp == qp);
	if (may)
		window_shut(window);
	spin_unlock_bh(&window->lock);
	return may ? window_settled(window) : -EINVAL;
}

int rodp_window_invalidate(struct rodp_dev *dev, struct ib_pd *pd, u64 qp, u32 key)
{
	struct rodp_window *window;
	int err = -ENOENT;

	rcu_read_lock();
	window = rodp_key_lookup_window(dev, key);
	if (window)
		err = window_invalidate(window, pd, qp, key);
	rcu_read_unlock();
	return err;
}

static bool window_grants(const struct rodp_window *window, struct ib_pd *pd, u64 qp, u32 key,
			  u32 access, u64 va, u64 bytes)
{
	lockdep_assert_held(&window->lock);
	return window->mr && window->key == key && window->pd == pd &&
	       (!window->type2 || window->qp == qp) && (window->access & access) == access &&
	       va >= window->va && bytes <= window->length &&
	       va - window->va <= window->length - bytes;
}

struct rodp_mr *rodp_window_use(struct rodp_dev *dev, struct ib_pd *pd, u64 qp, u32 key, u32 access,
				u64 *va, u64 bytes, struct rodp_window **used)
{
	struct rodp_window *window;
	struct rodp_mr *mr = NULL;

	rcu_read_lock();
	window = rodp_key_lookup_window(dev, key);
	if (window) {
		spin_lock_bh(&window->lock);
		if (window_grants(window, pd, qp, key, access, *va, bytes) &&
		    refcount_inc_not_zero(&window->mr->ref)) {
			atomic_inc(&window->busy);
			mr = window->mr;
			*va = window->iova + (*va - window->va);
			*used = window;
		}
		spin_unlock_bh(&window->lock);
	}
	rcu_read_unlock();
	return mr;
}
