/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The network between the two sides, in place of kernel/net: it loses, repeats, reorders, delays and
 * damages packets, as the scenario says. What it does not touch arrives in order.
 */
#ifndef MODEL_NETWORK_H
#define MODEL_NETWORK_H

#include "env/kernel.h"

#include "scenario.h"

void network_begin(const struct scenario *scenario);

/* The number of the address handle that leads to a side. */
u32 network_address_number(u32 to);

/* READ responses that were sent before. */
u32 network_answers_again(void);

/* What is in front of a packet to a side. */
const struct iphdr *network_header(u32 to);

#endif
