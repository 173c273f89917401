/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Swap space on a disk, and pushing pages out to it. Needs root. */
#ifndef VT_SWAP_H
#define VT_SWAP_H

#include <stddef.h>
#include <stdint.h>

/* Swap on a disk until the program ends; skips without one. */
void vt_swap_on(void);
/* Pages of the range that are not in the process's page table. */
size_t vt_pages_out(const uint8_t *at, size_t len);
/* Pushes the range out; returns how many pages went. */
size_t vt_page_out(uint8_t *at, size_t len);

#endif
