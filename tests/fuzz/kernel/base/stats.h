/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* In the place of the driver's counters: nothing is counted here. */
#ifndef RODP_BASE_STATS_H
#define RODP_BASE_STATS_H

#include "standin.h"

enum rodp_stat {
	RODP_STAT_NONE,
};

struct rodp_stats;

#endif
