// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Random mixtures of operations, many outstanding on several QPs at a time,
 * against a model in plain memory. Reproducible with --seed.
 *
 * Each QP has buffers of its own, so that what they must hold follows from the
 * order of its requests alone. Source bytes never change; results of READs and
 * atomics land in places of their own. A request that writes where an outstanding
 * READ or atomic of the same QP works carries a fence (IBTA 1.7, table 79).
 */
#include "vt.h"

enum {
	QPS = 4,
	DEPTH = 32, /* requests outstanding on a QP */
	SOURCE = 64 * 1024, /* bytes, a: what is sent */
	TARGET = 48 * 1024, /* bytes, b: what one-sided requests work on */
	MAX_LEN = 12000, /* bytes of a message */
	SLOT = 12288, /* a: landing place of one READ; b: room for one SEND */
	DEFAULT_ROUNDS = 400, /* requests a QP */
};

struct request {
	enum ibv_wr_opcode opcode;
	uint32_t len;
	uint32_t source; /* offset, a */
	uint32_t target; /* offset, b */
	bool signaled;
	uint8_t *expected; /* what a READ or atomic must bring */
};

struct flow {
	struct vt_conn conn;
	struct vt_buf source, landing, target, rooms;
	uint8_t *model; /* of target */
	struct request ring[DEPTH];
	uint32_t posted, done; /* requests */
	uint32_t received; /* SENDs that arrived */
	uint32_t sends; /* SENDs posted */
	struct {
		uint32_t len, source, imm;
	} sent[DEPTH]; /* by number of the SEND */
};

static uint64_t rng;

static uint32_t below(uint32_t limit)
{
	return (vt_random(&rng) >> 16) % limit;
}

/* Lengths that matter: small ones, around packets and pages, and anything. */
static uint32_t random_len(void)
{
	static const uint32_t near[] = { 1, 8, 256, 512, 1024, 2048, 4096, 8192 };

	if (below(3))
		return near[below(VT_ARRAY_SIZE(near))] + below(5) - (below(2) ? 1 : 0);
	return 1 + below(MAX_LEN);
}

static bool is_fetch(enum ibv_wr_opcode opcode)
{
	return opcode == IBV_WR_RDMA_READ || opcode == IBV_WR_ATOMIC_FETCH_AND_ADD ||
	       opcode == IBV_WR_ATOMIC_CMP_AND_SWP;
}

static bool is_send(enum ibv_wr_opcode opcode)
{
	return opcode == IBV_WR_SEND || opcode == IBV_WR_SEND_WITH_IMM;
}

static bool overlaps_outstanding_fetch(const struct flow *f, uint32_t at, uint32_t len)
{
	uint32_t n;

	for (n = f->done; n != f->posted; n++) {
		const struct request *r = &f->ring[n % DEPTH];

		if (is_fetch(r->opcode) && at < r->target + r->len && r->target < at + len)
			return true;
	}
	return false;
}

static enum ibv_wr_opcode random_opcode(const struct flow *f)
{
	static const enum ibv_wr_opcode opcodes[] = {
		IBV_WR_RDMA_WRITE,
		IBV_WR_RDMA_WRITE,
		IBV_WR_RDMA_READ,
		IBV_WR_RDMA_READ,
		IBV_WR_SEND,
		IBV_WR_SEND_WITH_IMM,
		IBV_WR_ATOMIC_FETCH_AND_ADD,
		IBV_WR_ATOMIC_CMP_AND_SWP,
	};
	uint32_t n = VT_ARRAY_SIZE(opcodes);

	if (f->conn.b.dev->attr.orig_attr.atomic_cap == IBV_ATOMIC_NONE)
		n -= 2;
	return opcodes[below(n)];
}

static void choose(struct flow *f, struct request *r)
{
	r->opcode = random_opcode(f);
	r->len = random_len();
	r->source = below(SOURCE - r->len);
	r->target = below(TARGET - r->len);
	if (r->opcode == IBV_WR_ATOMIC_FETCH_AND_ADD || r->opcode == IBV_WR_ATOMIC_CMP_AND_SWP) {
		r->len = 8;
		r->target &= ~7u;
	}
	r->signaled = below(4) == 0;
}

static struct ibv_sge source_sge(const struct flow *f, const struct request *r, uint32_t slot)
{
	return is_fetch(r->opcode) ? vt_sge(&f->landing, (size_t)slot * SLOT + slot, r->len)
				   : vt_sge(&f->source, r->source, r->len);
}

static void model_atomic(struct flow *f, const struct request *r, struct vt_op *op)
{
	uint64_t old, new;

	memcpy(&old, f->model + r->target, 8);
	op->compare_add = below(2) ? old : vt_random(&rng);
	op->swap = vt_random(&rng);
	if (r->opcode == IBV_WR_ATOMIC_FETCH_AND_ADD)
		new = old + op->compare_add;
	else
		new = old == op->compare_add ? op->swap : old;
	memcpy(f->model + r->target, &new, 8);
}

/* Do to the model what the request will do, and remember what it must bring. */
static void model(struct flow *f, struct request *r, struct vt_op *op)
{
	if (is_fetch(r->opcode))
		memcpy(r->expected, f->model + r->target, r->len);
	if (r->opcode == IBV_WR_RDMA_WRITE) {
		memcpy(f->model + r->target, f->source.data + r->source, r->len);
	} else if (is_send(r->opcode)) {
		f->sent[f->sends % DEPTH].len = r->len;
		f->sent[f->sends % DEPTH].source = r->source;
		f->sent[f->sends % DEPTH].imm = op->imm;
		f->sends++;
	} else if (r->opcode != IBV_WR_RDMA_READ) {
		model_atomic(f, r, op);
	}
}

static void post_room(struct flow *f, uint32_t number)
{
	struct ibv_sge room = vt_sge(&f->rooms, (size_t)(number % DEPTH) * SLOT, SLOT);

	vt_recv(&f->conn.b, number, &room, 1);
}

static void post_one(struct flow *f, bool last)
{
	uint32_t slot = f->posted % DEPTH;
	struct request *r = &f->ring[slot];
	struct vt_op op = {};

	choose(f, r);
	/* The end of a batch is signaled: an unsignaled request is done when a later one is. */
	if (last || f->posted - f->done == DEPTH / 2 - 1)
		r->signaled = true;
	op = (struct vt_op){
		.opcode = r->opcode,
		.quiet = !r->signaled,
		.wr_id = f->posted,
		.sge = { source_sge(f, r, slot) },
		.num_sge = 1,
		.remote_addr = vt_addr(&f->target, r->target),
		.rkey = f->target.mr->rkey,
		.imm = (uint32_t)vt_random(&rng),
	};
	if (!is_send(r->opcode) && r->opcode != IBV_WR_RDMA_READ &&
	    overlaps_outstanding_fetch(f, r->target, r->len))
		op.flags |= IBV_SEND_FENCE;
	if (!is_fetch(r->opcode) && r->len <= f->conn.a.max_inline && below(2))
		op.flags |= IBV_SEND_INLINE;
	model(f, r, &op);
	f->posted++;
	vt_post(&f->conn.a, &op);
}

static void check_done(struct flow *f, uint32_t number)
{
	uint32_t slot = number % DEPTH;
	struct request *r = &f->ring[slot];

	if (is_fetch(r->opcode) &&
	    memcmp(f->landing.data + (size_t)slot * SLOT + slot, r->expected, r->len))
		vt_fail("request %u (opcode %d, %u bytes at +%u) brought wrong data", number,
			r->opcode, r->len, r->target);
}

static void take_completion(struct flow *f, const struct ibv_wc *wc)
{
	if (wc->status != IBV_WC_SUCCESS)
		vt_fail("request %lu: %s", (unsigned long)wc->wr_id, ibv_wc_status_str(wc->status));
	if (wc->wr_id - f->done >= DEPTH)
		vt_fail("completion of request %lu while %u to %u are outstanding",
			(unsigned long)wc->wr_id, f->done, f->posted);
	if (!f->ring[wc->wr_id % DEPTH].signaled)
		vt_fail("completion of request %lu, which is not signaled",
			(unsigned long)wc->wr_id);
	while (f->done <= wc->wr_id)
		check_done(f, f->done++);
}

static void take_receive(struct flow *f, const struct ibv_wc *wc)
{
	uint32_t slot = f->received % DEPTH;

	if (wc->status != IBV_WC_SUCCESS)
		vt_fail("receive %lu: %s", (unsigned long)wc->wr_id, ibv_wc_status_str(wc->status));
	vt_check(wc->wr_id == f->received);
	vt_check(wc->byte_len == f->sent[slot].len);
	if (wc->wc_flags & IBV_WC_WITH_IMM)
		vt_check(be32toh(wc->imm_data) == f->sent[slot].imm);
	if (memcmp(f->rooms.data + (size_t)slot * SLOT, f->source.data + f->sent[slot].source,
		   wc->byte_len))
		vt_fail("receive %u (%u bytes) holds wrong data", f->received, wc->byte_len);
	f->received++;
	post_room(f, f->received + DEPTH - 1);
}

static bool drain(struct flow *f)
{
	struct ibv_wc wc[8];
	bool some = false;
	int i, n;

	while ((n = ibv_poll_cq(f->conn.a.cq, VT_ARRAY_SIZE(wc), wc)) > 0) {
		for (i = 0; i < n; i++)
			take_completion(f, &wc[i]);
		some = true;
	}
	while ((n = ibv_poll_cq(f->conn.b.cq, VT_ARRAY_SIZE(wc), wc)) > 0) {
		for (i = 0; i < n; i++)
			take_receive(f, &wc[i]);
		some = true;
	}
	return some;
}

/* There is room for a request, and for the SEND that it may be. */
static bool may_post(const struct flow *f, uint32_t rounds)
{
	return f->posted < rounds && f->posted - f->done < DEPTH / 2 &&
	       f->sends - f->received < DEPTH - 1;
}

static void open_flow(struct flow *f, struct vt_device *a, struct vt_device *b, enum vt_memory ma,
		      enum vt_memory mb, bool wr_api, uint64_t seed)
{
	struct vt_conn_attr attr = { .wr_api = wr_api, .max_wr = DEPTH, .max_inline = 64 };
	uint32_t i;

	memset(f, 0, sizeof(*f));
	vt_connect(&f->conn, a, b, &attr);
	vt_buf_make(&f->source, a, SOURCE, ma, 0);
	vt_buf_make(&f->landing, a, (size_t)(DEPTH + 1) * SLOT, ma, VT_ACCESS_ALL);
	vt_buf_make(&f->target, b, TARGET, mb, VT_ACCESS_ALL);
	vt_buf_make(&f->rooms, b, (size_t)DEPTH * SLOT, mb, VT_ACCESS_ALL);
	vt_fill(f->source.data, SOURCE, seed, 0);
	vt_fill(f->target.data, TARGET, seed + 1, 0);
	f->model = malloc(TARGET);
	vt_check(f->model);
	memcpy(f->model, f->target.data, TARGET);
	for (i = 0; i < DEPTH; i++) {
		f->ring[i].expected = malloc(SLOT);
		vt_check(f->ring[i].expected);
		post_room(f, i);
	}
}

static void close_flow(struct flow *f, uint64_t seed)
{
	uint32_t i;

	if (memcmp(f->model, f->target.data, TARGET))
		vt_fail("in the end the target is not what the model says");
	vt_verify(f->source.data, SOURCE, seed, 0, "the source");
	vt_verify_guards(&f->source, "the source");
	vt_verify_guards(&f->target, "the target");
	vt_verify_guards(&f->landing, "the landing place");
	vt_verify_guards(&f->rooms, "the receives");
	vt_disconnect(&f->conn);
	vt_buf_free(&f->source);
	vt_buf_free(&f->landing);
	vt_buf_free(&f->target);
	vt_buf_free(&f->rooms);
	for (i = 0; i < DEPTH; i++)
		free(f->ring[i].expected);
	free(f->model);
}

static void run_flows(struct flow *flows, uint32_t rounds)
{
	uint64_t last_ns = vt_now_ns();
	uint32_t i, left;

	do {
		left = 0;
		for (i = 0; i < QPS; i++) {
			uint32_t burst = below(6);

			while (burst-- && may_post(&flows[i], rounds))
				post_one(&flows[i], flows[i].posted + 1 == rounds);
			if (drain(&flows[i]))
				last_ns = vt_now_ns();
			left += rounds - flows[i].done + flows[i].sends - flows[i].received;
		}
		if (vt_now_ns() - last_ns > vt_options.wait_ms * 1000000ull)
			vt_fail("nothing completed within %u ms; %u are left", vt_options.wait_ms,
				left);
	} while (left);
}

static void run(enum vt_memory a, enum vt_memory b, void *arg)
{
	static struct flow flows[QPS];
	struct vt_device **devs = arg;
	uint32_t rounds = vt_options.rounds ? vt_options.rounds : DEFAULT_ROUNDS;
	int i;

	rng = vt_options.seed;
	vt_case("%s/%s, seed %lu, %d QPs of %u requests", vt_memory_name(a), vt_memory_name(b),
		(unsigned long)vt_options.seed, QPS, rounds);
	for (i = 0; i < QPS; i++)
		open_flow(&flows[i], devs[0], devs[1], a, b, i & 1, 100 + i);
	run_flows(flows, rounds);
	for (i = 0; i < QPS; i++)
		close_flow(&flows[i], 100 + i);
}

int main(int argc, char **argv)
{
	return vt_main_each_memory(argc, argv, run);
}
