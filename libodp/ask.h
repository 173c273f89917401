/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * ask: rodp's private ioctl (RODP_OBJECT_ODP in rodp_abi.h), on the command fd of a libibverbs
 * context, which may be another process's. Calls return 0 or -errno; a device that is not rodp
 * refuses them with one errno or another. Answers begin as zero, because what checks a program's
 * memory does not know what the calls write.
 */
#ifndef ODP_ASK_H
#define ODP_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rodp_abi.h"

/* The device answers at all. */
bool odp_ask_answers(int fd);

int odp_ask_latency(int fd, enum rodp_latency_scope scope, struct rodp_latency *latency);
int odp_ask_stats(int fd, uint32_t mr_handle, struct rodp_mr_stats *stats);

/*
 * One call: at most `room` (to 65535) pages of [va, va + len), of process pid (0: the caller).
 * *next: the VA to go on at.
 */
int odp_ask_residency(int fd, uint32_t pid, uint64_t va, uint64_t len, uint8_t *page, size_t room,
		      uint64_t *next);

/* What any device tells of the region with this handle. */
struct odp_ask_mr {
	uint32_t lkey;
	uint64_t iova, length; /* bytes */
};

int odp_ask_mr(int fd, uint32_t handle, struct odp_ask_mr *mr);

#endif
