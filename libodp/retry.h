/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * retry: a system call that says EAGAIN or EINTR is made again, later and later, for a bounded
 * time: ODP_RETRIES pauses, of 1 us, 2 us, 4 us, ... at most 64 ms, together about a second.
 */
#ifndef ODP_RETRY_H
#define ODP_RETRY_H

#include <stdbool.h>

#define ODP_RETRIES 30

struct odp_retry {
	unsigned int count; /* so far; begins as 0 */
};

/* After a call returned err (0 or -errno): true, after a pause, if it is to be made again. */
bool odp_retry(struct odp_retry *retry, int err);

#endif
