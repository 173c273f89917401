/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Gathering: a process that posts one work request after the other, and waits for nothing in between, need not
 * call for each. After some such doorbells in a row no more are asked for (RODP_RING_NEED_KICK): a timer looks
 * at the ring, and takes all that was posted meanwhile, until it finds little. What is taken together leaves
 * together (net/segments.h).
 */
#ifndef RODP_QP_GATHER_H
#define RODP_QP_GATHER_H

#include "qp/send/sender.h"

/**
 * rodp_gather_init() - make a sender's gathering: off
 * @tx: the sender
 *
 * Context: process.
 */
void rodp_gather_init(struct rodp_sender *tx);

/**
 * rodp_gather_rung() - a process rang the doorbell
 * @tx: the sender, whose lane is held
 * @waited: since it last did, the process seems to have waited for something
 *
 * Context: process, BH disabled.
 */
void rodp_gather_rung(struct rodp_sender *tx, bool waited);

/**
 * rodp_gather_ran() - the sender has sent what it may
 * @tx: the sender, whose lane is held
 *
 * While something that was posted may not leave, because the window is closed or memory is waited for, what ends
 * that runs the lane, and the timer has nothing to look for.
 *
 * Context: BH disabled.
 */
void rodp_gather_ran(struct rodp_sender *tx);

/**
 * rodp_gather_finish() - before stopping: take what was posted for the next look, which will not come
 * @tx: the sender
 *
 * Datagrams are often posted, and their QP destroyed, without anybody waiting for a completion. One run of the
 * lane, and so as much as that may take.
 *
 * Context: process, no lane held.
 */
void rodp_gather_finish(struct rodp_sender *tx);

/**
 * rodp_gather_quiesce() - one step of stopping: the timer does not run any more
 * @tx: its lane was stopped, and a grace period has passed since
 *
 * Context: process, sleeps.
 */
void rodp_gather_quiesce(struct rodp_sender *tx);

/**
 * rodp_gather_reset() - off again, as it was made
 * @tx: was quiesced; its lane is held
 *
 * Context: process.
 */
void rodp_gather_reset(struct rodp_sender *tx);

#endif
