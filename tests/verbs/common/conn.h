/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Connected queue pairs: RC and UC. */
#ifndef VT_CONN_H
#define VT_CONN_H

#include "buffer.h"

/* How packets look on their way: what an address handle says besides addresses. */
struct vt_route {
	uint8_t traffic_class;
	uint32_t flow_label; /* 0: made of the QP numbers */
	uint8_t hop_limit; /* default 64 */
	uint8_t sl;
};

struct vt_conn_attr {
	enum ibv_qp_type qp_type; /* default IBV_QPT_RC; or IBV_QPT_UC */
	uint32_t max_wr; /* default 64 */
	uint32_t max_sge; /* default 8, or the device's limit */
	uint32_t max_inline; /* default 64 */
	unsigned int mtu; /* bytes; default: --mtu or the port's */
	uint8_t rnr_retry; /* default 7: for ever; VT_ZERO: 0 */
	uint8_t retry_cnt; /* default 7 */
	uint8_t timeout; /* default --timeout; 4.096 us << timeout */
	uint8_t min_rnr_timer; /* default 12: 0.64 ms */
	uint8_t rd_atomic; /* default: the devices' limit, at most 16 */
	int access; /* QP access; default: all */
	bool events; /* CQs have a completion channel */
	bool wr_api; /* post through ibv_wr_* */
	uint64_t send_ops; /* enum ibv_qp_create_send_ops_flags, more than RC has of old */
	struct ibv_srq *srq_b;
	struct ibv_cq *cq_a; /* the caller's; default: one of our own */
	const struct vt_route *route;
};

#define VT_ZERO 0xff /* in rnr_retry and retry_cnt: 0, which means "default" there */

struct vt_end {
	struct vt_device *dev;
	struct ibv_comp_channel *channel;
	struct ibv_cq *cq; /* sends and receives */
	bool own_cq;
	struct ibv_qp *qp;
	struct ibv_qp_ex *qpx; /* with wr_api */
	uint32_t max_inline;
	uint32_t max_sge;
	uint32_t psn;
};

struct vt_conn {
	struct vt_end a, b;
};

/* Where an end can be reached: enough to connect to it from another process. */
struct vt_end_addr {
	union ibv_gid gid;
	uint32_t qpn;
	uint32_t psn;
	uint32_t mtu;
	uint32_t rd_atomic;
};

/* A QP in INIT, with a CQ of its own unless attr names one. attr may be NULL, here and below. */
void vt_end_open(struct vt_end *end, struct vt_device *dev, const struct vt_conn_attr *attr);
/* What a peer must know of this end. */
struct vt_end_addr vt_end_addr(const struct vt_end *end);
/* From INIT through RTR to RTS. Path MTU and READs under way: the smaller of what both ends can. */
void vt_end_connect(struct vt_end *end, const struct vt_end_addr *peer,
		    const struct vt_conn_attr *attr);
/* Destroys the QP, and what vt_end_open() made for it. */
void vt_end_close(struct vt_end *end);
/* Both ends, connected with each other. */
void vt_connect(struct vt_conn *conn, struct vt_device *a, struct vt_device *b,
		const struct vt_conn_attr *attr);
/* Both to RESET, one before the other, and connected anew; what was posted never completes. */
void vt_reconnect(struct vt_conn *conn, bool a_first);
/* Closes both ends. */
void vt_disconnect(struct vt_conn *conn);
/* A transition that needs nothing but the state; fails if it is refused. */
void vt_to_state(struct vt_end *end, enum ibv_qp_state state);
/* As the kernel says. */
enum ibv_qp_state vt_qp_state(struct ibv_qp *qp);
/* Waits for the state, which comes some time after the completion that tells of it. */
void vt_expect_state(struct vt_end *end, enum ibv_qp_state state);

#endif
