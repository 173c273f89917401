// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The network, see network.h. */
#include "env/kernel.h"

#include "net/packet.h"
#include "net/segments.h"
#include "network.h"
#include "patience.h"
#include "qp/end/end.h"
#include "qp/receive.h"
#include "qp/ud/address.h"
#include "trace.h"
#include "trouble.h"
#include "wire/parse.h"
#include "world.h"

/* From one side to the other, ns, and from one packet to the next. */
#define NETWORK_LATENCY 1500
#define NETWORK_SPACING 40

static struct {
	const struct scenario *scenario;
	u64 last[2]; /* when the last packet to a side arrives */
	struct rodp_address address[2]; /* that leads to a side */
	u32 answered[2]; /* PSN behind the last READ response to a side */
	u32 again; /* READ responses before that */
} network;

static struct net_device network_wire;

/* As far as the driver looks at it, and so that they differ. */
static const struct iphdr network_headers[2] = {
	{ .version = 4, .bytes = { 1, 2, 3 } },
	{ .version = 4, .bytes = { 4, 5, 6 } },
};

/* Without a network: both sides are of one device. */
void network_begin(const struct scenario *scenario)
{
	memset(&network, 0, sizeof(network));
	network.scenario = scenario;
	network.address[0].owner = network.address[1].owner = scenario->local;
	network.answered[0] = scenario->psn[0];
	network.answered[1] = scenario->psn[1];
}

u32 network_answers_again(void)
{
	return network.again;
}

/* ---- addresses ---- */

u32 network_address_number(u32 to)
{
	return to + 1;
}

const struct iphdr *network_header(u32 to)
{
	return &network_headers[to];
}

struct rodp_address *rodp_address_lookup(struct rodp_dev *dev, const struct ib_pd *pd, u32 num)
{
	return &network.address[num - 1];
}

/* Which side a flow leads to: a datagram's is that of its address, any other's of its queue pair. */
/* Packets that one trip brings, at most. */
#define NETWORK_TOGETHER 8

static u32 network_leads_to(const struct rodp_flow *flow)
{
	if (scenario_has_datagrams(network.scenario))
		return container_of(flow, struct rodp_address, flow) - network.address;
	return !container_of(flow, struct rodp_end, flow)->ib.qp_context;
}

void rodp_packet_address(const struct rodp_flow *flow, struct sk_buff *skb)
{
	skb->ip = network_headers[network_leads_to(flow)];
}

/* ---- packets ---- */

struct sk_buff *rodp_packet_alloc(u8 opcode, u32 payload)
{
	const struct rodp_opcode_info *op = rodp_opcode_info(opcode);
	u32 pad = -payload & 3;
	struct sk_buff *skb;

	if (trouble_next(CLASS_BUFFER)) {
		trace("no buffer for a packet");
		return NULL;
	}
	skb = env_skb_alloc(op->bytes + payload + pad + RODP_ICRC_BYTES);
	memset(skb->data + op->bytes + payload, 0, pad);
	rodp_packet(skb)->op = op;
	rodp_packet(skb)->opcode = opcode;
	rodp_packet(skb)->payload = payload;
	return skb;
}

bool rodp_packet_icrc_ok(const struct sk_buff *skb)
{
	return !skb->corrupt;
}

/* ---- arrival ---- */

/* What kernel/net/rx.c finds out of a packet. */
static bool network_parse(struct sk_buff *skb)
{
	const struct rodp_bth *bth = rodp_packet_bth(skb);
	struct rodp_packet *pkt = rodp_packet(skb);
	const struct rodp_opcode_info *op;
	u32 payload;

	if (rodp_parse(bth, skb->len, &op, &payload))
		return false;
	*pkt = (struct rodp_packet){
		.op = op,
		.opcode = bth->opcode,
		.psn = rodp_bth_psn(bth),
		.dqpn = rodp_bth_qpn(bth),
		.payload = payload,
		.ackreq = rodp_bth_ackreq(bth),
		.solicited = bth->flags & RODP_BTH_SOLICITED,
	};
	return true;
}

/* Packets that a trip brings, and what each has to do with patience. */
struct network_trip {
	struct rodp_segments segs;
	struct patience_word words[NETWORK_TOGETHER];
	/* What is said behind them, and is not true; NULL: nothing. */
	struct sk_buff *copy[NETWORK_TOGETHER];
	u32 lie[NETWORK_TOGETHER];
};

/* The driver has one more, or has dropped it. */
static void network_receive(struct sk_buff *skb)
{
	struct patience_word word = patience_hear(skb);
	struct rodp_segments alone = {};

	rodp_segments_add(&alone, skb);
	rodp_qp_receive(NULL, &alone);
	patience_heed(&word);
}

/* ---- lies ---- */

/* With this PSN, and other bytes behind its headers. */
static void network_receive_lie(struct sk_buff *skb, u32 psn)
{
	const struct rodp_opcode_info *op = rodp_packet(skb)->op;
	struct rodp_bth *bth = rodp_packet_bth(skb);

	bth->apsn = cpu_to_be32((be32_to_cpu(bth->apsn) & ~RODP_PSN_MASK) | psn);
	rodp_packet(skb)->psn = psn;
	memset(skb->data + op->bytes, WORLD_SCRIBBLE, rodp_packet(skb)->payload);
	if (unlikely(trace_on))
		trace_packet(skb, skb->to, "receives, and it is a lie,");
	network_receive(skb);
}

/*
 * Behind a request comes another one that is not to be believed: in the place of one that came early
 * and is kept; from too far ahead to be kept; or, of what has no answer of its own, from before what
 * is expected.
 */
static void network_lie(struct sk_buff *skb, u32 lie)
{
	const struct rodp_receiver *rx = &side_answers(&world.side[skb->to])->rx;
	u32 psn = rodp_packet(skb)->psn, flags = rodp_packet(skb)->op->flags;
	u32 far = lie / 3 % (1 << 22);

	if (lie % 3 == 0 && rodp_early_find(&rx->early, psn))
		network_receive_lie(skb, psn);
	else if (lie % 3 == 1)
		network_receive_lie(skb, rodp_psn_add(rx->seq.epsn, RODP_EARLY_MAX + far));
	else if (lie % 3 == 2 && (flags & (RODP_OPF_SEND | RODP_OPF_WRITE)))
		network_receive_lie(skb, rodp_psn_add(rx->seq.epsn, -1 - far));
	else
		kfree_skb(skb);
}

/* Of what is believed, and is for a connection: a copy, which is no packet that was sent. */
static struct sk_buff *network_prepare_lie(struct sk_buff *skb)
{
	struct sk_buff *copy;

	if (!skb->lie || skb->corrupt || scenario_is_unreliable(network.scenario) ||
	    !(rodp_packet(skb)->op->flags & RODP_OPF_REQUEST))
		return NULL;
	copy = env_skb_copy(skb);
	copy->dev = skb->dev;
	copy->ip = skb->ip;
	copy->to = skb->to;
	*rodp_packet(copy) = *rodp_packet(skb);
	return copy;
}

/* Whether one before it in its trip asks for patience: which of the two is heeded nobody knows. */
static bool network_waits_already(const struct network_trip *trip)
{
	u32 i;

	for (i = 0; i < trip->segs.count; i++) {
		if (trip->words[i].ns)
			return true;
	}
	return false;
}

static void network_join(struct network_trip *trip, struct sk_buff *skb)
{
	if (unlikely(trace_on))
		trace_packet(skb, skb->to, skb->corrupt ? "gets bad" : "receives");
	skb->dev = &network_wire;
	skb->ip = network_headers[skb->to];
	if (!network_parse(skb)) {
		kfree_skb(skb);
		return;
	}
	trip->copy[trip->segs.count] = network_prepare_lie(skb);
	trip->lie[trip->segs.count] = skb->lie;
	trip->words[trip->segs.count] = patience_hear(skb);
	trip->words[trip->segs.count].waits |= network_waits_already(trip);
	rodp_segments_add(&trip->segs, skb);
}

/* The packet that arrives next, if it may come with this one, or NULL. */
static struct sk_buff *network_follower(const struct sk_buff *skb)
{
	struct env_event *event = env_event_next();
	struct sk_buff *next = event ? container_of(event, struct sk_buff, event) : NULL;

	return next && event->packet && event->cpu == skb->event.cpu && next->to == skb->to ? next
											    : NULL;
}

static void network_arrive(struct env_event *event)
{
	struct sk_buff *skb = container_of(event, struct sk_buff, event);
	u32 i, n, most = network.scenario->together ? NETWORK_TOGETHER : 1;
	struct network_trip trip = {};

	for (n = 0; skb && n < most; n++) {
		struct sk_buff *next;

		env_event_cancel(&skb->event);
		next = network_follower(skb);
		network_join(&trip, skb);
		skb = next;
	}
	n = trip.segs.count;
	if (n)
		rodp_qp_receive(NULL, &trip.segs);
	for (i = 0; i < n; i++)
		patience_heed(&trip.words[i]);
	for (i = 0; i < n; i++)
		if (trip.copy[i])
			network_lie(trip.copy[i], trip.lie[i]);
}

static void network_deliver(struct sk_buff *skb, u64 at)
{
	skb->event = (struct env_event){
		.fire = network_arrive,
		.packet = true,
		.cpu = network.scenario->per_cpu ? env_cpu : skb->to,
	};
	env_event_add(&skb->event, at);
}

/* ---- departure ---- */

/* When a packet arrives that nothing happens to: behind those before it. */
static u64 network_arrival(u32 to, u32 late)
{
	u64 at = max(env_now + NETWORK_LATENCY + late, network.last[to] + NETWORK_SPACING);

	network.last[to] = at;
	return at;
}

static void network_repeat(const struct sk_buff *skb, u32 late)
{
	struct sk_buff *copy = env_skb_copy(skb);

	copy->to = skb->to;
	copy->number = skb->number;
	network_deliver(copy, env_now + NETWORK_LATENCY + late);
}

/* A damaged packet keeps its length. */
static void network_damage(struct sk_buff *skb, u32 byte)
{
	skb->data[byte % skb->len] ^= 1 + byte % 255;
	skb->corrupt = true;
}

/* Returns 0, or -EAGAIN: it is not sent. */
static int network_trouble(struct sk_buff *skb, const struct trouble *trouble)
{
	u64 at;

	if (unlikely(trace_on))
		trace_packet(skb, !skb->to, trouble_names[trouble->kind]);
	switch (trouble->kind) {
	case TROUBLE_DROP:
		kfree_skb(skb);
		return 0;
	case TROUBLE_REFUSE:
		kfree_skb(skb);
		return -EAGAIN;
	case TROUBLE_OVERTAKE:
		network_deliver(skb, env_now + NETWORK_LATENCY + trouble->a);
		return 0;
	case TROUBLE_DUPLICATE:
		network_repeat(skb, trouble->a);
		break;
	case TROUBLE_CORRUPT:
		network_damage(skb, trouble->a);
		break;
	case TROUBLE_MARK:
		skb->marked = true;
		break;
	case TROUBLE_LIE:
		skb->lie = 1 + trouble->b;
		break;
	}
	at = network_arrival(skb->to, trouble->kind == TROUBLE_DELAY ? trouble->a : 0);
	network_deliver(skb, at);
	if (trouble->kind == TROUBLE_BESIDE)
		env_run_beside();
	return 0;
}

/* A READ's request is no answer. */
static void network_count_answer(struct sk_buff *skb)
{
	u32 behind = rodp_psn_add(rodp_bth_psn(rodp_packet_bth(skb)), 1), to = skb->to;

	if (rodp_packet(skb)->op->flags & RODP_OPF_REQUEST)
		return;
	if (rodp_psn_cmp(behind, network.answered[to]) <= 0)
		network.again++;
	else
		network.answered[to] = behind;
}

int rodp_packet_send(struct rodp_dev *dev, struct rodp_flow *flow, struct sk_buff *skb)
{
	const struct trouble *trouble = trouble_next(CLASS_PACKET);

	rodp_stats_inc(dev->stats, RODP_STAT_SENT_PKTS);
	flow->per_cpu = network.scenario->per_cpu;
	flow->joins = true;
	skb->number = trouble_counted(CLASS_PACKET) - 1;
	skb->to = network_leads_to(flow);
	patience_ask(skb);
	if (rodp_packet(skb)->op->flags & RODP_OPF_READ)
		network_count_answer(skb);
	if (skb->number >= network.scenario->dead_from) {
		if (unlikely(trace_on))
			trace_packet(skb, !skb->to, "is cut off");
		kfree_skb(skb);
		return 0;
	}
	if (unlikely(trouble))
		return network_trouble(skb, trouble);
	if (unlikely(trace_on))
		trace_packet(skb, !skb->to, "sends");
	network_deliver(skb, network_arrival(skb->to, 0));
	return 0;
}

/* What is refused is all of it. What happens to one behind the first happens on the way. */
int rodp_segments_send(struct rodp_dev *dev, struct rodp_flow *flow, struct rodp_segments *segments)
{
	int err = rodp_packet_send(dev, flow, rodp_segments_next(segments));
	struct sk_buff *skb;

	while ((skb = rodp_segments_next(segments))) {
		if (err)
			kfree_skb(skb);
		else
			rodp_packet_send(dev, flow, skb);
	}
	return err;
}
