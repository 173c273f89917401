// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* dma-bufs of pages, see export.h. */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/iosys-map.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "base/share.h"
#include "mem/export.h"

struct export_buf {
	void *addr; /* of all pages in a row: .vmap must not fail, dma_buf_vmap() warns if it does */
	u32 count;
	struct page *page[];
};

static struct sg_table *export_map(struct dma_buf_attachment *attach, enum dma_data_direction dir)
{
	struct export_buf *buf = attach->dmabuf->priv;
	struct sg_table *table = kzalloc(sizeof(*table), GFP_KERNEL_ACCOUNT);
	int err;

	if (!table)
		return ERR_PTR(-ENOMEM);
	err = sg_alloc_table_from_pages(table, buf->page, buf->count, 0,
					(size_t)buf->count << PAGE_SHIFT, GFP_KERNEL_ACCOUNT);
	if (err)
		goto err_free;
	err = dma_map_sgtable(attach->dev, table, dir, 0);
	if (!err)
		return table;
	sg_free_table(table);
err_free:
	kfree(table);
	return ERR_PTR(err);
}

static void export_unmap(struct dma_buf_attachment *attach, struct sg_table *table,
			 enum dma_data_direction dir)
{
	dma_unmap_sgtable(attach->dev, table, dir, 0);
	sg_free_table(table);
	kfree(table);
}

static int export_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct export_buf *buf = dmabuf->priv;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	return vm_map_pages(vma, buf->page, buf->count);
}

static int export_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct export_buf *buf = dmabuf->priv;

	iosys_map_set_vaddr(map, buf->addr);
	return 0;
}

static void export_free(struct export_buf *buf)
{
	u32 i;

	vunmap(buf->addr);
	for (i = 0; i < buf->count; i++)
		put_page(buf->page[i]);
	kvfree(buf);
}

static void export_release(struct dma_buf *dmabuf)
{
	export_free(dmabuf->priv);
}

static const struct dma_buf_ops export_ops = {
	.map_dma_buf = export_map,
	.unmap_dma_buf = export_unmap,
	.mmap = export_mmap,
	.vmap = export_vmap,
	.release = export_release,
};

struct dma_buf *rodp_export_pages(struct page *const *page, u32 count)
{
	struct export_buf *buf = kvzalloc(struct_size(buf, page, count), RODP_GFP_SIZED);
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct dma_buf *dmabuf;
	u32 i;

	if (!buf)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < count; i++) {
		get_page(page[i]);
		buf->page[i] = page[i];
	}
	buf->count = count;
	buf->addr = vmap(buf->page, count, VM_MAP, PAGE_KERNEL);
	if (!buf->addr) {
		export_free(buf);
		return ERR_PTR(-ENOMEM);
	}
	info.ops = &export_ops;
	info.size = (size_t)count << PAGE_SHIFT;
	info.flags = O_RDWR;
	info.priv = buf;
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf))
		export_free(buf);
	return dmabuf;
}
