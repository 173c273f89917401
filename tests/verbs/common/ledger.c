// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Work requests that are not complete, see ledger.h. */
#include "ledger.h"
#include "vt.h"

/* A wr_id is a number that never comes again, and the place. */
#define PLACE 0xff

uint64_t vt_ledger_add(struct vt_ledger *ledger)
{
	unsigned int place = 0;

	vt_check(ledger->open < VT_LEDGER_MOST);
	while (ledger->wr_id[place])
		place++;
	ledger->open++;
	return ledger->wr_id[place] = ++ledger->serial << 8 | place;
}

void vt_ledger_undo(struct vt_ledger *ledger, uint64_t wr_id)
{
	ledger->wr_id[wr_id & PLACE] = 0;
	ledger->open--;
}

static void complete(struct vt_ledger *ledger, uint64_t wr_id, const char *what)
{
	if ((wr_id & PLACE) >= VT_LEDGER_MOST || ledger->wr_id[wr_id & PLACE] != wr_id)
		vt_fail("%s: work request 0x%lx completes twice, or was never posted", what,
			(unsigned long)wr_id);
	vt_ledger_undo(ledger, wr_id);
}

void vt_ledger_poll(struct vt_ledger *ledger, struct ibv_cq *cq, const char *what)
{
	struct ibv_wc wc;

	while (ibv_poll_cq(cq, 1, &wc) == 1)
		complete(ledger, wc.wr_id, what);
}
