/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * CMP_SWP and FETCH_ADD requests (IBTA vol. 1, 9.4.5), and ATOMIC WRITE (annex A19).
 * Receive lane held; a packet that was kept is executed again by the same call.
 */
#ifndef RODP_QP_ATOMIC_H
#define RODP_QP_ATOMIC_H

#include "qp/recv/request.h"

enum rodp_verdict rodp_atomic_execute(struct rodp_request *req);
enum rodp_verdict rodp_atomic_write_execute(struct rodp_request *req);

#endif
