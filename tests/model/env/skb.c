// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Packet buffers, see skb.h. Those that are free are kept in a list for each size, unless a
 * sanitizer is to see who uses one that was freed.
 */
#include "kernel.h"

#ifdef __SANITIZE_ADDRESS__
#define SKB_KEEP 0
#else
#define SKB_KEEP 1
#endif

long env_skbs;

static const u32 skb_rooms[] = { 128, 512, 4352 };
static struct sk_buff *skb_free[ARRAY_SIZE(skb_rooms)];

static u32 skb_class(u32 bytes)
{
	u32 i = 0;

	while (skb_rooms[i] < bytes)
		i++;
	return i;
}

static struct sk_buff *skb_take(u32 bytes)
{
	u32 i = skb_class(bytes), room = SKB_KEEP ? skb_rooms[i] : bytes;
	struct sk_buff *skb = skb_free[i];

	if (skb)
		skb_free[i] = skb->next;
	else
		skb = malloc(sizeof(*skb) + room);
	memset(skb, 0, sizeof(*skb));
	skb->room = room;
	return skb;
}

struct sk_buff *env_skb_alloc(u32 bytes)
{
	struct sk_buff *skb = skb_take(bytes);

	env_skbs++;
	skb->data = skb->head;
	skb->len = bytes;
	skb->truesize = sizeof(*skb) + skb->room;
	return skb;
}

struct sk_buff *env_skb_copy(const struct sk_buff *skb)
{
	struct sk_buff *copy = env_skb_alloc(skb->len);

	memcpy(copy->data, skb->data, skb->len);
	return copy;
}

void env_skb_reset(void)
{
	env_skbs = 0;
}

void kfree_skb(struct sk_buff *skb)
{
	u32 i;

	if (!skb)
		return;
	env_require(!env_event_is_queued(&skb->event), "a packet is freed that is on its way");
	skb_orphan(skb);
	env_skbs--;
	if (!SKB_KEEP) {
		free(skb);
		return;
	}
	i = skb_class(skb->room);
	skb->next = skb_free[i];
	skb_free[i] = skb;
}
