// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Must compile: every header that another probe includes is there. */
#include <linux/crc32.h>
#include <linux/hmm.h>
#include <linux/hrtimer.h>
#include <linux/mmu_notifier.h>
#include <linux/module.h>
#include <linux/shrinker.h>
#include <linux/workqueue.h>
#include <net/udp_tunnel.h>
#include <rdma/ib_umem.h>
#include <rdma/ib_verbs.h>
#include <rdma/uverbs_ioctl.h>

static int probe_size(struct ib_device *dev)
{
	return dev->phys_port_cnt;
}

int probe(struct ib_device *dev);
int probe(struct ib_device *dev)
{
	return probe_size(dev);
}
