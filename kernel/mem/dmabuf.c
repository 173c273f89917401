// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* dma-bufs, see dmabuf.h. */
#include <linux/dma-buf.h>
#include <linux/iosys-map.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "mem/dmabuf.h"

RODP_IMPORT_DMA_BUF;

struct rodp_dmabuf {
	struct dma_buf *dmabuf;
	struct iosys_map map;
};

/* From here to dmabuf_leave() the CPU may touch it, and sees what devices wrote. */
static int dmabuf_enter(struct rodp_dmabuf *buf)
{
	int err = dma_buf_begin_cpu_access(buf->dmabuf, DMA_BIDIRECTIONAL);

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
	dma_buf_end_cpu_access(buf->dmabuf, DMA_BIDIRECTIONAL);
	return err;
}

static void dmabuf_leave(struct rodp_dmabuf *buf)
{
	dma_buf_vunmap_unlocked(buf->dmabuf, &buf->map);
	dma_buf_end_cpu_access(buf->dmabuf, DMA_BIDIRECTIONAL);
}

struct rodp_dmabuf *rodp_dmabuf_get(int fd, u64 offset, u64 length)
{
	struct rodp_dmabuf *buf = kzalloc(sizeof(*buf), GFP_KERNEL_ACCOUNT);
	u64 end;
	int err;

	if (!buf)
		return ERR_PTR(-ENOMEM);
	buf->dmabuf = dma_buf_get(fd);
	if (IS_ERR(buf->dmabuf)) {
		err = PTR_ERR(buf->dmabuf);
		goto err_free;
	}
	err = -EINVAL;
	if (check_add_overflow(offset, length, &end) || end > buf->dmabuf->size)
		goto err_put;
	err = dmabuf_enter(buf);
	if (!err)
		return buf;
err_put:
	dma_buf_put(buf->dmabuf);
err_free:
	kfree(buf);
	return ERR_PTR(err);
}

void rodp_dmabuf_put(struct rodp_dmabuf *buf)
{
	dmabuf_leave(buf);
	dma_buf_put(buf->dmabuf);
	kfree(buf);
}

void *rodp_dmabuf_addr(const struct rodp_dmabuf *buf)
{
	return buf->map.vaddr;
}
