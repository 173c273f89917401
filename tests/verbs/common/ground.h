/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Memory to be attacked: a part that peers may write, between parts that they may not, of which every byte is
 * known: guards that no region covers, one that is registered without remote rights, one whose region
 * is gone, and one of another PD.
 */
#ifndef VT_GROUND_H
#define VT_GROUND_H

#include "buffer.h"

#define VT_GROUND_PART (32 * 1024ul) /* bytes of each part */

struct vt_ground {
	uint8_t *map;
	struct ibv_mr *open; /* pinned, all rights */
	struct ibv_mr *paged; /* the same memory on demand; NULL: the device cannot */
	struct ibv_mr *closed; /* without remote rights */
	struct ibv_mr *foreign; /* all rights, of another PD */
	struct ibv_pd *other_pd;
	uint32_t stale_key; /* of the region that is gone */
};

void vt_ground_make(struct vt_ground *ground, struct vt_device *dev);
/* Deregisters and unmaps it. */
void vt_ground_free(struct vt_ground *ground);
/* Fails if a byte was written that nobody may write. */
void vt_ground_verify(const struct vt_ground *ground, const char *what);
/* Where the part that peers may write begins; it is zeros at first. */
uint8_t *vt_ground_open(const struct vt_ground *ground);
/* len bytes of it, for a work request. */
struct ibv_sge vt_ground_sge(const struct vt_ground *ground, size_t offset, uint32_t len);

#endif
