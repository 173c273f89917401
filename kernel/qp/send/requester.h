/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The requester: cuts work requests into packets. */
#ifndef RODP_QP_REQUESTER_H
#define RODP_QP_REQUESTER_H

struct rodp_qp;

/* Send what may be sent. Send lane held. */
void rodp_requester_run(struct rodp_qp *qp);

#endif
