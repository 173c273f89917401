// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Does an IPv4 route key hold a DSCP? (It held the whole TOS byte.) */
#include <net/flow.h>

dscp_t probe(struct flowi4 *fl);
dscp_t probe(struct flowi4 *fl)
{
	return fl->flowi4_dscp;
}
