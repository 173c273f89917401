// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* See situation.h. Posted work requests have wr_id 1. */
#include <sys/mman.h>
#include <unistd.h>

#include "situation.h"

#define STAGE_LEN ((size_t)VT_STAGE_PAIRS * VT_STAGE_SLOT)
#define SMALL	  4096

/* ---- the stage ---- */

static void shared_make(struct vt_shared *shared, struct vt_stage *stage, enum vt_memory memory,
			size_t len)
{
	shared->at = mmap(NULL, len, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	vt_check(shared->at != MAP_FAILED);
	vt_check(vt_small_pages(shared->at, len));
	shared->mr_a = vt_reg(stage->a, shared->at, len, memory, VT_ACCESS_ALL);
	shared->mr_b = vt_reg(stage->b, shared->at, len, memory, VT_ACCESS_ALL);
}

static void shared_free(struct vt_shared *shared, size_t len)
{
	vt_check(!ibv_dereg_mr(shared->mr_a));
	vt_check(!ibv_dereg_mr(shared->mr_b));
	vt_check(!munmap(shared->at, len));
}

void vt_stage_open(struct vt_stage *stage)
{
	const uint32_t needed = IBV_ODP_SUPPORT_WRITE | IBV_ODP_SUPPORT_READ | IBV_ODP_SUPPORT_RECV;

	*stage = (struct vt_stage){ .a = vt_open_a(), .b = vt_open_b(), .uffd = -1 };
	if (!vt_has_odp(stage->a, needed) || !vt_has_odp(stage->b, needed))
		vt_skip("%s and %s have no on-demand paging", stage->a->name, stage->b->name);
	shared_make(&stage->held, stage, VT_ODP, STAGE_LEN);
	shared_make(&stage->cold, stage, VT_ODP, STAGE_LEN);
	shared_make(&stage->warm, stage, VT_PINNED, VT_STAGE_SLOT);
}

void vt_stage_set(struct vt_stage *stage)
{
	vt_stage_release(stage);
	/* Held first, then given back: faults of before may still be on their way to these pages. */
	stage->uffd = vt_uffd_open(VT_UFFD_MISSING, stage->held.at, STAGE_LEN);
	vt_check(!madvise(stage->held.at, STAGE_LEN, MADV_DONTNEED));
	vt_check(!madvise(stage->cold.at, STAGE_LEN, MADV_DONTNEED));
}

void vt_stage_release(struct vt_stage *stage)
{
	if (stage->uffd >= 0)
		close(stage->uffd);
	stage->uffd = -1;
}

void vt_stage_close(struct vt_stage *stage)
{
	vt_stage_release(stage);
	shared_free(&stage->held, STAGE_LEN);
	shared_free(&stage->cold, STAGE_LEN);
	shared_free(&stage->warm, VT_STAGE_SLOT);
	vt_close(stage->a);
	vt_close(stage->b);
}

/* ---- the situations ---- */

static void situation_post(struct vt_conn *conn, enum ibv_wr_opcode opcode,
			   const struct vt_shared *local, size_t local_offset,
			   const struct vt_shared *remote, size_t remote_offset, uint32_t len)
{
	struct vt_op op = {
		.opcode = opcode,
		.wr_id = 1,
		.sge = { {
			.addr = (uintptr_t)local->at + local_offset,
			.length = len,
			.lkey = local->mr_a->lkey,
		} },
		.num_sge = 1,
		.remote_addr = (uintptr_t)remote->at + remote_offset,
		.rkey = remote->mr_b->rkey,
	};

	vt_post(&conn->a, &op);
}

/* The requester waits for the payload, or the completer for the place of an answer. */
static void park_send(struct vt_stage *stage, struct vt_conn *conn, unsigned int slot)
{
	situation_post(conn, slot % 2 ? IBV_WR_RDMA_READ : IBV_WR_RDMA_WRITE, &stage->held,
		       (size_t)slot * VT_STAGE_SLOT, &stage->warm, 0, SMALL);
}

/* The responder waits: to write, to read, or to fill a receive. */
static void park_receive(struct vt_stage *stage, struct vt_conn *conn, unsigned int slot)
{
	static const enum ibv_wr_opcode opcodes[] = { IBV_WR_RDMA_WRITE, IBV_WR_RDMA_READ,
						      IBV_WR_SEND };
	struct ibv_sge sge = {
		.addr = (uintptr_t)stage->held.at + (size_t)slot * VT_STAGE_SLOT,
		.length = SMALL,
		.lkey = stage->held.mr_b->lkey,
	};

	vt_recv(&conn->b, 2, &sge, 1);
	situation_post(conn, opcodes[slot % 3], &stage->warm, 0, &stage->held,
		       (size_t)slot * VT_STAGE_SLOT, SMALL);
}

/*
 * What passes is over when it wants, which may be before the caller looks. Behind it stands a request that
 * stays, so that the QP has something to do whenever it is stopped.
 */
#define LONG_ONES      4
#define POSTED_PASSING (LONG_ONES + 1)

/* Long answers of memory that is absent at first. */
static void read_long(struct vt_stage *stage, struct vt_conn *conn, unsigned int slot)
{
	int i;

	for (i = 0; i < LONG_ONES; i++)
		situation_post(conn, IBV_WR_RDMA_READ, &stage->warm, 0, &stage->cold,
			       (size_t)slot * VT_STAGE_SLOT, VT_STAGE_SLOT);
	park_send(stage, conn, slot);
}

/* Long messages; on the local path they are copied piece by piece. */
static void write_long(struct vt_stage *stage, struct vt_conn *conn, unsigned int slot)
{
	int i;

	for (i = 0; i < LONG_ONES; i++)
		situation_post(conn, IBV_WR_RDMA_WRITE, &stage->warm, 0, &stage->cold,
			       (size_t)slot * VT_STAGE_SLOT, VT_STAGE_SLOT);
	park_send(stage, conn, slot);
}

/* The peer has no receive. */
static void wait_for_receive(struct vt_stage *stage, struct vt_conn *conn, unsigned int slot)
{
	situation_post(conn, IBV_WR_SEND, &stage->warm, 0, &stage->warm, 0, SMALL);
}

/* The peer hears nothing. */
static void send_again(struct vt_stage *stage, struct vt_conn *conn, unsigned int slot)
{
	vt_to_state(&conn->b, IBV_QPS_RESET);
	situation_post(conn, IBV_WR_RDMA_WRITE, &stage->warm, 0, &stage->warm, 0, SMALL);
}

static void drain(struct vt_stage *stage, struct vt_conn *conn, unsigned int slot)
{
	write_long(stage, conn, slot);
	vt_to_state(&conn->a, IBV_QPS_SQD);
}

const struct vt_situation vt_situations[VT_SITUATIONS] = {
	{
		.name = "parked send",
		.enter = park_send,
		.attr = { .timeout = 8 }, /* 1 ms: its timer runs meanwhile */
		.posted = 1,
		.counter = "odp_parks",
	},
	{
		.name = "parked receive",
		.enter = park_receive,
		.posted = 1,
		.counter = "odp_parks",
		.of_b = true,
	},
	{
		.name = "long READ answer",
		.enter = read_long,
		.posted = POSTED_PASSING,
		.of_b = true,
		.passing = true,
	},
	{
		.name = "RNR wait",
		.enter = wait_for_receive,
		.attr = { .min_rnr_timer = 6 }, /* 80 us, then asked again */
		.posted = 1,
		.counter = "rcvd_rnr_err",
	},
	{
		.name = "retransmission",
		.enter = send_again,
		.attr = { .timeout = 13 }, /* 34 ms, eight times */
		.settle_ms = 40,
		.posted = 1,
		.counter = "local_ack_timeout_err",
	},
	{
		.name = "SQD",
		.enter = drain,
		.posted = POSTED_PASSING,
		.passing = true,
	},
	{
		.name = "middle of a message",
		.enter = write_long,
		.posted = POSTED_PASSING,
		.of_b = true,
		.passing = true,
	},
};
