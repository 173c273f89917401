/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Packet buffers and queues of them. */
#ifndef MODEL_ENV_SKB_H
#define MODEL_ENV_SKB_H

#include "clock.h"
#include "lock.h"

#define IFF_LOOPBACK 0x8

struct net;

struct net_device {
	unsigned int flags;
	int mtu;
};

/* As far as the driver looks at them: the version, and how long they are. */
struct iphdr {
	u8 version;
	u8 bytes[19];
};

struct ipv6hdr {
	u8 bytes[40];
};

struct sk_buff {
	struct sk_buff *next, *prev; /* in a queue */
	u8 *data;
	u32 len; /* bytes */
	u32 truesize;
	struct net_device *dev;
	struct iphdr ip;
	void (*destructor)(struct sk_buff *skb);
	char cb[48] __attribute__((aligned(8)));
	/* On its way (network.c). */
	struct env_event event;
	u32 number; /* of the packet that was sent, of which this may be a copy */
	u8 to; /* whom it is for */
	bool corrupt;
	bool marked; /* it met congestion */
	u32 lie; /* what comes behind it says; 0: nothing does */
	/* The buffer. */
	u32 room;
	u8 head[] __attribute__((aligned(16)));
};

struct sk_buff_head {
	spinlock_t lock;
	struct sk_buff *first, **last;
	u32 qlen;
};

/* Buffers that somebody has; 0 at the end of a run. */
extern long env_skbs;

/**
 * env_skb_alloc() - a buffer of `bytes` bytes
 *
 * What is in it is undefined, its other fields are zero.
 */
struct sk_buff *env_skb_alloc(u32 bytes);
/* The same bytes, and nothing else of it. */
struct sk_buff *env_skb_copy(const struct sk_buff *skb);
/* After a run that failed: who has a buffer has it no more. */
void env_skb_reset(void);

void kfree_skb(struct sk_buff *skb);
#define napi_consume_skb(skb, budget) kfree_skb(skb)

static inline void skb_orphan(struct sk_buff *skb)
{
	if (skb->destructor)
		skb->destructor(skb);
	skb->destructor = NULL;
}

#define ip_hdr(skb)	  (&(skb)->ip)
#define ipv6_hdr(skb)	  ((const struct ipv6hdr *)(skb)->head) /* there is none */
#define skb_dst_drop(skb) ((void)(skb))
#define nf_reset_ct(skb)  ((void)(skb))

static inline void __skb_queue_head_init(struct sk_buff_head *queue)
{
	spin_lock_init(&queue->lock);
	queue->first = NULL;
	queue->last = &queue->first;
	queue->qlen = 0;
}

static inline struct sk_buff *skb_peek(const struct sk_buff_head *queue)
{
	return queue->first;
}

static inline struct sk_buff *skb_peek_tail(const struct sk_buff_head *queue)
{
	return queue->qlen ? container_of(queue->last, struct sk_buff, next) : NULL;
}

static inline void __skb_queue_tail(struct sk_buff_head *queue, struct sk_buff *skb)
{
	skb->next = NULL;
	skb->prev = skb_peek_tail(queue);
	*queue->last = skb;
	queue->last = &skb->next;
	queue->qlen++;
}

/* @before: one of them, or the queue itself: in front of all. */
static inline void __skb_queue_after(struct sk_buff_head *queue, struct sk_buff *before,
				     struct sk_buff *skb)
{
	bool first = (void *)before == queue;
	struct sk_buff **link = first ? &queue->first : &before->next;

	skb->next = *link;
	skb->prev = first ? NULL : before;
	*link = skb;
	if (skb->next)
		skb->next->prev = skb;
	else
		queue->last = &skb->next;
	queue->qlen++;
}

static inline struct sk_buff *__skb_dequeue(struct sk_buff_head *queue)
{
	struct sk_buff *skb = queue->first;

	if (!skb)
		return NULL;
	queue->first = skb->next;
	if (queue->first)
		queue->first->prev = NULL;
	else
		queue->last = &queue->first;
	queue->qlen--;
	return skb;
}

static inline void __skb_unlink(struct sk_buff *skb, struct sk_buff_head *queue)
{
	struct sk_buff *prev = queue->first == skb ? NULL : skb->prev;
	struct sk_buff **link = prev ? &prev->next : &queue->first;

	*link = skb->next;
	if (skb->next)
		skb->next->prev = prev;
	else
		queue->last = link;
	queue->qlen--;
	skb->next = skb->prev = NULL;
}

static inline void __skb_queue_purge(struct sk_buff_head *queue)
{
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(queue)))
		kfree_skb(skb);
}

#define skb_queue_head_init(queue)	__skb_queue_head_init(queue)
#define skb_queue_tail(queue, skb)	__skb_queue_tail(queue, skb)
#define skb_dequeue(queue)		__skb_dequeue(queue)
#define skb_unlink(skb, queue)		__skb_unlink(skb, queue)
#define skb_queue_is_first(queue, skb)	((queue)->first == (skb))
#define skb_queue_prev(queue, skb)	((void)(queue), (skb)->prev)
#define skb_queue_empty(queue)		(!(queue)->qlen)
#define skb_queue_empty_lockless(queue) (!(queue)->qlen)
#define skb_queue_len(queue)		((queue)->qlen)
#define skb_queue_len_lockless(queue)	((queue)->qlen)

#endif
