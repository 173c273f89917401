/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The kernel, as far as kernel/qp needs one: included ahead of every file, in place of
 * kernel/compat/compat.h. The headers that the driver includes by name are empty here.
 *
 * There is one thread, and time is simulated (clock.h). So a lock is a flag: whoever finds one held
 * that he must wait for has found a deadlock. The rules that lockdep looks at are looked at.
 */
#ifndef MODEL_ENV_KERNEL_H
#define MODEL_ENV_KERNEL_H

#include "base.h"
#include "lock.h"
#include "clock.h"
#include "container.h"
#include "skb.h"
#include "verbs.h"

#endif
