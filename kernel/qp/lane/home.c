// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Where lanes send, see home.h. */
#include <linux/interrupt.h>

#include "types.h"

bool rodp_home_is_elsewhere(const struct rodp_lane *lane)
{
	int cpu = READ_ONCE(lane->home.cpu);

	return cpu != raw_smp_processor_id() && lane->qp->flow.per_cpu && cpu_online(cpu);
}

/* BH disabled, lane held. */
static void home_settle(struct rodp_lane *lane)
{
	WRITE_ONCE(lane->home.cpu, smp_processor_id());
}

bool rodp_lane_is_here(struct rodp_lane *lane, bool free)
{
	if (!free && rodp_home_is_elsewhere(lane))
		return false;
	home_settle(lane);
	return true;
}

/* A softirq that receives ends when it has worked for long, and is then raised again. */
static bool receives_more(void)
{
	return local_softirq_pending() & BIT(NET_RX_SOFTIRQ);
}

/*
 * On the old CPU, behind the softirq that delivers, however long that takes. An offline CPU runs no
 * softirqs; this one cannot go offline meanwhile.
 */
static void home_leave(struct work_struct *work)
{
	struct rodp_home *home = container_of(to_delayed_work(work), struct rodp_home, leave);

	preempt_disable();
	if (receives_more()) {
		queue_delayed_work_on(smp_processor_id(), rodp_resume_wq, &home->leave,
				      RODP_WQ_BH_YIELD);
	} else {
		if (!cpu_online(home->next_cpu))
			home->next_cpu = smp_processor_id();
		queue_work_on(home->next_cpu, rodp_resume_wq, &home->arrive);
	}
	preempt_enable();
}

/* On the new one. */
static void home_arrive(struct work_struct *work)
{
	struct rodp_home *home = container_of(work, struct rodp_home, arrive);
	struct rodp_lane *lane = container_of(home, struct rodp_lane, home);

	rodp_lane_lock(lane);
	WRITE_ONCE(home->cpu, home->next_cpu);
	WRITE_ONCE(home->moving, false);
	rodp_lane_unlock(lane);
}

void rodp_home_init(struct rodp_lane *lane)
{
	lane->home.cpu = raw_smp_processor_id();
	INIT_DELAYED_WORK(&lane->home.leave, home_leave);
	INIT_WORK(&lane->home.arrive, home_arrive);
}

void rodp_home_follow(struct rodp_lane *lane)
{
	struct rodp_home *home = &lane->home;

	/* A stalled lane will answer what it stalled at where it is. */
	if (!home->follows || home->moving || lane->stalled)
		return;
	/* A local peer's requests come from the CPU where its send lane is, and nobody delivers later. */
	if (lane->qp->local || !rodp_home_is_elsewhere(lane)) {
		home_settle(lane);
		return;
	}
	WRITE_ONCE(home->moving, true);
	home->next_cpu = smp_processor_id();
	queue_delayed_work_on(home->cpu, rodp_resume_wq, &home->leave, 0);
}

void rodp_lane_schedule(struct rodp_lane *lane, unsigned long delay)
{
	int cpu;

	preempt_disable(); /* no CPU goes offline meanwhile; the timer of one that is would not fire */
	cpu = READ_ONCE(lane->home.cpu);
	if (!cpu_online(cpu))
		cpu = WORK_CPU_UNBOUND;
	queue_delayed_work_on(cpu, rodp_lane_wq, &lane->work, delay);
	preempt_enable();
}

void rodp_home_quiesce(struct rodp_lane *lane)
{
	cancel_delayed_work_sync(&lane->home.leave);
	cancel_work_sync(&lane->home.arrive);
	lane->home.moving = false;
}
