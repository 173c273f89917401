/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * A repair: what is sent again when packets were lost. A peer that keeps what came early needs only
 * what is missing; any other one needs all from there on. Nothing in the protocol tells which kind
 * it is, but its acknowledgements do: behind a gap that is closed, the one speaks of what came early, the
 * other does not.
 *
 * So the first repair of a connection is an attempt: the missing packet, which asks for an
 * acknowledgement. If that speaks of no more than this packet, the peer keeps nothing: all is sent again
 * then, and at each loss from then on. So such a peer costs a round trip, once. One that keeps is taken
 * for one that does not if the next packet was lost as well: if a later acknowledgement speaks of more than was sent
 * again, it has another chance, up to RODP_REPAIR_CHANCES times.
 *
 * Of a peer that is known to keep, an acknowledgement of no more than what was sent again says that the next
 * one was lost too. Twice as many are sent then, and if that goes on for long, it keeps nothing (any
 * more).
 *
 * Here is what to do, and no more than that: pure functions of numbers, any context.
 */
#ifndef RODP_QP_REPAIR_H
#define RODP_QP_REPAIR_H

#include "wire/psn.h"

/* Times that a peer that seems to keep nothing is tried again. */
#define RODP_REPAIR_CHANCES 3u
/* A peer that keeps, and did not keep a packet behind so many that were sent again in a row. */
#define RODP_REPAIR_STRIDE_MAX 16u
/* All from the oldest one on. */
#define RODP_REPAIR_ALL (~0u)

enum rodp_repair_peer {
	RODP_PEER_UNKNOWN,
	RODP_PEER_KEEPS, /* what came early */
	RODP_PEER_DROPS,
};

/* All zero: nothing was lost, nothing is known. */
struct rodp_repair {
	u8 peer; /* enum rodp_repair_peer */
	bool active;
	bool told; /* began with a NAK: what was sent behind the gap arrived in front of it */
	bool went_back; /* all is being sent again, because of a NAK, and nothing came of it yet */
	u8 chances; /* that the peer had */
	u32 stride; /* packets */
	u32 end; /* PSN behind what was sent again; until that has left: `before`; went_back: behind the first */
	u32 before; /* PSN behind all that had been sent by then */
};

static inline u32 repair_begin(struct rodp_repair *repair, u32 una, u32 sent, u32 stride)
{
	u32 left = rodp_psn_distance(una, sent);

	repair->active = true;
	repair->stride = stride < left ? stride : left;
	repair->end = repair->before = sent;
	return repair->stride;
}

static inline u32 repair_all(struct rodp_repair *repair, u32 una)
{
	repair->active = false;
	repair->went_back = repair->told;
	repair->end = rodp_psn_add(una, 1);
	return RODP_REPAIR_ALL;
}

/* What was sent again arrived, and the next one is missing. */
static inline u32 repair_goes_on(struct rodp_repair *repair, u32 una, u32 sent, bool jumped)
{
	if (jumped && repair->told)
		repair->peer = RODP_PEER_KEEPS;
	else if (repair->told &&
		 (repair->peer == RODP_PEER_UNKNOWN || repair->stride >= RODP_REPAIR_STRIDE_MAX))
		repair->peer = RODP_PEER_DROPS;
	if (repair->peer == RODP_PEER_DROPS)
		return repair_all(repair, una);
	return repair_begin(repair, una, sent, jumped ? 1 : 2 * repair->stride);
}

/**
 * rodp_repair_lost() - a NAK says that a packet is missing
 * @repair: what is known of the peer, and what was sent again
 * @una: PSN of the packet, the oldest one that is not acknowledged
 * @sent: PSN behind the last one ever sent
 * @whole: whether nothing is being sent again: `sent` is sent next
 *
 * Return: how many packets to send again, from @una on, or RODP_REPAIR_ALL; 0: it is on its way.
 */
static inline u32 rodp_repair_lost(struct rodp_repair *repair, u32 una, u32 sent, bool whole)
{
	if (repair->active && rodp_psn_cmp(una, repair->end) < 0)
		return 0;
	if (repair->active && una == repair->end) {
		repair->told = true;
		return repair_goes_on(repair, una, sent, false);
	}
	repair->told = true;
	if (repair->peer == RODP_PEER_DROPS || !whole)
		return repair_all(repair, una);
	return repair_begin(repair, una, sent, 1);
}

/**
 * rodp_repair_silent() - the peer has said nothing for longer than it takes
 * @repair: as above
 * @una: PSN of the oldest packet that is not acknowledged
 * @sent: PSN behind the last one ever sent, which is sent next
 *
 * The oldest one is sent again: if it was lost, that closes the gap; if it was not, its acknowledgement
 * tells how far the peer is.
 *
 * Return: as above, at least 1.
 */
static inline u32 rodp_repair_silent(struct rodp_repair *repair, u32 una, u32 sent)
{
	if (repair->active && repair->told && una == repair->end)
		return repair_goes_on(repair, una, sent, false);
	repair->told = false;
	return repair_begin(repair, una, sent, 1);
}

/* All is sent again, and this is the first that came of it. */
static inline void repair_learn(struct rodp_repair *repair, u32 una, u32 next)
{
	if (!repair->went_back)
		return;
	repair->went_back = false;
	if (rodp_psn_cmp(una, next) > 0) { /* that was not sent again yet */
		repair->peer = RODP_PEER_KEEPS;
	} else if (repair->peer == RODP_PEER_DROPS && rodp_psn_cmp(una, repair->end) > 0 &&
		   repair->chances < RODP_REPAIR_CHANCES) {
		repair->chances++;
		repair->peer = RODP_PEER_UNKNOWN;
	}
}

/**
 * rodp_repair_acked() - the peer went on
 * @repair: as above
 * @una: PSN of the oldest packet that is not acknowledged now
 * @sent: PSN behind the last one ever sent
 * @next: PSN of the packet that is sent next
 * @acked: by an acknowledgement; else by an answer to one request, which says nothing of those behind it
 *
 * Return: as above; 0: nothing is to be sent again.
 */
static inline u32 rodp_repair_acked(struct rodp_repair *repair, u32 una, u32 sent, u32 next,
				    bool acked)
{
	bool jumped = rodp_psn_cmp(una, repair->end) > 0;

	if (acked)
		repair_learn(repair, una, next);
	if (!repair->active || rodp_psn_cmp(una, repair->end) < 0)
		return 0;
	if (rodp_psn_cmp(una, repair->before) < 0)
		return acked ? repair_goes_on(repair, una, sent, jumped) : 0;
	if (jumped && repair->told && rodp_psn_cmp(repair->end, repair->before) < 0)
		repair->peer = RODP_PEER_KEEPS;
	repair->active = false;
	return 0;
}

/* The last packet of the repair leaves; end: PSN behind it. */
static inline void rodp_repair_left(struct rodp_repair *repair, u32 end)
{
	repair->end = end;
}

/* Packets of it did not leave after all. */
static inline void rodp_repair_returned(struct rodp_repair *repair)
{
	repair->end = repair->before;
}

/* Whether a packet is to be acknowledged at once because of what that tells. */
static inline bool rodp_repair_asks(const struct rodp_repair *repair, u32 psn)
{
	return repair->went_back && rodp_psn_add(psn, 1) == repair->end;
}

/* Something else decides what is sent again: a time-out, an RNR NAK. What the peer is like stays known. */
static inline void rodp_repair_end(struct rodp_repair *repair)
{
	repair->active = false;
	repair->went_back = false;
}

/*
 * Whether nothing new is to be sent: a peer that keeps nothing would drop it, and is not told apart
 * while what is sent again is on its way.
 */
static inline bool rodp_repair_holds(const struct rodp_repair *repair, u32 una)
{
	return repair->active && repair->told && repair->peer == RODP_PEER_UNKNOWN &&
	       rodp_psn_cmp(una, repair->end) < 0;
}

#endif
