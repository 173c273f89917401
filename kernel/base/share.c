// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Shares, see share.h. */
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "base/account.h"
#include "base/share.h"

struct rodp_share {
	struct list_head node; /* in its list of shares that nobody owns */
	struct rodp_account *user, *device;
	u32 count;
	struct page *page[];
};

/*
 * Let go of, but a page was in use when last looked at. A user may have many, and can have them looked at as
 * often as he likes; so that others do not wait for that, each user has one of some lists.
 */
#define SHARE_LIST_BITS 6

static struct share_list {
	struct mutex lock;
	struct list_head shares; /* lock */
} share_lists[1 << SHARE_LIST_BITS];

/* How often they are looked at. */
#define SHARE_LOOK_JIFFIES HZ

static struct share_list *share_list_of(const struct rodp_account *user)
{
	return &share_lists[hash_ptr(user, SHARE_LIST_BITS)];
}

static void share_look(struct work_struct *work);
static DECLARE_DELAYED_WORK(share_work, share_look);

static u64 share_bytes(u32 pages)
{
	return (u64)pages << PAGE_SHIFT;
}

static void share_free(struct rodp_share *share)
{
	u32 i;

	for (i = 0; i < share->count && share->page[i]; i++)
		__free_page(share->page[i]);
	rodp_account_uncharge(share->device, share_bytes(share->count));
	rodp_account_uncharge(share->user, share_bytes(share->count));
	rodp_account_put(share->device);
	rodp_account_put(share->user);
	kvfree(share);
}

/* The reference of its own is the only one that each page has. Nobody can get another then. */
static bool share_is_unused(const struct rodp_share *share)
{
	u32 i;

	for (i = 0; i < share->count; i++)
		if (page_ref_count(share->page[i]) != 1)
			return false;
	return true;
}

/* Free what is in use no more. Returns whether anything is left. */
static bool share_reap(struct share_list *list)
{
	struct rodp_share *share, *next;
	bool left;

	mutex_lock(&list->lock);
	list_for_each_entry_safe(share, next, &list->shares, node) {
		if (share_is_unused(share)) {
			list_del(&share->node);
			share_free(share);
		}
		cond_resched();
	}
	left = !list_empty(&list->shares);
	mutex_unlock(&list->lock);
	return left;
}

static bool share_reap_all(void)
{
	bool left = false;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(share_lists); i++)
		left |= share_reap(&share_lists[i]);
	return left;
}

static void share_look(struct work_struct *work)
{
	if (share_reap_all())
		schedule_delayed_work(&share_work, SHARE_LOOK_JIFFIES);
}

void rodp_share_put(struct rodp_share *share)
{
	struct share_list *list = share_list_of(share->user);

	if (share_is_unused(share)) {
		share_free(share);
		return;
	}
	mutex_lock(&list->lock);
	list_add_tail(&share->node, &list->shares);
	mutex_unlock(&list->lock);
	schedule_delayed_work(&share_work, SHARE_LOOK_JIFFIES);
}

/* Before an account says no: who has just unmapped something is owed it. */
static int share_try_charge_user(struct rodp_account *user, u64 bytes)
{
	if (!rodp_account_try_charge(user, bytes))
		return 0;
	share_reap(share_list_of(user));
	return rodp_account_try_charge(user, bytes);
}

/* The same of a device, which is owed by any user. */
static int share_try_charge_device(struct rodp_account *device, u64 bytes)
{
	if (!rodp_account_try_charge(device, bytes))
		return 0;
	share_reap_all();
	return rodp_account_try_charge(device, bytes);
}

static int share_fill(struct rodp_share *share, u32 pages)
{
	u32 i;

	for (i = 0; i < pages; i++) {
		share->page[i] = alloc_page(RODP_GFP_SIZED | __GFP_ZERO);
		if (!share->page[i])
			return -ENOMEM;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/* The accounts have room for it. */
static struct rodp_share *share_make(u32 pages, struct rodp_account *user,
				     struct rodp_account *device)
{
	struct rodp_share *share = kvzalloc(struct_size(share, page, pages), RODP_GFP_SIZED);

	if (!share)
		return NULL;
	share->count = pages;
	share->user = rodp_account_get(user);
	share->device = rodp_account_get(device);
	return share;
}

struct rodp_share *rodp_share_create(u32 pages, struct rodp_account *user,
				     struct rodp_account *device)
{
	struct rodp_share *share;
	int err = -ENOMEM;

	if (share_try_charge_user(user, share_bytes(pages)))
		return ERR_PTR(-ENOMEM);
	if (share_try_charge_device(device, share_bytes(pages)))
		goto err_user;
	share = share_make(pages, user, device);
	if (!share)
		goto err_device;
	err = share_fill(share, pages);
	if (!err)
		return share;
	share_free(share); /* gives back to the accounts, too */
	return ERR_PTR(err);

err_device:
	rodp_account_uncharge(device, share_bytes(pages));
err_user:
	rodp_account_uncharge(user, share_bytes(pages));
	return ERR_PTR(err);
}

int rodp_share_map(const struct rodp_share *share, struct vm_area_struct *vma)
{
	/* As of memory of a device: it does not grow, and is not dumped. */
	vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
	return vm_map_pages_zero(vma, (struct page **)share->page, share->count);
}

struct page **rodp_share_pages(struct rodp_share *share)
{
	return share->page;
}

u32 rodp_share_count(const struct rodp_share *share)
{
	return share->count;
}

void rodp_share_module_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(share_lists); i++) {
		mutex_init(&share_lists[i].lock);
		INIT_LIST_HEAD(&share_lists[i].shares);
	}
}

static void share_give_up(struct share_list *list)
{
	struct rodp_share *share, *next;

	list_for_each_entry_safe(share, next, &list->shares, node) {
		list_del(&share->node);
		share_free(share);
	}
}

void rodp_share_module_exit(void)
{
	size_t i;

	cancel_delayed_work_sync(&share_work);
	for (i = 0; i < ARRAY_SIZE(share_lists); i++)
		share_give_up(&share_lists[i]);
}
