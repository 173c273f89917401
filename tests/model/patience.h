/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Patience: a requester that was told to wait (an RNR NAK) asks for nothing before that time is over, unless it
 * learns meanwhile that the peer has gone on.
 */
#ifndef MODEL_PATIENCE_H
#define MODEL_PATIENCE_H

#include "env/kernel.h"

/* What a packet has to do with it. */
struct patience_word {
	u8 to; /* the side that it is for */
	u64 ns; /* how long that is to wait; 0: it says nothing of it */
	bool waits; /* it was waiting already */
};

/* A scenario begins: nobody waits. */
void patience_begin(void);

/* A packet arrives: what it says is remembered here, before the driver has it, */
struct patience_word patience_hear(struct sk_buff *skb);
/* and counts from here on, if the driver took it. */
void patience_heed(const struct patience_word *word);

/* A packet leaves. Does not return if its sender was to wait. */
void patience_ask(struct sk_buff *skb);

#endif
