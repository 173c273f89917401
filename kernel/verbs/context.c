// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* User contexts and protection domains. */
#include "base/quota.h"
#include "uapi/rodp_abi.h"
#include "verbs/verbs.h"

int rodp_alloc_ucontext(struct ib_ucontext *ib, struct ib_udata *udata)
{
	struct rodp_alloc_ucontext_resp resp = { .max_inline = RODP_MAX_INLINE };
	int err = ib_is_udata_in_empty(udata);

	if (err)
		return err;
	rodp_mirror_set_init(&to_rodp_ucontext(ib)->mirrors);
	return ib_respond_udata(udata, resp);
}

void rodp_dealloc_ucontext(struct ib_ucontext *ib)
{
	rodp_mirror_set_fini(&to_rodp_ucontext(ib)->mirrors);
}

/*
 * The device goes while the process still has it open. Its objects are gone
 * already, and rings are plain pages that stay until they are unmapped.
 */
void rodp_disassociate_ucontext(struct ib_ucontext *ib)
{
}

/* The device is opened a second time with the same file: the core says what there is to say. */
int rodp_query_ucontext(struct ib_ucontext *ib, struct uverbs_attr_bundle *attrs)
{
	return 0;
}

int rodp_alloc_pd(struct ib_pd *ib, struct ib_udata *udata)
{
	int err = ib_no_udata_io(udata);

	if (err)
		return err;
	return rodp_quota_take(&to_rodp_dev(ib->device)->pds, RODP_MAX_PD);
}

int rodp_dealloc_pd(struct ib_pd *ib, struct ib_udata *udata)
{
	int err = ib_no_udata_io(udata);

	if (!err)
		rodp_quota_give(&to_rodp_dev(ib->device)->pds);
	return err;
}
