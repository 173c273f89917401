// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Does an IPv4 flow carry a DSCP (dscp_t), rather than a TOS byte? */
#include <net/flow.h>

void probe(struct flowi4 *fl);
void probe(struct flowi4 *fl)
{
	fl->flowi4_dscp = inet_dsfield_to_dscp(0);
}
