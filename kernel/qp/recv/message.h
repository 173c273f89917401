/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * SEND and WRITE requests: messages of one or more packets, which may take a receive
 * (IBTA vol. 1, 9.7.5.2.8 and 9.7.5.2.10).
 *
 * Receive lane held, the packet checked for order, length and rights of the QP. A packet that
 * was kept is executed again by the same call.
 */
#ifndef RODP_QP_MESSAGE_H
#define RODP_QP_MESSAGE_H

#include "qp/recv/request.h"

enum rodp_verdict rodp_message_send(struct rodp_request *req);
enum rodp_verdict rodp_message_write(struct rodp_request *req);

/* struct rodp_receive_ops.not_ready of transports with and without acknowledgements. */
enum rodp_verdict rodp_message_not_ready(struct rodp_request *req);
enum rodp_verdict rodp_message_lost(struct rodp_request *req);

#endif
