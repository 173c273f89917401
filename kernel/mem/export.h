/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Exporting: pages of the kernel's as a dma-buf, for other devices and for MRs of our own. */
#ifndef RODP_MEM_EXPORT_H
#define RODP_MEM_EXPORT_H

#include <linux/types.h>

struct dma_buf;
struct page;

/**
 * rodp_export_pages() - make a dma-buf of pages
 * @page: the pages. The dma-buf takes a reference to each, so that their owner may free them.
 * @count: how many.
 *
 * Context: Process, may sleep.
 * Return: the dma-buf, or ERR_PTR: -ENOMEM, an error of dma_buf_export().
 */
struct dma_buf *rodp_export_pages(struct page *const *page, u32 count);

#endif
