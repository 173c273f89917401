/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* What the injector's targets and shots share: devices, sockets, memory, a bystander, chance. */
#ifndef INJECTOR_RANGE_H
#define INJECTOR_RANGE_H

#include "bystander.h"
#include "ground.h"

enum {
	RANGE_MTU = 1024 /* path MTU of all targets */
};

struct range {
	struct vt_device *devs[2];
	int index[2][2]; /* of the GIDs of IPv4 and IPv6, of each device */
	union ibv_gid gid[2][2];
	int to_a[2], to_b[2]; /* sockets of either */
	struct vt_ground ground[2]; /* of each device */
	struct vt_bystander bystander;
	uint64_t random;
};

/* A number from 0 to n - 1. */
uint32_t range_below(struct range *range, uint32_t n);
/* True once in n times. */
bool range_once_in(struct range *range, uint32_t n);
/* Opens everything but the bystander, which must stand by already. */
void range_open(struct range *range);
void range_close(struct range *range);
/* Fails if a byte was written that nobody may write. */
void range_verify(const struct range *range);
/* Both ends are one device. */
bool range_is_one(const struct range *range);
/* The addresses that queue pairs are connected with from now on. */
void range_use_family(struct range *range, bool ipv6);

#endif
