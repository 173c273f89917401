/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * What all requests have in common when the responder executes them: what becomes of the packet,
 * how it is refused, where its data is.
 *
 * All of it: receive lane held, softirq or process.
 */
#ifndef RODP_QP_REQUEST_H
#define RODP_QP_REQUEST_H

#include "qp/lane/types.h"

/* What became of a packet. */
enum rodp_verdict {
	RODP_DONE, /* executed: step on and acknowledge */
	RODP_ANSWERED, /* executed, and the answer is the acknowledgement */
	RODP_KEPT, /* parked with the packet in hand */
	RODP_DROPPED, /* nothing more to do with it */
};

/* UC: what came of the message is lost; the receive that was taken for it serves the next one. */
enum rodp_verdict rodp_request_abandon(struct rodp_rq *rq);

/*
 * Refuse the request: NAK, complete a receive that was taken with `status`, and
 * fail. `tell` is the asynchronous event (RODP_TELL_*) for requests that consume no receive.
 * An unreliable peer is not told, and does no harm by what it asks for: unless it
 * is our own memory that failed, its message is lost and that is all (9.9.3).
 */
enum rodp_verdict rodp_request_refuse(struct rodp_qp *qp, struct sk_buff *skb, enum rodp_nak code,
				      enum ib_wc_status status, u32 tell);

/* The same, for a request that is wrong, and for one that may not. */
enum rodp_verdict rodp_request_refuse_invalid(struct rodp_qp *qp, struct sk_buff *skb);
enum rodp_verdict rodp_request_refuse_access(struct rodp_qp *qp, struct sk_buff *skb);

/*
 * A transfer stopped short with err, which is not 0: parked, or one of the local path's reasons.
 * RODP_DONE if it is none of these: then the memory of this side failed, and the caller refuses.
 */
enum rodp_verdict rodp_request_stopped(struct rodp_qp *qp, struct sk_buff *skb, int err);

/* The same of memory that the peer's key opened: refused as an access that is not allowed. */
enum rodp_verdict rodp_request_stopped_at_rkey(struct rodp_qp *qp, struct sk_buff *skb, int err);

/*
 * A transfer of `bytes` bytes of the request's payload, of `extent` that are to come; on the
 * local path it is still in the requester's memory, and a READ's answer goes there.
 */
struct rodp_xfer rodp_request_xfer(struct rodp_qp *qp, struct sk_buff *skb, u32 bytes, u64 extent,
				   bool write);

/* The PD that the peer's keys must belong to: of an XRC packet, that of the SRQ it names. */
struct ib_pd *rodp_request_pd(const struct rodp_qp *qp);

/* Answer with an empty READ response, which says that it is done. `kind` is RODP_OPF_*. */
enum rodp_verdict rodp_request_answer(struct rodp_qp *qp, u32 kind);

#endif
