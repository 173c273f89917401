/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The network between the two sides, in place of kernel/net: it loses, repeats, reorders, delays and
 * damages packets, as the scenario says. What it does not touch arrives in order.
 */
#ifndef MODEL_NETWORK_H
#define MODEL_NETWORK_H

#include "scenario.h"

void network_begin(const struct scenario *scenario);

#endif
