// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Random numbers below a bound, get_random_u32_below() (usually since Linux 6.2, and 6.1's updates). */
#include <linux/random.h>

u32 probe(u32 bound);
u32 probe(u32 bound)
{
	return get_random_u32_below(bound);
}
