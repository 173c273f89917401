/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The paths that there are (qp/end/path.h), and which one a peer is reached by. */
#ifndef RODP_QP_PATHS_H
#define RODP_QP_PATHS_H

#include "qp/end/path.h"

/* The network; without it, between QPs of one network namespace; and wherever an address leads. */
extern const struct rodp_path_ops rodp_wire_path;
extern const struct rodp_path_ops rodp_local_path;
extern const struct rodp_path_ops rodp_datagram_path;

/**
 * rodp_path_choose() - the path to a peer
 * @end: whose peer it is
 * @dest_qpn: the peer's number
 * @ah: the peer's address
 *
 * Context: process, sleeps.
 * Return: of the paths that the transport of @end may take, the one to take now.
 */
const struct rodp_path_ops *rodp_path_choose(struct rodp_end *end, u32 dest_qpn,
					     const struct rdma_ah_attr *ah);

/**
 * rodp_path_is_near() - whether a peer is a QP of this kernel, in whatever network namespace
 * @end: whose peer it is
 * @dest_qpn: the peer's number
 * @ah: the peer's address
 *
 * Context: process, sleeps.
 */
bool rodp_path_is_near(const struct rodp_end *end, u32 dest_qpn, const struct rdma_ah_attr *ah);

#endif
