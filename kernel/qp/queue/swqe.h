/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * A send work request, copied out of the ring once, checked, and completed with
 * what the transport needs: so nothing is ever read from the ring again.
 */
#ifndef RODP_QP_SWQE_H
#define RODP_QP_SWQE_H

#include "mem/window.h"
#include "uapi/rodp_abi.h"
#include "wire/opcode.h"
#include "wire/psn.h"

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
	u32 packets; /* PSNs that the message takes, >= 1; 0: no_message */
	u32 first_psn;
	u8 opcode; /* enum ib_wr_opcode */
	u8 message; /* enum rodp_message */
	u8 flags; /* RODP_WQE_* */
	u8 num_sge;
	u8 status; /* enum ib_wc_status: not 0, then it fails once it is the oldest */
	bool is_inline;
	bool no_message; /* no message: the requester executes it itself (bind.h), takes no PSN */
	bool executed; /* no_message: done, and not to be done again after a rewind */
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

/* What a queue allows of a work request. */
struct rodp_swqe_limits {
	u32 max_sge;
	u32 max_inline; /* bytes */
	bool user; /* a process wrote it: not all opcodes are for it */
};

/**
 * rodp_swqe_copy() - copy a work request out of a ring slot, once, and check the copy
 * @wqe: room for the copy, with limits->max_sge entries
 * @slot: in memory that the poster may rewrite at any time
 * @limits: of the queue
 *
 * What only the transport or the connection can tell is not checked.
 * Return: IB_WC_SUCCESS, or what the work request fails with; then wr_id and opcode are set.
 */
enum ib_wc_status rodp_swqe_copy(struct rodp_swqe *wqe, const struct rodp_send_wqe *slot,
				 const struct rodp_swqe_limits *limits);

/* Of the slot only what a completion names: it will not be executed. */
void rodp_swqe_copy_flushed(struct rodp_swqe *wqe, const struct rodp_send_wqe *slot);

/* What the completion of the work request says it was: enum ib_wc_opcode. */
u8 rodp_swqe_wc_opcode(const struct rodp_swqe *wqe);

#endif
