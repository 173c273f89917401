/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The table of all QPs of the module: QPNs are unique across devices. */
#ifndef RODP_QP_QPN_H
#define RODP_QP_QPN_H

#include "qp/end/end.h"

/**
 * struct rodp_qpn_ops - where an end's number comes from
 * @assign: Give the end a number and let it be found. Context: Process, sleeps. Return: 0, -ENOMEM,
 *	or -EBUSY: no number is free.
 * @remove: Let it not be found any more. Who found it before may still use it, until an RCU grace
 *	period has passed. Context: Process.
 */
struct rodp_qpn_ops {
	int (*assign)(struct rodp_end *end);
	void (*remove)(struct rodp_end *end);
};

/* The table of the module; and number 1, that every device has. */
extern const struct rodp_qpn_ops rodp_qpn_any;
extern const struct rodp_qpn_ops rodp_qpn_gsi;

/**
 * rodp_qpn_lookup() - find an end by its number
 * @qpn: the number, as packets bear it; not 1.
 *
 * Context: Under RCU.
 * Return: the end, good until the end of the RCU section, or NULL.
 */
struct rodp_end *rodp_qpn_lookup(u32 qpn);

/**
 * rodp_qpn_lookup_peer() - find an end that another could be connected to
 * @end: the other.
 * @qpn: the number.
 *
 * Context: Under RCU.
 * Return: as rodp_qpn_lookup(); NULL also if it is of another transport than @end.
 */
struct rodp_end *rodp_qpn_lookup_peer(const struct rodp_end *end, u32 qpn);

/**
 * rodp_qpn_module_exit() - free the table
 *
 * Context: Process, when there is no QP any more.
 */
void rodp_qpn_module_exit(void);

#endif
