/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The receiver of datagrams: UD and GSI QPs. */
#ifndef RODP_QP_UD_RECEIVER_H
#define RODP_QP_UD_RECEIVER_H

#include "qp/lane/lane.h"

extern const struct rodp_lane_ops rodp_ud_receiver_lane_ops;

#endif
