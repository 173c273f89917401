/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The sender of datagrams: UD and GSI QPs. */
#ifndef RODP_QP_UD_SENDER_H
#define RODP_QP_UD_SENDER_H

#include "qp/send/sender.h"

extern const struct rodp_send_ops rodp_ud_send_ops;

#endif
