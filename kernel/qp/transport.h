/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The transports that there are. */
#ifndef RODP_QP_TRANSPORT_H
#define RODP_QP_TRANSPORT_H

#include "qp/end/end.h"

/* What QPs of this type do, or NULL: there are no such QPs here. */
const struct rodp_transport_ops *rodp_transport_of(enum ib_qp_type type);

#endif
