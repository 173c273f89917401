// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include "odp.h"

unsigned int odp_version(void)
{
	return ODP_VERSION;
}
