/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Trouble: what goes wrong with which packet, buffer, access. Drawn, or as it was written down. */
#ifndef MODEL_TROUBLE_H
#define MODEL_TROUBLE_H

#include "scenario.h"

/* What numbers are counted of. */
enum trouble_class {
	CLASS_PACKET,
	CLASS_BUFFER,
	CLASS_ACCESS,
	CLASS_TIMER,
	CLASSES
};

/* A scenario begins. It outlives the run. */
void trouble_begin(struct scenario *scenario);

/* The next packet, buffer, access or timer: what happens to it, or NULL. */
const struct trouble *trouble_next(enum trouble_class class);

/* How many there were. */
u32 trouble_counted(enum trouble_class class);
/* How often something of a kind happened. */
u32 trouble_happened(enum trouble_kind kind);
/* How many packets were lost, of those that were sent. */
u32 trouble_lost(void);
/* How many retries it can have cost, all together: one each, and what is late one a time-out. */
u32 trouble_cost(void);

#endif
