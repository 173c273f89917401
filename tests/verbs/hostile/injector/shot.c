// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* One packet by chance, see shot.h. */
#include <netinet/in.h>

#include "forge.h"
#include "injector/shot.h"

#define LONGEST 4100 /* bytes behind the BTH that the lab's netdevs let through */

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

enum vt_transport shot_transport(uint8_t opcode)
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

/* Mostly one of the opcode's transport. */
static const struct target *choose_target(struct range *range, const struct target *targets,
					  uint8_t opcode, unsigned int posture)
{
	enum vt_transport transport = shot_transport(opcode);

	if (range_once_in(range, 16))
		transport = range_below(range, VT_TRANSPORTS);
	return &targets[transport * POSTURES + posture];
}

static uint32_t choose_qpn(struct range *range, const struct shot *shot)
{
	const struct vt_ends *ends = &shot->target->ends;
	uint32_t right = (shot->to_b ? ends->b.qp : ends->a.qp)->qp_num;

	switch (range_below(range, 32)) {
	case 0:
		return right + 1;
	case 1:
		return right - 1;
	case 2:
		return range_below(range, 1 << 24);
	case 3:
		return range_below(range, 2); /* QP 0 and QP 1 */
	case 4:
		return RODP_QPN_MULTICAST;
	default:
		return right;
	}
}

/* What an end expects of requests, or what end a waits for: a guess, as it is under way. */
static uint32_t right_psn(struct range *range, const struct shot *shot)
{
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;
	const struct vt_ends *ends = &shot->target->ends;
	bool response = rodp_opcode_info(shot->forged.opcode)->flags & RODP_OPF_RESPONSE;

	vt_check(!ibv_query_qp(shot->to_b ? ends->b.qp : ends->a.qp, &attr,
			       IBV_QP_RQ_PSN | IBV_QP_SQ_PSN, &init));
	if (!response || shot->to_b)
		return attr.rq_psn;
	return range_once_in(range, 2) ? ends->a.psn + range_below(range, 6)
				       : attr.sq_psn - range_below(range, 6);
}

static uint32_t choose_psn(struct range *range, const struct shot *shot)
{
	static const int32_t offsets[] = { 1, -1, 2, -2, 16, -16, 0x7fffff, -0x800000 };

	if (range_once_in(range, 16))
		return range_below(range, 1 << 24);
	if (range_once_in(range, 3))
		return right_psn(range, shot) + offsets[range_below(range, VT_ARRAY_SIZE(offsets))];
	return right_psn(range, shot);
}

static uint32_t choose_key(struct range *range, const struct vt_ground *ground)
{
	switch (range_below(range, 24)) {
	case 0:
		return ground->closed->rkey;
	case 1:
		return ground->foreign->rkey;
	case 2:
		return ground->stale_key;
	case 3:
		return ground->open->rkey ^ 1u << range_below(range, 32);
	case 4:
		return ground->open->rkey + 0x100;
	case 5:
		return range_below(range, 2) - 1; /* 0, or all ones */
	case 6:
		return ground->closed->lkey;
	default:
		return range_once_in(range, 2) && ground->paged ? ground->paged->rkey
								: ground->open->rkey;
	}
}

static uint64_t choose_va(struct range *range, const struct vt_ground *ground)
{
	const uint64_t open = (uintptr_t)vt_ground_open(ground);

	switch (range_below(range, 16)) {
	case 0:
		return open + VT_GROUND_PART - range_below(range, 16);
	case 1:
		return open - range_below(range, 64);
	case 2:
		return -(uint64_t)range_below(range, 64);
	case 3:
		return (uintptr_t)ground->closed->addr + range_below(range, 64);
	case 4:
		return vt_random(&range->random);
	case 5:
		return open + range_below(range, 64); /* seldom a word's */
	default:
		return open + range_below(range, VT_GROUND_PART / 8) * 8;
	}
}

/* As the payload, or longer messages, or what is at the edges of 32 bits. */
static uint32_t choose_length(struct range *range, size_t payload)
{
	static const uint32_t edges[] = {
		0,     1,	   RANGE_MTU,  RANGE_MTU + 1, 2 * RANGE_MTU,
		65536, 0x7fffffff, 0x80000000, 0xfffffc01,    0xffffffff
	};

	return range_once_in(range, 4) ? edges[range_below(range, VT_ARRAY_SIZE(edges))] : payload;
}

static size_t choose_payload(struct range *range, uint8_t opcode)
{
	static const uint16_t edges[] = {
		0, 1, 2, 3, 4, 8, 64, RANGE_MTU - 1, RANGE_MTU, RANGE_MTU + 1, 4096, LONGEST
	};
	const uint32_t flags = rodp_opcode_info(opcode)->flags;

	if (range_once_in(range, 5))
		return edges[range_below(range, VT_ARRAY_SIZE(edges))];
	if (flags & (RODP_OPF_FIRST | RODP_OPF_MIDDLE))
		return RANGE_MTU;
	if (flags & RODP_OPF_CNP)
		return RODP_CNP_BYTES;
	if (flags & RODP_OPF_ATOMIC_WRITE)
		return 8;
	return flags & RODP_OPF_PAYLOAD ? 1 + range_below(range, RANGE_MTU) : 0;
}

static uint8_t choose_syndrome(struct range *range)
{
	static const uint8_t kinds[] = { RODP_AETH_ACK, RODP_AETH_ACK, RODP_AETH_RNR_NAK, 0x40,
					 RODP_AETH_NAK };

	return range_once_in(range, 8)
		       ? range_below(range, 256)
		       : kinds[range_below(range, VT_ARRAY_SIZE(kinds))] | range_below(range, 32);
}

static void fill_headers(struct range *range, struct shot *shot)
{
	const struct vt_ground *ground = &range->ground[shot->to_b];
	const __be64 va = htobe64(choose_va(range, ground));
	const __be32 rkey = htobe32(choose_key(range, ground));
	const struct vt_ends *ends = &shot->target->ends;
	const uint32_t srqn = range_once_in(range, 8) ? range_below(range, 1 << 24) : ends->srqn;

	shot->headers = (struct vt_headers){
		.deth = { .qkey = htobe32(VT_QKEY + range_once_in(range, 8)),
			  .sqpn = htobe32(ends->a.qp->qp_num) },
		.xrceth = { .srqn = htobe32(srqn) },
		.feth = { .bits = htobe32(range_below(range, 128)) },
		.reth = { va, rkey, htobe32(choose_length(range, shot->len)) },
		.atomiceth = { va, rkey, htobe64(range_below(range, 2)), 0 },
		.aeth = { .smsn = htobe32((uint32_t)choose_syndrome(range) << 24 |
					  range_below(range, 64)) },
		.immdt = { .imm = htobe32(0x1234) },
		.ieth = { .rkey = rkey },
	};
}

/* What else may be wrong with a packet. */
static void damage(struct range *range, struct vt_forged *forged)
{
	static const uint32_t pkeys[] = { 0x7fff, 0x1234, 0x8000, VT_PKEY_NONE };

	switch (range_below(range, 64)) {
	case 0:
		forged->pad_xor = 1 + range_below(range, 3);
		break;
	case 1:
		forged->cut = 1 + range_below(range, 40);
		break;
	case 2:
		forged->bad_icrc = true;
		break;
	case 3:
		forged->pkey = pkeys[range_below(range, VT_ARRAY_SIZE(pkeys))];
		break;
	case 4:
		forged->flags = 1 + range_below(range, 15); /* the version */
		break;
	case 5:
		forged->options = true;
		break;
	case 6:
		forged->tos = range_below(range, 4); /* congestion */
		break;
	case 7:
		forged->sport = 1024 + range_below(range, 60000);
		break;
	}
	/* A UDP header must be left. */
	if (forged->cut > forged->body_len + sizeof(struct rodp_bth))
		forged->cut = 0;
}

static void set_addresses(struct range *range, struct shot *shot)
{
	struct vt_forged *forged = &shot->forged;

	shot->from = range->gid[!shot->to_b][shot->target->ipv6];
	shot->to = range->gid[shot->to_b][shot->target->ipv6];
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
static void spare_bystander(struct range *range, struct shot *shot)
{
	if (!vt_bystander_has(&range->bystander, shot->forged.dqpn))
		return;
	shot->is_strange = true;
	shot->headers.deth.qkey = htobe32(VT_QKEY + 1);
}

static void aim(struct range *range, struct shot *shot, const struct target *target, uint8_t opcode)
{
	bool response = rodp_opcode_info(opcode)->flags & RODP_OPF_RESPONSE;

	memset(shot, 0, offsetof(struct shot, payload));
	shot->forged = (struct vt_forged){ .opcode = opcode };
	shot->target = target;
	shot->to_b = range_once_in(range, 8) ? response : !response;
	shot->len = choose_payload(range, opcode);
	shot->is_strange = range_once_in(range, 16);
	memset(shot->payload, 0xee, shot->len);
	shot->forged.dqpn = choose_qpn(range, shot);
	shot->forged.psn = choose_psn(range, shot) & 0xffffff;
	shot->forged.ackreq = range_once_in(range, 2);
	fill_headers(range, shot);
	spare_bystander(range, shot);
}

unsigned int shot_fire(struct range *range, const struct target *targets, uint8_t opcode)
{
	static uint8_t body[VT_HEADERS_BYTES + LONGEST];
	static unsigned int posture;
	static struct shot shot;
	struct vt_forged *forged = &shot.forged;

	posture = (posture + 1) % POSTURES;
	aim(range, &shot, choose_target(range, targets, opcode, posture), opcode);
	forged->body = body;
	forged->body_len = vt_forge_body(body, opcode, &shot.headers, shot.payload, shot.len);
	if (forged->body_len > LONGEST)
		forged->body_len = LONGEST;
	damage(range, forged);
	set_addresses(range, &shot);
	vt_forge((shot.to_b ? range->to_b : range->to_a)[shot.target->ipv6],
		 range->devs[!shot.to_b], range->devs[shot.to_b], forged);
	return posture;
}
