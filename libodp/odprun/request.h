/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * request: what a process asks the kernel for, as libibverbs puts it to the uverbs device: an ioctl
 * of attributes, or an older command within one. Of them, those that make and end memory regions.
 *
 * A message is the process's own, so nothing in it is hostile; what does not look as it should is
 * not ours, and goes to the kernel as it is.
 */
#ifndef ODPRUN_REQUEST_H
#define ODPRUN_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include <rdma/rdma_user_ioctl_cmds.h>

enum request_kind {
	REQUEST_OTHER,
	REQUEST_REGISTER, /* memory of the process */
	REQUEST_DMABUF, /* other memory */
	REQUEST_CHANGE, /* ibv_rereg_mr() */
	REQUEST_DEREGISTER,
};

struct request {
	enum request_kind kind;
	uint32_t driver;
	uint64_t addr, length; /* of what is registered */
	uint32_t access; /* enum ibv_access_flags */
	uint32_t flags; /* REQUEST_CHANGE: what changes, enum ibv_rereg_mr_flags */
	uint32_t handle; /* of what is changed or deregistered */
	/* Where the rights are in the message, in the caller's memory; NULL: nowhere. */
	uint32_t *rights;
	/* Where the new region's handle will be. */
	const uint32_t *made;
};

struct request request_read(struct ib_uverbs_ioctl_hdr *message);

#endif
