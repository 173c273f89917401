/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Queue pairs: their life and their states. */
#ifndef RODP_QP_QP_H
#define RODP_QP_QP_H

#include "qp/lane/types.h"

/* All may sleep; errors as ibv_create_qp(3), ibv_modify_qp(3) have them. */
int rodp_qp_create(struct rodp_qp *qp, struct rodp_dev *dev, const struct ib_qp_init_attr *init,
		   struct ib_ucontext *uctx, struct rodp_create_qp_resp *resp);
int rodp_qp_modify(struct rodp_qp *qp, const struct ib_qp_attr *attr, int mask);
void rodp_qp_query(struct rodp_qp *qp, struct ib_qp_attr *attr, struct ib_qp_init_attr *init);
void rodp_qp_destroy(struct rodp_qp *qp);

/*
 * Whether the current process may see the PSNs of qp. Who knows them can forge packets of the
 * connection with a plain UDP socket: they are for the user whose QP it is, and for those who may
 * send any packet anyway (CAP_NET_RAW).
 */
bool rodp_qp_shows_psns(const struct rodp_qp *qp);

/* Doorbells. Process context. */
void rodp_qp_kick_send(struct rodp_qp *qp);
void rodp_qp_kick_recv(struct rodp_qp *qp);

#endif
