/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * An end: what both directions of a queue pair share. Its identity, its state, what modify_qp
 * set, and the two tables of operations that were chosen for it: what its transport does, and
 * which way its packets go.
 *
 * `state` is changed with both lanes held (the send lane's lock is taken first), except that a lane that
 * finds a fatal error sets ERR or SQE alone. So who holds a lane may rely on the state not
 * changing, other than to these. The struct is a part of ib_core's memory of the QP (qp.h).
 */
#ifndef RODP_QP_END_H
#define RODP_QP_END_H

#include <rdma/ib_verbs.h>

#include "base/dev.h"
#include "net/flows.h"
#include "ring/cq.h"
#include "wire/opcode.h"
#include "wire/psn.h"
#include "qp/lane/lane.h"

struct rodp_path_ops;
struct rodp_qpn_ops;
struct rodp_receive_ops;
struct rodp_send_ops;

/* What a transport does; the tables are transport.c's. */
struct rodp_transport_ops {
	enum rodp_transport tp; /* in opcodes */
	bool acked; /* requests are acknowledged, and sent again when they are not */
	bool sends; /* has a send queue; without one the QP is nobody's own */
	bool receives; /* has a receive queue, unless it takes from an SRQ */
	u32 create_flags; /* IB_QP_CREATE_* that there may be */
	u32 mtu; /* bytes; 0: the path MTU, from RTR on */
	enum ib_qp_state after_send_error; /* 10.3.1: the QP fails, or its send queue stops */
	/* Whether what such a QP needs of CQs and the like is there. */
	bool (*fits)(const struct ib_qp_init_attr *init);
	const struct rodp_qpn_ops *number; /* end/qpn.h */
	const struct rodp_send_ops *send; /* send/sender.h */
	const struct rodp_lane_ops *send_lane;
	const struct rodp_receive_ops *receive; /* recv/receiver.h */
	const struct rodp_lane_ops *receive_lane;
	/* The ways to a peer that modify_qp names: anywhere, and in this network namespace. */
	const struct rodp_path_ops *wire;
	const struct rodp_path_ops *local;
};

struct rodp_end {
	struct ib_qp ib;
	struct rodp_dev *dev;
	u64 serial; /* that no other QP ever has */
	enum ib_qp_state state;
	const struct rodp_transport_ops *transport;
	const struct rodp_path_ops *path;
	struct rodp_lane *send_lane, *receive_lane;
	struct rodp_cq *send_cq, *recv_cq;
	bool user; /* its rings are a process's, else a kernel consumer's */
	u64 net; /* cookie of the network namespace of the process that made it; 0: the kernel did */
	u32 mtu; /* bytes; 0 before RTR */
	u32 access; /* IB_ACCESS_REMOTE_* that peers have */
	u8 min_rnr_timer; /* code */
	u8 max_rd_atomic;
	u8 retry_cnt;
	u8 rnr_retry;
	u64 timeout; /* ns, 0: none */
	u32 dest_qpn;
	u16 pkey;
	u32 qkey; /* UD */
	struct rodp_flow flow; /* to the peer, by the network */
	u64 noticed; /* ns, ktime_get: when the peer was last told of congestion; changed by cmpxchg */
	struct ib_qp_attr attr; /* as modify_qp set it */
	struct ib_qp_init_attr init; /* as create_qp granted it */
};

static inline struct rodp_end *to_rodp_end(struct ib_qp *ib)
{
	return container_of(ib, struct rodp_end, ib);
}

/* Whether a packet with this opcode is of the end's transport. */
static inline bool rodp_end_speaks(const struct rodp_end *end, u8 opcode)
{
	return (opcode & RODP_TP_MASK) == end->transport->tp;
}

/* Of every function that changes what only one direction uses. */
static inline void rodp_end_assert_sending(const struct rodp_end *end)
{
	lockdep_assert_held(&end->send_lane->lock);
}

static inline void rodp_end_assert_receiving(const struct rodp_end *end)
{
	lockdep_assert_held(&end->receive_lane->lock);
}

/* Of every function that changes what both use. */
static inline void rodp_end_assert_both(const struct rodp_end *end)
{
	rodp_end_assert_sending(end);
	rodp_end_assert_receiving(end);
}

/* Of every function that works for the lane that is held, whichever that is. */
static inline void rodp_end_assert_either(const struct rodp_end *end)
{
	lockdep_assert(lockdep_is_held(&end->send_lane->lock) ||
		       lockdep_is_held(&end->receive_lane->lock));
}

/* Whether requests that were begun are sent, and answers are taken. A lane is held. */
static inline bool rodp_end_sends(const struct rodp_end *end)
{
	enum ib_qp_state state = READ_ONCE(end->state);

	rodp_end_assert_either(end);
	return state == IB_QPS_RTS || state == IB_QPS_SQD;
}

/* Whether new requests are taken from the ring. A lane is held. */
static inline bool rodp_end_begins(const struct rodp_end *end)
{
	rodp_end_assert_either(end);
	return READ_ONCE(end->state) == IB_QPS_RTS;
}

/* Whether there is a peer to hear from. Without a lane it is only what was so a moment ago. */
static inline bool rodp_end_is_connected(const struct rodp_end *end)
{
	enum ib_qp_state state = READ_ONCE(end->state);

	return state == IB_QPS_RTR || state == IB_QPS_RTS || state == IB_QPS_SQD ||
	       state == IB_QPS_SQE;
}

/* Whether requests of the peer are taken. A lane is held. */
static inline bool rodp_end_receives(const struct rodp_end *end)
{
	rodp_end_assert_either(end);
	return rodp_end_is_connected(end);
}

/* Whether all that is posted is flushed: for good, and of the send queue only. A lane is held. */
static inline bool rodp_end_is_broken(const struct rodp_end *end)
{
	rodp_end_assert_either(end);
	return READ_ONCE(end->state) == IB_QPS_ERR;
}

static inline bool rodp_end_send_is_broken(const struct rodp_end *end)
{
	return rodp_end_is_broken(end) || READ_ONCE(end->state) == IB_QPS_SQE;
}

#endif
