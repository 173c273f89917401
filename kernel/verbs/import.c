// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Importing what another process made that has the same file: the methods of
 * RODP_OBJECT_IMPORT, see uapi/rodp_abi.h. ib_core finds objects among those of the file only,
 * and keeps them until the method returns; who imports one is to end it before its owner does.
 */
#include <rdma/uverbs_types.h>
#define UVERBS_MODULE_NAME rodp
#include <rdma/uverbs_named_ioctl.h>

#include "mem/dm.h"
#include "uapi/rodp_abi.h"
#include "verbs/verbs.h"

/* That the core found it is the answer. */
static int UVERBS_HANDLER(RODP_METHOD_IMPORT_PD)(struct uverbs_attr_bundle *attrs)
{
	return 0;
}

static int UVERBS_HANDLER(RODP_METHOD_IMPORT_DM)(struct uverbs_attr_bundle *attrs)
{
	struct ib_dm *ib = uverbs_attr_get_obj(attrs, RODP_ATTR_IMPORT_DM_HANDLE);
	struct rodp_import_dm_resp resp = {};

	if (IS_ERR(ib))
		return PTR_ERR(ib);
	resp.bytes = ib->length;
	rodp_dm_mapping(to_rodp_dm(ib), &resp.map);
	return uverbs_copy_to_struct_or_zero(attrs, RODP_ATTR_IMPORT_DM_RESP, &resp, sizeof(resp));
}

DECLARE_UVERBS_NAMED_METHOD(RODP_METHOD_IMPORT_PD,
			    UVERBS_ATTR_IDR(RODP_ATTR_IMPORT_PD_HANDLE, UVERBS_OBJECT_PD,
					    UVERBS_ACCESS_READ, UA_MANDATORY));

DECLARE_UVERBS_NAMED_METHOD(
	RODP_METHOD_IMPORT_DM,
	UVERBS_ATTR_IDR(RODP_ATTR_IMPORT_DM_HANDLE, UVERBS_OBJECT_DM, UVERBS_ACCESS_READ,
			UA_MANDATORY),
	UVERBS_ATTR_PTR_OUT(RODP_ATTR_IMPORT_DM_RESP,
			    UVERBS_ATTR_STRUCT(struct rodp_import_dm_resp, bytes), UA_MANDATORY));

DECLARE_UVERBS_GLOBAL_METHODS(RODP_OBJECT_IMPORT, &UVERBS_METHOD(RODP_METHOD_IMPORT_PD),
			      &UVERBS_METHOD(RODP_METHOD_IMPORT_DM));

const struct uapi_definition rodp_import_defs[] = {
	UAPI_DEF_CHAIN_OBJ_TREE_NAMED(RODP_OBJECT_IMPORT),
	{},
};
