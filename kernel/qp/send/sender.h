/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The send lane at work: requester, completer and timer take turns. */
#ifndef RODP_QP_SENDER_H
#define RODP_QP_SENDER_H

#include "qp/lane/lane.h"

extern const struct rodp_lane_ops rodp_sender_ops;

#endif
