/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Queue pairs: an end, a sender and a receiver; their life and their states.
 *
 * The struct is ib_core's memory, freed after rodp_qp_destroy() saw every packet handler, work
 * item and timer out.
 */
#ifndef RODP_QP_QP_H
#define RODP_QP_QP_H

#include <linux/mutex.h>

#include "qp/end/end.h"
#include "qp/recv/receiver.h"
#include "qp/send/sender.h"

struct rodp_qp {
	struct rodp_end end; /* first: ib_core's own part is its head */
	struct rodp_sender tx;
	struct rodp_receiver rx;
	struct mutex modify; /* one change of state or attributes at a time */
	struct rodp_account *backlog; /* where packets that wait count; NULL: nowhere */
};

static inline struct rodp_qp *to_rodp_qp(struct ib_qp *ib)
{
	return container_of(ib, struct rodp_qp, end.ib);
}

/**
 * rodp_qp_create() - make the QP that ib_core allocated
 * @qp: zeroed but for ib_core's part
 * @dev: its device
 * @init: what was asked for; what is granted is in qp->end.init then
 * @uctx: whose process may map its rings, or NULL: a kernel consumer's
 * @resp: where the rings can be mapped; NULL without @uctx
 *
 * Sleeps. Return: 0, -EINVAL, -EOPNOTSUPP, -ENOMEM, -EBUSY (no number is free).
 */
int rodp_qp_create(struct rodp_qp *qp, struct rodp_dev *dev, const struct ib_qp_init_attr *init,
		   struct ib_ucontext *uctx, struct rodp_create_qp_resp *resp);

/**
 * rodp_qp_modify() - change attributes and state (IBTA vol. 1, 10.3.1, 11.2.5.2)
 * @qp: the QP; others may modify it at the same time, one after the other
 * @attr: the new attributes,
 * @mask: of which these count
 *
 * All of it happens, or nothing. A QP that fails at the same time is in ERR (or SQE) afterwards,
 * whatever was asked for but RESET: the transition took place, and then the failure.
 * Sleeps. Return: 0, -EINVAL, -EOPNOTSUPP, -ENOMEM.
 */
int rodp_qp_modify(struct rodp_qp *qp, const struct ib_qp_attr *attr, int mask);

/**
 * rodp_qp_query() - read what there is to say of a QP
 * @qp: the QP, which may change meanwhile
 * @attr: is filled in; PSNs only if rodp_qp_shows_psns()
 * @init: is filled in, as it was granted
 *
 * Context: Process.
 */
void rodp_qp_query(struct rodp_qp *qp, struct ib_qp_attr *attr, struct ib_qp_init_attr *init);

/**
 * rodp_qp_destroy() - end a QP
 * @qp: the QP; nothing of it is under way when this returns
 *
 * Context: Process, sleeps.
 */
void rodp_qp_destroy(struct rodp_qp *qp);

/**
 * rodp_qp_shows_psns() - whether the current process may see the PSNs of a QP
 * @qp: the QP
 *
 * Who knows them can forge packets of the connection with a plain UDP socket: they are for the
 * user whose QP it is, and for those who may send any packet anyway (CAP_NET_RAW).
 *
 * Context: Process.
 */
bool rodp_qp_shows_psns(const struct rodp_qp *qp);

/**
 * rodp_qp_kick_send() - a process's doorbell: look at the send queue
 * @qp: the QP
 *
 * Context: Process, no lock held.
 */
void rodp_qp_kick_send(struct rodp_qp *qp);

/**
 * rodp_qp_kick_recv() - the same of the receive queue
 * @qp: the QP
 *
 * Context: Process, no lock held.
 */
void rodp_qp_kick_recv(struct rodp_qp *qp);

#endif
