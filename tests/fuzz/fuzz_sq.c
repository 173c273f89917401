// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A send queue whose process writes anything into its ring at any time: each field is overwritten
 * as soon as the driver has looked at it. What the driver takes is what was there at its first look, within
 * the limits of the queue; requests complete once and in order; a request that was posted with the
 * flag clear is not left lying.
 */
#include "standin.h"
#include "shared.h"

#include "qp/end/path.h"
#include "qp/end/tell.h"
#include "qp/queue/sq.h"

#define FLOOD 300 /* requests that a process posts while it is flushed, more than one batch */

static struct rodp_end end;
static struct rodp_sq sq;
static const uint8_t *data;
static size_t size;

/* The process: how far it posted, and what it does behind the driver's back. */
static struct {
	u32 prod;
	bool rewrites; /* slots that were read */
	bool posts_late; /* once, just before the flag is set */
	u32 flood;
} process;

static u64 wr_ids[64]; /* of what was taken, by number */
static u32 flushed_from; /* number of the first that is flushed without having been taken */
static u32 due; /* completions that may come */

static u64 take(size_t bytes)
{
	return fuzz_take(&data, &size, bytes);
}

static void write_prod(u32 prod)
{
	process.prod = prod;
	*(volatile u32 *)&sq.ring.hdr->prod = prod;
}

static void process_reads(u8 *at, size_t bytes)
{
	if (at < (u8 *)sq.ring.hdr + RODP_RING_DATA || !process.rewrites)
		return;
	for (size_t i = 0; i < bytes; i++)
		at[i] = ~at[i];
}

/* The flag is about to be set: the process has just seen it clear, and rings no doorbell. */
static void process_writes(const u8 *at)
{
	if (at != (const u8 *)&sq.ring.hdr->flags || !process.posts_late || sq.ring.hdr->flags)
		return;
	process.posts_late = false;
	write_prod(process.prod + 1);
}

static void retire(struct rodp_sq *of)
{
	of->at.tail++;
	if (process.flood) {
		process.flood--;
		write_prod(process.prod + 1);
	}
}

static const struct rodp_path_ops path = { .retire = retire };

static struct rodp_send_wqe *slot(u32 n)
{
	return rodp_ring_slot(&sq.ring, n);
}

/* Of the request that was just retired. */
static u64 wr_id_due(void)
{
	const u32 n = sq.at.tail - 1;

	return (s32)(n - flushed_from) < 0 ? wr_ids[n % 64] : slot(n)->wr_id;
}

void rodp_end_complete_send(struct rodp_end *of, struct rodp_cqe *cqe)
{
	fuzz_check(of == &end && due);
	fuzz_check(cqe->wr_id == wr_id_due() && cqe->qp_num == end.ib.qp_num);
	due--;
}

static bool is_posted(void)
{
	const u32 posted = process.prod - sq.at.head;

	return posted && posted <= sq.ring.entries;
}

/* In most requests most fields are right. */
static void fill(struct rodp_send_wqe *wqe)
{
	static const u8 opcodes[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 15, 0x20, 10, 0xff, 0x21 };
	const u8 kind = take(1), lie = take(1);

	memset(wqe, lie, sq.ring.stride);
	wqe->wr_id = take(8);
	wqe->opcode = opcodes[kind & 15];
	wqe->flags = kind >> 4;
	wqe->num_sge = lie & 1 ? take(1) : lie % (sq.limits.max_sge + 1);
	if ((lie & 0x11) == 0x10)
		wqe->num_sge = sq.limits.max_sge + (lie >> 5); /* at the edge */
	wqe->inline_len = lie & 2 ? take(4) : lie % (sq.limits.max_inline + 1);
	if (!(lie & 4) && (wqe->opcode == IB_WR_BIND_MW || wqe->opcode == IB_WR_LOCAL_INV ||
			   wqe->opcode == IB_WR_REG_MR || wqe->opcode == IB_WR_FLUSH))
		wqe->num_sge = wqe->flags = 0;
	for (u32 i = 0; i < sq.limits.max_sge; i++)
		wqe->sge[i].length = lie & 8 ? take(4) : i + 1;
}

/* Of each opcode: whether there is one, its message, whether its answer carries something. */
static bool opcode_is_known(u8 opcode, bool user)
{
	return opcode <= IB_WR_SEND_WITH_INV || opcode == IB_WR_FLUSH ||
	       opcode == IB_WR_ATOMIC_WRITE || (opcode == IB_WR_REG_MR && !user);
}

static bool opcode_is_local(u8 opcode)
{
	return opcode == IB_WR_LOCAL_INV || opcode == IB_WR_BIND_MW || opcode == IB_WR_REG_MR;
}

static bool opcode_is_answered(u8 opcode)
{
	return opcode == IB_WR_RDMA_READ || opcode == IB_WR_ATOMIC_CMP_AND_SWP ||
	       opcode == IB_WR_ATOMIC_FETCH_AND_ADD || opcode == IB_WR_FLUSH;
}

static u64 sum_of(const struct rodp_send_wqe *wqe)
{
	u64 sum = 0;

	for (u32 i = 0; i < wqe->num_sge; i++)
		sum += wqe->sge[i].length;
	return sum;
}

/* What must become of a request, by what stood there at first. */
static enum ib_wc_status expected(const struct rodp_send_wqe *wqe)
{
	const bool in_line = wqe->flags & RODP_WQE_INLINE;

	if (!opcode_is_known(wqe->opcode, sq.limits.user))
		return IB_WC_LOC_QP_OP_ERR;
	if (opcode_is_local(wqe->opcode) || wqe->opcode == IB_WR_FLUSH)
		return wqe->num_sge || in_line ? IB_WC_LOC_QP_OP_ERR : IB_WC_SUCCESS;
	if (in_line)
		return wqe->inline_len > sq.limits.max_inline || opcode_is_answered(wqe->opcode)
			       ? IB_WC_LOC_QP_OP_ERR
			       : IB_WC_SUCCESS;
	if (wqe->num_sge > sq.limits.max_sge)
		return IB_WC_LOC_QP_OP_ERR;
	return sum_of(wqe) > 1u << 30 ? IB_WC_LOC_LEN_ERR : IB_WC_SUCCESS;
}

static void check_operands(const struct rodp_swqe *got, const struct rodp_send_wqe *wqe)
{
	switch (wqe->opcode) {
	case IB_WR_ATOMIC_CMP_AND_SWP:
	case IB_WR_ATOMIC_FETCH_AND_ADD:
		fuzz_check(got->remote_addr == wqe->atomic.remote_addr &&
			   got->compare_add == wqe->atomic.compare_add &&
			   got->swap == wqe->atomic.swap && got->rkey == wqe->atomic.rkey);
		break;
	case IB_WR_BIND_MW:
	case IB_WR_REG_MR:
		fuzz_check(got->bind.addr == wqe->bind.addr &&
			   got->bind.length == wqe->bind.length &&
			   got->bind.mr_lkey == wqe->bind.mr_lkey &&
			   got->bind.mw_rkey == wqe->bind.mw_rkey &&
			   got->bind.new_rkey == wqe->bind.new_rkey &&
			   got->bind.access == wqe->bind.access);
		break;
	case IB_WR_FLUSH:
		fuzz_check(got->remote_addr == wqe->flush.remote_addr &&
			   got->rkey == wqe->flush.rkey && got->length == wqe->flush.length);
		fuzz_check(got->flush < 0x40);
		break;
	default:
		fuzz_check(got->remote_addr == wqe->rdma.remote_addr &&
			   got->rkey == wqe->rdma.rkey);
	}
	fuzz_check(got->imm_data == wqe->imm_data && got->srqn == wqe->remote_srqn);
}

static void check_data(const struct rodp_swqe *got, const struct rodp_send_wqe *wqe)
{
	if (got->no_message || wqe->opcode == IB_WR_FLUSH)
		return;
	if (got->is_inline) {
		fuzz_check(got->length == wqe->inline_len);
		fuzz_check(!memcmp(got->data, wqe->sge, got->length));
		return;
	}
	fuzz_check(got->num_sge == wqe->num_sge && got->length == sum_of(wqe));
	fuzz_check(!memcmp(got->sge, wqe->sge, got->num_sge * sizeof(got->sge[0])));
}

static void take_one(void)
{
	const bool soon = take(1) & 1, full = sq.at.head - sq.at.tail >= sq.ring.entries;
	const u32 head = sq.at.head;
	const bool was_posted = is_posted();
	/* A request that is longer than its slot reads as zeros in this copy, and is refused. */
	struct rodp_send_wqe *before = calloc(1, sq.ring.stride + 256 * sizeof(struct rodp_sge));
	const struct rodp_swqe *got;

	memcpy(before, slot(head), sq.ring.stride);
	process.rewrites = true;
	got = rodp_sq_take(&sq, soon);
	process.rewrites = false;
	fuzz_check(!got || !full);
	fuzz_check(got || full || !was_posted);
	/* Nobody would come for it: posted, and no doorbell was asked for. */
	fuzz_check(got || full || soon || !is_posted());
	if (got) {
		fuzz_check(sq.at.head == head + 1 && got == rodp_sq_wqe(&sq, head));
		fuzz_check(got->status == expected(before) && got->wr_id == before->wr_id);
		wr_ids[head % 64] = before->wr_id;
		if (!got->status) {
			check_operands(got, before);
			check_data(got, before);
		}
	}
	free(before);
}

static void complete_one(void)
{
	const struct rodp_swqe *wqe = rodp_sq_oldest(&sq);
	const enum ib_wc_status status = take(1) & 1 ? IB_WC_LOC_PROT_ERR : 0;
	const u32 tail = sq.at.tail;

	if (rodp_sq_is_empty(&sq))
		return;
	flushed_from = sq.at.head;
	due = status || sq.signal_all || (wqe->flags & RODP_WQE_SIGNALED);
	rodp_sq_complete(&sq, status);
	fuzz_check(!due && sq.at.tail == tail + 1 && sq.ring.hdr->cons == tail + 1);
}

/* Each completion comes, in order; a process that posts for ever is left to the next time. */
static void flush(void)
{
	const u32 tail = sq.at.tail;
	bool done;

	process.flood = take(1) < 16 ? FLOOD : 0;
	flushed_from = sq.at.head;
	due = RODP_FLUSH_BATCH;
	done = rodp_sq_flush(&sq);
	process.flood = 0;
	fuzz_check(sq.at.tail - tail == RODP_FLUSH_BATCH - due);
	fuzz_check(done == (rodp_sq_is_empty(&sq) && !is_posted()) && sq.at.cur == sq.at.head);
	fuzz_check(sq.ring.hdr->flags == RODP_RING_NEED_KICK);
}

static void reset(void)
{
	rodp_sq_reset(&sq);
	process.prod = 0;
	fuzz_check(!sq.at.head && !sq.at.tail && !sq.at.cur && !sq.ring.hdr->prod);
}

static void post(void)
{
	fill(slot(process.prod));
	write_prod(process.prod + 1);
}

static void step(void)
{
	const u8 what = take(1);

	switch (what & 7) {
	case 0:
	case 1:
		post();
		break;
	case 2:
	case 3:
		process.posts_late = what & 0x80;
		take_one();
		process.posts_late = false;
		break;
	case 4:
		complete_one();
		break;
	case 5:
		flush();
		break;
	case 6:
		write_prod(what & 0x80 ? take(4) : sq.at.head + (what >> 4));
		break;
	default:
		if (what & 0x80)
			reset();
	}
	fuzz_check(sq.at.head - sq.at.tail <= sq.ring.entries);
}

static bool create(void)
{
	struct ib_qp_cap cap = { .max_send_wr = take(1) & 15,
				 .max_send_sge = take(1) % (RODP_MAX_SGE + 1),
				 .max_inline_data = take(2) % (RODP_MAX_INLINE + 1) };
	const struct ib_qp_cap asked = cap;

	sq = (struct rodp_sq){ .end = &end, .signal_all = take(1) & 1 };
	if (rodp_sq_create(&sq, &cap, NULL, NULL)) {
		fuzz_check(fuzz_memory_left != UINT_MAX && !sq.ring.hdr);
		return false;
	}
	fuzz_check(cap.max_send_wr >= asked.max_send_wr && cap.max_send_wr == sq.ring.entries);
	fuzz_check(cap.max_inline_data >= asked.max_inline_data);
	/* All that is allowed has room in a slot. */
	fuzz_check(RODP_SEND_WQE_HDR + sq.limits.max_sge * sizeof(struct rodp_sge) <=
		   sq.ring.stride);
	fuzz_check(RODP_SEND_WQE_HDR + sq.limits.max_inline <= sq.ring.stride);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	data = bytes;
	size = n;
	memset(&process, 0, sizeof(process));
	fuzz_shared = (struct shared){ process_reads, process_writes };
	end = (struct rodp_end){ .path = &path, .send_lane = &sq.lane, .user = take(1) & 1 };
	fuzz_memory_left = take(1) < 16 ? take(1) & 3 : UINT_MAX;
	/* Before there is a ring there is nothing to flush. */
	sq = (struct rodp_sq){ .end = &end, .lane.lock.held = true };
	fuzz_check(rodp_sq_flush(&sq));
	rodp_sq_reset(&sq);
	if (create()) {
		sq.lane.lock.held = true;
		while (size)
			step();
	}
	rodp_sq_destroy(&sq);
	return 0;
}
