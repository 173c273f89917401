/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * implicit: where the implicit regions of a domain are found by their rights.
 */
#ifndef ODP_IMPLICIT_H
#define ODP_IMPLICIT_H

#include "odp.h"

/* The rights of libibverbs 32: bits 0 to 4 and RELAXED_ORDERING; since 45, FLUSH: bits 8 and 9. */
#define ODP_RIGHTS_LOW	    0x1f
#define ODP_RIGHTS_FLUSH    0x300
#define ODP_RIGHTS_RELAXED  (1 << 20)
#define ODP_RIGHTS_TABLE    (ODP_RIGHTS_LOW | ODP_RIGHTS_FLUSH | ODP_RIGHTS_RELAXED)

#define ODP_IMPLICIT_PLACES 256

_Static_assert(IBV_ACCESS_MW_BIND == 0x10 && IBV_ACCESS_RELAXED_ORDERING == ODP_RIGHTS_RELAXED,
	       "rights");

/* 0 to ODP_IMPLICIT_PLACES - 1; negative: such rights have no place. */
static inline int odp_implicit_place(int access)
{
	if (access & ~ODP_RIGHTS_TABLE)
		return -1;
	return (access & ODP_RIGHTS_LOW) | (access & ODP_RIGHTS_FLUSH) >> 3 |
	       (access & ODP_RIGHTS_RELAXED) >> 13;
}

#endif
