// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Packets that leave together (net/segments.h): what net/tx.c hands to the stack is taken apart here as the kernel does, and
 * each packet must be complete: lengths, no UDP checksum, an identification that counts up, a right ICRC. All of random
 * lengths, opcodes and numbers; alone where they must leave alone; refused as a whole; and nothing is lost or
 * freed twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "net/flows.h"
#include "net/packet.h"
#include "net/segments.h"
#include "wire/icrc.h"

enum {
	ROUNDS = 300,
	MTU = 4300, /* of the route */
	HEADROOM = 128,
	FROM_BTH = sizeof(struct udphdr),
};

u64 stack_counted[RODP_STATS_OF_TX];
struct sock stack_sock;
struct rtable stack_route;

/* The way out, and what came of it. */
static struct {
	struct net_device ndev;
	struct Qdisc qdisc;
	struct Qdisc_ops qdisc_ops;
	int refuses; /* the call with this number, from 0; -1: none */
	int calls;
	int lists; /* of several packets */
	struct sk_buff *out[RODP_SEGMENTS_MAX + 1];
	u32 count;
	int skbs; /* that somebody has */
	bool near; /* the far end is in this kernel */
	bool makes_none; /* the netdev: checksums */
	bool unsealed; /* what comes out has no ICRC */
	u8 tos;
	bool ect; /* its sender heeds congestion */
	bool joins; /* what the flow says after the packets */
} way;

/* ---- the stack ---- */

void kfree_skb(struct sk_buff *skb)
{
	struct sk_buff *next;

	for (next = skb->info.frag_list; next; next = skb->info.frag_list) {
		skb->info.frag_list = next->next;
		kfree_skb(next);
	}
	if (skb->dst)
		dst_release(skb->dst);
	way.skbs--;
	free(skb->head);
	free(skb);
}

void ip_send_check(struct iphdr *ip)
{
	ip->check = 0;
}

static u32 ip_bytes(const struct sk_buff *skb)
{
	return skb->protocol == htons(ETH_P_IP) ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
}

static void put_ip_length(struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IP))
		ip_hdr(skb)->tot_len = cpu_to_be16(skb->len);
	else
		ipv6_hdr(skb)->payload_len = cpu_to_be16(skb->len - sizeof(struct ipv6hdr));
}

/* What the kernel asks of a list: all is there, and the first is as long as it says, and the longest. */
static void check_list(struct sk_buff *head)
{
	const struct skb_shared_info *info = skb_shinfo(head);
	const struct sk_buff *skb;
	u32 bytes = 0, count = 1;

	assert_int_equal(info->gso_type,
			 SKB_GSO_UDP_L4 | SKB_GSO_FRAGLIST |
				 (way.ndev.features & NETIF_F_GSO_UDP_TUNNEL ? SKB_GSO_UDP_TUNNEL
									     : 0));
	assert_int_equal(head->ip_summed, way.unsealed ? CHECKSUM_PARTIAL : CHECKSUM_UNNECESSARY);
	assert_int_equal(skb_headlen(head), ip_bytes(head) + FROM_BTH + info->gso_size);
	for (skb = info->frag_list; skb; skb = skb->next) {
		assert_true(skb->len <= info->gso_size);
		bytes += skb->len;
		count++;
	}
	assert_int_equal(bytes, head->data_len);
	assert_int_equal(count, info->gso_segs);
}

/* As skb_segment_list(), __udp_gso_segment_list() and the segmentation of IP do it. */
static void take_apart(struct sk_buff *head)
{
	u16 id = head->protocol == htons(ETH_P_IP) ? be16_to_cpu(ip_hdr(head)->id) : 0;
	struct sk_buff *skb = head, *next = skb_shinfo(head)->frag_list;

	udp_hdr(head)->len = cpu_to_be16(FROM_BTH + skb_shinfo(head)->gso_size);
	head->len -= head->data_len;
	head->data_len = 0;
	head->info = (struct skb_shared_info){};
	while (skb) {
		skb_push(skb, -skb_network_offset(skb));
		skb->protocol = head->protocol;
		if (head->ip_summed == CHECKSUM_PARTIAL) {
			skb->ip_summed = head->ip_summed;
			skb->csum_start = head->csum_start - head->transport_header +
					  skb->transport_header;
		}
		put_ip_length(skb);
		if (skb->protocol == htons(ETH_P_IP))
			ip_hdr(skb)->id = cpu_to_be16(id++);
		way.out[way.count++] = skb;
		skb = next;
		next = skb ? skb->next : NULL;
	}
}

static int leave(struct sk_buff *skb)
{
	if (way.calls++ == way.refuses) {
		kfree_skb(skb);
		return 1; /* NET_XMIT_DROP */
	}
	assert_in_range(skb->len, 1, 65535 - 14 - 4);
	assert_int_equal(be16_to_cpu(udp_hdr(skb)->len), skb->len - ip_bytes(skb));
	put_ip_length(skb);
	if (skb_shinfo(skb)->gso_size) {
		way.lists++;
		check_list(skb);
		take_apart(skb);
	} else {
		assert_int_equal(skb->data_len, 0);
		way.out[way.count++] = skb;
	}
	return 0;
}

struct net *rodp_place_net(const struct rodp_dev *dev, u64 cookie)
{
	return dev->net;
}

int ip_local_out(struct net *net, struct sock *sock, struct sk_buff *skb)
{
	return leave(skb);
}

int ip6_local_out(struct net *net, struct sock *sock, struct sk_buff *skb)
{
	return leave(skb);
}

/* ---- packets ---- */

static u64 random_state = 1;

static u32 random_below(u32 n)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return (random_state >> 33) % n;
}

/* Its bytes follow from its number. Behind the payload is no room: the sanitizer guards it. */
static struct sk_buff *make(u8 opcode, u32 payload, u32 psn)
{
	const struct rodp_opcode_info *op = rodp_opcode_info(opcode);
	u32 pad = -payload & 3, bytes = op->bytes + payload + pad + RODP_ICRC_BYTES, i;
	struct sk_buff *skb = calloc(1, sizeof(*skb));

	way.skbs++;
	skb->head = calloc(1, HEADROOM + bytes);
	skb->data = skb->head + HEADROOM;
	skb->tail = skb->data + bytes;
	skb->len = bytes;
	for (i = sizeof(struct rodp_bth); i < op->bytes + payload; i++)
		skb->data[i] = psn * 31 + i;
	rodp_bth_fill((struct rodp_bth *)skb->data, opcode, false, pad, RODP_DEFAULT_PKEY, 77,
		      psn & 1, psn);
	rodp_packet(skb)->op = op;
	rodp_packet(skb)->opcode = opcode;
	rodp_packet(skb)->payload = payload;
	return skb;
}

/* Packets as requesters make them, up to `most` or to the first that does not fit. Returns how many. */
static u32 collect(struct rodp_segments *segments, u32 psn, u32 most)
{
	static const u8 ops[] = { RODP_OP_WRITE_MIDDLE, RODP_OP_WRITE_MIDDLE, RODP_OP_WRITE_LAST,
				  RODP_OP_SEND_ONLY, RODP_OP_WRITE_LAST_IMM };
	u32 mtu = 256u << random_below(5), n;

	for (n = 0; n < most; n++) {
		u8 op = n ? ops[random_below(ARRAY_SIZE(ops))] : RODP_OP_WRITE_FIRST;
		u32 payload = n && !random_below(3) ? random_below(mtu + 1) : mtu;
		struct sk_buff *skb = make(RODP_TP_RC | op, payload, psn + n);

		if (!rodp_segments_fit(segments, skb)) {
			kfree_skb(skb);
			break;
		}
		rodp_segments_add(segments, skb);
	}
	return n;
}

static u8 tos_of(const struct sk_buff *skb)
{
	return skb->protocol == htons(ETH_P_IP) ? ip_hdr(skb)->tos
						: skb->data[0] << 4 | skb->data[1] >> 4;
}

/* Of a packet with this body behind the BTH, ICRC excluded. */
static u8 tos_wanted(const struct rodp_bth *bth, u32 body)
{
	u32 headers = rodp_opcode_info(bth->opcode)->bytes - sizeof(*bth);

	return body > headers && way.ect && !(way.tos & 3) ? way.tos | 2 : way.tos;
}

static void check_packet(const struct sk_buff *skb, u32 psn, u16 id)
{
	const u8 *bth = skb->data + ip_bytes(skb) + FROM_BTH;
	u32 body = skb->len - ip_bytes(skb) - FROM_BTH - sizeof(struct rodp_bth) - RODP_ICRC_BYTES;
	bool v4 = skb->protocol == htons(ETH_P_IP);
	__le32 icrc = 0;
	u32 crc;

	assert_ptr_equal(skb->data + skb->len, skb->tail);
	assert_int_equal(udp_hdr(skb)->check, 0);
	assert_int_equal(be16_to_cpu(udp_hdr(skb)->len), skb->len - ip_bytes(skb));
	assert_int_equal(rodp_bth_psn((const struct rodp_bth *)bth), psn);
	assert_int_equal(tos_of(skb), tos_wanted((const struct rodp_bth *)bth, body));
	if (v4)
		assert_int_equal(be16_to_cpu(ip_hdr(skb)->id), id);
	if (way.unsealed) {
		assert_int_equal(skb->csum_start, skb->transport_header);
		assert_int_equal(skb->csum_offset, offsetof(struct udphdr, check));
	} else {
		crc = rodp_icrc_start(skb->data, v4 ? 4 : 6, rodp_crc32);
		icrc = rodp_icrc_finish(rodp_crc32(crc, bth + sizeof(struct rodp_bth), body));
	}
	assert_int_equal(skb->ip_summed == CHECKSUM_PARTIAL, way.unsealed);
	assert_memory_equal(&icrc, skb->tail - RODP_ICRC_BYTES, RODP_ICRC_BYTES);
}

/* ---- tests ---- */

/* Sends random ones by this version of IP; returns how many were made, and in *err what came of it. */
static u32 send_some(int version, u32 psn, u32 least, int *err)
{
	static struct net net;
	static struct rodp_stats stats;
	struct rodp_dev dev = { .net = &net, .ndev = &way.ndev, .stats = &stats };
	struct rodp_flow flow = {
		.per_cpu = true,
		.ect = random_below(2),
		.near = way.near ? RODP_NEAR_YES : RODP_NEAR_UNKNOWN,
		.route = { .version = version,
			   .tos = random_below(256),
			   .hop_limit = 64,
			   .sport = htons(0xc123),
			   .flow_label = cpu_to_be32(random_below(1 << 20)) },
	};
	struct rodp_segments segments = {};
	u32 made;

	way.tos = flow.route.tos;
	way.ect = flow.ect;
	made = collect(&segments, psn, least + random_below(RODP_SEGMENTS_MAX + 8));

	assert_int_equal(made, segments.count);
	*err = rodp_segments_send(&dev, &flow, &segments);
	way.joins = flow.joins;
	assert_null(segments.first);
	assert_int_equal(segments.count, 0);
	return made;
}

/* So many came out, from this PSN on; then all is as before. */
static void expect(u32 count, u32 psn, bool numbered)
{
	u32 i;

	assert_int_equal(way.count, count);
	for (i = 0; i < count; i++) {
		check_packet(way.out[i], psn + i, numbered ? i : 0);
		kfree_skb(way.out[i]);
	}
	assert_int_equal(way.skbs, 0);
	assert_int_equal(stack_route.dst.refs, 0);
	way.count = way.calls = way.lists = 0;
}

static int set_up(void **state)
{
	memset(&way, 0, sizeof(way));
	way.refuses = -1;
	way.qdisc.ops = &way.qdisc_ops;
	way.ndev.queue.qdisc = &way.qdisc;
	way.ndev.priv_flags = IFF_NO_QUEUE;
	way.ndev.features = NETIF_F_HW_CSUM;
	stack_route.dst = (struct dst_entry){ .dev = &way.ndev, .mtu = MTU };
	return 0;
}

static void expect_together(void)
{
	int round, err;

	for (round = 0; round < ROUNDS; round++) {
		u32 psn = random_below(1 << 16), made;

		way.ndev.features = random_below(2) * NETIF_F_GSO_UDP_TUNNEL |
				    !way.makes_none * NETIF_F_HW_CSUM;
		made = send_some(round & 1 ? 6 : 4, psn, 1, &err);
		assert_int_equal(err, 0);
		assert_int_equal(way.lists, made > 1);
		assert_true(way.joins);
		expect(made, psn, true);
	}
}

/* joins: what the flow says. */
static void expect_alone(bool joins)
{
	int round, err;

	for (round = 0; round < ROUNDS / 10; round++) {
		u32 psn = random_below(1 << 16), made;

		made = send_some(round & 1 ? 6 : 4, psn, 1, &err);
		assert_int_equal(err, 0);
		assert_int_equal(way.lists, 0);
		assert_int_equal(way.joins, joins);
		expect(made, psn, false);
	}
}

static int some_enqueue(void)
{
	return 0;
}

static void test_no_queue(void **state)
{
	expect_together();
}

static void test_queue_that_keeps_whole(void **state)
{
	way.qdisc.enqueue = some_enqueue;
	strcpy(way.qdisc_ops.id, "fq_codel");
	expect_together();
}

static void test_queue_that_does_not(void **state)
{
	way.qdisc.enqueue = some_enqueue;
	strcpy(way.qdisc_ops.id, "tbf");
	expect_alone(false);
}

static void test_watched(void **state)
{
	way.ndev.watched = true;
	expect_alone(false);
}

static void test_mtu_shrank(void **state)
{
	stack_route.dst.mtu = 256;
	expect_alone(true);
}

/* All or nothing, so that all are made again. */
static void test_refused(void **state)
{
	int err;

	way.refuses = 0;
	send_some(4, 1, 2, &err);
	assert_int_equal(err, -EAGAIN);
	expect(0, 1, false);
}

/* Of those that leave alone, what is behind one that is refused is lost; the first one tells. */
static void test_refused_alone(void **state)
{
	int err;

	way.ndev.watched = true;
	way.refuses = 0;
	send_some(4, 1, 6, &err);
	assert_int_equal(err, -EAGAIN);
	expect(0, 1, false);
	way.refuses = 3;
	send_some(4, 1, 6, &err);
	assert_int_equal(err, 0);
	expect(3, 1, false);
}

/* Between two ends of this kernel, over netdevs without a queue that make checksums, nobody looking: no ICRC. */
static void test_near(void **state)
{
	way.near = way.unsealed = true;
	expect_together();
}

static void test_near_behind_a_queue(void **state)
{
	way.near = true;
	way.qdisc.enqueue = some_enqueue;
	strcpy(way.qdisc_ops.id, "fq_codel");
	expect_together();
}

static void test_near_without_checksums(void **state)
{
	way.near = true;
	way.makes_none = true;
	expect_together();
}

static void test_near_behind_a_wire(void **state)
{
	way.near = true;
	way.ndev.priv_flags = 0;
	expect_together();
}

static void test_near_watched(void **state)
{
	way.near = way.ndev.watched = true;
	expect_alone(false);
}

/* While packets of a flow leave alone, so do the next ones. */
static void test_join(void **state)
{
	struct rodp_segments segments = {};
	struct rodp_flow flow = {};
	struct sk_buff *one = make(RODP_TP_RC | RODP_OP_SEND_ONLY, 8, 0);

	assert_true(rodp_segments_join(&segments, &flow, one));
	rodp_segments_add(&segments, one);
	assert_false(rodp_segments_join(&segments, &flow, one));
	flow.joins = true;
	assert_true(rodp_segments_join(&segments, &flow, one));
	kfree_skb(rodp_segments_next(&segments));
}

/* The bounds: none longer than the first, 64, and one IP datagram. */
static void test_fit(void **state)
{
	struct rodp_segments segments = {};
	struct sk_buff *longer = make(RODP_TP_RC | RODP_OP_WRITE_FIRST, 4096, 0);
	u32 n = 0;

	do
		rodp_segments_add(&segments, make(RODP_TP_RC | RODP_OP_WRITE_MIDDLE, 4096, n++));
	while (rodp_segments_fit(&segments, segments.first));
	assert_int_equal(n, 15);
	while (segments.count > 1)
		kfree_skb(rodp_segments_next(&segments));
	assert_false(rodp_segments_fit(&segments, longer));
	kfree_skb(rodp_segments_next(&segments));
	assert_null(rodp_segments_next(&segments));
	assert_true(rodp_segments_fit(&segments, longer));
	kfree_skb(longer);
	for (n = 0; n < RODP_SEGMENTS_MAX; n++)
		rodp_segments_add(&segments, make(RODP_TP_RC | RODP_OP_SEND_ONLY, 8, n));
	assert_false(rodp_segments_fit(&segments, segments.first));
	while (segments.first)
		kfree_skb(rodp_segments_next(&segments));
	assert_int_equal(segments.bytes, 0);
	assert_int_equal(way.skbs, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_no_queue, set_up),
		cmocka_unit_test_setup(test_queue_that_keeps_whole, set_up),
		cmocka_unit_test_setup(test_queue_that_does_not, set_up),
		cmocka_unit_test_setup(test_watched, set_up),
		cmocka_unit_test_setup(test_mtu_shrank, set_up),
		cmocka_unit_test_setup(test_refused, set_up),
		cmocka_unit_test_setup(test_refused_alone, set_up),
		cmocka_unit_test_setup(test_near, set_up),
		cmocka_unit_test_setup(test_near_behind_a_queue, set_up),
		cmocka_unit_test_setup(test_near_without_checksums, set_up),
		cmocka_unit_test_setup(test_near_behind_a_wire, set_up),
		cmocka_unit_test_setup(test_near_watched, set_up),
		cmocka_unit_test_setup(test_join, set_up),
		cmocka_unit_test_setup(test_fit, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
