// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* What the device and its port are and can do. Every bit here has a test. */
#include <linux/ethtool.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <rdma/ib_addr.h>
#include <rdma/ib_mad.h>

#include "mem/fast.h"
#include "mem/persist.h"
#include "wire/header.h"
#include "verbs/verbs.h"

enum {
	GID_TABLE = 256,
	MAX_MESSAGE = 1 << 30, /* bytes */
	/* No OUI is assigned to software; tools want a number to know the device by. */
	VENDOR_ID = 0x524f44, /* "ROD" */
	VENDOR_PART_ID = 1,
	/* Mb/s of a port whose netdev has no speed, like lo: that of 4X EDR, which it is said to be. */
	NO_SPEED_MBPS = 100000,
};

static void query_odp_caps(struct ib_odp_caps *caps)
{
	const u32 reliable = IB_ODP_SUPPORT_SEND | IB_ODP_SUPPORT_WRITE | IB_ODP_SUPPORT_READ |
			     IB_ODP_SUPPORT_ATOMIC | IB_ODP_SUPPORT_SRQ_RECV |
			     IB_ODP_SUPPORT_FLUSH | IB_ODP_SUPPORT_ATOMIC_WRITE;

	caps->general_caps = IB_ODP_SUPPORT | IB_ODP_SUPPORT_IMPLICIT;
	caps->per_transport_caps.rc_odp_caps = reliable | IB_ODP_SUPPORT_RECV;
	caps->per_transport_caps.xrc_odp_caps = reliable;
	caps->per_transport_caps.uc_odp_caps = IB_ODP_SUPPORT_SEND | IB_ODP_SUPPORT_RECV |
					       IB_ODP_SUPPORT_WRITE;
	caps->per_transport_caps.ud_odp_caps = IB_ODP_SUPPORT_SEND | IB_ODP_SUPPORT_RECV;
}

int rodp_query_device(struct ib_device *ib, struct ib_device_attr *attr, struct ib_udata *udata)
{
	int err = ib_no_udata_io(udata);

	if (err)
		return err;
	memset(attr, 0, sizeof(*attr));
	attr->sys_image_guid = ib->node_guid;
	attr->vendor_id = VENDOR_ID;
	attr->vendor_part_id = VENDOR_PART_ID;
	attr->hw_ver = 1;
	attr->max_mr_size = ~0ull;
	attr->page_size_cap = PAGE_SIZE;
	attr->max_qp = RODP_MAX_QP;
	attr->max_qp_wr = RODP_MAX_WR;
	attr->device_cap_flags = IB_DEVICE_CURR_QP_STATE_MOD | IB_DEVICE_RC_RNR_NAK_GEN |
				 IB_DEVICE_PORT_ACTIVE_EVENT | IB_DEVICE_SYS_IMAGE_GUID |
				 IB_DEVICE_MEM_WINDOW | IB_DEVICE_MEM_WINDOW_TYPE_2B |
				 IB_DEVICE_MEM_MGT_EXTENSIONS | IB_DEVICE_SRQ_RESIZE |
				 IB_DEVICE_XRC | IB_DEVICE_FLUSH_GLOBAL | IB_DEVICE_ATOMIC_WRITE;
	if (RODP_CAN_PERSIST)
		attr->device_cap_flags |= IB_DEVICE_FLUSH_PERSISTENT;
	attr->kernel_cap_flags = IBK_ALLOW_USER_UNREG | IBK_ON_DEMAND_PAGING;
	attr->max_send_sge = RODP_MAX_SGE;
	attr->max_recv_sge = RODP_MAX_SGE;
	attr->max_sge_rd = RODP_MAX_SGE;
	attr->max_cq = RODP_MAX_CQ;
	attr->max_cqe = RODP_MAX_CQE;
	attr->max_mr = RODP_MAX_MR;
	attr->max_mw = RODP_MAX_MR;
	attr->max_dm_size = RODP_MAX_DM;
	attr->max_fast_reg_page_list_len = RODP_MAX_FAST_PAGES;
	attr->max_pd = RODP_MAX_PD;
	attr->max_srq = RODP_MAX_SRQ;
	attr->max_srq_wr = RODP_MAX_WR;
	attr->max_srq_sge = RODP_MAX_SGE;
	attr->max_qp_rd_atom = RODP_MAX_RD_ATOMIC;
	attr->max_qp_init_rd_atom = RODP_MAX_RD_ATOMIC;
	attr->max_res_rd_atom = RODP_MAX_RD_ATOMIC * 1024;
	attr->atomic_cap = IB_ATOMIC_GLOB; /* CPU instructions on the memory itself */
	attr->max_pkeys = 1;
	attr->max_ah = RODP_MAX_AH;
	attr->max_mcast_grp = RODP_MAX_MCAST_GROUPS;
	attr->max_mcast_qp_attach = RODP_MAX_MCAST_QPS;
	attr->max_total_mcast_qp_attach = RODP_MAX_MCAST_GROUPS;
	/* Completions are stamped with the wall clock, in ns. */
	attr->timestamp_mask = ~0ull;
	attr->hca_core_clock = NSEC_PER_SEC / 1000; /* kHz */
	query_odp_caps(&attr->odp_caps);
	return 0;
}

enum ib_port_state rodp_port_state(const struct rodp_dev *dev)
{
	return netif_running(dev->ndev) && netif_carrier_ok(dev->ndev) ? IB_PORT_ACTIVE
								       : IB_PORT_DOWN;
}

/* A counter of the port's attributes (14.2.5.6): 16 bits, and stays there. */
static u32 query_violations(const struct rodp_dev *dev, enum rodp_stat stat)
{
	return min_t(u64, rodp_stats_read(dev->stats, stat), U16_MAX);
}

/* The speed of a netdev as ethtool tells it, Mb/s; 0: it has none. Takes the RTNL. */
static u32 query_netdev_mbps(struct net_device *ndev)
{
	struct ethtool_link_ksettings link = {};
	u32 mbps = 0;

	rtnl_lock();
	if (ndev->reg_state == NETREG_REGISTERED && !__ethtool_get_link_ksettings(ndev, &link) &&
	    link.base.speed != (u32)SPEED_UNKNOWN)
		mbps = link.base.speed;
	rtnl_unlock();
	return mbps;
}

int rodp_query_port_speed(struct ib_device *ib, u32 port, u64 *speed)
{
	u32 mbps = query_netdev_mbps(to_rodp_dev(ib)->ndev);

	*speed = (mbps ? mbps : NO_SPEED_MBPS) / 100;
	return 0;
}

int rodp_query_port(struct ib_device *ib, u32 port, struct ib_port_attr *attr)
{
	struct rodp_dev *dev = to_rodp_dev(ib);

	attr->state = rodp_port_state(dev);
	attr->phys_state = attr->state == IB_PORT_ACTIVE ? IB_PORT_PHYS_STATE_LINK_UP
							 : IB_PORT_PHYS_STATE_DISABLED;
	attr->max_mtu = IB_MTU_4096;
	attr->active_mtu = iboe_get_mtu(READ_ONCE(dev->ndev->mtu));
	attr->gid_tbl_len = GID_TABLE;
	attr->ip_gids = true;
	attr->port_cap_flags = 0;
	attr->max_msg_sz = MAX_MESSAGE;
	attr->pkey_tbl_len = 1;
	attr->bad_pkey_cntr = query_violations(dev, RODP_STAT_BAD_PKEY);
	attr->qkey_viol_cntr = query_violations(dev, RODP_STAT_BAD_QKEY);
	attr->max_vl_num = 1;
	/* Asked of a netdev that has no speed, the core warns in the log. */
	if (!query_netdev_mbps(dev->ndev) ||
	    ib_get_eth_speed(ib, port, &attr->active_speed, &attr->active_width)) {
		attr->active_width = IB_WIDTH_4X;
		attr->active_speed = IB_SPEED_EDR;
	}
	return 0;
}

int rodp_query_pkey(struct ib_device *ib, u32 port, u16 index, u16 *pkey)
{
	if (index)
		return -EINVAL;
	*pkey = RODP_DEFAULT_PKEY;
	return 0;
}

int rodp_get_port_immutable(struct ib_device *ib, u32 port, struct ib_port_immutable *immutable)
{
	struct ib_port_attr attr = {};
	int err;

	immutable->core_cap_flags = RDMA_CORE_PORT_IBA_ROCE_UDP_ENCAP;
	immutable->max_mad_size = IB_MGMT_MAD_SIZE;
	err = ib_query_port(ib, port, &attr);
	if (err)
		return err;
	immutable->pkey_tbl_len = attr.pkey_tbl_len;
	immutable->gid_tbl_len = attr.gid_tbl_len;
	return 0;
}

enum rdma_link_layer rodp_get_link_layer(struct ib_device *ib, u32 port)
{
	return IB_LINK_LAYER_ETHERNET;
}
