// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* What kernel/qp asks of rooms that are not here, and that no run of the model needs more of. */
#include "kernel.h"

#include "mem/fast.h"
#include "mem/invalidate.h"
#include "mem/key.h"
#include "mem/window.h"
#include "net/drop.h"
#include "net/flows.h"
#include "net/owner.h"
#include "net/place.h"
#include "net/rx.h"
#include "qp/ud/mcast.h"

/* There are no groups. */
void rodp_mcast_receive(struct net *net, struct sk_buff *skb)
{
	kfree_skb(skb);
}

void rodp_mcast_loop_back(struct rodp_end *end, const struct rodp_address *address,
			  struct sk_buff *skb)
{
}

struct rodp_dev *rodp_owner_of(struct net *net, const struct sk_buff *skb)
{
	return NULL;
}

bool rodp_owner_is(const struct rodp_dev *dev, struct net *net, const struct sk_buff *skb)
{
	return true;
}

u16 rodp_owner_vlan(struct net *net, const struct sk_buff *skb, u8 *priority)
{
	return 0;
}

/* Nobody has a limit. */
struct rodp_account *rodp_account_of_user(enum rodp_account_kind kind)
{
	return NULL;
}

void rodp_account_put(struct rodp_account *account)
{
}

int rodp_account_try_charge(struct rodp_account *account, u64 bytes)
{
	return 0;
}

void rodp_account_uncharge(struct rodp_account *account, u64 bytes)
{
}

/* There are no windows, and no keys that come and go. */
struct rodp_mr *rodp_window_use(struct rodp_dev *dev, struct ib_pd *pd, u64 qp, u32 key, u32 access,
				u64 *va, u64 bytes, struct rodp_window **used)
{
	return NULL;
}

int rodp_window_bind(struct rodp_dev *dev, struct ib_pd *pd, u64 qp, const struct rodp_bind *bind)
{
	return -EINVAL;
}

int rodp_fast_register(struct rodp_dev *dev, struct ib_pd *pd, u32 key, u32 access)
{
	return -EINVAL;
}

int rodp_key_invalidate(struct rodp_dev *dev, struct ib_pd *pd, u64 qp, u32 key)
{
	return -EINVAL;
}

struct rodp_mr *rodp_key_lookup(struct rodp_dev *dev, u32 key)
{
	return NULL;
}

struct rodp_window *rodp_key_lookup_window(struct rodp_dev *dev, u32 key)
{
	return NULL;
}

/* One network, one route. */
int rodp_route_resolve(struct rodp_route *route, const struct rodp_dev *dev,
		       const struct rdma_ah_attr *ah, u32 lqpn, u32 rqpn)
{
	*route = (struct rodp_route){ .version = 4 };
	return 0;
}

bool rodp_route_is_in(const struct rodp_route *route, const struct net *net)
{
	return true;
}

u64 rodp_place_of_process(void)
{
	return 1;
}

bool rodp_place_is_open(const struct rodp_dev *dev, const struct net *net, u64 cookie)
{
	return true;
}

int rodp_place_permit(const struct rodp_dev *dev, u64 cookie)
{
	return 0;
}

bool rodp_route_matches(const struct rodp_route *route, const struct sk_buff *skb)
{
	return true;
}

int rodp_flow_init(struct rodp_flow *flow, gfp_t gfp)
{
	return 0;
}

void rodp_flow_destroy(struct rodp_flow *flow)
{
}

void rodp_flow_aim(struct rodp_flow *flow, const struct rodp_route *route)
{
	flow->route = *route;
}

bool rodp_packet_is_ours(const struct sk_buff *skb)
{
	return true;
}

void rodp_packet_drop_stray(struct net *net, struct sk_buff *skb, enum rodp_stat why)
{
	kfree_skb(skb);
}

bool rodp_rx_count(struct rodp_dev *dev, const struct rodp_segments *segs)
{
	const struct sk_buff *skb;
	bool marked = false;

	rodp_stats_add(dev->stats, RODP_STAT_RCVD_PKTS, segs->count);
	for (skb = segs->first; skb; skb = skb->next)
		marked |= skb->marked;
	return marked;
}

/* No packet of the model is without an ICRC. */
void rodp_flow_learn(struct rodp_flow *flow, const struct sk_buff *skb)
{
}

bool rodp_flow_is_capable(const struct rodp_flow *flow)
{
	return flow->ect;
}

/* The model asks for no transition that there is not. */
bool ib_modify_qp_is_ok(enum ib_qp_state cur, enum ib_qp_state next, enum ib_qp_type type, int mask)
{
	return true;
}
