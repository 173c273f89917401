// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The references of a mirror, see core.h. */
#include "odp/core.h"

struct workqueue_struct *rodp_odp_wq;

void rodp_mirror_drop(struct rodp_mirror *mirror)
{
	if (refcount_dec_and_test(&mirror->refs))
		queue_work(rodp_odp_wq, &mirror->teardown);
}
