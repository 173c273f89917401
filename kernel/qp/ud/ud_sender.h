/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The sender of datagrams: UD and GSI QPs. */
#ifndef RODP_QP_UD_SENDER_H
#define RODP_QP_UD_SENDER_H

struct rodp_qp;

/* Send what may be sent. Send lane held. */
void rodp_ud_sender_run(struct rodp_qp *qp);

#endif
