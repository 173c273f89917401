// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The verbs of address handles and of multicast groups. */
#include "qp/ud/address.h"
#include "qp/ud/mcast.h"
#include "verbs/verbs.h"

int rodp_create_ah(struct ib_ah *ib, struct rdma_ah_init_attr *init, struct ib_udata *udata)
{
	bool sleepable = init->flags & RDMA_CREATE_AH_SLEEPABLE;
	struct rodp_dev *dev = to_rodp_dev(ib->device);
	struct rodp_ah *ah = to_rodp_ah(ib);
	struct rodp_create_ah_resp resp = {};
	int err = ib_is_udata_in_empty(udata);

	if (err)
		return err;
	ah->num = 0;
	err = rodp_address_set(dev, ib->pd, init->ah_attr, &ah->num,
			       sleepable ? GFP_KERNEL_ACCOUNT : GFP_ATOMIC);
	if (err || !udata)
		return err;
	resp.ah_num = ah->num;
	err = ib_respond_udata(udata, resp);
	if (err)
		rodp_address_remove(dev, ah->num);
	return err;
}

int rodp_modify_ah(struct ib_ah *ib, struct rdma_ah_attr *attr)
{
	return rodp_address_set(to_rodp_dev(ib->device), ib->pd, attr, &to_rodp_ah(ib)->num,
				GFP_ATOMIC);
}

int rodp_query_ah(struct ib_ah *ib, struct rdma_ah_attr *attr)
{
	struct rodp_address *address;

	rcu_read_lock();
	address = rodp_address_lookup(to_rodp_dev(ib->device), ib->pd, to_rodp_ah(ib)->num);
	if (address)
		*attr = address->attr;
	rcu_read_unlock();
	return address ? 0 : -EINVAL;
}

int rodp_destroy_ah(struct ib_ah *ib, u32 flags)
{
	rodp_address_remove(to_rodp_dev(ib->device), to_rodp_ah(ib)->num);
	return 0;
}

int rodp_attach_mcast(struct ib_qp *ib, union ib_gid *gid, u16 lid)
{
	return rodp_mcast_attach(to_rodp_end(ib), gid);
}

int rodp_detach_mcast(struct ib_qp *ib, union ib_gid *gid, u16 lid)
{
	return rodp_mcast_detach(to_rodp_end(ib), gid);
}
