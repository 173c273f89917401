/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * A request packet that is being executed: where its receives come from, which PDs its keys belong
 * to, how it is refused, where its data is. All functions: receive lane held, softirq or process.
 */
#ifndef RODP_QP_REQUEST_H
#define RODP_QP_REQUEST_H

#include "qp/recv/receiver.h"
#include "qp/xfer/xfer.h"

struct rodp_request {
	struct rodp_receiver *rx;
	struct sk_buff *skb;
	struct rodp_srq *srq; /* where to take a receive; NULL: the QP's own ring */
	struct ib_pd *pd; /* that the peer's keys must belong to */
};

static inline struct rodp_end *rodp_request_end(const struct rodp_request *req)
{
	return req->rx->rq.end;
}

/* XRC: the number of the SRQ that a packet names; else 0. */
u32 rodp_request_srqn(struct sk_buff *skb);

/* UC: what came of the message is lost; the receive that was taken for it serves the next one. */
enum rodp_verdict rodp_request_abandon(struct rodp_receiver *rx);

/**
 * rodp_request_refuse() - refuse the request, and fail
 * @req: the request
 * @code: of the NAK
 * @status: what a receive that was taken completes with
 * @tell: the asynchronous event (RODP_TELL_*) for requests that consume no receive
 *
 * An unreliable peer is not told, and does no harm by what it asks for: unless it
 * is our own memory that failed, its message is lost and that is all (9.9.3).
 */
enum rodp_verdict rodp_request_refuse(struct rodp_request *req, enum rodp_nak code,
				      enum ib_wc_status status, u32 tell);

/* The same, for a request that is wrong, and for one that may not. */
enum rodp_verdict rodp_request_refuse_invalid(struct rodp_request *req);
enum rodp_verdict rodp_request_refuse_access(struct rodp_request *req);

/* struct rodp_receive_ops.refuse of transports with and without acknowledgements. */
enum rodp_verdict rodp_request_nak(struct rodp_request *req, enum rodp_nak code,
				   enum ib_wc_status status, u32 tell);
enum rodp_verdict rodp_request_ignore(struct rodp_request *req, enum rodp_nak code,
				      enum ib_wc_status status, u32 tell);

/*
 * A transfer stopped short with err, which is not 0: parked, or one of the local path's reasons.
 * RODP_DONE if it is none of these: then the memory of this side failed, and the caller refuses.
 */
enum rodp_verdict rodp_request_stopped(struct rodp_request *req, int err);

/* The same of memory that the peer's key opened: refused as an access that is not allowed. */
enum rodp_verdict rodp_request_stopped_at_rkey(struct rodp_request *req, int err);

/* Whether the peer may, with this key; then rodp_grant_put() after the access (mem/grant.h). */
static inline bool rodp_request_grant(const struct rodp_request *req, struct rodp_grant *grant,
				      u32 rkey, u32 access, u64 va, u64 bytes)
{
	const struct rodp_end *end = rodp_request_end(req);

	return rodp_grant_get(grant, end->dev, req->pd, end->serial, rkey, access, va, bytes);
}

/**
 * rodp_request_xfer() - prepare a transfer of a request's payload
 * @req: the request. On the local path its payload is still in the requester's memory, and a READ's
 *	answer goes there.
 * @bytes: how many
 * @extent: bytes that are to come from the first one on, at least @bytes
 * @write: to memory
 *
 * Context: Process or softirq; the receive lane is held.
 * Return: the transfer, for rodp_xfer_mr() or rodp_xfer_sgl().
 */
struct rodp_xfer rodp_request_xfer(struct rodp_request *req, u32 bytes, u64 extent, bool write);

/* Answer with an empty READ response, which says that it is done. `kind` is RODP_OPF_*. */
enum rodp_verdict rodp_request_answer(struct rodp_request *req, u32 kind);

#endif
