/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Posting, through either interface. */
#ifndef VT_POST_H
#define VT_POST_H

#include "datagram.h"

#define VT_MAX_SGE 16

/* A work request, whichever interface it is posted through (vt_conn_attr.wr_api). */
struct vt_op {
	enum ibv_wr_opcode opcode;
	unsigned int flags; /* enum ibv_send_flags; SIGNALED unless quiet */
	bool quiet;
	uint64_t wr_id;
	struct ibv_sge sge[VT_MAX_SGE];
	int num_sge;
	uint64_t remote_addr;
	uint32_t rkey;
	uint32_t imm; /* host order */
	uint64_t compare_add;
	uint64_t swap;
	uint32_t invalidate; /* the rkey of SEND_WITH_INV and LOCAL_INV */
	struct ibv_mw *mw; /* BIND_MW; rkey is the new one */
	struct ibv_mw_bind_info bind;
	uint32_t srqn; /* XRC: the peer's SRQ */
	struct vt_to to; /* of a UD QP */
};

/* Posts it. Returns what the post call returned. */
int vt_try_post(struct vt_end *end, const struct vt_op *op);
/* Posts it; fails if that is refused. */
void vt_post(struct vt_end *end, const struct vt_op *op);
/* Posts a receive; fails if that is refused. */
void vt_recv(struct vt_end *end, uint64_t wr_id, struct ibv_sge *sge, int num_sge);
/* One-sided shorthand: op at a on len bytes of local and remote, completed well. */
void vt_rdma(struct vt_conn *conn, enum ibv_wr_opcode opcode, const struct vt_buf *local,
	     size_t local_offset, const struct vt_buf *remote, size_t remote_offset, uint32_t len);

#endif
