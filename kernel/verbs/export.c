// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Exporting device memory as a dma-buf: RODP_OBJECT_EXPORT, see uapi/rodp_abi.h. */
#include <linux/dma-buf.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <rdma/uverbs_types.h>
#define UVERBS_MODULE_NAME rodp
#include <rdma/uverbs_named_ioctl.h>

#include "mem/dm.h"
#include "uapi/rodp_abi.h"
#include "verbs/verbs.h"

/* Give the caller a file descriptor of dmabuf, and its number. Takes dmabuf over if that works. */
static int export_give_fd(struct dma_buf *dmabuf, const struct uverbs_attr_bundle *attrs)
{
	int fd = get_unused_fd_flags(O_CLOEXEC), err;
	u32 number = fd;

	if (fd < 0)
		return fd;
	err = uverbs_copy_to(attrs, RODP_ATTR_EXPORT_DM_FD, &number, sizeof(number));
	if (err)
		put_unused_fd(fd);
	else
		fd_install(fd, dmabuf->file);
	return err;
}

static int UVERBS_HANDLER(RODP_METHOD_EXPORT_DM)(struct uverbs_attr_bundle *attrs)
{
	struct ib_dm *ib = uverbs_attr_get_obj(attrs, RODP_ATTR_EXPORT_DM_HANDLE);
	struct dma_buf *dmabuf;
	int err;

	if (IS_ERR(ib))
		return PTR_ERR(ib);
	dmabuf = rodp_dm_export(to_rodp_dm(ib));
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	err = export_give_fd(dmabuf, attrs);
	if (err)
		dma_buf_put(dmabuf);
	return err;
}

DECLARE_UVERBS_NAMED_METHOD(RODP_METHOD_EXPORT_DM,
			    UVERBS_ATTR_IDR(RODP_ATTR_EXPORT_DM_HANDLE, UVERBS_OBJECT_DM,
					    UVERBS_ACCESS_READ, UA_MANDATORY),
			    UVERBS_ATTR_PTR_OUT(RODP_ATTR_EXPORT_DM_FD, UVERBS_ATTR_TYPE(u32),
						UA_MANDATORY));

DECLARE_UVERBS_GLOBAL_METHODS(RODP_OBJECT_EXPORT, &UVERBS_METHOD(RODP_METHOD_EXPORT_DM));

const struct uapi_definition rodp_export_defs[] = {
	UAPI_DEF_CHAIN_OBJ_TREE_NAMED(RODP_OBJECT_EXPORT),
	{},
};
