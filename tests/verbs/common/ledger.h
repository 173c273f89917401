/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Work requests of a queue that are not complete. Each must complete once. */
#ifndef VT_LEDGER_H
#define VT_LEDGER_H

#include <infiniband/verbs.h>

#define VT_LEDGER_MOST 24

struct vt_ledger {
	uint64_t wr_id[VT_LEDGER_MOST]; /* 0: a free place */
	uint64_t serial;
	unsigned int open;
};

/* The wr_id of one that is posted now; not when there are VT_LEDGER_MOST. */
uint64_t vt_ledger_add(struct vt_ledger *ledger);
/* It was not posted after all. */
void vt_ledger_undo(struct vt_ledger *ledger, uint64_t wr_id);
/* Takes all completions of the CQ; fails at one that comes twice, or was never asked for. */
void vt_ledger_poll(struct vt_ledger *ledger, struct ibv_cq *cq, const char *what);

#endif
