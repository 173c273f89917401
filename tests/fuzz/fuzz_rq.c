// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A receive queue and an SRQ whose process writes anything into their rings at any time: each field of
 * a request is overwritten as soon as the driver has looked at it. What is taken is what was there at
 * first, in order, within the limits; a ring that takes another's place has what was posted.
 */
#include "standin.h"
#include "shared.h"

#include "qp/end/tell.h"
#include "qp/queue/rq.h"
#include "qp/queue/sq.h"
#include "qp/queue/srq.h"

#define CQ_SIZE 8

static struct rodp_dev dev;
static struct rodp_end end;
static struct rodp_rq rq;
static struct rodp_srq srq;
static struct rodp_cq cq;
static struct ib_xrcd domain, other_domain;
static const uint8_t *data;
static size_t size;
static bool rewrites;
static u32 flood;
static unsigned int completions, failures, limits_told, cq_events, cq_errors;

struct workqueue_struct *rodp_lane_wq;

static u64 take(size_t bytes)
{
	return fuzz_take(&data, &size, bytes);
}

static void process_reads(u8 *at, size_t bytes)
{
	for (size_t i = 0; rewrites && i < bytes; i++)
		at[i] = ~at[i];
}

static void set_prod(struct rodp_ring *ring, u32 prod)
{
	*(volatile u32 *)&ring->hdr->prod = prod;
}

static u32 posted(const struct rodp_ring *ring, u32 cons)
{
	const u32 n = *(volatile u32 *)&ring->hdr->prod - cons;

	return n <= ring->entries ? n : 0;
}

void rodp_end_complete_receive(struct rodp_end *of, struct rodp_cqe *cqe, bool solicited)
{
	fuzz_check(of == &end && cqe->wr_id == rq.rwqe.wr_id && cqe->qp_num == end.ib.qp_num);
	fuzz_check(cqe->src_qp == end.dest_qpn || cqe->src_qp == 77);
	completions++;
	if (!flood)
		return;
	flood--;
	set_prod(&rq.ring, *(volatile u32 *)&rq.ring.hdr->prod + 1);
}

void rodp_end_fail(struct rodp_end *of, struct rodp_lane *held, u32 tell)
{
	fuzz_check(of == &end && held == &rq.lane && tell == RODP_TELL_QP_FATAL);
	failures++;
}

static void on_srq_event(struct ib_event *event, void *context)
{
	fuzz_check(event->event == IB_EVENT_SRQ_LIMIT_REACHED && event->element.srq == &srq.ib);
	limits_told++;
}

static void on_cq_event(struct ib_event *event, void *context)
{
	fuzz_check(event->event == IB_EVENT_CQ_ERR);
	cq_errors++;
}

static void on_completion(struct ib_cq *ib, void *context)
{
	cq_events++;
}

/* In most requests the entries are as many as there may be. */
static void post(struct rodp_ring *ring, u32 max_sge)
{
	const u32 prod = *(volatile u32 *)&ring->hdr->prod;
	struct rodp_recv_wqe *wqe = rodp_ring_slot(ring, prod);
	const u8 kind = take(1);

	memset(wqe, kind, ring->stride);
	wqe->wr_id = take(4);
	wqe->num_sge = kind & 1 ? take(4) : kind % (max_sge + 2);
	for (u32 i = 0; i < max_sge; i++)
		wqe->sge[i].length = kind & 2 ? take(4) : i;
	set_prod(ring, prod + 1);
}

/* The request, as it is before the driver looks. */
static struct rodp_recv_wqe *copy_of(const struct rodp_ring *ring, u32 n)
{
	struct rodp_recv_wqe *wqe = malloc(ring->stride);

	memcpy(wqe, rodp_ring_slot(ring, n), ring->stride);
	return wqe;
}

static void check_taken(int err, const struct rodp_recv_wqe *wqe, u32 max_sge)
{
	u64 sum = 0;

	fuzz_check(err == (wqe->num_sge <= max_sge ? 0 : -EINVAL));
	fuzz_check(rq.at.taken && rq.rwqe.wr_id == wqe->wr_id);
	fuzz_check(rq.rwqe.num_sge == (err ? 0 : wqe->num_sge));
	for (u32 i = 0; i < rq.rwqe.num_sge; i++) {
		fuzz_check(!memcmp(&rq.rwqe.sge[i], &wqe->sge[i], sizeof(wqe->sge[i])));
		sum += wqe->sge[i].length;
	}
	fuzz_check(err || rq.rwqe.length == (sum > U32_MAX ? U32_MAX : sum));
}

static void take_of(struct rodp_ring *ring, u32 *cons, u32 max_sge, struct rodp_srq *from)
{
	const u32 at = *cons, there = posted(ring, at);
	struct rodp_recv_wqe *before = copy_of(ring, at);
	int err;

	rewrites = true;
	err = rodp_rq_take(&rq, from);
	rewrites = false;
	fuzz_check((err == -ENOENT) == (!there || err == -ENOENT));
	if (err == -ENOENT)
		fuzz_check(!rq.at.taken && *cons == at);
	else
		fuzz_check(there && *cons == at + 1);
	if (err != -ENOENT)
		check_taken(err, before, max_sge);
	free(before);
}

static void take_own(void)
{
	if (!rq.ring.hdr)
		fuzz_check(rodp_rq_take(&rq, NULL) == -ENOENT);
	else
		take_of(&rq.ring, &rq.at.cons, rq.max_sge, NULL);
}

/* The limit event comes once, when there are fewer than the limit. */
static void take_shared(void)
{
	const u32 left = posted(&srq.ring, srq.cons), limit = srq.limit;
	const unsigned int told = limits_told;

	take_of(&srq.ring, &srq.cons, srq.max_sge, &srq);
	if (rq.at.taken)
		fuzz_check(!srq.limit == (!limit || left - 1 < limit));
	fuzz_run_work(&srq.work);
	fuzz_check(limits_told - told == (rq.at.taken && limit && left - 1 < limit));
	fuzz_check(rq.at.srqn == rodp_srq_number(&srq) && rodp_srq_limit(&srq) == srq.limit);
}

static void complete_shared(void)
{
	struct rodp_cqe cqe = { .status = take(1) & 1 };
	const unsigned int failed = failures;
	const u32 prod = cq.prod;
	const bool there = srq.serial && rq.at.srqn == rodp_srq_number(&srq) &&
			   rq.at.srq_serial == srq.serial && end.init.xrcd == &domain;

	cq.ring.hdr->cons = prod - take(1) % (CQ_SIZE + 1);
	cq.ring.hdr->flags = take(1) & 3;
	rodp_rq_complete_shared(&rq, &cqe, take(1) & 1);
	fuzz_check(!rq.at.taken);
	fuzz_check(cq.prod - prod + (failures - failed) == there);
	fuzz_run_work(&srq.work);
	fuzz_check(!srq.serial || srq.ref.n == 1);
}

static void complete_own(void)
{
	struct rodp_cqe cqe = { .src_qp = take(1) & 1 ? 77 : 0 };

	if (!rq.at.taken)
		return;
	if (take(1) & 1)
		complete_shared();
	else
		rodp_rq_complete(&rq, &cqe, false);
	fuzz_check(!rq.at.taken);
}

static void flush(void)
{
	const unsigned int before = completions;
	const bool was_taken = rq.at.taken;
	bool done;

	flood = rq.ring.hdr && take(1) < 16 ? RODP_FLUSH_BATCH + 50 : 0;
	done = rodp_rq_flush(&rq, rodp_rq_complete);
	flood = 0;
	fuzz_check(completions - before <= RODP_FLUSH_BATCH + was_taken);
	fuzz_check(done == (!rq.ring.hdr || !posted(&rq.ring, rq.at.cons)));
	fuzz_check(!rq.srq == !(rq.lane.tell & RODP_TELL_LAST_WQE));
	rq.lane.tell = 0;
	rq.at.last_told = false;
}

static void arm(void)
{
	const u32 limit = take(1) & 15, told = limits_told;
	const bool good = limit <= srq.ring.entries;
	const bool at_once = good && posted(&srq.ring, srq.cons) < limit;

	fuzz_check(rodp_srq_arm(&srq, limit) == (good ? 0 : -EINVAL));
	fuzz_run_work(&srq.work);
	fuzz_check(limits_told - told == at_once);
}

/* What is posted and not taken is in the new ring, in order. */
static void check_moved(const struct rodp_ring *old, u32 old_cons, u32 n)
{
	fuzz_check(posted(&srq.ring, srq.cons) == n);
	for (u32 i = 0; i < n; i++)
		fuzz_check(!memcmp(rodp_ring_slot(&srq.ring, srq.cons + i),
				   rodp_ring_slot(old, old_cons + i), old->stride));
}

static void resize(void)
{
	const u32 cons = srq.cons, n = *(volatile u32 *)&srq.ring.hdr->prod - cons;
	struct rodp_ring ring = { 0 };
	bool fits = false;
	int err;

	if (take(1) & 7) {
		err = rodp_ring_create(&ring, NULL, 1 + take(1) % 16, srq.ring.stride, NULL);
		if (err)
			return;
		fits = n <= srq.ring.entries && n <= ring.entries && srq.limit <= ring.entries;
		rodp_srq_prepare_ring(&srq, &ring);
		rodp_ring_destroy(&ring);
	} else if (srq.next.hdr) {
		fits = n <= srq.ring.entries && n <= srq.next.entries &&
		       srq.limit <= srq.next.entries;
	}
	err = rodp_srq_commit_ring(&srq, &ring);
	fuzz_check(err == (fits ? 0 : -EINVAL));
	if (!err)
		check_moved(&ring, cons, n);
	rodp_ring_destroy(&ring);
}

static void find(void)
{
	const u32 number = take(1) & 3 ? rodp_srq_number(&srq) : take(1);
	struct ib_xrcd *of = take(1) & 3 ? &domain : &other_domain;
	struct rodp_srq *found = rodp_srq_get(of, number);
	const bool there = srq.serial && number == rodp_srq_number(&srq) && of == &domain;

	fuzz_check(found == (there ? &srq : NULL));
	if (found)
		rodp_srq_put(found);
}

static void step(void)
{
	const u8 what = take(1);

	switch (what % 11) {
	case 0:
		return rq.ring.hdr ? post(&rq.ring, rq.max_sge) : (void)0;
	case 1:
	case 2:
		return post(&srq.ring, srq.max_sge);
	case 3:
		return rq.at.taken ? (void)0 : take_own();
	case 4:
	case 5:
		return rq.at.taken ? (void)0 : take_shared();
	case 6:
		return complete_own();
	case 7:
		return flush();
	case 8:
		return arm();
	case 9:
		return resize();
	}
	if (what & 0x80)
		return find();
	if (what & 0x40)
		return set_prod(&srq.ring, take(4));
	if (rq.ring.hdr && what & 0x20)
		return set_prod(&rq.ring, take(4));
	rodp_rq_reset(&rq);
	fuzz_check(!rq.at.taken && !rq.at.cons);
}

static void create_rq(void)
{
	struct ib_qp_cap cap = { .max_recv_wr = take(1) & 15, .max_recv_sge = take(1) % 33 };
	const struct ib_qp_cap asked = cap;
	int err;

	rq = (struct rodp_rq){ .end = &end, .srq = take(1) & 1 ? &srq : NULL };
	err = rodp_rq_create(&rq, &cap, NULL, NULL);
	fuzz_check(!err || !rq.ring.hdr);
	fuzz_check(err || cap.max_recv_wr >= asked.max_recv_wr);
	rq.lane.lock.held = true;
}

static bool create_srq(void)
{
	struct ib_srq_init_attr init = {
		.srq_type = take(1) % 3,
		.attr = { take(1) & 15, take(1) % 34, take(1) & 15 },
	};
	const struct ib_srq_init_attr asked = init;
	struct rodp_create_srq_resp resp = {};
	int err;

	srq = (struct rodp_srq){ .ib = { .device = &dev.ib, .event_handler = on_srq_event } };
	srq.ib.ext.cq = &cq.ib;
	srq.ib.ext.xrc.xrcd = &domain;
	err = rodp_srq_create(&srq, &init, NULL, take(1) & 1 ? &resp : NULL);
	if (err)
		return false;
	fuzz_check(asked.srq_type != IB_SRQT_TM && asked.attr.max_wr &&
		   asked.attr.max_sge <= RODP_MAX_SGE && asked.attr.srq_limit <= asked.attr.max_wr);
	fuzz_check(init.attr.max_wr >= asked.attr.max_wr);
	fuzz_check(!resp.srq_num || resp.srq_num == rodp_srq_number(&srq));
	return true;
}

static void create_cq(void)
{
	memset(&cq, 0, sizeof(cq));
	rodp_cq_init(&cq);
	cq.ib.comp_handler = on_completion;
	cq.ib.event_handler = take(1) & 1 ? on_cq_event : NULL;
	fuzz_memory_left = UINT_MAX;
	fuzz_check(!rodp_ring_create(&cq.ring, NULL, CQ_SIZE, sizeof(struct rodp_cqe), NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	data = bytes;
	size = n;
	fuzz_shared = (struct shared){ process_reads, NULL };
	end = (struct rodp_end){ .receive_lane = &rq.lane, .dest_qpn = 5, .ib.qp_num = 6 };
	end.init.xrcd = take(1) & 3 ? &domain : &other_domain;
	create_cq();
	fuzz_memory_left = take(1) < 16 ? take(1) & 7 : UINT_MAX;
	create_rq();
	if (create_srq()) {
		while (size)
			step();
		rodp_srq_destroy(&srq);
	}
	rodp_srq_module_exit();
	rodp_rq_destroy(&rq);
	rodp_ring_destroy(&cq.ring);
	return 0;
}
