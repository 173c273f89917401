/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Runs: packets of the middle of one WRITE that came together. What the responder asks of each is asked of each here, too, but the key
 * is looked up once, and the receiver steps on once.
 */
#ifndef RODP_QP_RUN_H
#define RODP_QP_RUN_H

#include "net/segments.h"
#include "qp/recv/receiver.h"

/**
 * rodp_run_take() - execute the first packets of some that came together, as far as they are a run
 * @rx: the receiver of a transport that acknowledges, with keys of one PD; its lane is held and open
 * @segs: what came; those that were executed are taken away
 *
 * A packet that is not of the run, or whose memory is absent, is the first one then, and for the responder.
 *
 * Context: BH disabled.
 */
void rodp_run_take(struct rodp_receiver *rx, struct rodp_segments *segs);

#endif
