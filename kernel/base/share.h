/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Shares: pages of the kernel's that a process maps (rings, device memory).
 *
 * The pages are charged to the memory cgroup of who asks for them, and counted in the accounts of
 * the user and, for some, of the device. A page may outlive its owner: it stays mapped, or a
 * dma-buf or a pin has it. Nobody tells the driver when the last such reference goes. So who lets
 * go of a share leaves it, if a page of it is still in use, in a list that is looked through from
 * time to time, and when its account is full: pages are freed, and accounts get back what they are
 * owed, when nobody else has any of them.
 */
#ifndef RODP_BASE_SHARE_H
#define RODP_BASE_SHARE_H

#include <linux/gfp.h>
#include <linux/types.h>

/*
 * How memory is allocated whose size a process chooses: charged to its memory cgroup; who has
 * reached the limit of that is refused, and neither killed nor talked of in the log.
 */
#define RODP_GFP_SIZED (GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

struct page;
struct rodp_account;
struct vm_area_struct;

struct rodp_share;

/**
 * rodp_share_create() - allocate pages, all zero
 * @pages: how many, at least 1
 * @user: whose account they are counted in, or NULL
 * @device: another account, or NULL
 *
 * The share takes references of its own to the accounts.
 *
 * Context: Process, sleeps.
 * Return: the share, for rodp_share_put(), or ERR_PTR: -ENOMEM (also: an account or the memory
 * cgroup is full, for which nobody is killed), -EINTR (the process is being killed).
 */
struct rodp_share *rodp_share_create(u32 pages, struct rodp_account *user,
				     struct rodp_account *device);

/**
 * rodp_share_put() - let go of a share
 * @share: the owner uses the pages no more; those that others have stay theirs
 *
 * Context: Process; the mmap lock may be held.
 */
void rodp_share_put(struct rodp_share *share);

/**
 * rodp_share_map() - map the pages into a process
 * @share: the share
 * @vma: of mmap(); shows the pages from the first one on
 *
 * Context: Process, with the mmap lock held for writing.
 * Return: 0, or a negative errno.
 */
int rodp_share_map(const struct rodp_share *share, struct vm_area_struct *vma);

/**
 * rodp_share_pages() - the pages
 * @share: the share
 *
 * Context: Any.
 * Return: the array of them, which lives as long as the owner has the share.
 */
struct page **rodp_share_pages(struct rodp_share *share);

/**
 * rodp_share_count() - how many pages there are
 * @share: the share
 */
u32 rodp_share_count(const struct rodp_share *share);

/**
 * rodp_share_module_init() - begin without shares
 *
 * Context: Process.
 */
void rodp_share_module_init(void);

/**
 * rodp_share_module_exit() - give up what others still have: those pages are freed by their last user
 *
 * Context: Process, sleeps. No share has an owner any more.
 */
void rodp_share_module_exit(void);

#endif
