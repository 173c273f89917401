// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Transfers, see xfer.h. */
#include <linux/minmax.h>

#include "qp/xfer/xfer.h"

/* Bytes moved, or -EIO. */
static ssize_t xfer_move(struct rodp_mr *mr, u64 iova, void *buf, u32 bytes, bool write)
{
	return write ? (ssize_t)rodp_mr_write(mr, iova, buf, bytes)
		     : rodp_mr_read(mr, iova, buf, bytes);
}

int rodp_xfer_mr(struct rodp_park *park, struct rodp_mr *mr, u64 iova, struct rodp_xfer *xfer)
{
	u32 left = xfer->bytes - xfer->done;
	ssize_t moved;
	u64 ahead;

	lockdep_assert_held(&park->lane->lock);
	if (xfer->lent)
		return xfer->lent->lender->xfer(xfer->lent->lender, park, mr, iova, xfer);
	iova += xfer->done;
	moved = xfer_move(mr, iova, xfer->buf + xfer->done, left, xfer->write);
	if (unlikely(moved < 0))
		return moved;
	xfer->done += moved;
	if (likely(xfer->done == xfer->bytes))
		return 0;

	iova += moved;
	left -= moved;
	ahead = xfer->extent > xfer->done ? xfer->extent - xfer->done : 0;
	return rodp_park_miss(park, mr, iova, rodp_mr_clip(mr, iova, max_t(u64, ahead, left)),
			      xfer->write);
}

/* The bytes from `skip` on of one entry, which has them all. */
static int xfer_entry(struct rodp_park *park, const struct rodp_sge *sge, u32 skip,
		      struct rodp_xfer *xfer)
{
	struct rodp_hold own = {}, *hold = xfer->hold ?: &own;
	u64 iova = sge->addr + skip;
	struct rodp_mr *mr;
	int err;

	mr = rodp_hold_get(hold, to_rodp_dev(xfer->pd->device), xfer->pd, sge->lkey,
			   xfer->write ? IB_ACCESS_LOCAL_WRITE : 0, iova, xfer->bytes);
	if (!mr)
		return -EACCES;
	err = rodp_xfer_mr(park, mr, iova, xfer);
	rodp_hold_put(&own);
	return err;
}

/* The part of the transfer that lies in one entry, from byte `skip` of it. */
static int xfer_sge(struct rodp_park *park, const struct rodp_sge *sge, u32 skip,
		    struct rodp_xfer *xfer)
{
	u32 left = sge->length - skip;
	struct rodp_xfer part = {
		.buf = xfer->buf + xfer->done,
		.lent = xfer->lent,
		.lent_offset = xfer->lent_offset + xfer->done,
		.bytes = min(left, xfer->bytes - xfer->done),
		.extent = min_t(u64, left, xfer->extent - xfer->done),
		.pd = xfer->pd,
		.hold = xfer->hold,
		.write = xfer->write,
	};
	int err = xfer_entry(park, sge, skip, &part);

	xfer->done += part.done;
	return err;
}

int rodp_xfer_sgl(struct rodp_park *park, const struct rodp_sge *sge, u32 num_sge, u64 offset,
		  struct rodp_xfer *xfer)
{
	u64 skip = offset + xfer->done;
	int err;

	lockdep_assert_held(&park->lane->lock);
	if (likely(num_sge && xfer->bytes && offset + xfer->bytes <= sge->length)) {
		xfer->extent = min_t(u64, sge->length - offset, xfer->extent);
		return xfer_entry(park, sge, offset, xfer);
	}
	for (; num_sge && xfer->done < xfer->bytes; sge++, num_sge--) {
		if (skip >= sge->length) {
			skip -= sge->length;
			continue;
		}
		err = xfer_sge(park, sge, skip, xfer);
		if (err)
			return err;
		skip = 0;
	}
	return xfer->done == xfer->bytes ? 0 : -EINVAL;
}
