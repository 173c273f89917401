/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The home of a lane: the CPU on which it sends.
 *
 * Over a device without a queue (net/flow.h) only packets from one CPU stay in order. So a
 * lane that has packets on their way does not change its home at will. The send lane moves when
 * nothing is on its way. The receive lane cannot know when its answers have arrived, and
 * its peer may send from anywhere: it follows its peer, by way of its old home, where a
 * work item in softirqs runs behind the softirq that delivers what was sent there.
 */
#ifndef RODP_QP_HOME_H
#define RODP_QP_HOME_H

#include <linux/workqueue.h>

struct rodp_lane;

struct rodp_home {
	int cpu;
	bool follows; /* moves to where packets come in; set before the first of them */
	bool moving; /* the lane takes no packet until it has arrived. Changed with the lane held */
	int next_cpu; /* while moving */
	struct delayed_work leave;
	struct work_struct arrive;
};

void rodp_home_init(struct rodp_lane *lane);

/* Whether the lane must send on another CPU than this one. Stable only with the lane held. */
bool rodp_home_is_elsewhere(const struct rodp_lane *lane);

/*
 * Whether this CPU may send the lane's packets; lane held. `free`: none is on its way, and the
 * lane settles here. A lane that is not here is to be scheduled instead.
 */
bool rodp_lane_is_here(struct rodp_lane *lane, bool free);

/* Run the lane from the workqueue, on its CPU, in `delay` jiffies. Any context. */
void rodp_lane_schedule(struct rodp_lane *lane, unsigned long delay);

/*
 * A packet came in on this CPU: a lane that follows begins to move here, or (local peer) is here at
 * once. BH disabled, lane held.
 */
void rodp_home_follow(struct rodp_lane *lane);

/* No move is under way after this. Sleeps. Nobody else may use the lane. */
void rodp_home_quiesce(struct rodp_lane *lane);

#endif
