// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* MRs on demand, see on_demand.h. */
#include <linux/overflow.h>

#include "odp/mirror.h"
#include "mem/on_demand.h"

static int on_demand_take(struct rodp_mr *mr, struct rodp_mirror_set *set, struct rodp_stats *stats,
			  u64 start)
{
	struct rodp_mirror *mirror;
	u64 end;

	if (check_add_overflow(start, mr->length, &end))
		return -EINVAL;
	mirror = rodp_mirror_get(set, stats);
	if (IS_ERR(mirror))
		return PTR_ERR(mirror);
	mr->odp.va = start;
	mr->odp.set = set;
	mr->odp.mirror = mirror;
	rodp_tally_watch(rodp_mirror_tally(mirror), &mr->odp.view, start, mr->length);
	return 0;
}

struct rodp_mr *rodp_mr_create_odp(struct rodp_dev *dev, struct ib_pd *pd,
				   struct rodp_mirror_set *set, u64 start, u64 length, u64 iova,
				   u32 access)
{
	struct rodp_mr *mr = rodp_mr_begin(&rodp_on_demand_ops, pd, iova, length, access);

	if (IS_ERR(mr))
		return mr;
	return rodp_mr_finish(dev, mr, on_demand_take(mr, set, dev->stats, start));
}

static void on_demand_release(struct rodp_mr *mr)
{
	rodp_tally_unwatch(rodp_mirror_tally(mr->odp.mirror), &mr->odp.view);
	rodp_mirror_put(mr->odp.set, mr->odp.mirror);
}

/* Each access asks the page table. */
static bool on_demand_fits(const struct rodp_mr *mr, u32 access)
{
	return true;
}

const struct rodp_mr_ops rodp_on_demand_ops = {
	.name = "on-demand",
	.release = on_demand_release,
	.fits = on_demand_fits,
};
