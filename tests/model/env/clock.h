/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Time: a queue of events in their order, and what the kernel makes of that: timers, work items.
 * Nothing happens but an event; while it runs, time stands still.
 */
#ifndef MODEL_ENV_CLOCK_H
#define MODEL_ENV_CLOCK_H

#include "base.h"

struct env_event {
	u64 at; /* ns */
	u64 order; /* of events of one time: as they were added */
	u32 place; /* in the queue, from 1 on; 0: it is not there */
	int cpu; /* where it runs */
	bool packet; /* an arrival: it may run while another CPU holds a lane */
	void (*fire)(struct env_event *event);
};

/* ns since the beginning of the run. */
extern u64 env_now;

/* Nothing is queued, it is 0 o'clock, no lock is held. What was queued before is forgotten. */
void env_clock_reset(void);

/* Queue an event that is not queued. */
void env_event_add(struct env_event *event, u64 at);
/* Take it out, if it is there. Returns whether it was. */
bool env_event_cancel(struct env_event *event);

static inline bool env_event_is_queued(const struct env_event *event)
{
	return event->place;
}

/* The next one, or NULL. */
struct env_event *env_event_next(void);

/* Run the next one. False: there is none. */
bool env_run_next(void);

/**
 * env_run_beside() - let a packet arrive on the other CPU while this one is busy, if one is due soon
 *
 * Whoever has a lane meanwhile finds the packet in its queue when he releases it.
 */
void env_run_beside(void);

/* ---- what the kernel has of it ---- */

typedef s64 ktime_t;
typedef int clockid_t;

struct work_struct {
	struct env_event event;
	void (*func)(struct work_struct *work);
};

typedef void (*work_func_t)(struct work_struct *work);

struct delayed_work {
	struct work_struct work;
};

struct workqueue_struct {
	const char *name;
};

enum hrtimer_restart {
	HRTIMER_NORESTART,
	HRTIMER_RESTART,
};

enum hrtimer_mode {
	HRTIMER_MODE_REL_SOFT,
	HRTIMER_MODE_REL_PINNED_SOFT,
};

struct hrtimer {
	struct env_event event;
	struct env_event late; /* it has fired, and is not queued; its function has not begun yet */
	enum hrtimer_restart (*function)(struct hrtimer *timer);
};

#define CLOCK_MONOTONIC	    1
#define ENV_JIFFY	    4000000ull /* ns */
#define WORK_CPU_UNBOUND    ENV_CPUS
#define WQ_PERCPU	    0
#define WQ_MEM_RECLAIM	    0
#define RODP_WQ_BH	    0
#define RODP_WQ_BH_YIELD    1

#define ns_to_ktime(ns)	    ((ktime_t)(ns))
#define ktime_get_ns()	    env_now
#define ktime_get_real_ns() env_now

void env_work_init(struct work_struct *work, work_func_t func);
bool env_work_queue(int cpu, struct work_struct *work, unsigned long jiffies);

#define INIT_WORK(work, func)			     env_work_init(work, func)
#define INIT_DELAYED_WORK(dwork, func)		     env_work_init(&(dwork)->work, func)
#define queue_work(wq, work)			     env_work_queue(WORK_CPU_UNBOUND, work, 0)
#define queue_work_on(cpu, wq, work)		     env_work_queue(cpu, work, 0)
#define queue_delayed_work_on(cpu, wq, dwork, delay) env_work_queue(cpu, &(dwork)->work, delay)
#define mod_delayed_work_on(cpu, wq, dwork, delay) \
	(env_event_cancel(&(dwork)->work.event), env_work_queue(cpu, &(dwork)->work, delay))
#define cancel_work_sync(work)		env_event_cancel(&(work)->event)
#define cancel_delayed_work_sync(dwork) env_event_cancel(&(dwork)->work.event)
#define delayed_work_pending(dwork)	env_event_is_queued(&(dwork)->work.event)
#define to_delayed_work(w)		container_of(w, struct delayed_work, work)
#define alloc_workqueue(name, flags, n) ((struct workqueue_struct *)env_alloc(1))
#define destroy_workqueue(wq)		env_free(wq)

void hrtimer_setup(struct hrtimer *timer, enum hrtimer_restart (*function)(struct hrtimer *),
		   clockid_t clock, enum hrtimer_mode mode);
void hrtimer_start(struct hrtimer *timer, ktime_t ns, enum hrtimer_mode mode);

static inline bool hrtimer_is_queued(const struct hrtimer *timer)
{
	return env_event_is_queued(&timer->event);
}

/* Waits for a function that has not begun yet: it runs here. */
int hrtimer_cancel(struct hrtimer *timer);

/* How late the function of a timer that fires now begins, ns. */
u64 env_timer_late(void);

#endif
