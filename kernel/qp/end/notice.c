// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Congestion notices, see notice.h. */
#include <linux/ktime.h>
#include <linux/module.h>

#include "net/drop.h"
#include "net/packet.h"
#include "qp/end/notice.h"
#include "qp/end/path.h"
#include "wire/header.h"

static unsigned int cnp_us = 50;
module_param(cnp_us, uint, 0644);
MODULE_PARM_DESC(cnp_us, "least time between two congestion notifications of a QP, microseconds");

/* Softirqs on two CPUs may ask at once: one of them is right. */
static bool notice_is_due(struct rodp_end *end)
{
	u64 now = ktime_get_ns(), last = READ_ONCE(end->noticed);

	if (last && now - last < (u64)READ_ONCE(cnp_us) * NSEC_PER_USEC)
		return false;
	return cmpxchg64(&end->noticed, last, now) == last;
}

void rodp_notice_owe(struct rodp_end *end, struct rodp_lane *lane)
{
	if (rodp_flow_is_capable(&end->flow) && notice_is_due(end))
		WRITE_ONCE(lane->notice_owed, true);
}

void rodp_notice_send(struct rodp_end *end, struct rodp_lane *lane)
{
	const u8 opcode = RODP_TP_CNP | RODP_OP_NOTIFY;
	struct sk_buff *skb;

	lockdep_assert_held(&lane->lock);
	WRITE_ONCE(lane->notice_owed, false);
	skb = rodp_packet_alloc(opcode, RODP_CNP_BYTES);
	if (!skb)
		return;
	memset(rodp_packet_payload(skb), 0, RODP_CNP_BYTES);
	rodp_bth_fill(rodp_packet_bth(skb), opcode, false, 0, end->pkey, end->dest_qpn, false, 0);
	rodp_packet_bth(skb)->dqpn |= cpu_to_be32(RODP_BTH_BECN);
	rodp_stats_inc(end->dev->stats, RODP_STAT_CNP_SENT);
	end->path->send(end, skb);
}

void rodp_notice_take(struct rodp_end *end, struct sk_buff *skb)
{
	bool obeyed = rodp_packet(skb)->payload == RODP_CNP_BYTES &&
		      rodp_flow_is_capable(&end->flow);

	rodp_packet_drop(end->dev, skb, obeyed ? RODP_STAT_CNP_HANDLED : RODP_STAT_CNP_IGNORED);
	if (!obeyed)
		return;
	rodp_pacer_notify(end->send_lane);
	rodp_pacer_notify(end->receive_lane);
}
