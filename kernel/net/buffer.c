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
 * 4.5 KiB costs half of what kmalloc of the next power of two does.
 * (The stack's own fragment cache refuses fragments of more than a page.)
 *
 * A page that was used up is kept for a while: when all of its packets are gone it is cut again, and
 * neither allocated nor zeroed (init_on_alloc) anew. What it still holds are bytes of packets of this host
 * that a packet's maker writes over: headers, payload and pad of the next one, from the first byte to the last.
 */
#define BUFFER_PAGE_ORDER 3
#define BUFFER_PAGE_BYTES (PAGE_SIZE << BUFFER_PAGE_ORDER)
/* What a window of full packets, and those that wait at the other end, is in. */
#define BUFFER_KEPT 24u

struct buffer_cpu {
	local_lock_t lock; /* BH disabled; of all that follows */
	struct page *page; /* is cut from; NULL: none yet */
	u32 offset;
	u32 next; /* of `kept`: the oldest */
	struct page *kept[BUFFER_KEPT]; /* used up; packets may be in them */
};

static DEFINE_PER_CPU(struct buffer_cpu, buffer_cpu) = { .lock = INIT_LOCAL_LOCK(lock) };

/*
 * What such a page's private field holds, as long as anybody has the page: the allocator clears it
 * for the next owner. So a buffer tells who made it. Odd, as no page's DMA address is, which drivers of
 * NICs keep in that field.
 */
static const u16 buffer_maker;
#define BUFFER_PAGE_MARK ((unsigned long)&buffer_maker | 1)

bool rodp_packet_is_ours(const struct sk_buff *skb)
{
	return skb->head_frag && page_private(virt_to_head_page(skb->head)) == BUFFER_PAGE_MARK;
}

static struct page *buffer_new_page(unsigned int order)
{
	struct page *page = alloc_pages(GFP_ATOMIC | __GFP_COMP | __GFP_NOWARN, order);

	if (page)
		set_page_private(page, BUFFER_PAGE_MARK);
	return page;
}

/* Whether nobody else has it, so that nobody else can take a reference. */
static bool buffer_is_free(struct page *page)
{
	return page && page_ref_count(page) == 1 && !page_is_pfmemalloc(page);
}

/* A page to cut from, in the place of the one that is used up. Returns whether there is one. */
static bool buffer_turn(struct buffer_cpu *cpu)
{
	struct page **oldest = &cpu->kept[cpu->next % BUFFER_KEPT], *page = *oldest;

	if (!buffer_is_free(page)) {
		page = buffer_new_page(BUFFER_PAGE_ORDER);
		if (!page)
			return false;
		if (*oldest)
			put_page(*oldest);
	}
	*oldest = cpu->page;
	cpu->page = page;
	cpu->offset = 0;
	cpu->next++;
	return true;
}

static struct sk_buff *buffer_cut_from(struct buffer_cpu *cpu, unsigned int room)
{
	struct sk_buff *skb;

	if (unlikely(!cpu->page || cpu->offset + room > BUFFER_PAGE_BYTES) &&
	    (room > BUFFER_PAGE_BYTES || !buffer_turn(cpu)))
		return NULL;
	skb = napi_build_skb(page_address(cpu->page) + cpu->offset, room);
	if (!skb)
		return NULL;
	get_page(cpu->page);
	cpu->offset += room;
	return skb;
}

/* NULL: no 32 KiB page is to be had. */
static struct sk_buff *buffer_cut(unsigned int room)
{
	struct sk_buff *skb;

	local_lock_nested_bh(&buffer_cpu.lock);
	skb = buffer_cut_from(this_cpu_ptr(&buffer_cpu), room);
	local_unlock_nested_bh(&buffer_cpu.lock);
	return skb;
}

/* The same, from pages of its own. NULL: there are none, either. */
static struct sk_buff *buffer_alone(unsigned int room)
{
	unsigned int order = get_order(room);
	struct page *page = buffer_new_page(order);
	struct sk_buff *skb;

	if (!page)
		return NULL;
	skb = napi_build_skb(page_address(page), PAGE_SIZE << order);
	if (!skb)
		put_page(page);
	return skb;
}

static void buffer_free(struct page *page)
{
	if (page)
		put_page(page);
}

void rodp_packet_module_exit(void)
{
	struct buffer_cpu *of;
	int cpu, i;

	for_each_possible_cpu(cpu) {
		of = per_cpu_ptr(&buffer_cpu, cpu);
		buffer_free(of->page);
		for (i = 0; i < BUFFER_KEPT; i++)
			buffer_free(of->kept[i]);
	}
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
