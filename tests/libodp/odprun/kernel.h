/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * A kernel for tests of odprun without one: ioctl(2) in a library that stands behind odprun's and
 * before the C library. It answers what uverbs would on any descriptor, in each form that
 * libibverbs has of a question, and remembers what it was asked for.
 */
#ifndef ODPRUN_KERNEL_H
#define ODPRUN_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

struct kernel {
	/* What it does. */
	bool on_demand; /* the device has on-demand paging */
	uint32_t rc_ops, ud_ops; /* enum odp_op */
	int refuse; /* an errno for registrations on demand, or 0 */
	int refuse_all; /* for all */
	/* What it saw. */
	unsigned int questions; /* about the device */
	unsigned int registrations; /* tried */
	uint32_t access; /* of the last */
	uint32_t handle; /* the last made */
	uint32_t gone; /* the last deregistered */
};

extern struct kernel kernel;

#endif
