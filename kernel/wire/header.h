/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Transport headers as they stand on the wire (IBTA vol. 1, chapter 9), and
 * accessors for fields that share a word. Pure functions, any context; a caller
 * guarantees that the header lies whole in memory.
 */
#ifndef RODP_WIRE_HEADER_H
#define RODP_WIRE_HEADER_H

#include "wire/env.h"

#define RODP_UDP_PORT	   4791
#define RODP_ICRC_BYTES	   4
#define RODP_DEFAULT_PKEY  0xffff
#define RODP_QPN_MASK	   0xffffffu
#define RODP_QPN_GSI	   1
#define RODP_QPN_MULTICAST 0xffffffu
/* The largest path MTU, bytes of payload. */
#define RODP_MTU_MAX 4096
/* The longest message that a RETH may announce, bytes (9.3.3: DMA length). */
#define RODP_MESSAGE_MAX (1u << 31)
/* What a receiver gets in front of a datagram: a GRH, bytes. */
#define RODP_GRH_BYTES 40
/* Of a work request's Q_Key: the QP's own is meant (10.2.5). */
#define RODP_QKEY_OWN 0x80000000u

/* Base transport header, 9.2. */
struct rodp_bth {
	u8 opcode;
	u8 flags; /* SE:1 M:1 PadCnt:2 TVer:4 */
	__be16 pkey;
	__be32 dqpn; /* FECN:1 BECN:1 reserved:6 DestQP:24 */
	__be32 apsn; /* AckReq:1 reserved:7 PSN:24 */
} __packed;

#define RODP_BTH_SOLICITED 0x80
#define RODP_BTH_MIGREQ	   0x40
#define RODP_BTH_PAD_SHIFT 4
#define RODP_BTH_PAD_MASK  0x30
#define RODP_BTH_TVER_MASK 0x0f
#define RODP_BTH_FECN	   0x80000000u
#define RODP_BTH_BECN	   0x40000000u
#define RODP_BTH_ACKREQ	   0x80000000u
/* What follows the BTH of a congestion notification: reserved, bytes (annex A17.9.3). */
#define RODP_CNP_BYTES 16

/* Datagram extended transport header, 9.3.2. */
struct rodp_deth {
	__be32 qkey;
	__be32 sqpn;
} __packed;

/* RDMA extended transport header, 9.3.3. */
struct rodp_reth {
	__be64 va;
	__be32 rkey;
	__be32 length; /* bytes */
} __packed;

/* Atomic extended transport header, 9.3.4. */
struct rodp_atomiceth {
	__be64 va;
	__be32 rkey;
	__be64 swap_add;
	__be64 compare;
} __packed;

/* ACK extended transport header, 9.3.5: syndrome:8 MSN:24. */
struct rodp_aeth {
	__be32 smsn;
} __packed;

/* Atomic ACK extended transport header, 9.3.5.3. */
struct rodp_atomicacketh {
	__be64 original;
} __packed;

/* Immediate data, 9.3.6. */
struct rodp_immdt {
	__be32 imm;
} __packed;

/* Invalidate extended transport header, 9.3.7. */
struct rodp_ieth {
	__be32 rkey;
} __packed;

/* XRC extended transport header, annex A14. */
struct rodp_xrceth {
	__be32 srqn;
} __packed;

/* Flush extended transport header, annex A19: reserved, SEL:2, PLT:4. */
struct rodp_feth {
	__be32 bits;
} __packed;
#define RODP_FETH_GLOBAL     0x1u
#define RODP_FETH_PERSISTENT 0x2u
#define RODP_FETH_PLT_MASK   0xfu
#define RODP_FETH_SEL_SHIFT  4
#define RODP_FETH_SEL_MASK   0x3u
#define RODP_FETH_SEL_RANGE  0
#define RODP_FETH_SEL_MR     1

/* AETH syndromes, 9.7.5.1.5: kind in bits 6..5, value in bits 4..0. */
enum rodp_aeth_kind {
	RODP_AETH_ACK = 0x00,
	RODP_AETH_RNR_NAK = 0x20,
	RODP_AETH_NAK = 0x60,
};
#define RODP_AETH_KIND_MASK  0xe0
#define RODP_AETH_VALUE_MASK 0x1f
/* ACK with "no credit limit": the responder does not do end-to-end credits. */
#define RODP_AETH_CREDIT_UNLIMITED 0x1f

/* NAK codes, table 58. */
enum rodp_nak {
	RODP_NAK_PSN_SEQ = 0,
	RODP_NAK_INV_REQ = 1,
	RODP_NAK_REM_ACCESS = 2,
	RODP_NAK_REM_OP = 3,
	RODP_NAK_INV_RD = 4,
};

static inline void rodp_bth_fill(struct rodp_bth *bth, u8 opcode, bool solicited, u8 pad, u16 pkey,
				 u32 dqpn, bool ackreq, u32 psn)
{
	bth->opcode = opcode;
	bth->flags = RODP_BTH_MIGREQ | (solicited ? RODP_BTH_SOLICITED : 0) |
		     (u8)(pad << RODP_BTH_PAD_SHIFT);
	bth->pkey = cpu_to_be16(pkey);
	bth->dqpn = cpu_to_be32(dqpn & RODP_QPN_MASK);
	bth->apsn = cpu_to_be32((ackreq ? RODP_BTH_ACKREQ : 0) | (psn & 0xffffffu));
}

static inline u8 rodp_bth_pad(const struct rodp_bth *bth)
{
	return (bth->flags & RODP_BTH_PAD_MASK) >> RODP_BTH_PAD_SHIFT;
}

static inline u32 rodp_bth_qpn(const struct rodp_bth *bth)
{
	return be32_to_cpu(bth->dqpn) & RODP_QPN_MASK;
}

static inline u32 rodp_bth_psn(const struct rodp_bth *bth)
{
	return be32_to_cpu(bth->apsn) & 0xffffffu;
}

static inline bool rodp_bth_ackreq(const struct rodp_bth *bth)
{
	return be32_to_cpu(bth->apsn) & RODP_BTH_ACKREQ;
}

/*
 * P_Keys match when their lower bits do and one of the two is a full member (10.9.1.1). Ours is
 * a full member.
 */
static inline bool rodp_bth_pkey_ok(const struct rodp_bth *bth)
{
	return (be16_to_cpu(bth->pkey) & 0x7fff) == (RODP_DEFAULT_PKEY & 0x7fff);
}

static inline u8 rodp_aeth_syndrome(const struct rodp_aeth *aeth)
{
	return be32_to_cpu(aeth->smsn) >> 24;
}

static inline u32 rodp_aeth_msn(const struct rodp_aeth *aeth)
{
	return be32_to_cpu(aeth->smsn) & 0xffffffu;
}

static inline void rodp_aeth_fill(struct rodp_aeth *aeth, u8 syndrome, u32 msn)
{
	aeth->smsn = cpu_to_be32((u32)syndrome << 24 | (msn & 0xffffffu));
}

#endif
