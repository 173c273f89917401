/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Incoming packets: everything that can be checked without knowing the QP. */
#ifndef RODP_NET_RX_H
#define RODP_NET_RX_H

#include "net/packet.h"

/* udp_tunnel_sock_cfg.encap_rcv: softirq, rcu_read_lock() held. Consumes skb, returns 0. */
int rodp_rx_udp(struct sock *sk, struct sk_buff *skb);

/* Count a packet that a QP of dev takes. The network header is in place. Softirq. */
void rodp_rx_count(struct rodp_dev *dev, struct sk_buff *skb);

/* Where good packets go. Set once, before the first socket opens. */
void rodp_rx_set_receiver(rodp_packet_receiver receiver);

#endif
