/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * frames: which page frames are mapped at an address, from /proc/self/pagemap.
 *
 * A pinned page keeps its frame for as long as it is pinned: nobody else can get that frame. So
 * if the frames at an address are those that were pinned there, the pages are the same pages,
 * whatever was unmapped, mapped, discarded or truncated in between. A page that is not in the
 * page table right now counts as another one.
 */
#ifndef ODP_FRAMES_H
#define ODP_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A descriptor for the calls below, of this process's memory; or -errno. -EPERM: the kernel hides
 * frame numbers from those who had no CAP_SYS_ADMIN (in the initial user namespace) when they
 * opened it.
 */
int odp_frames_open(void);

/*
 * The frames of n pages from va on, a multiple of the page size. False if one of them is not
 * mapped.
 */
bool odp_frames_read(int fd, uint64_t va, uint64_t *frame, size_t n);
/* True if the frames are these. */
bool odp_frames_are(int fd, uint64_t va, const uint64_t *frame, size_t n);

#endif
