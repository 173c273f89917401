/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * monitor: an address space, its notifier, and the book of what the process watches in it.
 *
 * One notifier of the mm and a tree of its own, not an interval notifier a range: those tell of the
 * beginning of a change and not of its end, so that a process that pins pages in between must ask
 * the kernel whether it may believe them, and waits there until no change at all goes on; and
 * taking one away waits for that, too. Here both ends are told, in a word that is read without a
 * system call, and a watch begins and ends at once.
 *
 * The mm calls in process context, under any of its sleeping locks, also from reclaim and from the
 * OOM reaper: nothing here sleeps (spinlocks alone), allocates, or fails. What one call takes is
 * bounded by the ranges of a user.
 */
#ifndef RODP_MONITOR_MONITOR_H
#define RODP_MONITOR_MONITOR_H

#include <linux/mm_types.h>
#include <linux/poll.h>

#include "uapi/odp_monitor.h"

struct monitor;

/**
 * monitor_create() - of the current process's address space; it watches nothing yet
 *
 * Context: Process, sleeps.
 * Return: a monitor for monitor_destroy(), or ERR_PTR(-ENOMEM), ERR_PTR(-ESRCH): a thread without one.
 */
struct monitor *monitor_create(void);

/**
 * monitor_destroy() - it ends, and with it all watches
 * @monitor: nobody else uses it, or has it mapped
 *
 * Context: Process, sleeps until callbacks that run have returned.
 */
void monitor_destroy(struct monitor *monitor);

/**
 * monitor_check_owner() - is the current process that whose address space it is?
 * @monitor: the monitor
 *
 * Context: Process.
 * Return: 0; -EPERM: another one; -ESRCH: another one, and that address space has ended.
 */
int monitor_check_owner(const struct monitor *monitor);

/*
 * The calls of uapi/odp_monitor.h: in process context, by the owner; they sleep. What they return,
 * and what they fill in, is written there.
 */
int monitor_setup(struct monitor *monitor, struct odp_monitor_setup *setup);
int monitor_watch(struct monitor *monitor, struct odp_monitor_watch *watch);
int monitor_unwatch(struct monitor *monitor, struct odp_monitor_unwatch *unwatch);

/**
 * monitor_map() - map the shared memory
 * @monitor: of the current process
 * @vma: all of it
 *
 * Context: Process, in mmap().
 * Return: 0 or a negative errno.
 */
int monitor_map(struct monitor *monitor, struct vm_area_struct *vma);

/**
 * monitor_poll() - is there something to read?
 * @monitor: of the current process
 * @file: whose poll() it is
 * @wait: as poll() has it
 *
 * Context: Process.
 * Return: EPOLLIN; EPOLLHUP: the address space has ended.
 */
__poll_t monitor_poll(struct monitor *monitor, struct file *file, poll_table *wait);

#endif
