/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Prefetch: a process asks for its pages before the device needs them.
 *
 * The prefetches of a mirror are done one after another by a work item of their own, so
 * that however long they are, and even when user space holds one up, no miss waits
 * for them. A prefetch keeps its mirror, and the module; nobody has to wait for it.
 */
#ifndef RODP_ODP_PREFETCH_H
#define RODP_ODP_PREFETCH_H

#include <linux/types.h>

struct rodp_mirror;
struct rodp_prefetch;

enum rodp_prefetch_mode {
	RODP_PREFETCH_READ,
	RODP_PREFETCH_WRITE,
	RODP_PREFETCH_PRESENT, /* only what is in memory already; cannot fail */
};

/*
 * A prefetch of [va, va + len), which does not wrap, not under way yet; one reference.
 * NULL: no memory. Process context, sleeps; mirror has a user.
 */
struct rodp_prefetch *rodp_prefetch_create(struct rodp_mirror *mirror, u64 va, u64 len,
					   enum rodp_prefetch_mode mode);

/* Put it under way. Returns -ENODEV when the driver is about to be unloaded. */
int rodp_prefetch_start(struct rodp_prefetch *prefetch);

/*
 * Wait for the end of one that was started, at most `jiffies`.
 * Returns 0; why it ended early, as rodp_fault_request() would say; -ETIMEDOUT;
 * or -EINTR: the caller is to die. Sleeps.
 */
int rodp_prefetch_wait(struct rodp_prefetch *prefetch, unsigned long jiffies);

/* Started or not. */
void rodp_prefetch_put(struct rodp_prefetch *prefetch);

/* Of mirror.c: a new mirror. */
void rodp_prefetches_init(struct rodp_mirror *mirror);

#endif
