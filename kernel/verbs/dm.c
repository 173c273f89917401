// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The verbs of device memory. */
#include <linux/mm.h>
#include <rdma/uverbs_types.h>
#define UVERBS_MODULE_NAME rodp
#include <rdma/uverbs_named_ioctl.h>

#include "mem/dm.h"
#include "uapi/rodp_abi.h"
#include "verbs/verbs.h"

/* Of an MR over device memory, which is always zero-based. */
#define DM_ACCESS                                                                 \
	(IB_ACCESS_LOCAL_WRITE | IB_ACCESS_REMOTE_WRITE | IB_ACCESS_REMOTE_READ | \
	 IB_ACCESS_REMOTE_ATOMIC | IB_ZERO_BASED | IB_ACCESS_OPTIONAL)

struct ib_dm *rodp_alloc_dm(struct ib_device *ib, struct ib_ucontext *uctx,
			    struct ib_dm_alloc_attr *attr, struct uverbs_attr_bundle *attrs)
{
	struct rodp_alloc_dm_resp resp = {};
	struct rodp_dm *dm;
	int err;

	if (attr->flags || attr->alignment > PAGE_SHIFT)
		return ERR_PTR(-EOPNOTSUPP);
	dm = rodp_dm_create(to_rodp_dev(ib), uctx, attr->length, &resp);
	if (IS_ERR(dm))
		return ERR_CAST(dm);
	err = uverbs_copy_to_struct_or_zero(attrs, RODP_ATTR_ALLOC_DM_RESP, &resp, sizeof(resp));
	if (!err)
		return &dm->ib;
	rodp_dm_destroy(dm);
	return ERR_PTR(err);
}

int rodp_dealloc_dm(struct ib_dm *ib, struct uverbs_attr_bundle *attrs)
{
	rodp_dm_destroy(to_rodp_dm(ib));
	return 0;
}

/* The core has checked that the range lies within the memory. */
struct ib_mr *rodp_reg_dm_mr(struct ib_pd *pd, struct ib_dm *ib, struct ib_dm_mr_attr *attr,
			     struct uverbs_attr_bundle *attrs)
{
	struct rodp_mr *mr;

	if (attr->access_flags & ~DM_ACCESS)
		return ERR_PTR(-EOPNOTSUPP);
	if (!(attr->access_flags & IB_ZERO_BASED))
		return ERR_PTR(-EINVAL);
	mr = rodp_mr_create_dm(to_rodp_dev(pd->device), pd, to_rodp_dm(ib), attr->offset,
			       attr->length, attr->access_flags);
	return IS_ERR(mr) ? ERR_CAST(mr) : &mr->ib;
}

ADD_UVERBS_ATTRIBUTES_SIMPLE(
	rodp_dm_alloc_attrs, UVERBS_OBJECT_DM, UVERBS_METHOD_DM_ALLOC,
	UVERBS_ATTR_PTR_OUT(RODP_ATTR_ALLOC_DM_RESP,
			    UVERBS_ATTR_STRUCT(struct rodp_alloc_dm_resp, length), UA_MANDATORY));

const struct uapi_definition rodp_dm_defs[] = {
	UAPI_DEF_CHAIN_OBJ_TREE(UVERBS_OBJECT_DM, &rodp_dm_alloc_attrs),
	{},
};
