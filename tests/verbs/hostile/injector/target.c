// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Two ends that are kept in two states, see target.h. */
#include "injector/target.h"
#include "vt.h"

enum {
	WORK = 3, /* sends that are posted each time */
	RECEIVES = 8
};

/* The states that a target's ends are kept in. SQE is for UC and UD; the others are in RTS then. */
static const struct {
	enum ibv_qp_state a, b;
} postures[POSTURES] = {
	{ IBV_QPS_RTS, IBV_QPS_RTS },  { IBV_QPS_RTS, IBV_QPS_RESET },
	{ IBV_QPS_RTS, IBV_QPS_INIT }, { IBV_QPS_RTR, IBV_QPS_RTR },
	{ IBV_QPS_SQD, IBV_QPS_RTS },  { IBV_QPS_SQE, IBV_QPS_RTS },
	{ IBV_QPS_INIT, IBV_QPS_RTR }, { IBV_QPS_RESET, IBV_QPS_RTS },
	{ IBV_QPS_ERR, IBV_QPS_ERR },
};

static void settle(struct target *target)
{
	vt_ledger_poll(&target->sent, target->ends.a.cq, "a send");
	vt_ledger_poll(&target->received, target->ends.b.cq, "a receive");
}

/* A work request without a key stops a send queue. */
static void stop_sending(struct target *target)
{
	struct vt_op op = {
		.opcode = IBV_WR_SEND,
		.sge = { { .length = 8 } },
		.num_sge = 1,
	};

	op.wr_id = vt_ledger_add(&target->sent);
	vt_check(!vt_ends_post(&target->ends, &op));
	vt_expect_state(&target->ends.a, IBV_QPS_SQE);
}

static void begin(struct range *range, struct target *target)
{
	bool stopped = target->state_a == IBV_QPS_SQE;

	range_use_family(range, target->ipv6);
	vt_ends_set(&target->ends, stopped ? IBV_QPS_RTS : target->state_a, target->state_b);
	if (stopped)
		stop_sending(target);
}

static void to_error(struct ibv_qp *qp)
{
	struct ibv_qp_attr attr = { .qp_state = IBV_QPS_ERR };

	if (vt_qp_state(qp) == IBV_QPS_RESET || !ibv_modify_qp(qp, &attr, IBV_QP_STATE))
		return;
	/* It may have failed at that very moment. */
	if (vt_qp_state(qp) != IBV_QPS_ERR)
		vt_fail("a QP does not go to ERR");
}

/* Everything that was posted completes, once. What is in an SRQ stays there. */
static void end(struct target *target)
{
	uint64_t end_ns = vt_now_ns() + vt_options.wait_ms * 1000000ull;

	to_error(target->ends.a.qp);
	to_error(target->ends.b.qp);
	while (target->sent.open || (target->received.open && !target->ends.srq)) {
		settle(target);
		if (vt_now_ns() > end_ns)
			vt_fail("%s: %u sends and %u receives never complete",
				vt_transport_name(target->ends.transport), target->sent.open,
				target->received.open);
	}
	settle(target);
}

void target_keep(struct range *range, struct target *target)
{
	if (vt_qp_state(target->ends.a.qp) == target->state_a &&
	    vt_qp_state(target->ends.b.qp) == target->state_b)
		return;
	end(target);
	begin(range, target);
}

static void post_receive(struct range *range, struct target *target)
{
	static const uint32_t lengths[] = { 5000, 5000, 5000, VT_GRH + RANGE_MTU, 40 };
	struct ibv_sge sge = vt_ground_sge(&range->ground[1], range_below(range, 4096),
					   lengths[range_below(range, VT_ARRAY_SIZE(lengths))]);
	uint64_t wr_id = vt_ledger_add(&target->received);

	if (vt_ends_recv(&target->ends, wr_id, &sge))
		vt_ledger_undo(&target->received, wr_id);
}

static void post_send(struct range *range, struct target *target)
{
	static const enum ibv_wr_opcode opcodes[] = {
		IBV_WR_SEND,	   IBV_WR_SEND_WITH_IMM,	IBV_WR_RDMA_WRITE,
		IBV_WR_RDMA_WRITE, IBV_WR_RDMA_WRITE_WITH_IMM,	IBV_WR_RDMA_READ,
		IBV_WR_RDMA_READ,  IBV_WR_ATOMIC_FETCH_AND_ADD,
	};
	struct vt_op op = { .opcode = opcodes[range_below(range, VT_ARRAY_SIZE(opcodes))],
			    .num_sge = 1 };
	uint32_t longest = target->ends.transport == VT_UD ? RANGE_MTU : 4 * RANGE_MTU;

	if (!vt_transport_can(target->ends.transport, op.opcode))
		op.opcode = IBV_WR_SEND;
	op.sge[0] = vt_ground_sge(&range->ground[0], range_below(range, 4096),
				  range_below(range, longest));
	if (op.opcode == IBV_WR_ATOMIC_FETCH_AND_ADD)
		op.sge[0].length = 8;
	op.remote_addr = ((uintptr_t)vt_ground_open(&range->ground[1]) + range_below(range, 8192)) &
			 ~7ul;
	op.rkey = range->ground[1].open->rkey;
	op.wr_id = vt_ledger_add(&target->sent);
	if (vt_ends_post(&target->ends, &op))
		vt_ledger_undo(&target->sent, op.wr_id);
}

void target_work(struct range *range, struct target *target)
{
	int i;

	settle(target);
	while (target->received.open < RECEIVES && target->state_b != IBV_QPS_RESET) {
		unsigned int before = target->received.open;

		post_receive(range, target);
		if (target->received.open == before)
			break;
	}
	for (i = 0; i < WORK && target->sent.open < VT_LEDGER_MOST; i++)
		if (target->state_a == IBV_QPS_RTS || target->state_a == IBV_QPS_SQD)
			post_send(range, target);
}

void target_works(struct range *range, struct target *target)
{
	struct ibv_sge room = vt_ground_sge(&range->ground[1], 0, VT_GRH + RANGE_MTU);
	bool one_sided = target->ends.transport == VT_RC || target->ends.transport == VT_XRC;
	uint32_t grh = target->ends.transport == VT_UD ? VT_GRH : 0;
	struct vt_op op = {
		.opcode = one_sided ? IBV_WR_RDMA_WRITE : IBV_WR_SEND,
		.wr_id = 1,
		.sge = { vt_ground_sge(&range->ground[0], 0, RANGE_MTU) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)vt_ground_open(&range->ground[1]),
		.rkey = range->ground[1].open->rkey,
	};

	vt_case("%s works again", vt_transport_name(target->ends.transport));
	end(target);
	target->state_a = target->state_b = IBV_QPS_RTS;
	begin(range, target);
	vt_fill(vt_ground_open(&range->ground[0]), RANGE_MTU, ++range->random, 0);
	memset(vt_ground_open(&range->ground[1]), 0, VT_GRH + RANGE_MTU);
	if (!one_sided)
		vt_check(!vt_ends_recv(&target->ends, 2, &room));
	vt_check(!vt_ends_post(&target->ends, &op));
	vt_expect(&target->ends.a, 1, IBV_WC_SUCCESS);
	if (!one_sided)
		vt_expect(&target->ends.b, 2, IBV_WC_SUCCESS);
	vt_verify(vt_ground_open(&range->ground[1]) + grh, RANGE_MTU, range->random, 0,
		  "the message");
}

void target_open(struct range *range, struct target *target, enum vt_transport transport,
		 unsigned int posture)
{
	bool may_stop = transport == VT_UC || transport == VT_UD;

	target->state_a = postures[posture].a;
	target->state_b = postures[posture].b;
	if (target->state_a == IBV_QPS_SQE && !may_stop)
		target->state_a = IBV_QPS_RTS;
	target->ipv6 = (transport + posture) % 2;
	range_use_family(range, target->ipv6);
	vt_ends_open(&target->ends, transport, range->devs[0], range->devs[1], RANGE_MTU);
	begin(range, target);
}

void target_close(struct target *target)
{
	vt_ends_close(&target->ends);
}
