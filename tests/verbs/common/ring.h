/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The rings of rodp as a process maps them (kernel/uapi/rodp_abi.h), for tests that write into
 * them what the library would not.
 */
#ifndef VT_RING_H
#define VT_RING_H

#include "rodp_abi.h"
#include "vt.h"

/* One ring, counters and flags and slots, as it is mapped. */
struct vt_ring {
	uint32_t *at;
	size_t words;
};

/*
 * All rings that this process has: what it has mapped of the devices' command files. Returns how many
 * there are, at most `most`; fails if they are fewer than `least`.
 */
unsigned int vt_rings_find(struct vt_ring *rings, unsigned int most, unsigned int least);

/*
 * The send queue of the QP. It is found by a work request that is posted and flushed, so the QP
 * must be in ERR, with nothing posted; the completion is taken. Fails if no ring has it.
 */
struct rodp_ring_hdr *vt_send_ring(struct vt_end *end);

/* The receive queue, found likewise, after the send queue: no other ring of the QP begins with that number. */
struct rodp_ring_hdr *vt_receive_ring(struct vt_end *end);

/* A slot of a ring, whose stride (bytes) and entries are those of the QP. */
struct rodp_send_wqe *vt_send_slot(struct rodp_ring_hdr *ring, uint32_t n, uint32_t stride,
				   uint32_t entries);

#endif
