/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Exporting: pages of the kernel's as a dma-buf, for other devices and for MRs of our own. */
#ifndef RODP_MEM_EXPORT_H
#define RODP_MEM_EXPORT_H

#include <linux/types.h>

struct dma_buf;
struct page;

/*
 * A dma-buf of count pages, which it holds references to: they may be freed by whom they were
 * allocated. Process context, sleeps. ERR_PTR: -ENOMEM, dma_buf_export()'s.
 */
struct dma_buf *rodp_export_pages(struct page *const *page, u32 count);

#endif
