/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Aging: accesses of the device keep pages young.
 *
 * Reclaim asks the page tables and, through ordinary mmu_notifiers, devices whether a page was
 * accessed since the last question. If rodp did not answer, a page that only the device
 * uses would look idle, be reclaimed first, and be faulted in again at once. The
 * answer is the ACCESSED bit of an entry, which an access sets when it is not set.
 */
#ifndef RODP_ODP_AGE_H
#define RODP_ODP_AGE_H

struct rodp_mirror;

/**
 * rodp_age_begin() - Begin to answer reclaim's questions
 * @mirror: a new mirror of current->mm
 *
 * Context: Process, sleeps; takes the mmap lock.
 * Return: 0, -ENOMEM, or -ERESTARTNOINTR: a signal is pending, for which mmu_notifier_register()
 * refuses; the system call is to begin again.
 */
int rodp_age_begin(struct rodp_mirror *mirror);

/**
 * rodp_age_end() - Stop answering
 * @mirror: the mirror; no question is being answered any more when this returns
 *
 * Context: Process, sleeps.
 */
void rodp_age_end(struct rodp_mirror *mirror);

#endif
