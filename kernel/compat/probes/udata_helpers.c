// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Are there helpers that check and copy a driver's part of a request? */
#include <rdma/uverbs_ioctl.h>

struct probe_abi {
	u32 first;
	u32 second;
};

int probe(struct ib_udata *udata);
int probe(struct ib_udata *udata)
{
	struct probe_abi abi;
	int err;

	err = ib_is_udata_in_empty(udata);
	if (!err)
		err = ib_no_udata_io(udata);
	if (!err)
		err = ib_copy_validate_udata_in(udata, abi, first);
	return err ?: ib_respond_udata(udata, abi);
}
