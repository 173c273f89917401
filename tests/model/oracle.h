/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The oracle: what must be so, said of a queue pair by somebody who knows what was posted and nothing of
 * packets. It is asked at each completion and at the end, and does not return if something is wrong.
 *
 * Of a reliable connection: each work request is complete once, in order, and successful, unless the
 * connection may have failed. Then its effect is in the peer's memory, once, behind those before it;
 * others that were posted may be there in part. A READ brings what was there in its turn, or what later
 * work requests put there before it was complete: its answer may have been made twice. An atomic
 * brings exactly what was there in its turn. Receives are taken in order and once, and what is in them
 * is what was sent. What is complete is the application's: nobody touches it any more.
 *
 * Of an unreliable one, and of datagrams: what arrives, arrives whole, and (if the network keeps order
 * and makes no copies) in order and once. What does not arrive leaves no trace but parts of WRITEs. A
 * datagram has its network header in front, and says who sent it.
 *
 * Receives of an SRQ are taken as they are posted, and outlive a connection, all but one that was taken. Its
 * limit is told once.
 */
#ifndef MODEL_ORACLE_H
#define MODEL_ORACLE_H

#include "world.h"

/* A completion of the requester's, and of a receive at its peer. */
void oracle_completed(struct way *way, const struct rodp_cqe *cqe);
void oracle_received(struct way *way, const struct rodp_cqe *cqe);

/* Whether the connection by which this way asks can be lost by what has happened. */
bool oracle_may_fail(const struct way *way);

/* The connection is over before its work requests are: those that are not complete never will be. */
void oracle_cut_off(struct way *way);

/* Nothing more will happen. */
void oracle_end(struct way *way);

#endif
