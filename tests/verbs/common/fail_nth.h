/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Allocations of the kernel that fail: the n-th one that a thread makes from now on (fault injection; Linux,
 * Documentation/fault-injection). Needs root and a kernel with it, as the lab's `debug` is.
 */
#ifndef VT_FAIL_NTH_H
#define VT_FAIL_NTH_H

#include <stdbool.h>
#include <sys/types.h>

/* Prepares it: allocations of any kind and size, without a word in the kernel log. Skips where it is not. */
void vt_fail_nth_begin(void);
/* The n-th allocation of this thread fails, 1 and on. */
void vt_fail_nth_arm(unsigned int n);
/* No more. Returns whether one has failed. */
bool vt_fail_nth_disarm(void);
/* Of those that were to come until the one that fails, how many have not come. Call it before vt_fail_nth_disarm(). */
unsigned int vt_fail_nth_left(void);
/* The same for all threads of this process that serve the device's faults. Returns how many there are. */
unsigned int vt_fail_nth_arm_workers(unsigned int n);
bool vt_fail_nth_disarm_workers(void);

#endif
