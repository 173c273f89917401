/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The responder: the receive lane at work. */
#ifndef RODP_QP_RESPONDER_H
#define RODP_QP_RESPONDER_H

#include "qp/lane/lane.h"

extern const struct rodp_lane_ops rodp_responder_ops;

#endif
