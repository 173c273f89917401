/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * FLUSH requests: what they ask for, and whether the peer may (IBTA vol. 1, annex A19).
 *
 * Global placement needs no work: the device writes memory with the CPU, which is coherent.
 * Persistent placement writes the CPU's caches back, in pieces, parked where memory is absent.
 * The level of a whole region, asked for with a memory window's key, is that of the window.
 */
#ifndef RODP_QP_FLUSH_H
#define RODP_QP_FLUSH_H

#include "qp/recv/request.h"

/* Execute a FLUSH request. Receive lane held. */
enum rodp_verdict rodp_flush_execute(struct rodp_request *req);

#endif
