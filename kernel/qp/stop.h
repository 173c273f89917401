/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* How a QP stops: one function, one order, for RESET, destroy, device removal and module exit. */
#ifndef RODP_QP_STOP_H
#define RODP_QP_STOP_H

#include "qp/qp.h"

/**
 * rodp_qp_stop() - stop a QP, whatever it is in the middle of
 * @qp: in any state; nobody else starts or stops it meanwhile
 *
 * When this returns the QP is in RESET and as it was created: no packet handler, timer, work item
 * or fault of it is under way, none will be queued, and what it had lent is void. Its rings and
 * counters begin at 0. It does nothing until rodp_qp_start().
 *
 * The order: (1) both lanes are told to stop, so that nothing new begins. (2) An RCU grace period:
 * whoever was in a lane, or about to tell what a lane had collected, is done. (3) Timer, homes and
 * work items end, which nobody can start any more. (4) Faults are forgotten under the lane's lock, and the work
 * items that resume a lane end. (5) Only then is state cleared.
 *
 * Context: process, sleeps.
 */
void rodp_qp_stop(struct rodp_qp *qp);

/* Let a stopped QP run. */
void rodp_qp_start(struct rodp_qp *qp);

/*
 * To ERR, and complete everything that was posted until now; a process that goes on posting is not waited
 * for. Nothing happens in RESET. Process context, sleeps.
 */
void rodp_qp_flush_all(struct rodp_qp *qp);

#endif
