/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Registered memory, and buffers between guards. */
#ifndef VT_BUFFER_H
#define VT_BUFFER_H

#include "device.h"
#include "options.h"

#define VT_ACCESS_ALL                                                                \
	(IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ | \
	 IBV_ACCESS_REMOTE_ATOMIC)
#define VT_GUARD 8192 /* bytes on either side */

/* Bytes between guard zones; the MR covers the guards too, so that it hides nothing. */
struct vt_buf {
	uint8_t *data; /* begins on a page: tests choose their own offsets */
	size_t len;
	uint8_t *map;
	size_t map_len;
	struct ibv_mr *mr; /* NULL: not registered */
};

/* Anonymous memory of len bytes, aligned to align, a power of two of pages; never unmapped as a whole. */
uint8_t *vt_map_aligned(size_t len, size_t align, int prot);
/* Whether the kernel has transparent huge pages: with PREEMPT_RT it has none. */
bool vt_has_huge_pages(void);
/* From now on the range is mapped with small pages only; false: that is refused (errno). */
bool vt_small_pages(void *at, size_t len);
/* "pinned" or "odp". */
const char *vt_memory_name(enum vt_memory memory);
/* Registers memory; fails if that is refused. */
struct ibv_mr *vt_reg(struct vt_device *dev, void *addr, size_t len, enum vt_memory memory,
		      int access);
/* Maps a buffer of len bytes, zeros, and registers it; dev NULL: does not. */
void vt_buf_make(struct vt_buf *buf, struct vt_device *dev, size_t len, enum vt_memory memory,
		 int access);
/* Deregisters and unmaps it. Does not look at the guards. */
void vt_buf_free(struct vt_buf *buf);
/* Gives the pages back: the next access, by whom ever, finds zeros and faults. */
void vt_buf_cool(struct vt_buf *buf);
/* The same for whole pages of it: offset and len in bytes. The guards stay as they are. */
void vt_buf_cool_part(struct vt_buf *buf, size_t offset, size_t len);
/* Fails if somebody wrote to the guards. */
void vt_verify_guards(const struct vt_buf *buf, const char *what);
/* The piece of len bytes at this offset, as a work request names it. */
struct ibv_sge vt_sge(const struct vt_buf *buf, size_t offset, uint32_t len);
/* Its address, as a remote request names it. */
uint64_t vt_addr(const struct vt_buf *buf, size_t offset);

/*
 * Fails unless all but len bytes from offset at on are as they were: zeros of a buffer that was
 * cooled, else pattern number seed. The guards, too.
 */
void vt_verify_around(const struct vt_buf *buf, size_t at, size_t len, bool cold, uint64_t seed);

/* Whether this kernel has udmabuf, which exports pages of a memfd. */
bool vt_can_udmabuf(void);
/* A dma-buf of len bytes, whole pages of zeros, and the memfd that they are of. */
int vt_udmabuf(size_t len, int *memfd);

#endif
