/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * A pacer: holds a lane back that sends more than the way to its peer takes. Congestion is what a
 * congestion notification packet says; the rate is that of pace.h.
 */
#ifndef RODP_QP_PACER_H
#define RODP_QP_PACER_H

#include <linux/atomic.h>
#include <linux/hrtimer.h>

#include "qp/lane/pace.h"

struct rodp_lane;

struct rodp_pacer {
	atomic_t told; /* notifications since the last step of the pace */
	struct rodp_pace pace; /* changed with the lane held */
	struct hrtimer timer; /* runs the lane when the next packet may leave */
};

/**
 * rodp_pacer_init() - make the pacer of a lane
 * @lane: the lane, which is being made
 *
 * Context: process.
 */
void rodp_pacer_init(struct rodp_lane *lane);

/**
 * rodp_pacer_quiesce() - one step of stopping: the timer does not run any more
 * @lane: is stopped, and a grace period has passed since
 *
 * Context: process, sleeps.
 */
void rodp_pacer_quiesce(struct rodp_lane *lane);

/**
 * rodp_pacer_reset() - as fast as it goes, as it was made
 * @lane: is held, and was quiesced
 */
void rodp_pacer_reset(struct rodp_lane *lane);

/**
 * rodp_pacer_notify() - a congestion notification came
 * @lane: whose packets met congestion; what it sends next takes note
 *
 * Context: any.
 */
void rodp_pacer_notify(struct rodp_lane *lane);

/**
 * rodp_pacer_look() - whether a lane may send nothing now, see rodp_lane_is_held_back()
 * @lane: a lane that is held and was told of congestion
 * @rtt: how long an answer of the peer takes, ns; 0: unknown
 *
 * Context: BH disabled.
 * Return: whether it has to wait; it is run when it need not.
 */
bool rodp_pacer_look(struct rodp_lane *lane, u64 rtt);

/**
 * rodp_pacer_count() - a lane that was told of congestion sends, see rodp_lane_sends()
 * @lane: the lane, held
 * @bytes: of payload
 *
 * Context: BH disabled.
 */
void rodp_pacer_count(struct rodp_lane *lane, u32 bytes);

#endif
