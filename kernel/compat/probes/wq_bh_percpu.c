// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* May, and so must, a work queue in softirqs say that it is bound to CPUs? */
#include <linux/build_bug.h>
#include <linux/workqueue.h>

static_assert(__WQ_BH_ALLOWS & WQ_PERCPU);
