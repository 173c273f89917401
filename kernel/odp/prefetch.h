/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Prefetch: a process has its pages mapped before the device needs them.
 *
 * The prefetches of a mirror are done one after another, by one task of its pool (task.h), so
 * that no fault waits for them, however long they are or however long user space blocks
 * one. A prefetch holds references to its mirror and to the module; nobody has to wait for it.
 *
 *	prefetch = rodp_prefetch_create(mirror, va, len, RODP_PREFETCH_READ);
 *	if (IS_ERR(prefetch))
 *		return PTR_ERR(prefetch);
 *	err = rodp_prefetch_start(prefetch);
 *	if (!err)
 *		err = rodp_prefetch_wait(prefetch, jiffies); (or not)
 *	rodp_prefetch_put(prefetch);
 */
#ifndef RODP_ODP_PREFETCH_H
#define RODP_ODP_PREFETCH_H

#include <linux/types.h>

struct rodp_mirror;
struct rodp_prefetch;

/**
 * enum rodp_prefetch_mode - What a prefetch maps
 * @RODP_PREFETCH_READ: all pages of the range, at least readable
 * @RODP_PREFETCH_WRITE: all pages of the range, writable
 * @RODP_PREFETCH_PRESENT: the pages that the mm has in its page tables; cannot fail
 */
enum rodp_prefetch_mode {
	RODP_PREFETCH_READ,
	RODP_PREFETCH_WRITE,
	RODP_PREFETCH_PRESENT,
};

/**
 * rodp_prefetch_create() - Make a prefetch that is not started
 * @mirror: the mirror, which has a user
 * @va: first byte, a VA of the mirror's mm
 * @len: bytes; the range does not wrap
 * @mode: what to map
 *
 * Context: Process, sleeps. The memory is charged to the current memcg.
 * Return: the prefetch with one reference, for rodp_prefetch_put(); ERR_PTR(): -ENOMEM, or -EAGAIN
 * when the user has as many prefetches under way as he may.
 */
struct rodp_prefetch *rodp_prefetch_create(struct rodp_mirror *mirror, u64 va, u64 len,
					   enum rodp_prefetch_mode mode);

/**
 * rodp_prefetch_start() - Queue a prefetch behind the others of its mirror
 * @prefetch: the prefetch, not started before
 *
 * Context: Process.
 * Return: 0, or -ENODEV when the driver is being unloaded.
 */
int rodp_prefetch_start(struct rodp_prefetch *prefetch);

/**
 * rodp_prefetch_wait() - Wait for the end of a prefetch that was started
 * @prefetch: the prefetch
 * @jiffies: how long to wait at most
 *
 * May be called again after -ETIMEDOUT.
 *
 * Context: Process, sleeps.
 * Return: 0 when it is over (it stops early, without an error, when its mirror loses its last
 * user); -EFAULT or -ENOMEM when a page could not be mapped, see rodp_fault_request(), after which
 * no later page was tried; -ETIMEDOUT; or -EINTR when the caller has a fatal signal.
 */
int rodp_prefetch_wait(struct rodp_prefetch *prefetch, unsigned long jiffies);

/**
 * rodp_prefetch_put() - Drop a reference
 * @prefetch: the prefetch, started or not; one that was started goes on
 *
 * Context: Process.
 */
void rodp_prefetch_put(struct rodp_prefetch *prefetch);

/* For mirror.c: a new mirror has no prefetches. */
void rodp_prefetches_init(struct rodp_mirror *mirror);

#endif
