// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Simulated time, see clock.h. The queue is a binary heap. */
#include "kernel.h"

#define CLOCK_EVENTS 16384

u64 env_now;
int env_cpu;
struct task_struct env_task;
int env_locks;
long env_allocations;
bool env_short;

static struct env_event *clock_heap[CLOCK_EVENTS + 1];
static u32 clock_events;
static u64 clock_order;
static bool clock_beside; /* an event runs on the other CPU */

void env_clock_reset(void)
{
	env_now = 0;
	env_cpu = 0;
	env_locks = 0;
	clock_events = 0;
	clock_order = 0;
	clock_beside = false;
}

static bool clock_is_before(const struct env_event *a, const struct env_event *b)
{
	return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static void clock_put(struct env_event *event, u32 place)
{
	clock_heap[place] = event;
	event->place = place;
}

static void clock_rise(struct env_event *event, u32 place)
{
	for (; place > 1 && clock_is_before(event, clock_heap[place / 2]); place /= 2)
		clock_put(clock_heap[place / 2], place);
	clock_put(event, place);
}

static void clock_sink(struct env_event *event, u32 place)
{
	u32 child;

	while ((child = 2 * place) <= clock_events) {
		if (child < clock_events &&
		    clock_is_before(clock_heap[child + 1], clock_heap[child]))
			child++;
		if (clock_is_before(event, clock_heap[child]))
			break;
		clock_put(clock_heap[child], place);
		place = child;
	}
	clock_put(event, place);
}

void env_event_add(struct env_event *event, u64 at)
{
	env_require(!event->place, "an event is queued twice");
	env_require(clock_events < CLOCK_EVENTS, "too many events are queued");
	event->at = max(at, env_now);
	event->order = clock_order++;
	clock_rise(event, ++clock_events);
}

bool env_event_cancel(struct env_event *event)
{
	u32 place = event->place;
	struct env_event *last;

	if (!place)
		return false;
	event->place = 0;
	last = clock_heap[clock_events--];
	if (last == event)
		return true;
	if (place > 1 && clock_is_before(last, clock_heap[place / 2]))
		clock_rise(last, place);
	else
		clock_sink(last, place);
	return true;
}

struct env_event *env_event_next(void)
{
	return clock_events ? clock_heap[1] : NULL;
}

static void clock_fire(struct env_event *event, int cpu)
{
	int before = env_cpu;

	env_event_cancel(event);
	env_cpu = cpu;
	event->fire(event);
	env_cpu = before;
}

bool env_run_next(void)
{
	struct env_event *event = env_event_next();

	if (!event)
		return false;
	env_now = event->at;
	clock_fire(event, event->cpu % ENV_CPUS);
	env_require(!env_locks, "a lock is still held");
	return true;
}

/* Within so much time two CPUs are at work at once, ns. */
#define CLOCK_BESIDE 2000

void env_run_beside(void)
{
	struct env_event *event = env_event_next();

	if (clock_beside || !event || !event->packet || event->at > env_now + CLOCK_BESIDE)
		return;
	clock_beside = true;
	clock_fire(event, !env_cpu);
	clock_beside = false;
}

/* ---- work items ---- */

/* From queueing to running, ns. */
#define WORK_LATENCY 700

static void work_fire(struct env_event *event)
{
	struct work_struct *work = container_of(event, struct work_struct, event);

	work->func(work);
}

void env_work_init(struct work_struct *work, work_func_t func)
{
	*work = (struct work_struct){ .event.fire = work_fire, .func = func };
}

bool env_work_queue(int cpu, struct work_struct *work, unsigned long jiffies)
{
	if (env_event_is_queued(&work->event))
		return false;
	work->event.cpu = cpu == WORK_CPU_UNBOUND ? 0 : cpu;
	env_event_add(&work->event, env_now + jiffies * ENV_JIFFY + WORK_LATENCY);
	return true;
}

/* ---- timers ---- */

static void timer_fire(struct env_event *event)
{
	struct hrtimer *timer = container_of(event, struct hrtimer, event);
	u64 late = env_event_is_queued(&timer->late) ? 0 : env_timer_late();

	if (!late) {
		timer->function(timer);
		return;
	}
	timer->late.cpu = event->cpu;
	env_event_add(&timer->late, env_now + late);
}

static void timer_fire_late(struct env_event *event)
{
	struct hrtimer *timer = container_of(event, struct hrtimer, late);

	timer->function(timer);
}

int hrtimer_cancel(struct hrtimer *timer)
{
	if (env_event_cancel(&timer->late))
		timer->function(timer);
	return env_event_cancel(&timer->event);
}

void hrtimer_setup(struct hrtimer *timer, enum hrtimer_restart (*function)(struct hrtimer *),
		   clockid_t clock, enum hrtimer_mode mode)
{
	*timer = (struct hrtimer){
		.event.fire = timer_fire,
		.late.fire = timer_fire_late,
		.function = function,
	};
}

void hrtimer_start(struct hrtimer *timer, ktime_t ns, enum hrtimer_mode mode)
{
	env_event_cancel(&timer->event);
	timer->event.cpu = env_cpu;
	env_event_add(&timer->event, env_now + ns);
}
