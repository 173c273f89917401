// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Is there a lock for data of a CPU that softirqs use? (Since 6.11.) */
#include <linux/local_lock.h>

struct data {
	local_lock_t lock;
};

static DEFINE_PER_CPU(struct data, probed) = { .lock = INIT_LOCAL_LOCK(lock) };

void probe(void);
void probe(void)
{
	local_lock_nested_bh(&probed.lock);
	local_unlock_nested_bh(&probed.lock);
}
