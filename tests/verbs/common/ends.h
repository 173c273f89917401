/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Two ends of any transport, in any state: for tests of what is the same for all of them. End a sends,
 * end b receives (XRC: through an SRQ of its own).
 */
#ifndef VT_ENDS_H
#define VT_ENDS_H

#include "post.h"

enum vt_transport {
	VT_RC,
	VT_UC,
	VT_UD,
	VT_XRC,
	VT_TRANSPORTS
};

struct vt_ends {
	enum vt_transport transport;
	unsigned int mtu; /* path MTU, bytes */
	struct vt_end a, b; /* of XRC: b's CQ is the SRQ's */
	struct ibv_xrcd *xrcd;
	struct ibv_srq *srq; /* of XRC */
	uint32_t srqn;
	struct vt_to to; /* of UD */
};

/* "RC". */
const char *vt_transport_name(enum vt_transport transport);
/* Makes both, in RESET. Their GIDs are what the devices use now. mtu: bytes; 0: the port's. */
void vt_ends_open(struct vt_ends *ends, enum vt_transport transport, struct vt_device *a,
		  struct vt_device *b, unsigned int mtu);
/* Both to RESET, with new PSNs, and on to these states: RESET, INIT, RTR, RTS, SQD or ERR. */
void vt_ends_set(struct vt_ends *ends, enum ibv_qp_state state_a, enum ibv_qp_state state_b);
/* Posts what end a sends; its receiver is filled in. Returns what the post call returned. */
int vt_ends_post(struct vt_ends *ends, struct vt_op *op);
/* The same for a receive of end b, of one piece of memory. */
int vt_ends_recv(struct vt_ends *ends, uint64_t wr_id, struct ibv_sge *sge);
/* Whether this transport can do it: IBV_WR_SEND and so on. */
bool vt_transport_can(enum vt_transport transport, enum ibv_wr_opcode opcode);
void vt_ends_close(struct vt_ends *ends);

#endif
