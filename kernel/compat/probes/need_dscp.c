// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Classes of service of routes, net/inet_dscp.h (usually since Linux 5.17). */
#include <net/inet_dscp.h>

dscp_t probe(u8 tos);
dscp_t probe(u8 tos)
{
	return inet_dsfield_to_dscp(tos);
}
