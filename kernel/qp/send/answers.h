/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Answers that came early: responses to READs, and of ATOMICs, in front of which one is missing. They
 * are kept until their turn comes, and only what is missing is asked for again: a repeated READ may ask
 * for a part of the first one. Every function: send lane held.
 */
#ifndef RODP_QP_ANSWERS_H
#define RODP_QP_ANSWERS_H

#include "qp/send/sender.h"

/**
 * rodp_answers_keep() - keep an answer until its turn comes
 * @tx: the sender, whose lane is held
 * @skb: the answer, to a request that was sent, and not the oldest one's; is consumed
 *
 * Context: BH disabled.
 * Return: whether it is in front of answers that were asked for again, and kept: then the answer to
 * una was lost once more, since they come in order.
 */
bool rodp_answers_keep(struct rodp_sender *tx, struct sk_buff *skb);

/**
 * rodp_answers_ask() - ask again for the answer to una, which is lost
 * @tx: the sender, whose lane is held
 * @again: though it was asked for already
 *
 * That is no retry: the peer is there. It makes us ask once for each answer that it sends, at most.
 *
 * Context: BH disabled.
 */
void rodp_answers_ask(struct rodp_sender *tx, bool again);

/**
 * rodp_answers_wanted() - how much a READ that is sent again is to ask for
 * @tx: the sender, whose lane is held
 * @part: the request
 *
 * Context: Process or softirq.
 * Return: bytes, from the part's offset on.
 */
u32 rodp_answers_wanted(const struct rodp_sender *tx, const struct rodp_part *part);

#endif
