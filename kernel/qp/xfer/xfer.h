/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Transfers: moving bytes between a packet and the memory that a work request
 * or a remote key names, parking the lane at a miss.
 */
#ifndef RODP_QP_XFER_H
#define RODP_QP_XFER_H

#include "mem/hold.h"
#include "net/packet.h"
#include "qp/xfer/park.h"

struct rodp_xfer;

/* A far end of transfers that is not the packet, but memory that somebody lends (path/loan.h). */
struct rodp_lender {
	/* As rodp_xfer_mr(), and -EINPROGRESS (more to do: rest and call again), -EREMOTEIO (the
	 * lender's memory or key), -ESTALE (it is no longer lent). */
	int (*xfer)(const struct rodp_lender *lender, struct rodp_park *park, struct rodp_mr *mr,
		    u64 iova, struct rodp_xfer *xfer);
};

/* A transfer between a packet, or lent memory, and memory that a key names. */
struct rodp_xfer {
	void *buf; /* in the packet */
	const struct rodp_lent *lent; /* NULL: buf; else the far end is what was lent, */
	u32 lent_offset; /* from this byte of its message on */
	u32 bytes;
	u32 done; /* bytes moved so far; a repeated call goes on from here */
	u64 extent; /* bytes that will be wanted from the first one on: what a fault maps ahead */
	struct ib_pd *pd; /* that the keys of a scatter/gather list belong to */
	struct rodp_hold *hold; /* of the last entry, for what comes next; or NULL */
	bool write; /* to memory */
};

/**
 * rodp_xfer_mr() - move the bytes of a transfer to or from an MR
 * @park: of a lane that is held, for a miss
 * @mr: referenced; bounds and rights were checked for @iova and the transfer's bytes
 * @iova: of the transfer's first byte
 * @xfer: the transfer; its `done` moves
 *
 * Return: 0, -EAGAIN (parked; call again with the same `done`), -EIO (the memory is damaged), or
 * -EFAULT; of lent memory also what struct rodp_lender says.
 */
int rodp_xfer_mr(struct rodp_park *park, struct rodp_mr *mr, u64 iova, struct rodp_xfer *xfer);

/**
 * rodp_xfer_sgl() - the same with a scatter/gather list, whose keys are checked here
 * @park: as above
 * @sge: the list, for local read or (xfer->write) local write in xfer->pd
 * @num_sge: its entries
 * @offset: bytes of the list before the transfer's first one
 * @xfer: as above
 *
 * Return: as above, or -EINVAL when the list is shorter than offset + bytes, or -EACCES when a
 * key does not grant the access.
 */
int rodp_xfer_sgl(struct rodp_park *park, const struct rodp_sge *sge, u32 num_sge, u64 offset,
		  struct rodp_xfer *xfer);

#endif
