/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * A client of rodp's private ioctl (RODP_OBJECT_ODP in rodp_abi.h), on the command fd of
 * libibverbs' context. Calls return 0 or -errno.
 */
#ifndef VT_OBSERVE_H
#define VT_OBSERVE_H

#include "rodp_abi.h"
#include "vt.h"

/* An attribute of a call. What it holds by value or handle is in data, else data points there. */
struct vt_attr {
	uint16_t id;
	uint16_t len; /* bytes; 0 for a handle */
	uint64_t data;
};

/* Any call, right or wrong: at most 8 attributes. */
int vt_ioctl(struct ibv_context *ctx, uint16_t object, uint16_t method, const struct vt_attr *attr,
	     unsigned int attrs);

/*
 * One call: at most `room` pages of [va, va + len). mr may be NULL. *next: where to go on.
 * Room is at most 65535.
 */
int vt_residency(struct ibv_context *ctx, const struct ibv_mr *mr, uint64_t va, uint64_t len,
		 uint8_t *page, size_t room, uint64_t *next);
/* The counters of a region. */
int vt_mr_stats(const struct ibv_mr *mr, struct rodp_mr_stats *stats);
/* The histogram of waits: of the device, or of what this process does through ctx. */
int vt_latency(struct ibv_context *ctx, enum rodp_latency_scope scope,
	       struct rodp_latency *latency);

/* The count of all waits in a histogram. */
uint64_t vt_latency_count(const struct rodp_latency *latency);

/* A dma-buf of device memory, as of ibv_dm_export_dmabuf_fd(), which older libraries lack: a file, or -errno. */
int vt_export_dm(const struct ibv_dm *dm);

/* For those who need no errors: fail the program instead. */
struct rodp_mr_stats vt_stats(const struct ibv_mr *mr);

#endif
