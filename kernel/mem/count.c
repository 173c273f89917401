// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* What is counted of an on-demand MR, see count.h. */
#include "odp/mirror.h"
#include "uapi/rodp_abi.h"
#include "mem/count.h"
#include "mem/mr.h"

void rodp_mr_count(struct rodp_mr *mr, struct rodp_mr_stats *stats)
{
	struct rodp_tally_sums sums;

	rodp_tally_read(rodp_mirror_tally(mr->odp.mirror), &mr->odp.view, &sums);
	*stats = (struct rodp_mr_stats){
		.page_faults = sums.faulted,
		.page_faults_handled = atomic64_read(&mr->odp.faults),
		.page_invalidations = sums.dropped,
		.page_invalidations_handled = sums.drops,
		.page_prefetch = sums.prefetched,
	};
}
