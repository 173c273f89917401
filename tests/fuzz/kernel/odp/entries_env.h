/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* In the place of the driver's: what the entries need. The mm is the target's. */
#ifndef RODP_ODP_ENTRIES_ENV_H
#define RODP_ODP_ENTRIES_ENV_H

#include "standin.h"

u64 rodp_env_mark_dirty(u64 phys);

#endif
