/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The nouns of this room: work requests, queues, transfers, queue pairs.
 *
 * A QP is two lanes (lane.h): `sq`, where the requester cuts work requests into
 * packets and the completer takes the answers, and `rq`, where the responder
 * executes the peer's requests. `state` is changed under both lanes' locks (sq first),
 * except that a lane that finds a fatal error sets IB_QPS_ERR alone: so who holds
 * a lane may rely on the state not changing, other than to ERR. The struct is
 * ib_core's memory, freed after rodp_qp_destroy() saw every packet handler, work
 * item and timer out.
 */
#ifndef RODP_QP_TYPES_H
#define RODP_QP_TYPES_H

#include <linux/hrtimer.h>
#include <rdma/ib_verbs.h>

#include "base/dev.h"
#include "mem/window.h"
#include "net/flow.h"
#include "ring/cq.h"
#include "ring/ring.h"
#include "uapi/rodp_abi.h"
#include "wire/opcode.h"
#include "wire/psn.h"
#include "qp/lane/lane.h"
#include "qp/lane/park.h"

struct rodp_lent;
struct rodp_srq;
struct rodp_loan;

/* Packets sent and not yet acknowledged, at most. Half of it at most goes without an AckReq. */
#define RODP_WINDOW 128
/* Work requests that are flushed in one go. */
#define RODP_FLUSH_BATCH 256
/* Packets that one run of the requester or of a READ reply sends before it lets others in. */
#define RODP_SEND_BATCH 64

/*
 * A send work request, copied out of the ring once, checked, and completed with
 * what the transport needs: so nothing is ever read from the ring again.
 */
struct rodp_swqe {
	u64 wr_id;
	union {
		struct {
			u64 remote_addr;
			u64 compare_add;
			u64 swap;
			u32 rkey;
		};
		struct {
			u32 qpn;
			u32 qkey;
			u32 ah_num;
		} ud;
		struct rodp_bind bind;
	};
	u32 srqn; /* XRC: the peer's */
	u32 flush; /* FLUSH: what and how far, as in struct rodp_feth */
	union {
		__be32 imm_data;
		u32 invalidate_rkey;
	};
	u32 length; /* of the message, bytes */
	u32 packets; /* PSNs that the message takes, >= 1; 0: is_local */
	u32 first_psn;
	u8 opcode; /* enum ib_wr_opcode */
	u8 message; /* enum rodp_message */
	u8 flags; /* RODP_WQE_* */
	u8 num_sge;
	u8 status; /* enum ib_wc_status: not 0, then it fails once it is the oldest */
	bool is_inline;
	bool is_local; /* no message: executed by the requester itself (local.h), takes no PSN */
	bool executed; /* is_local: done, and not to be done again after a rewind */
	union {
		DECLARE_FLEX_ARRAY(struct rodp_sge, sge);
		DECLARE_FLEX_ARRAY(u8, data); /* inline */
	};
};

static inline u32 rodp_swqe_last_psn(const struct rodp_swqe *wqe)
{
	return rodp_psn_add(wqe->first_psn, wqe->packets - 1);
}

/* Whether there is an answer of its own, other than an ACK: it is counted against max_rd_atomic. */
static inline bool rodp_swqe_is_rd_atomic(const struct rodp_swqe *wqe)
{
	return wqe->message == RODP_MSG_READ || wqe->message == RODP_MSG_CMP_SWAP ||
	       wqe->message == RODP_MSG_FETCH_ADD || wqe->message == RODP_MSG_FLUSH ||
	       wqe->message == RODP_MSG_ATOMIC_WRITE;
}

/* Whether that answer is an empty READ response: it only says that the thing is done. */
static inline bool rodp_swqe_answer_is_empty(const struct rodp_swqe *wqe)
{
	return wqe->message == RODP_MSG_FLUSH || wqe->message == RODP_MSG_ATOMIC_WRITE;
}

/*
 * The send queue: requester and completer. Ring counters run freely:
 * tail <= cur <= head, and WQEs [tail, head) live in wqe[].
 */
struct rodp_sq {
	struct rodp_lane lane;
	struct rodp_ring ring; /* what the process writes */
	spinlock_t post_lock; /* the writer's side of the ring of a kernel consumer; any context */
	void *wqe; /* ring.entries copies, wqe_stride bytes each */
	u32 wqe_stride;
	u32 max_sge;
	u32 max_inline; /* bytes */
	u32 head; /* next to take out of the ring */
	u32 cur; /* being sent */
	u32 tail; /* oldest that is not complete */
	u32 cur_packet; /* of wqe cur: next packet to send */
	u32 psn; /* of the next WQE's first packet */
	u32 una; /* oldest PSN without an acknowledgement */
	u32 rd_atomic; /* READs and ATOMICs under way */
	u32 sent; /* PSN behind the last one ever sent */
	u32 unrequested; /* packets sent since the last AckReq */
	bool resync; /* rewound for a lost response: ignore what is still on its way */
	bool signal_all;
	bool drained_told; /* IB_EVENT_SQ_DRAINED was raised in this SQD */
	u8 retries; /* left */
	u8 rnr_retries; /* left; 7 stays 7 */
	struct rodp_park tx_park; /* the requester waits for a source buffer */
	struct rodp_park rx_park; /* the completer waits for a target buffer */
	struct sk_buff *hand; /* the response in hand while rx_park waits */
	u32 hand_done; /* bytes of it already in memory */
	struct hrtimer timer; /* retransmission, or the end of an RNR wait */
	bool rnr_wait;
	bool timer_fired; /* for run() */
	u64 deadline; /* ns, ktime_get: when una is overdue */
};

/* WQE n of the kernel's copies. */
static inline struct rodp_swqe *rodp_sq_wqe(const struct rodp_sq *sq, u32 n)
{
	return sq->wqe + (size_t)(n & (sq->ring.entries - 1)) * sq->wqe_stride;
}

/* Packets were sent that are not acknowledged yet. */
static inline bool rodp_sq_in_flight(const struct rodp_sq *sq)
{
	return rodp_psn_cmp(sq->una, sq->sent) < 0;
}

/* A receive work request, copied out of the ring once. */
struct rodp_rwqe {
	u64 wr_id;
	u32 num_sge;
	u32 length; /* of all entries together, bytes, saturated */
	struct rodp_sge sge[RODP_MAX_SGE];
};

/* A request with an answer of its own, which may have to be given again. */
struct rodp_rd_atomic {
	u32 kind; /* RODP_OPF_READ, _ATOMIC, _FLUSH or _ATOMIC_WRITE */
	u32 first_psn;
	u32 packets;
	u64 va;
	u64 original; /* ATOMIC: the answer */
	u32 length; /* READ: bytes */
	u32 rkey;
	bool valid;
};

/* The answer to a READ that is being sent. */
struct rodp_reply {
	bool active;
	bool duplicate; /* sent again: epsn and msn stay as they are */
	u32 psn; /* of the next packet */
	u32 packet; /* its number, from 0 */
	u32 packets;
	u64 va;
	u32 length; /* bytes */
	u32 rkey;
	u32 srqn; /* XRC: of the SRQ whose PD the key belongs to */
};

/* The receive queue: responder. */
struct rodp_rq {
	struct rodp_lane lane;
	struct rodp_ring ring; /* entries == 0 with an SRQ */
	spinlock_t post_lock; /* as in struct rodp_sq */
	struct rodp_srq *srq; /* XRC: only while a packet executes, the one that it names */
	u32 srqn; /* XRC: what the newest packet, which may be in hand, names */
	u32 cons; /* next to take out of the ring */
	u32 max_sge;
	u32 epsn; /* expected */
	u32 msn;
	bool nak_sent; /* a PSN sequence NAK is on its way: send no second one */
	bool comm_est_told;
	bool last_wqe_told;
	/* The message being received. */
	u32 in_message; /* RODP_OPF_SEND or RODP_OPF_WRITE, or 0 between messages */
	u32 received; /* bytes */
	u64 va; /* WRITE: of the next byte */
	u32 rkey;
	u32 left; /* WRITE: bytes to come */
	u32 total; /* WRITE: length of the message */
	bool rwqe_taken;
	u32 rwqe_srqn; /* XRC: where it was taken */
	u64 rwqe_serial;
	struct rodp_rwqe rwqe;
	struct rodp_reply reply;
	struct rodp_rd_atomic *rd_atomic; /* a ring of max_dest_rd_atomic */
	u32 rd_atomic_size;
	u32 rd_atomic_next;
	struct rodp_park park;
	struct sk_buff *hand; /* the request in hand while park waits */
	u64 hand_done; /* bytes of it already in memory */
	bool asked_for_time; /* the peer waits, for the packet in hand: tell it as soon as that is done */
};

/* A transfer between a packet, or a local peer's memory, and memory that a key names (xfer.h). */
struct rodp_xfer {
	void *buf; /* in the packet */
	const struct rodp_lent
		*lent; /* if not NULL: in the memory of a local peer's work request, */
	u32 lent_offset; /* from this byte of its message on */
	u32 bytes;
	u32 done; /* bytes moved so far; a repeated call goes on from here */
	u64 extent; /* bytes that will be wanted from the first one on: what a fault maps ahead */
	struct ib_pd *pd; /* that the keys of a scatter/gather list belong to; NULL: the QP's */
	bool write; /* to memory */
};

struct rodp_qp {
	struct ib_qp ib;
	struct rodp_dev *dev;
	u64 serial; /* that no other QP ever has */
	enum ib_qp_state state;
	enum rodp_transport transport;
	u32 mtu; /* bytes */
	u32 access; /* IB_ACCESS_REMOTE_* that peers have */
	u8 min_rnr_timer; /* code */
	u8 max_rd_atomic;
	u8 retry_cnt;
	u8 rnr_retry;
	u64 timeout; /* ns, 0: none */
	u32 dest_qpn;
	u16 pkey;
	u32 qkey; /* UD */
	bool user; /* its rings are a process's, else a kernel consumer's */
	bool local; /* the peer is reached without a network (courier.h) */
	struct rodp_flow flow;
	struct rodp_loan *loan; /* of the send queue's work requests to a local peer */
	struct rodp_cq *send_cq;
	struct rodp_cq *recv_cq;
	struct ib_qp_attr attr; /* as modify_qp set it */
	struct ib_qp_init_attr init; /* as create_qp granted it */
	struct rodp_sq sq;
	struct rodp_rq rq;
};

static inline struct rodp_qp *to_rodp_qp(struct ib_qp *ib)
{
	return container_of(ib, struct rodp_qp, ib);
}

/* Whether requests are acknowledged, and sent again when they are not. */
static inline bool rodp_qp_is_reliable(const struct rodp_qp *qp)
{
	return qp->transport == RODP_TP_RC || qp->transport == RODP_TP_XRC;
}

/* Whether the states allow these things. A lane is held. */
static inline bool rodp_qp_may_send(const struct rodp_qp *qp)
{
	return qp->state == IB_QPS_RTS;
}

static inline bool rodp_qp_may_receive(const struct rodp_qp *qp)
{
	if (qp->init.qp_type == IB_QPT_XRC_INI)
		return false;
	return qp->state == IB_QPS_RTR || qp->state == IB_QPS_RTS || qp->state == IB_QPS_SQD ||
	       qp->state == IB_QPS_SQE;
}

#endif
