/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * memlock: how much memory this process may pin.
 */
#ifndef ODP_MEMLOCK_H
#define ODP_MEMLOCK_H

#include <stdint.h>

/*
 * Bytes: RLIMIT_MEMLOCK; or half of the host's memory, if the kernel does not hold the process to
 * a limit: a cache that pins all of it leaves the host nothing to give.
 */
uint64_t odp_memlock_bytes(void);

#endif
