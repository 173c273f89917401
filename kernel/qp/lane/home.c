// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Where lanes send, see home.h. */
#include <linux/interrupt.h>

#include "qp/lane/home.h"
#include "qp/lane/lane.h"

struct workqueue_struct *rodp_resume_wq;

bool rodp_home_is_elsewhere(const struct rodp_home *home)
{
	int cpu = READ_ONCE(home->cpu);

	return cpu != raw_smp_processor_id() && READ_ONCE(*home->ordered) && cpu_online(cpu);
}

/* A home is a part of its lane, and is changed with the lane held. */
static void home_assert_held(const struct rodp_home *home)
{
	lockdep_assert_held(&container_of(home, struct rodp_lane, home)->lock);
}

/* BH disabled. */
static void home_settle(struct rodp_home *home)
{
	home_assert_held(home);
	WRITE_ONCE(home->cpu, smp_processor_id());
}

bool rodp_home_is_here(struct rodp_home *home, bool free)
{
	home_assert_held(home);
	if (!free && rodp_home_is_elsewhere(home))
		return false;
	home_settle(home);
	return true;
}

/* A softirq that receives ends when it has worked for long, and is then raised again. */
static bool home_receives_more(void)
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
	if (home_receives_more()) {
		queue_delayed_work_on(smp_processor_id(), rodp_resume_wq, &home->leave,
				      RODP_WQ_BH_YIELD);
	} else {
		if (!cpu_online(home->next_cpu))
			home->next_cpu = smp_processor_id();
		queue_work_on(home->next_cpu, rodp_resume_wq, &home->arrive);
	}
	preempt_enable();
}

void rodp_home_init(struct rodp_home *home, const bool *ordered, bool follows, work_func_t arrive)
{
	home->ordered = ordered;
	home->follows = follows;
	home->cpu = raw_smp_processor_id();
	INIT_DELAYED_WORK(&home->leave, home_leave);
	INIT_WORK(&home->arrive, arrive);
}

void rodp_home_follow(struct rodp_home *home)
{
	home_assert_held(home);
	if (!home->follows || home->moving)
		return;
	if (home->direct || !rodp_home_is_elsewhere(home)) {
		home_settle(home);
		return;
	}
	WRITE_ONCE(home->moving, true);
	home->next_cpu = smp_processor_id();
	preempt_disable(); /* on PREEMPT_RT a spinlock does not keep CPUs online */
	queue_delayed_work_on(rodp_home_cpu(home), rodp_resume_wq, &home->leave, 0);
	preempt_enable();
}

void rodp_home_arrived(struct rodp_home *home)
{
	home_assert_held(home);
	WRITE_ONCE(home->cpu, home->next_cpu);
	WRITE_ONCE(home->moving, false);
}

int rodp_home_cpu(const struct rodp_home *home)
{
	int cpu = READ_ONCE(home->cpu);

	lockdep_assert_preemption_disabled();
	return cpu_online(cpu) ? cpu : WORK_CPU_UNBOUND;
}

void rodp_home_quiesce(struct rodp_home *home)
{
	cancel_delayed_work_sync(&home->leave);
	cancel_work_sync(&home->arrive);
	home->moving = false;
}

int rodp_home_module_init(void)
{
	rodp_resume_wq = alloc_workqueue("rodp_resume", RODP_WQ_BH, 0);
	return rodp_resume_wq ? 0 : -ENOMEM;
}

void rodp_home_module_exit(void)
{
	destroy_workqueue(rodp_resume_wq);
}
