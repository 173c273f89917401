/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * ask: rodp's private ioctl (RODP_OBJECT_ODP in rodp_abi.h), on the command fd of libibverbs' context.
 * Calls return 0 or -errno; a device that is not rodp refuses them with one errno or another.
 */
#ifndef ODP_ASK_H
#define ODP_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <infiniband/verbs.h>

#include "rodp_abi.h"

/* The device answers at all. */
bool odp_ask_answers(struct ibv_context *ctx);

int odp_ask_latency(struct ibv_context *ctx, enum rodp_latency_scope scope,
		    struct rodp_latency *latency);
int odp_ask_stats(struct ibv_mr *mr, struct rodp_mr_stats *stats);

/* One call: at most `room` (to 65535) pages of [va, va + len). *next: the VA to go on at. */
int odp_ask_residency(struct ibv_context *ctx, uint64_t va, uint64_t len, uint8_t *page,
		      size_t room, uint64_t *next);

#endif
