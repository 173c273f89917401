/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * rule: whether a registration that asked for pinned memory becomes an on-demand one.
 */
#ifndef ODPRUN_RULE_H
#define ODPRUN_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "odp.h"
#include "request.h"

/* What a registration became, and why. */
enum fate {
	FATE_ASKED, /* on demand, as the program asked for */
	FATE_TURNED, /* on demand, by us */
	FATE_DEVICE, /* pinned: the device has no on-demand paging */
	FATE_OPERATIONS, /* pinned, as all that follow: not for all that is needed of it */
	FATE_HUGETLB, /* the program speaks of huge pages */
	FATE_PERSISTENT, /* of FLUSH to persistence, which wants memory of another kind */
	FATE_UNMAPPED, /* nothing is mapped there, which the program shall hear */
	FATE_REFUSED, /* the kernel refused the other */
	FATE_DMABUF, /* it is no memory of the process */
	FATE_FAILED, /* it is none: the kernel refused */
	FATES,
};

/* The words of reports. */
extern const char *const fate_names[FATES];

static inline bool fate_is_pinned(enum fate fate)
{
	return fate >= FATE_DEVICE && fate <= FATE_DMABUF;
}

/*
 * FATE_TURNED if memory with these rights may be registered on demand, else why not. transports: a
 * mask (1 << enum odp_transport) of those that the program uses.
 */
enum fate rule_apply(const struct odp_caps *caps, unsigned int transports,
		     const struct request *request);

#endif
