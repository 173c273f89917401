/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* UD queue pairs and address handles. */
#ifndef VT_DATAGRAM_H
#define VT_DATAGRAM_H

#include "conn.h"

#define VT_QKEY 0x1ee7c0de
#define VT_GRH	40 /* bytes in front of what a UD QP receives */

/* A UD QP, ready to send and receive. Ends are closed with vt_end_close(). */
void vt_ud_open(struct vt_end *end, struct vt_device *dev, bool wr_api);
/* The same, with the caller's CQ. */
void vt_ud_open_on(struct vt_end *end, struct vt_device *dev, struct ibv_cq *cq);
/* Back to RTS, after an error has stopped the send queue. */
void vt_ud_recover(struct vt_end *end);
/* The way from GID number sgid_index to gid; route may be NULL. */
struct ibv_ah_attr vt_ah_attr(const union ibv_gid *gid, int sgid_index,
			      const struct vt_route *route);
/* A handle for it, without and with a route. */
struct ibv_ah *vt_ah(struct vt_end *end, const union ibv_gid *gid, int sgid_index);
struct ibv_ah *vt_ah_by(struct vt_end *end, const union ibv_gid *gid, int sgid_index,
			const struct vt_route *route);

/* The receiver of a datagram. */
struct vt_to {
	struct ibv_ah *ah;
	uint32_t qpn;
	uint32_t qkey;
};

#endif
