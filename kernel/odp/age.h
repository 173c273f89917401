/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Aging: what the device uses is not old.
 *
 * Reclaim asks the page tables, and through an ordinary mmu_notifier the devices, whether
 * a page was accessed since it last asked. Without an answer from here a page that only
 * the device uses looks idle and is the first to go, to be faulted in again at once.
 * The answer is the ACCESSED bit of an entry, which an access sets when it is not set.
 */
#ifndef RODP_ODP_AGE_H
#define RODP_ODP_AGE_H

struct rodp_mirror;

/* Begin to answer for mirror, whose mm is the current one. Sleeps, takes the mmap lock. */
int rodp_age_begin(struct rodp_mirror *mirror);

/* No question is asked any more when this returns. Sleeps. */
void rodp_age_end(struct rodp_mirror *mirror);

#endif
