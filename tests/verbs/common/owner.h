/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * A region that another process owns: a child registers it and offers it, the parent reaches it over a
 * connection between the two.
 */
#ifndef VT_OWNER_H
#define VT_OWNER_H

#include "conn.h"
#include "device.h"
#include "process.h"

/* What the owner tells of itself. */
struct vt_offer {
	struct vt_end_addr addr;
	uint64_t at;
	uint32_t rkey;
	bool itself; /* see vt_faults_itself() */
};

/* The parent's side. */
struct vt_owner {
	struct vt_device *dev; /* --dev */
	struct vt_end end;
	struct vt_offer offer;
	int socket; /* for vt_tell() and vt_hear() */
	pid_t pid;
};

/* Starts an owner, which is to run be_owner(), and connects to what it offers. */
void vt_owner_meet(struct vt_owner *owner, void (*be_owner)(int socket));

/* Closes the parent's side; who calls it has reaped the owner. */
void vt_owner_part(struct vt_owner *owner);

/* In the owner: opens an end, offers the region, and is connected when it returns. */
void vt_owner_offer(int socket, struct vt_device *dev, const struct ibv_mr *mr, struct vt_end *end);

#endif
