/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * A device for tests without one: the calls of libibverbs that libodp makes. Its pinned regions
 * are buffers registered with io_uring, so that they are really pinned, and what it copies into
 * them and out of them goes to the pinned pages, whatever is mapped at their addresses by then.
 * On-demand regions are copied by address. Its dma-bufs are memfds.
 */
#ifndef UNIT_DEVICE_H
#define UNIT_DEVICE_H

#include <stdbool.h>
#include <stddef.h>

#include <infiniband/verbs.h>

/* False: this host has no io_uring for us, hence no pinned regions. */
bool device_can_pin(void);
struct ibv_pd *device_open(void);
/* Every region must be gone. */
void device_close(struct ibv_pd *pd);

/* The next n registrations (or deregistrations) fail with this errno; n < 0: one in -n does. */
void device_fail_register(int error, int n);
void device_fail_deregister(int error, int n);

/* Copies len bytes between wire and the region's memory at va (of a dma-buf: at that address on the wire). */
void device_write(struct ibv_mr *mr, void *va, const void *wire, size_t len);
void device_read(struct ibv_mr *mr, void *va, void *wire, size_t len);

#endif
