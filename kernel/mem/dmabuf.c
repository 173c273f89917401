// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* dma-bufs, see dmabuf.h. */
#include <linux/dma-buf.h>
#include <linux/fs.h>
#include <linux/iosys-map.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "mem/dmabuf.h"
#include "mem/pages.h"

RODP_IMPORT_DMA_BUF;

struct rodp_dmabuf {
	struct dma_buf *dmabuf;
	enum dma_data_direction dir; /* what the CPU may do through the MR */
	struct iosys_map map; /* page aligned */
};

/* From here to dmabuf_leave() the CPU may touch it, and sees what devices wrote. */
static int dmabuf_enter(struct rodp_dmabuf *buf)
{
	int err = dma_buf_begin_cpu_access(buf->dmabuf, buf->dir);

	if (err)
		return err;
	err = dma_buf_vmap_unlocked(buf->dmabuf, &buf->map);
	/* An exporter that has no mapping says -EINVAL through the core. */
	if (err == -EINVAL)
		err = -EOPNOTSUPP;
	if (err)
		goto err_access;
	if (!buf->map.is_iomem && PAGE_ALIGNED(buf->map.vaddr))
		return 0;
	err = -EOPNOTSUPP;
	dma_buf_vunmap_unlocked(buf->dmabuf, &buf->map);
err_access:
	dma_buf_end_cpu_access(buf->dmabuf, buf->dir);
	return err;
}

static void dmabuf_leave(struct rodp_dmabuf *buf)
{
	dma_buf_vunmap_unlocked(buf->dmabuf, &buf->map);
	dma_buf_end_cpu_access(buf->dmabuf, buf->dir);
}

/* Whether the range and the rights can be had: as with mmap(), who writes opened it for writing. */
static int dmabuf_check(const struct dma_buf *dmabuf, u64 offset, u64 length, bool writable)
{
	u64 end;

	if (check_add_overflow(offset, length, &end) || end > dmabuf->size)
		return -EINVAL;
	return writable && !(dmabuf->file->f_mode & FMODE_WRITE) ? -EACCES : 0;
}

static struct rodp_dmabuf *dmabuf_get(int fd, u64 offset, u64 length, bool writable)
{
	struct rodp_dmabuf *buf = kzalloc(sizeof(*buf), GFP_KERNEL_ACCOUNT);
	int err;

	if (!buf)
		return ERR_PTR(-ENOMEM);
	buf->dir = writable ? DMA_BIDIRECTIONAL : DMA_FROM_DEVICE;
	buf->dmabuf = dma_buf_get(fd);
	if (IS_ERR(buf->dmabuf)) {
		err = PTR_ERR(buf->dmabuf);
		goto err_free;
	}
	err = dmabuf_check(buf->dmabuf, offset, length, writable);
	if (!err)
		err = dmabuf_enter(buf);
	if (!err)
		return buf;
	dma_buf_put(buf->dmabuf);
err_free:
	kfree(buf);
	return ERR_PTR(err);
}

static void dmabuf_put(struct rodp_dmabuf *buf)
{
	dmabuf_leave(buf);
	dma_buf_put(buf->dmabuf);
	kfree(buf);
}

/* The kernel address of each page from offset on, which need not begin one. */
static int dmabuf_list(struct rodp_mr *mr, const struct rodp_dmabuf *buf, u64 offset)
{
	void *first = buf->map.vaddr + (offset & PAGE_MASK);
	size_t count, i;
	int err = rodp_pages_alloc(mr, offset, &count);

	if (err)
		return err;
	for (i = 0; i < count; i++)
		mr->pages.page[i] = first + i * PAGE_SIZE;
	return 0;
}

static int dmabuf_take(struct rodp_mr *mr, int fd, u64 offset)
{
	struct rodp_dmabuf *buf = dmabuf_get(fd, offset, mr->length,
					     ib_access_writable(mr->access));
	int err;

	if (IS_ERR(buf))
		return PTR_ERR(buf);
	mr->pages.dmabuf = buf;
	err = dmabuf_list(mr, buf, offset);
	if (err)
		dmabuf_put(buf);
	return err;
}

static void dmabuf_release(struct rodp_mr *mr)
{
	rodp_pages_free(mr);
	dmabuf_put(mr->pages.dmabuf);
}

static const struct rodp_mr_ops dmabuf_ops = {
	.name = "dma-buf",
	.release = dmabuf_release,
};

struct rodp_mr *rodp_mr_create_dmabuf(struct rodp_dev *dev, struct ib_pd *pd, int fd, u64 offset,
				      u64 length, u64 iova, u32 access)
{
	struct rodp_mr *mr = rodp_mr_begin(&dmabuf_ops, pd, iova, length, access);

	if (IS_ERR(mr))
		return mr;
	return rodp_mr_finish(dev, mr, dmabuf_take(mr, fd, offset));
}
