/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The home of a lane: the CPU on which it sends.
 *
 * Over a device without a queue (net/flows.h) only packets from one CPU stay in order. So a
 * lane that has packets on their way does not change its home at will. The send lane moves when
 * nothing is on its way. The receive lane cannot know when its answers have arrived, and
 * its peer may send from anywhere: it follows its peer, by way of its old home, where a
 * work item in softirqs runs behind the softirq that delivers what was sent there.
 */
#ifndef RODP_QP_HOME_H
#define RODP_QP_HOME_H

#include <linux/types.h>
#include <linux/workqueue.h>

struct rodp_home {
	const bool *ordered; /* whether only packets from one CPU stay in order, at this moment */
	bool direct; /* nobody delivers later what was sent: a move takes no time */
	bool follows; /* moves to where packets come in; set before the first of them */
	int cpu;
	bool moving; /* the lane takes no packet until it has arrived. Changed with the lane held */
	int next_cpu; /* while moving */
	struct delayed_work leave;
	struct work_struct arrive; /* the lane's: with itself held, rodp_home_arrived() */
};

/**
 * rodp_home_init() - make the CPU that runs this the home
 * @home: the home of a new lane
 * @ordered: as the field; must live as long as the home
 * @follows: as the field
 * @arrive: the lane's function for the end of a move
 */
void rodp_home_init(struct rodp_home *home, const bool *ordered, bool follows, work_func_t arrive);

/* Whether the lane must send on another CPU than this one. Stable only with the lane held. */
bool rodp_home_is_elsewhere(const struct rodp_home *home);

/**
 * rodp_home_is_here() - whether this CPU may send the lane's packets
 * @home: of a lane that is held
 * @free: no packet is on its way, so that the lane may settle here
 *
 * A lane that is not here is to be scheduled instead.
 */
bool rodp_home_is_here(struct rodp_home *home, bool free);

/*
 * Where to queue the lane's work: its CPU or, when that is offline (its timers would not fire),
 * WORK_CPU_UNBOUND. Preemption disabled: no CPU goes offline meanwhile.
 */
int rodp_home_cpu(const struct rodp_home *home);

/* A packet came in on this CPU: a lane that follows begins to move here. BH disabled, lane held. */
void rodp_home_follow(struct rodp_home *home);

/* The move is over. On the new CPU, lane held. */
void rodp_home_arrived(struct rodp_home *home);

/* No move is under way after this. Sleeps. The lane is stopped. */
void rodp_home_quiesce(struct rodp_home *home);

int rodp_home_module_init(void);
void rodp_home_module_exit(void);

/*
 * In softirqs, for a lane that moves, and for one whose fault is over: it must go on where its
 * packets are in order. There a process may well poll for what it will do, and a worker that is
 * woken from another CPU would wait for that process's next timer tick (a lazy preemption sends no
 * interrupt).
 */
extern struct workqueue_struct *rodp_resume_wq;

#endif
