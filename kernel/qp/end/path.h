/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * A path: how packets go to the peer and come from it. There is the network (path/wire.c), the
 * local path between two QPs of one network namespace (path/local.c), and, for datagrams, wherever an address
 * handle leads (path/datagram.c). Which one it is, is chosen at RTR, or at creation.
 *
 * The table is called by the rooms of sending and receiving, and implemented above them. All
 * operations: a lane of the end is held, or (admit, expects) RCU.
 */
#ifndef RODP_QP_PATH_H
#define RODP_QP_PATH_H

#include "qp/end/end.h"

struct rodp_part;
struct rodp_read;
struct rodp_receiver;
struct rodp_request;
struct rodp_segments;
struct rodp_sender;
struct rodp_sq;
struct rodp_swqe;

struct rodp_path_ops {
	const char *name; /* for rdma(8) */
	bool direct; /* nothing is delivered later: see struct rodp_home */

	/*
	 * Send a packet to the peer; consumes skb. Errors as rodp_packet_send(), or -EBUSY: others
	 * on this host have enough to do, come back as soon as they had the CPU.
	 */
	int (*send)(struct rodp_end *end, struct sk_buff *skb);
	/* The same of packets that follow one another. NULL: each is sent by itself. */
	int (*send_together)(struct rodp_end *end, struct rodp_segments *segments);
	/* Whether the network's packet is from the peer: RODP_STAT_NONE, or what to count it by. */
	enum rodp_stat (*admit)(struct rodp_end *end, struct net *net, struct sk_buff *skb);
	/* The same of a packet that another QP of this host left with the courier. */
	bool (*expects)(const struct rodp_end *end, struct sk_buff *skb);
	/* PSNs that a message of this many bytes takes, or its answer. */
	u32 (*packets)(const struct rodp_end *end, u32 bytes);

	/* Sender: what packet number `packet` of a request carries. */
	void (*cut)(const struct rodp_end *end, const struct rodp_swqe *wqe, u32 packet,
		    struct rodp_part *part);
	/* Put the payload into the packet, or lend it. 0, or as rodp_xfer_sgl(). */
	int (*load)(struct rodp_sender *tx, struct sk_buff *skb, const struct rodp_part *part);
	/* Whether a request must be checked before the peer hears of it: enum ib_wc_status. */
	u8 (*check)(struct rodp_sender *tx, const struct rodp_swqe *wqe);
	/* A READ's answer: 0 (its data is in the packet), 1 (is in memory), -EBADMSG (wrong). */
	int (*answer)(const struct rodp_end *end, struct sk_buff *skb, u32 length, u32 offset);
	/* The oldest work request is done with: step the tail, whoever may still look at it. */
	void (*retire)(struct rodp_sq *sq);

	/* Receiver: whether a request's length fits its place in the message (9.7.4.1.6). */
	bool (*fits)(const struct rodp_end *end, struct sk_buff *skb);
	/* Execute a READ, whose memory is granted: enum rodp_verdict. */
	int (*read)(struct rodp_request *req, const struct rodp_read *read);
	/* Answer a repeated READ; consumes skb or keeps it. */
	void (*read_again)(struct rodp_receiver *rx, struct sk_buff *skb);
};

#endif
