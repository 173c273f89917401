// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Address handles. The kernel resolves and keeps the address; a UD work request
 * names it by number.
 */
#include <errno.h>
#include <stdlib.h>

#include "rodp.h"

struct ibv_ah *rodp_create_ah(struct ibv_pd *pd, struct ibv_ah_attr *attr)
{
	struct {
		struct ib_uverbs_create_ah_resp ibv_resp;
		struct rodp_create_ah_resp drv;
	} resp = {};
	struct rodp_ah *ah;
	int err;

	ah = calloc(1, sizeof(*ah));
	if (!ah)
		return NULL;

	err = ibv_cmd_create_ah(pd, &ah->ibv_ah, attr, &resp.ibv_resp, sizeof(resp));
	if (err) {
		free(ah);
		errno = err;
		return NULL;
	}
	ah->ah_num = resp.drv.ah_num;
	return &ah->ibv_ah;
}

int rodp_destroy_ah(struct ibv_ah *ibah)
{
	struct rodp_ah *ah = to_rodp_ah(ibah);
	int err;

	err = ibv_cmd_destroy_ah(ibah);
	if (!err)
		free(ah);
	return err;
}
