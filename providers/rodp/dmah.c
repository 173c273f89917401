// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* DMA handles: where a device's writes are wanted. The kernel checks them. Of rdma-core 59 and newer. */
#include <errno.h>
#include <stdlib.h>

#include "rodp.h"

/* Returns NULL with errno set. */
struct ibv_dmah *rodp_alloc_dmah(struct ibv_context *context, struct ibv_dmah_init_attr *attr)
{
	struct verbs_dmah *vdmah;
	int err;

	vdmah = calloc(1, sizeof(*vdmah));
	if (!vdmah)
		return NULL;

	err = ibv_cmd_alloc_dmah(context, vdmah, attr);
	if (err) {
		free(vdmah);
		errno = err;
		return NULL;
	}
	return &vdmah->dmah;
}

int rodp_dealloc_dmah(struct ibv_dmah *dmah)
{
	struct verbs_dmah *vdmah = container_of(dmah, struct verbs_dmah, dmah);
	int err;

	err = ibv_cmd_free_dmah(vdmah);
	if (!err)
		free(vdmah);
	return err;
}
