// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Packets by seed, with a valid ICRC, from a peer's exact addresses or a stranger's, for connections of every
 * transport in every state, with work under way: every opcode, with one or two fields that are wrong.
 * What such a packet does to the connection that it names is the specification's affair. But no work request
 * completes twice or never, nothing is written that nobody may write, a bystander notices
 * nothing, and in the end every connection can be reset and works.
 *
 * Prints for each opcode how many packets were sent and what dropped packets were counted by.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bystander.h"
#include "ends.h"
#include "forge.h"
#include "ground.h"
#include "ledger.h"

enum {
	MTU = 1024,
	WORK = 3, /* that are posted each time */
	RECEIVES = 8,
	LONGEST = 4100, /* bytes behind the headers that the lab's netdevs let through */
	PER_OPCODE = 32, /* packets, and ROUNDS times that */
	PER_UNKNOWN = 2,
	ROUNDS = 1,
	REASONS_VETH = 10, /* counters that must have moved at least */
	REASONS_ONE = 6,
	SOON = 5000 /* ms until packets are counted */
};

static const char *const reasons[] = {
	"rcvd_header_err", "rcvd_opcode_err", "rcvd_icrc_err",	    "rcvd_qpn_err",
	"rcvd_peer_err",   "pkey_violations", "qkey_violations",    "rcvd_state_err",
	"rcvd_length_err", "out_of_buffer",   "uc_request_err",	    "stale_response",
	"mcast_unwanted",  "backlog_drops",   "rp_cnp_handled",	    "rp_cnp_ignored",
	"send_seq_err",	   "send_rnr_err",    "out_of_seq_request", "duplicate_request",
};

#define REASONS VT_ARRAY_SIZE(reasons)

/* The states that a target's ends are kept in. SQE is for UC and UD; the others are in RTS then. */
static const struct {
	enum ibv_qp_state a, b;
} postures[] = {
	{ IBV_QPS_RTS, IBV_QPS_RTS },  { IBV_QPS_RTS, IBV_QPS_RESET },
	{ IBV_QPS_RTS, IBV_QPS_INIT }, { IBV_QPS_RTR, IBV_QPS_RTR },
	{ IBV_QPS_SQD, IBV_QPS_RTS },  { IBV_QPS_SQE, IBV_QPS_RTS },
	{ IBV_QPS_INIT, IBV_QPS_RTR }, { IBV_QPS_RESET, IBV_QPS_RTS },
	{ IBV_QPS_ERR, IBV_QPS_ERR },
};

#define POSTURES VT_ARRAY_SIZE(postures)
#define TARGETS	 (VT_TRANSPORTS * POSTURES)

struct target {
	struct vt_ends ends;
	enum ibv_qp_state state_a, state_b;
	bool ipv6;
	struct vt_ledger sent, received;
};

struct setup {
	struct vt_device *devs[2];
	int index[2][2]; /* of the GIDs of IPv4 and IPv6, of each device */
	union ibv_gid gid[2][2];
	int to_a[2], to_b[2]; /* sockets of either */
	struct vt_ground ground[2]; /* of each device */
	struct target targets[TARGETS];
	struct vt_bystander bystander;
	uint64_t random;
	int64_t total[REASONS];
	unsigned int shots[256][POSTURES]; /* by opcode */
};

static uint32_t below(struct setup *s, uint32_t n)
{
	return (vt_random(&s->random) >> 16) % n;
}

/* True once in n times. */
static bool once_in(struct setup *s, uint32_t n)
{
	return !below(s, n);
}

/* ---- targets ---- */

static void settle(struct target *target)
{
	vt_ledger_poll(&target->sent, target->ends.a.cq, "a send");
	vt_ledger_poll(&target->received, target->ends.b.cq, "a receive");
}

/* The addresses that QPs are connected with from now on. */
static void use_family(struct setup *s, bool ipv6)
{
	vt_use_gid(s->devs[0], s->index[0][ipv6]);
	vt_use_gid(s->devs[1], s->index[1][ipv6]);
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

static void begin_target(struct setup *s, struct target *target)
{
	bool stopped = target->state_a == IBV_QPS_SQE;

	use_family(s, target->ipv6);
	vt_ends_set(&target->ends, stopped ? IBV_QPS_RTS : target->state_a, target->state_b);
	if (stopped)
		stop_sending(target);
}

static void to_error(struct ibv_qp *qp)
{
	struct ibv_qp_attr attr = { .qp_state = IBV_QPS_ERR };

	if (vt_qp_state(qp) != IBV_QPS_RESET && ibv_modify_qp(qp, &attr, IBV_QP_STATE))
		vt_fail("a QP to ERR: %m");
}

/* Everything that was posted completes, once. What is in an SRQ stays there. */
static void end_target(struct target *target)
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

/* A packet may have brought it into an error: then it starts anew. */
static void keep_posture(struct setup *s, struct target *target)
{
	if (vt_qp_state(target->ends.a.qp) == target->state_a &&
	    vt_qp_state(target->ends.b.qp) == target->state_b)
		return;
	end_target(target);
	begin_target(s, target);
}

static void post_receive(struct setup *s, struct target *target)
{
	static const uint32_t lengths[] = { 5000, 5000, 5000, VT_GRH + MTU, 40 };
	struct ibv_sge sge = vt_ground_sge(&s->ground[1], below(s, 4096),
					   lengths[below(s, VT_ARRAY_SIZE(lengths))]);
	uint64_t wr_id = vt_ledger_add(&target->received);

	if (vt_ends_recv(&target->ends, wr_id, &sge))
		vt_ledger_undo(&target->received, wr_id);
}

static void post_send(struct setup *s, struct target *target)
{
	static const enum ibv_wr_opcode opcodes[] = {
		IBV_WR_SEND,	   IBV_WR_SEND_WITH_IMM,	IBV_WR_RDMA_WRITE,
		IBV_WR_RDMA_WRITE, IBV_WR_RDMA_WRITE_WITH_IMM,	IBV_WR_RDMA_READ,
		IBV_WR_RDMA_READ,  IBV_WR_ATOMIC_FETCH_AND_ADD,
	};
	struct vt_op op = { .opcode = opcodes[below(s, VT_ARRAY_SIZE(opcodes))], .num_sge = 1 };
	uint32_t longest = target->ends.transport == VT_UD ? MTU : 4 * MTU;

	if (!vt_transport_can(target->ends.transport, op.opcode))
		op.opcode = IBV_WR_SEND;
	op.sge[0] = vt_ground_sge(&s->ground[0], below(s, 4096), below(s, longest));
	if (op.opcode == IBV_WR_ATOMIC_FETCH_AND_ADD)
		op.sge[0].length = 8;
	op.remote_addr = ((uintptr_t)vt_ground_open(&s->ground[1]) + below(s, 8192)) & ~7ul;
	op.rkey = s->ground[1].open->rkey;
	op.wr_id = vt_ledger_add(&target->sent);
	if (vt_ends_post(&target->ends, &op))
		vt_ledger_undo(&target->sent, op.wr_id);
}

/* Some work for a target, as far as its state takes any. */
static void give_work(struct setup *s, struct target *target)
{
	int i;

	settle(target);
	while (target->received.open < RECEIVES && target->state_b != IBV_QPS_RESET) {
		unsigned int before = target->received.open;

		post_receive(s, target);
		if (target->received.open == before)
			break;
	}
	for (i = 0; i < WORK && target->sent.open < VT_LEDGER_MOST; i++)
		if (target->state_a == IBV_QPS_RTS || target->state_a == IBV_QPS_SQD)
			post_send(s, target);
}

/* ---- packets ---- */

/* A packet, and all that it is made of. */
struct shot {
	const struct target *target;
	bool to_b;
	struct vt_headers headers;
	uint8_t payload[LONGEST];
	size_t len; /* of the payload */
	struct vt_forged forged;
	bool is_strange;
	union ibv_gid from, to;
	struct in_addr from4, to4;
};

static enum vt_transport transport_of(uint8_t opcode)
{
	switch (opcode & RODP_TP_MASK) {
	case RODP_TP_UC:
		return VT_UC;
	case RODP_TP_UD:
		return VT_UD;
	case RODP_TP_XRC:
		return VT_XRC;
	default:
		return VT_RC;
	}
}

/* Mostly one of the opcode's transport; one posture after the other. */
static const struct target *choose_target(struct setup *s, uint8_t opcode)
{
	enum vt_transport transport = transport_of(opcode);
	static unsigned int posture;

	posture = (posture + 1) % POSTURES;
	if (once_in(s, 16))
		transport = below(s, VT_TRANSPORTS);
	s->shots[opcode][posture]++;
	return &s->targets[transport * POSTURES + posture];
}

static uint32_t choose_qpn(struct setup *s, const struct shot *shot)
{
	const struct vt_ends *ends = &shot->target->ends;
	uint32_t right = (shot->to_b ? ends->b.qp : ends->a.qp)->qp_num;

	switch (below(s, 32)) {
	case 0:
		return right + 1;
	case 1:
		return right - 1;
	case 2:
		return below(s, 1 << 24);
	case 3:
		return below(s, 2); /* QP 0 and QP 1 */
	case 4:
		return RODP_QPN_MULTICAST;
	default:
		return right;
	}
}

/* What an end expects of requests, or what end a waits for: a guess, as it is under way. */
static uint32_t right_psn(struct setup *s, const struct shot *shot)
{
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;
	const struct vt_ends *ends = &shot->target->ends;
	bool response = rodp_opcode_info(shot->forged.opcode)->flags & RODP_OPF_RESPONSE;

	vt_check(!ibv_query_qp(shot->to_b ? ends->b.qp : ends->a.qp, &attr,
			       IBV_QP_RQ_PSN | IBV_QP_SQ_PSN, &init));
	if (!response || shot->to_b)
		return attr.rq_psn;
	return once_in(s, 2) ? ends->a.psn + below(s, 6) : attr.sq_psn - below(s, 6);
}

static uint32_t choose_psn(struct setup *s, const struct shot *shot)
{
	static const int32_t offsets[] = { 1, -1, 2, -2, 16, -16, 0x7fffff, -0x800000 };

	if (once_in(s, 16))
		return below(s, 1 << 24);
	if (once_in(s, 3))
		return right_psn(s, shot) + offsets[below(s, VT_ARRAY_SIZE(offsets))];
	return right_psn(s, shot);
}

static uint32_t choose_key(struct setup *s, const struct vt_ground *ground)
{
	switch (below(s, 24)) {
	case 0:
		return ground->closed->rkey;
	case 1:
		return ground->foreign->rkey;
	case 2:
		return ground->stale_key;
	case 3:
		return ground->open->rkey ^ 1u << below(s, 32);
	case 4:
		return ground->open->rkey + 0x100;
	case 5:
		return below(s, 2) - 1; /* 0, or all ones */
	case 6:
		return ground->closed->lkey;
	default:
		return once_in(s, 2) && ground->paged ? ground->paged->rkey : ground->open->rkey;
	}
}

static uint64_t choose_va(struct setup *s, const struct vt_ground *ground)
{
	const uint64_t open = (uintptr_t)vt_ground_open(ground);

	switch (below(s, 16)) {
	case 0:
		return open + VT_GROUND_PART - below(s, 16);
	case 1:
		return open - below(s, 64);
	case 2:
		return -(uint64_t)below(s, 64);
	case 3:
		return (uintptr_t)ground->closed->addr + below(s, 64);
	case 4:
		return vt_random(&s->random);
	case 5:
		return open + below(s, 64); /* seldom a word's */
	default:
		return open + below(s, VT_GROUND_PART / 8) * 8;
	}
}

/* As the payload, or longer messages, or what is at the edges of 32 bits. */
static uint32_t choose_length(struct setup *s, size_t payload)
{
	static const uint32_t edges[] = { 0,	 1,	     MTU,	 MTU + 1,    2 * MTU,
					  65536, 0x7fffffff, 0x80000000, 0xfffffc01, 0xffffffff };

	return once_in(s, 4) ? edges[below(s, VT_ARRAY_SIZE(edges))] : payload;
}

static size_t choose_payload(struct setup *s, uint8_t opcode)
{
	static const uint16_t edges[] = {
		0, 1, 2, 3, 4, 8, 64, MTU - 1, MTU, MTU + 1, 4096, LONGEST
	};
	const uint32_t flags = rodp_opcode_info(opcode)->flags;

	if (once_in(s, 5))
		return edges[below(s, VT_ARRAY_SIZE(edges))];
	if (flags & (RODP_OPF_FIRST | RODP_OPF_MIDDLE))
		return MTU;
	if (flags & RODP_OPF_CNP)
		return RODP_CNP_BYTES;
	if (flags & RODP_OPF_ATOMIC_WRITE)
		return 8;
	return flags & RODP_OPF_PAYLOAD ? 1 + below(s, MTU) : 0;
}

static uint8_t choose_syndrome(struct setup *s)
{
	static const uint8_t kinds[] = { RODP_AETH_ACK, RODP_AETH_ACK, RODP_AETH_RNR_NAK, 0x40,
					 RODP_AETH_NAK };

	return once_in(s, 8) ? below(s, 256) : kinds[below(s, VT_ARRAY_SIZE(kinds))] | below(s, 32);
}

static void fill_headers(struct setup *s, struct shot *shot)
{
	const struct vt_ground *ground = &s->ground[shot->to_b];
	const __be64 va = htobe64(choose_va(s, ground));
	const __be32 rkey = htobe32(choose_key(s, ground));
	const struct vt_ends *ends = &shot->target->ends;
	const uint32_t srqn = once_in(s, 8) ? below(s, 1 << 24) : ends->srqn;

	shot->headers = (struct vt_headers){
		.deth = { .qkey = htobe32(VT_QKEY + once_in(s, 8)),
			  .sqpn = htobe32(ends->a.qp->qp_num) },
		.xrceth = { .srqn = htobe32(srqn) },
		.feth = { .bits = htobe32(below(s, 128)) },
		.reth = { va, rkey, htobe32(choose_length(s, shot->len)) },
		.atomiceth = { va, rkey, htobe64(below(s, 2)), 0 },
		.aeth = { .smsn = htobe32((uint32_t)choose_syndrome(s) << 24 | below(s, 64)) },
		.immdt = { .imm = htobe32(0x1234) },
		.ieth = { .rkey = rkey },
	};
}

/* What else may be wrong with a packet. */
static void damage(struct setup *s, struct vt_forged *forged)
{
	static const uint32_t pkeys[] = { 0x7fff, 0x1234, 0x8000, VT_PKEY_NONE };

	switch (below(s, 64)) {
	case 0:
		forged->pad_xor = 1 + below(s, 3);
		break;
	case 1:
		forged->cut = 1 + below(s, 40);
		break;
	case 2:
		forged->bad_icrc = true;
		break;
	case 3:
		forged->pkey = pkeys[below(s, VT_ARRAY_SIZE(pkeys))];
		break;
	case 4:
		forged->flags = 1 + below(s, 15); /* the version */
		break;
	case 5:
		forged->options = true;
		break;
	case 6:
		forged->tos = below(s, 4); /* congestion */
		break;
	case 7:
		forged->sport = 1024 + below(s, 60000);
		break;
	}
	/* A UDP header must be left. */
	if (forged->cut > forged->body_len + sizeof(struct rodp_bth))
		forged->cut = 0;
}

static void set_addresses(struct setup *s, struct shot *shot)
{
	struct vt_forged *forged = &shot->forged;

	shot->from = s->gid[!shot->to_b][shot->target->ipv6];
	shot->to = s->gid[shot->to_b][shot->target->ipv6];
	if (shot->is_strange)
		shot->from.raw[15] = 77;
	memcpy(&shot->from4, shot->from.raw + 12, sizeof(shot->from4));
	memcpy(&shot->to4, shot->to.raw + 12, sizeof(shot->to4));
	forged->from = &shot->from4;
	forged->to = &shot->to4;
	forged->from6 = &shot->from;
	forged->to6 = &shot->to;
}

/* Who knows the bystander's addresses, QPNs and keys is its peer. Nobody here is. */
static void spare_bystander(struct setup *s, struct shot *shot)
{
	if (!vt_bystander_has(&s->bystander, shot->forged.dqpn))
		return;
	shot->is_strange = true;
	shot->headers.deth.qkey = htobe32(VT_QKEY + 1);
}

static void aim(struct setup *s, struct shot *shot, uint8_t opcode)
{
	bool response = rodp_opcode_info(opcode)->flags & RODP_OPF_RESPONSE;

	memset(shot, 0, offsetof(struct shot, payload));
	shot->forged = (struct vt_forged){ .opcode = opcode };
	shot->target = choose_target(s, opcode);
	shot->to_b = once_in(s, 8) ? response : !response;
	shot->len = choose_payload(s, opcode);
	shot->is_strange = once_in(s, 16);
	memset(shot->payload, 0xee, shot->len);
	shot->forged.dqpn = choose_qpn(s, shot);
	shot->forged.psn = choose_psn(s, shot) & 0xffffff;
	shot->forged.ackreq = once_in(s, 2);
	fill_headers(s, shot);
	spare_bystander(s, shot);
}

static void shoot(struct setup *s, uint8_t opcode)
{
	static uint8_t body[VT_HEADERS_BYTES + LONGEST];
	static struct shot shot;
	struct vt_forged *forged = &shot.forged;

	aim(s, &shot, opcode);
	forged->body = body;
	forged->body_len = vt_forge_body(body, opcode, &shot.headers, shot.payload, shot.len);
	if (forged->body_len > LONGEST)
		forged->body_len = LONGEST;
	damage(s, forged);
	set_addresses(s, &shot);
	vt_forge((shot.to_b ? s->to_b : s->to_a)[shot.target->ipv6], s->devs[!shot.to_b],
		 s->devs[shot.to_b], forged);
}

/* ---- what became of them ---- */

static void count(struct setup *s, int64_t *sum)
{
	int64_t other[REASONS];
	size_t i;

	vt_counters(s->devs[1], reasons, REASONS, sum);
	if (!strcmp(s->devs[0]->name, s->devs[1]->name))
		return;
	vt_counters(s->devs[0], reasons, REASONS, other);
	for (i = 0; i < REASONS; i++)
		sum[i] += other[i];
}

/* A line of the table. */
static void tell(struct setup *s, const char *what, unsigned int sent, const int64_t *before,
		 const int64_t *after)
{
	char line[512];
	size_t i, at = snprintf(line, sizeof(line), "%s: %u sent", what, sent);

	for (i = 0; i < REASONS; i++) {
		s->total[i] += after[i] - before[i];
		if (after[i] != before[i] && at < sizeof(line))
			at += snprintf(line + at, sizeof(line) - at, ", %s %ld", reasons[i],
				       (long)(after[i] - before[i]));
	}
	vt_note("%s", line);
}

static void for_targets(struct setup *s, uint8_t opcode,
			void (*step)(struct setup *s, struct target *target))
{
	struct target *first = &s->targets[transport_of(opcode) * POSTURES];
	size_t i;

	for (i = 0; i < POSTURES; i++)
		step(s, &first[i]);
}

static void verify_grounds(const struct setup *s)
{
	vt_ground_verify(&s->ground[0], "at end a");
	vt_ground_verify(&s->ground[1], "at end b");
}

static void test_opcode(struct setup *s, uint8_t opcode)
{
	int64_t before[REASONS], after[REASONS];
	char what[16];
	int i;

	snprintf(what, sizeof(what), "opcode 0x%02x", opcode);
	vt_case("%s", what);
	for_targets(s, opcode, keep_posture);
	for_targets(s, opcode, give_work);
	count(s, before);
	for (i = 0; i < PER_OPCODE; i++)
		shoot(s, opcode);
	for_targets(s, opcode, give_work);
	count(s, after);
	tell(s, what, PER_OPCODE, before, after);
	verify_grounds(s);
}

/* All are dropped for their header or opcode, whatever else is wrong with them. */
static void test_unknown(struct setup *s)
{
	const uint64_t end_ns = vt_now_ns() + SOON * 1000000ull;
	int64_t before[REASONS], after[REASONS], dropped;
	int opcode, i, sent = 0;

	vt_case("opcodes that do not exist");
	count(s, before);
	for (opcode = 0; opcode < 256; opcode++)
		for (i = 0; i < PER_UNKNOWN && !rodp_opcode_info(opcode)->flags; i++, sent++)
			shoot(s, opcode);
	do {
		count(s, after);
		dropped = after[0] - before[0] + after[1] - before[1] + after[8] - before[8];
	} while (dropped < sent && vt_now_ns() < end_ns);
	tell(s, "opcodes that do not exist", sent, before, after);
	if (dropped < sent)
		vt_fail("%d packets of no opcode, and %ld dropped for it", sent, (long)dropped);
	verify_grounds(s);
}

static void inject(struct setup *s)
{
	unsigned int rounds = vt_options.rounds ? vt_options.rounds : ROUNDS, round;
	int opcode;

	for (round = 0; round < rounds; round++) {
		if (rounds > 1)
			vt_note("round %u of %u", round + 1, rounds);
		for (opcode = 0; opcode < 256; opcode++)
			if (rodp_opcode_info(opcode)->flags)
				test_opcode(s, opcode);
		test_unknown(s);
		vt_bystander_check(&s->bystander);
	}
}

/* Every opcode that there is met every state, and every other one was sent. */
static void check_opcodes(const struct setup *s)
{
	unsigned int sent;
	size_t posture;
	int opcode;

	vt_case("opcodes");
	for (opcode = 0; opcode < 256; opcode++) {
		for (posture = sent = 0; posture < POSTURES; posture++) {
			sent += s->shots[opcode][posture];
			if (rodp_opcode_info(opcode)->flags && !s->shots[opcode][posture])
				vt_fail("opcode 0x%02x has not met posture %zu", opcode, posture);
		}
		if (!sent)
			vt_fail("opcode 0x%02x was not sent", opcode);
	}
}

static void check_reasons(const struct setup *s)
{
	bool one = !strcmp(s->devs[0]->name, s->devs[1]->name);
	unsigned int hit = 0;
	size_t i;

	vt_case("reasons");
	for (i = 0; i < REASONS; i++)
		hit += s->total[i] > 0;
	vt_note("%u of %zu counters moved", hit, REASONS);
	if (hit < (one ? REASONS_ONE : REASONS_VETH))
		vt_fail("that is no attack");
}

/* ---- begin and end ---- */

/* It can be reset, and works. */
static void works(struct setup *s, struct target *target)
{
	struct ibv_sge room = vt_ground_sge(&s->ground[1], 0, VT_GRH + MTU);
	bool one_sided = target->ends.transport == VT_RC || target->ends.transport == VT_XRC;
	uint32_t grh = target->ends.transport == VT_UD ? VT_GRH : 0;
	struct vt_op op = {
		.opcode = one_sided ? IBV_WR_RDMA_WRITE : IBV_WR_SEND,
		.wr_id = 1,
		.sge = { vt_ground_sge(&s->ground[0], 0, MTU) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)vt_ground_open(&s->ground[1]),
		.rkey = s->ground[1].open->rkey,
	};

	vt_case("%s works again", vt_transport_name(target->ends.transport));
	end_target(target);
	target->state_a = target->state_b = IBV_QPS_RTS;
	begin_target(s, target);
	vt_fill(vt_ground_open(&s->ground[0]), MTU, ++s->random, 0);
	memset(vt_ground_open(&s->ground[1]), 0, VT_GRH + MTU);
	if (!one_sided)
		vt_check(!vt_ends_recv(&target->ends, 2, &room));
	vt_check(!vt_ends_post(&target->ends, &op));
	vt_expect(&target->ends.a, 1, IBV_WC_SUCCESS);
	if (!one_sided)
		vt_expect(&target->ends.b, 2, IBV_WC_SUCCESS);
	vt_verify(vt_ground_open(&s->ground[1]) + grh, MTU, s->random, 0, "the message");
}

static void open_target(struct setup *s, enum vt_transport transport, size_t posture)
{
	struct target *target = &s->targets[transport * POSTURES + posture];

	target->state_a = postures[posture].a;
	target->state_b = postures[posture].b;
	if (target->state_a == IBV_QPS_SQE && transport != VT_UC && transport != VT_UD)
		target->state_a = IBV_QPS_RTS;
	target->ipv6 = (transport + posture) % 2;
	use_family(s, target->ipv6);
	vt_ends_open(&target->ends, transport, s->devs[0], s->devs[1], MTU);
	begin_target(s, target);
}

static void open_all(struct setup *s)
{
	static const int families[] = { AF_INET, AF_INET6 };
	enum vt_transport transport;
	size_t i;

	for (i = 0; i < 2; i++) {
		s->index[i][0] = s->devs[i]->gid_index;
		s->gid[i][0] = s->devs[i]->gid;
		s->index[i][1] = vt_gid6(s->devs[i]);
		vt_use_gid(s->devs[i], s->index[i][1]);
		s->gid[i][1] = s->devs[i]->gid;
		s->to_b[i] = vt_forge_open_in(NULL, families[i]);
		s->to_a[i] = vt_forge_open_in(getenv("RDMA_PEER_NETNS"), families[i]);
		vt_ground_make(&s->ground[i], s->devs[i]);
	}
	for (transport = 0; transport < VT_TRANSPORTS; transport++)
		for (i = 0; i < POSTURES; i++)
			open_target(s, transport, i);
}

static void close_all(struct setup *s)
{
	size_t i;

	for (i = 0; i < TARGETS; i++)
		vt_ends_close(&s->targets[i].ends);
	for (i = 0; i < 2; i++) {
		close(s->to_a[i]);
		close(s->to_b[i]);
		vt_ground_free(&s->ground[i]);
	}
}

int main(int argc, char **argv)
{
	static struct setup s;
	size_t i;

	vt_init(argc, argv);
	vt_bystander_start(&s.bystander);
	s.devs[0] = vt_open_a();
	s.devs[1] = vt_open_b();
	if (!vt_is_rodp(s.devs[0]) || !vt_is_rodp(s.devs[1]))
		vt_skip("is about what rodp counts");
	s.random = vt_options.seed;
	open_all(&s);
	inject(&s);
	vt_bystander_end(&s.bystander);
	for (i = 0; i < TARGETS; i++)
		works(&s, &s.targets[i]);
	verify_grounds(&s);
	check_opcodes(&s);
	check_reasons(&s);
	close_all(&s);
	return vt_finish(s.devs[0], s.devs[1]);
}
