// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The oracle, see oracle.h. */
#include "oracle.h"

#include "fail.h"
#include "network.h"
#include "trace.h"
#include "trouble.h"

#define ORACLE_SIDE(way) ('A' + (int)way_number(way))

/* ---- what a work request does to the target ---- */

static u64 oracle_word(const u8 *at)
{
	u64 word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static u64 oracle_atomic(const struct op *op, u64 word)
{
	if (op->kind == OP_FETCH_ADD)
		return word + op->operand[0];
	return word == op->operand[0] ? op->operand[1] : word;
}

static void oracle_apply(const struct way *way, const struct op *op, u8 *target)
{
	u64 word;

	switch (op->kind) {
	case OP_WRITE:
	case OP_WRITE_IMM:
	case OP_ATOMIC_WRITE:
		memcpy(target + op->remote, way->image + op->local, op->length);
		break;
	case OP_FETCH_ADD:
	case OP_CMP_SWAP:
		word = oracle_atomic(op, oracle_word(target + op->remote));
		memcpy(target + op->remote, &word, sizeof(word));
		break;
	}
}

/* ---- what may be in memory ---- */

static struct {
	u8 target[SCENARIO_TARGET];
	bool explained[SCENARIO_TARGET];
} scratch;

static bool oracle_explain(const u8 *actual, u32 offset, u32 length)
{
	bool all = true;
	u32 i;

	for (i = 0; i < length; i++) {
		if (actual[i] == scratch.target[offset + i])
			scratch.explained[i] = true;
		all &= scratch.explained[i];
	}
	return all;
}

/*
 * Whether `actual` is the target from `offset` on, after all that is complete: each byte as it is
 * expected, or as one of the work requests [from, until) leaves it, done one after the other.
 */
static bool oracle_may_be(const struct way *way, const u8 *actual, u32 offset, u32 length, u32 from,
			  u32 until)
{
	if (!memcmp(actual, way->expect + offset, length))
		return true;
	memcpy(scratch.target, way->expect, world.scenario->target);
	memset(scratch.explained, 0, length);
	while (!oracle_explain(actual, offset, length)) {
		if (from >= until)
			return false;
		oracle_apply(way, way->op[from++], scratch.target);
	}
	return true;
}

/* Where they differ first, for people. */
static u32 oracle_difference(const u8 *a, const u8 *b, u32 length)
{
	u32 i = 0;

	while (i < length && a[i] == b[i])
		i++;
	return i;
}

/* ---- a work request is complete ---- */

/* Those behind a READ that may have been executed before it was complete: none from a fence on. */
static u32 oracle_overtakers(const struct way *way, u32 n)
{
	u32 until = n + 1;

	while (until < way_reach(way) && !(way->op[until]->flags & RODP_WQE_FENCE))
		until++;
	return until;
}

static void oracle_check_read(const struct way *way, const struct op *op, u32 n)
{
	if (!oracle_may_be(way, way->local + op->local, op->remote, op->length, n + 1,
			   oracle_overtakers(way, n)))
		fail("%c: READ %u brought wrong bytes: near byte %u of %u", ORACLE_SIDE(way), n,
		     oracle_difference(way->local + op->local, way->expect + op->remote,
				       op->length),
		     op->length);
}

static void oracle_check_atomic(const struct way *way, const struct op *op, u32 n)
{
	u64 original = oracle_word(way->local + op->local);
	u64 expected = oracle_word(way->expect + op->remote);

	if (original != expected)
		fail("%c: atomic %u found %016llx where %016llx was", ORACLE_SIDE(way), n,
		     (unsigned long long)original, (unsigned long long)expected);
}

static void oracle_check_written(const struct way *way, const struct op *op, u32 n)
{
	if (!oracle_may_be(way, way->target + op->remote, op->remote, op->length, n + 1,
			   way_reach(way)))
		fail("%c: %s %u is complete, and other bytes are there: near byte %u of %u",
		     ORACLE_SIDE(way), op_names[op->kind], n,
		     oracle_difference(way->target + op->remote, way->expect + op->remote,
				       op->length),
		     op->length);
}

/* Receives that the work requests of this connection take, up to n. */
static u32 oracle_receives_of(const struct way *way, u32 n)
{
	u32 i, count = 0;

	for (i = way->begun; i < n; i++)
		count += op_takes_receive(way->op[i]);
	return count;
}

static void oracle_check_delivered(const struct way *way, u32 n)
{
	if (way->receives_done - way->receives_begun < oracle_receives_of(way, n + 1))
		fail("%c: %s %u is complete, and its peer has received nothing", ORACLE_SIDE(way),
		     op_names[way->op[n]->kind], n);
}

/*
 * The owner of the target changes what was written, when nobody is to write there: what is executed
 * once more then is seen in the end.
 */
static void oracle_overwrite(struct way *way, const struct op *op)
{
	u32 i;

	if (way->done < way->posted || (op->kind != OP_WRITE && op->kind != OP_WRITE_IMM))
		return;
	for (i = op->remote; i < op->remote + op->length; i++)
		way->expect[i] = way->target[i] = ~way->target[i];
}

/* Work request way->done is complete with success. */
static void oracle_succeeded(struct way *way)
{
	u32 n = way->done;
	const struct op *op = way->op[n];

	if (n >= way->refused)
		fail("%c: %s %u succeeds, and was to be refused, or is behind what was",
		     ORACLE_SIDE(way), op_names[op->kind], n);
	if (op->kind == OP_READ)
		oracle_check_read(way, op, n);
	else if (op_is_atomic(op))
		oracle_check_atomic(way, op, n);
	oracle_apply(way, op, way->expect);
	if (op->kind != OP_SEND && op->kind != OP_SEND_IMM && op->kind != OP_READ)
		oracle_check_written(way, op, n);
	if (op_takes_receive(op))
		oracle_check_delivered(way, n);
	way->done++;
	memset(way->local + op->local, WORLD_SCRIBBLE, op->length);
	oracle_overwrite(way, op);
}

static bool oracle_is_signaled(const struct way *way, u32 n)
{
	return n + 1 == way->ops || (way->op[n]->flags & RODP_WQE_SIGNALED);
}

static u32 oracle_wc_opcode(const struct op *op)
{
	static const u8 opcodes[OP_KINDS] = {
		[OP_SEND] = IB_WC_SEND,		 [OP_SEND_IMM] = IB_WC_SEND,
		[OP_WRITE] = IB_WC_RDMA_WRITE,	 [OP_WRITE_IMM] = IB_WC_RDMA_WRITE,
		[OP_READ] = IB_WC_RDMA_READ,	 [OP_FETCH_ADD] = IB_WC_FETCH_ADD,
		[OP_CMP_SWAP] = IB_WC_COMP_SWAP, [OP_ATOMIC_WRITE] = IB_WC_ATOMIC_WRITE,
		[OP_FLUSH] = IB_WC_FLUSH,
	};

	return opcodes[op->kind];
}

/* What is asked the other way, if by the same queue pairs; else NULL. */
static const struct way *oracle_back(const struct way *way)
{
	return scenario_has_targets(world.scenario) ? NULL : &world.way[!way_number(way)];
}

bool oracle_may_fail(const struct way *way)
{
	const struct scenario *scenario = world.scenario;
	const struct way *back = oracle_back(way);

	return trouble_counted(CLASS_PACKET) > scenario->dead_from || way_is_refused(way) ||
	       (back && (back->failed || way_is_refused(back))) ||
	       trouble_cost() > scenario->retries;
}

/* Whether the first work request that fails may fail so. */
static bool oracle_is_reason(const struct way *way, u32 status)
{
	switch (status) {
	case IB_WC_RETRY_EXC_ERR:
		return oracle_may_fail(way);
	case IB_WC_REM_ACCESS_ERR:
		return way->done == way->refused && !op_takes_receive(way->op[way->done]);
	case IB_WC_REM_INV_REQ_ERR: /* there is no such SRQ */
		return way->done == way->refused && op_takes_receive(way->op[way->done]);
	case IB_WC_WR_FLUSH_ERR: /* its queue pair has failed as the one that refused */
		return oracle_back(way) && way_is_refused(oracle_back(way));
	default:
		return false;
	}
}

static void oracle_failed(struct way *way, const struct rodp_cqe *cqe)
{
	if (way->failed && cqe->status != IB_WC_WR_FLUSH_ERR)
		fail("%c: work request %u has status %u behind one that failed", ORACLE_SIDE(way),
		     way->done, cqe->status);
	if (!way->failed && !oracle_is_reason(way, cqe->status))
		fail("%c: work request %u fails with status %u, and there was no reason for it",
		     ORACLE_SIDE(way), way->done, cqe->status);
	if (!way->failed)
		way->succeeded = way->done;
	way->failed = true;
	way->done++;
}

/* Those before it that say nothing are complete with it. */
static void oracle_succeed_silent(struct way *way, u32 until)
{
	while (way->done < until && !oracle_is_signaled(way, way->done)) {
		if (scenario_is_unreliable(world.scenario))
			way->done++;
		else
			oracle_succeeded(way);
	}
}

static void oracle_check_cqe(const struct way *way, const struct rodp_cqe *cqe)
{
	const struct op *op = way->op[way->done];
	bool brings = op->kind >= OP_READ;

	if (cqe->opcode != oracle_wc_opcode(op))
		fail("%c: %s %u completes as %u", ORACLE_SIDE(way), op_names[op->kind], way->done,
		     cqe->opcode);
	if (!cqe->status && brings && cqe->byte_len != op->length)
		fail("%c: %s %u of %u bytes completes with %u", ORACLE_SIDE(way),
		     op_names[op->kind], way->done, op->length, cqe->byte_len);
}

void oracle_completed(struct way *way, const struct rodp_cqe *cqe)
{
	trace("%c completes %u, status %u", ORACLE_SIDE(way), (u32)cqe->wr_id, cqe->status);
	if (!way->failed)
		oracle_succeed_silent(way, cqe->wr_id);
	if (cqe->wr_id != way->done || way->done >= way->posted)
		fail("%c: work request %u completes where %u was to, of %u posted",
		     ORACLE_SIDE(way), (u32)cqe->wr_id, way->done, way->posted);
	oracle_check_cqe(way, cqe);
	if (cqe->status)
		oracle_failed(way, cqe);
	else if (way->failed)
		fail("%c: work request %u succeeds behind one that failed", ORACLE_SIDE(way),
		     way->done);
	else if (scenario_is_unreliable(world.scenario))
		way->done++;
	else
		oracle_succeeded(way);
}

/* ---- a receive is complete ---- */

/* Whether it is in front of a datagram as its sender's network writes it, and the sender is who it says. */
static bool oracle_header_fits(const struct way *way, const struct rodp_cqe *cqe)
{
	static const u8 zeros[RODP_GRH_BYTES - sizeof(struct iphdr)];
	const u8 *header = way->received[cqe->wr_id];
	const struct iphdr *ip = network_header(!way_number(way));

	if (!scenario_has_datagrams(world.scenario))
		return !(cqe->wc_flags & IB_WC_GRH);
	return (cqe->wc_flags & IB_WC_GRH) && !memcmp(header, zeros, sizeof(zeros)) &&
	       !memcmp(header + sizeof(zeros), ip, sizeof(*ip)) &&
	       cqe->src_qp == world.side[way_number(way)].qp.end.ib.qp_num;
}

/* What is wrong with a message that should be op's, or NULL. */
static const char *oracle_misfit(const struct way *way, const struct op *op,
				 const struct rodp_cqe *cqe)
{
	const u8 *bytes = way->received[cqe->wr_id] + world_receive_offset();
	bool write = op->kind == OP_WRITE_IMM;

	if (cqe->opcode != (write ? IB_WC_RECV_RDMA_WITH_IMM : IB_WC_RECV))
		return "the opcode";
	if (cqe->byte_len != world_receive_offset() + op->length)
		return "the length";
	if (!oracle_header_fits(way, cqe))
		return "the network header";
	if (!!(cqe->wc_flags & IB_WC_WITH_IMM) != op_has_imm(op) ||
	    (op_has_imm(op) && cqe->imm_data != op->imm))
		return "the immediate data";
	if (!write && memcmp(bytes, way->image + op->local, op->length))
		return "the bytes";
	return NULL;
}

/* The next work request from way->taken on that takes a receive, and was posted; or way->posted. */
static u32 oracle_next_message(const struct way *way, u32 n)
{
	while (n < way_reach(way) && (!op_takes_receive(way->op[n]) || way->op[n]->bad))
		n++;
	return n;
}

static void oracle_received_next(struct way *way, const struct rodp_cqe *cqe)
{
	const char *misfit;

	way->taken = oracle_next_message(way, way->taken);
	if (way->taken >= way_reach(way))
		fail("%c: receive %u completes, and nothing was sent", ORACLE_SIDE(way),
		     (u32)cqe->wr_id);
	misfit = oracle_misfit(way, way->op[way->taken], cqe);
	if (misfit)
		fail("%c: receive %u is not %s %u: %s", ORACLE_SIDE(way), (u32)cqe->wr_id,
		     op_names[way->op[way->taken]->kind], way->taken, misfit);
	way->taken++;
}

/* Whether the network keeps order, and makes no copies; and has nothing of an older connection. */
static bool oracle_network_is_tidy(void)
{
	return !world.lives && !trouble_happened(TROUBLE_DUPLICATE) &&
	       !trouble_happened(TROUBLE_OVERTAKE);
}

/* One that was not received before, and is behind those that were, if the network keeps order. */
static void oracle_received_any(struct way *way, const struct rodp_cqe *cqe)
{
	u32 n = oracle_network_is_tidy() ? way->taken : 0;

	for (n = oracle_next_message(way, n); n < way_reach(way);
	     n = oracle_next_message(way, n + 1)) {
		if (oracle_misfit(way, way->op[n], cqe))
			continue;
		way->taken = n + 1;
		return;
	}
	fail("%c: receive %u is no message that was sent", ORACLE_SIDE(way), (u32)cqe->wr_id);
}

void oracle_received(struct way *way, const struct rodp_cqe *cqe)
{
	trace("%c received %u, %u bytes, status %u", 'A' + !way_number(way), (u32)cqe->wr_id,
	      cqe->byte_len, cqe->status);
	if (cqe->wr_id != way->receives_done || way->receives_done >= way->receives_posted)
		fail("%c: receive %u completes where %u was to, of %u posted", ORACLE_SIDE(way),
		     (u32)cqe->wr_id, way->receives_done, way->receives_posted);
	way->receives_done++;
	if (cqe->status == IB_WC_WR_FLUSH_ERR)
		way->flushed = true;
	else if (cqe->status || way->flushed)
		fail("%c: receive %u has status %u", ORACLE_SIDE(way), (u32)cqe->wr_id,
		     cqe->status);
	else if (scenario_is_unreliable(world.scenario))
		oracle_received_any(way, cqe);
	else
		oracle_received_next(way, cqe);
	memset(way->received[cqe->wr_id], WORLD_SCRIBBLE, SCENARIO_MESSAGE);
}

/* ---- the end ---- */

static bool oracle_is_scribbled(const u8 *bytes, u32 length)
{
	return !length || (bytes[0] == WORLD_SCRIBBLE && !memcmp(bytes, bytes + 1, length - 1));
}

/* What is complete is not touched any more. */
static void oracle_check_untouched(const struct way *way)
{
	u32 i;

	for (i = 0; i < way->receives_done; i++)
		if (!oracle_is_scribbled(way->received[i], SCENARIO_MESSAGE))
			fail("%c: receive %u was written to after it was complete",
			     ORACLE_SIDE(way), i);
	if (way->failed || scenario_is_unreliable(world.scenario))
		return;
	for (i = 0; i < way->done; i++)
		if (!oracle_is_scribbled(way->local + way->op[i]->local, way->op[i]->length))
			fail("%c: memory of work request %u was written to after it was complete",
			     ORACLE_SIDE(way), i);
}

/* Work requests from `from` on may be there, in part, as far as they were executed; the others are. */
static void oracle_check_target(const struct way *way, u32 from)
{
	u32 bytes = world.scenario->target;

	if (!oracle_may_be(way, way->target, 0, bytes, from, way_reach(way)))
		fail("%c: in the end other bytes are in the peer's memory: near byte %u",
		     ORACLE_SIDE(way), oracle_difference(way->target, way->expect, bytes));
}

/* How many are there for sure: of an unreliable connection none. */
static u32 oracle_sure(const struct way *way)
{
	if (scenario_is_unreliable(world.scenario))
		return 0;
	return way->failed ? way->succeeded : way->done;
}

void oracle_cut_off(struct way *way)
{
	u32 i;

	if (!scenario_is_unreliable(world.scenario)) {
		oracle_check_target(way, way->done);
		memcpy(way->expect, way->target, world.scenario->target);
	}
	for (i = way->done; i < way->posted; i++)
		memset(way->local + way->op[i]->local, WORLD_SCRIBBLE, way->op[i]->length);
	for (i = way->receives_done; i < way->receives_posted; i++)
		memset(way->received[i], WORLD_SCRIBBLE, SCENARIO_MESSAGE);
	way->taken = way->posted;
}

/* Receives of an SRQ are complete, or still there; a message that never ends keeps one. */
static void oracle_check_shared(const struct way *way)
{
	const bool ends = world.scenario->transport != TRANSPORT_UC && !way->failed;
	const struct side *side = &world.side[!way_number(way)];
	u32 kept = way_receives_taken(way) - way->receives_done;
	u32 left = way->receives_posted - way_receives_taken(way);

	if (kept > !ends)
		fail("%c: %u receives of the SRQ were taken, and %u are complete", ORACLE_SIDE(way),
		     way_receives_taken(way), way->receives_done);
	if (way_receives_taken(way) && left < world.scenario->limit && !side->limit_told)
		fail("%c: %u receives are left, and nobody is told that these are fewer than %u",
		     ORACLE_SIDE(way), left, world.scenario->limit);
}

static void oracle_check_complete(const struct way *way)
{
	const struct way *back = oracle_back(way);

	if (way->posted < way->ops || way->done < way->posted)
		fail("%c: %u of %u work requests are complete, and nothing more happens",
		     ORACLE_SIDE(way), way->done, way->ops);
	if (way->flushed && !(back && back->failed) && !way_is_refused(way))
		fail("%c: receives were flushed of a queue pair that has not failed",
		     ORACLE_SIDE(way));
	if (world.scenario->shared)
		oracle_check_shared(way);
	if (!way->failed && !way->flushed && !scenario_is_unreliable(world.scenario) &&
	    way->receives_done - way->receives_begun != oracle_receives_of(way, way->done))
		fail("%c: %u receives are complete", ORACLE_SIDE(way), way->receives_done);
}

void oracle_end(struct way *way)
{
	oracle_check_complete(way);
	oracle_check_untouched(way);
	oracle_check_target(way, oracle_sure(way));
}
