/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * loop: a connection (RC) of an RDMA device with itself, for examples. Whatever fails ends the
 * program and says why.
 */
#ifndef LOOP_H
#define LOOP_H

#include <infiniband/verbs.h>

struct loop {
	struct ibv_context *ctx;
	struct ibv_pd *pd;
	struct ibv_cq *cq;
	struct ibv_qp *near, *far; /* requests are posted on `near` */
};

/* Device $RDMA_DEV, GID number $RDMA_GID_INDEX; without them the first device, number 1. */
void loop_open(struct loop *loop);
void loop_close(struct loop *loop);

/* An RDMA WRITE or READ of len bytes, from its posting to its completion. */
void loop_move(struct loop *loop, enum ibv_wr_opcode opcode, void *local, uint32_t lkey,
	       void *remote, uint32_t rkey, uint32_t len);

/* Ends the program with a message and what errno says. */
_Noreturn void die(const char *what);

#endif
