// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The memory of outgoing packets, see packet.h. */
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/udp.h>

#include "net/packet.h"

/* In front of the BTH: link layer, IPv6 (the longer one), UDP. */
#define BUFFER_HEADROOM (LL_MAX_HEADER + sizeof(struct ipv6hdr) + sizeof(struct udphdr))

/*
 * Buffers are cut from 32 KiB pages, one at a time on each CPU: a packet of some
 * 4.5 KiB costs half of what kmalloc of the next power of two does, and a page
 * is zeroed (init_on_alloc) when it comes and not with every packet.
 * (The stack's own fragment cache refuses fragments of more than a page.)
 */
struct buffer_page {
	local_lock_t lock; /* BH disabled */
	struct page_frag frag; /* lock */
};

static DEFINE_PER_CPU(struct buffer_page, buffer_page) = { .lock = INIT_LOCAL_LOCK(lock) };

/*
 * What such a page's private field holds, as long as anybody has the page: the allocator clears it
 * for the next owner. So a buffer tells who made it.
 */
#define BUFFER_PAGE_MARK ((unsigned long)&buffer_page)

bool rodp_packet_is_ours(const struct sk_buff *skb)
{
	return skb->head_frag && page_private(virt_to_head_page(skb->head)) == BUFFER_PAGE_MARK;
}

static struct sk_buff *buffer_cut_from(struct page_frag *frag, unsigned int room)
{
	struct sk_buff *skb;

	if (!skb_page_frag_refill(room, frag, GFP_ATOMIC) || frag->offset + room > frag->size)
		return NULL;
	if (!frag->offset)
		set_page_private(frag->page, BUFFER_PAGE_MARK);
	skb = build_skb(page_address(frag->page) + frag->offset, room);
	if (!skb)
		return NULL;
	get_page(frag->page);
	frag->offset += room;
	return skb;
}

/* NULL: no 32 KiB page is to be had. */
static struct sk_buff *buffer_cut(unsigned int room)
{
	struct sk_buff *skb;

	local_lock_nested_bh(&buffer_page.lock);
	skb = buffer_cut_from(this_cpu_ptr(&buffer_page.frag), room);
	local_unlock_nested_bh(&buffer_page.lock);
	return skb;
}

/* The same, from pages of its own. NULL: there are none, either. */
static struct sk_buff *buffer_alone(unsigned int room)
{
	unsigned int order = get_order(room);
	struct page *page = alloc_pages(GFP_ATOMIC | __GFP_COMP | __GFP_NOWARN, order);
	struct sk_buff *skb;

	if (!page)
		return NULL;
	set_page_private(page, BUFFER_PAGE_MARK);
	skb = build_skb(page_address(page), PAGE_SIZE << order);
	if (!skb)
		put_page(page);
	return skb;
}

void rodp_packet_module_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		if (per_cpu(buffer_page, cpu).frag.page)
			put_page(per_cpu(buffer_page, cpu).frag.page);
}

static struct sk_buff *buffer_alloc(u32 bytes)
{
	unsigned int room = SKB_DATA_ALIGN(BUFFER_HEADROOM + bytes) +
			    SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
	struct sk_buff *skb = buffer_cut(room);

	if (!skb)
		skb = buffer_alone(room);
	if (!skb)
		return NULL;
	skb_reserve(skb, BUFFER_HEADROOM);
	skb_put(skb, bytes);
	return skb;
}

struct sk_buff *rodp_packet_alloc(u8 opcode, u32 payload)
{
	const struct rodp_opcode_info *op = rodp_opcode_info(opcode);
	u32 pad = -payload & 3;
	struct sk_buff *skb = buffer_alloc(op->bytes + payload + pad + RODP_ICRC_BYTES);

	if (!skb)
		return NULL;
	memset(skb->data + op->bytes + payload, 0, pad);
	rodp_packet(skb)->op = op;
	rodp_packet(skb)->opcode = opcode;
	rodp_packet(skb)->payload = payload;
	return skb;
}
