// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Is the macro from a timer to what holds it called timer_container_of? */
#include <linux/timer.h>

struct probe_holder {
	struct timer_list timer;
};

struct probe_holder *probe(struct timer_list *timer);
struct probe_holder *probe(struct timer_list *timer)
{
	struct probe_holder *holder = timer_container_of(holder, timer, timer);

	return holder;
}
