/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * A scenario: what two queue pairs are to do, and what happens to them meanwhile. All of it follows from
 * a seed. Trouble is drawn while the scenario runs, and written down; a scenario that was written down
 * can be run again, and be made smaller.
 */
#ifndef MODEL_SCENARIO_H
#define MODEL_SCENARIO_H

#include "env/base.h"

enum scenario_limits {
	SCENARIO_OPS = 96,
	SCENARIO_RECEIVES = 96,
	SCENARIO_TROUBLES = 8192,
	SCENARIO_LOCAL = 192 << 10, /* bytes that a requester has */
	SCENARIO_TARGET = 64 << 10, /* bytes that its peer lets it touch */
	SCENARIO_MESSAGE = 2048, /* bytes of a receive */
	SCENARIO_SGES = 3,
	SCENARIO_INLINE = 96, /* bytes */
};

enum transport {
	TRANSPORT_RC,
	TRANSPORT_UC,
	TRANSPORT_UD,
	TRANSPORT_XRC, /* requesters, and responders that take receives of an SRQ */
	TRANSPORTS
};

enum op_kind {
	OP_SEND,
	OP_SEND_IMM,
	OP_WRITE,
	OP_WRITE_IMM,
	OP_READ,
	OP_FETCH_ADD,
	OP_CMP_SWAP,
	OP_ATOMIC_WRITE,
	OP_FLUSH,
	OP_KINDS
};

/* A work request. */
struct op {
	u8 way; /* 0: side 0 asks side 1; 1: the other way */
	u8 kind;
	u8 flags; /* RODP_WQE_* */
	u8 num_sge;
	/*
	 * The key is wrong, or the number of the SRQ: it is refused, and the connection is over. Of a datagram
	 * the Q_Key: it is dropped.
	 */
	bool bad;
	u32 length; /* bytes */
	u32 local; /* where its bytes are, or go, with the requester */
	u32 remote; /* where it goes in the target */
	u32 cut[2]; /* the list's entries end here */
	u32 imm;
	u32 gap; /* ns after the one before */
	u64 operand[2];
};

/* A receive. */
struct receive {
	u8 way;
	u8 num_sge;
	u32 cut;
	u32 gap; /* ns after the one before */
};

enum trouble_kind {
	TROUBLE_DROP, /* a packet is lost */
	TROUBLE_DUPLICATE, /* arrives a second time, a ns later */
	TROUBLE_OVERTAKE, /* arrives a ns late, and those behind it do not */
	TROUBLE_DELAY, /* arrives a ns late, with all behind it */
	TROUBLE_CORRUPT, /* byte a is damaged */
	TROUBLE_REFUSE, /* this host's queue is full */
	TROUBLE_BESIDE, /* another packet arrives while this one's sender has its lane */
	TROUBLE_NO_BUFFER, /* there is no memory for the packet */
	TROUBLE_FAULT, /* an access finds a bytes present, and waits b ns for the next */
	TROUBLE_STARVED, /* the same, and there is no memory for it then */
	TROUBLE_TIMER, /* a timer has fired, and comes to its lane a ns later */
	TROUBLE_LIE, /* behind it comes a copy with other bytes, which a says more of (network.c) */
	TROUBLE_MARK, /* it is marked: there was congestion on its way */
	TROUBLE_KINDS
};

struct trouble {
	u32 kind;
	u32 at; /* the number of the packet, buffer, access or timer, from 0 */
	u32 a, b;
};

/* How often, of 65536 packets, buffers, accesses or timers; and how often at all. */
struct trouble_rates {
	u32 rate[TROUBLE_KINDS];
	u32 most;
};

struct scenario {
	u64 seed;
	u32 transport;
	bool shared; /* receives are those of an SRQ */
	u32 limit; /* of the SRQ; 0: not armed */
	bool local; /* without a network */
	bool per_cpu; /* packets of one CPU stay in order, others not */
	bool together; /* packets that follow one another may come in one trip */
	bool on_demand;
	bool stream; /* long messages, and nothing wrong but that packets are lost */
	bool forgetful; /* nobody has memory for what came early */
	u32 mtu; /* code */
	u32 timeout, retries, rnr_timer; /* codes, as modify_qp takes them */
	u32 rd_atomic;
	u32 send_entries, receive_entries;
	u32 psn[2]; /* of each side's first packet */
	u32 target; /* bytes */
	u32 restart; /* ns: both sides go to RESET then, and connect anew; 0: never */
	u32 dead_from; /* the network is dead from this packet on; U32_MAX: never */
	struct trouble_rates rates;
	bool drawn; /* what trouble there is stands below; else it is drawn by the rates */
	u32 ops, receives, troubles;
	struct op op[SCENARIO_OPS];
	struct receive receive[SCENARIO_RECEIVES];
	struct trouble trouble[SCENARIO_TROUBLES];
};

/* Pseudo-random numbers. */
struct dice {
	u64 state;
};

static inline u64 dice_roll(struct dice *dice)
{
	u64 z = dice->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* 0 to n - 1. */
static inline u32 dice_below(struct dice *dice, u32 n)
{
	return (dice_roll(dice) >> 32) * n >> 32;
}

/* One time in n. */
static inline bool dice_one_in(struct dice *dice, u32 n)
{
	return !dice_below(dice, n);
}

/* Whether each side has a queue pair that answers beside the one that asks. */
static inline bool scenario_has_targets(const struct scenario *scenario)
{
	return scenario->transport == TRANSPORT_XRC;
}

static inline bool scenario_has_datagrams(const struct scenario *scenario)
{
	return scenario->transport == TRANSPORT_UD;
}

/* Whether nobody acknowledges, nor sends again. */
static inline bool scenario_is_unreliable(const struct scenario *scenario)
{
	return scenario->transport == TRANSPORT_UC || scenario->transport == TRANSPORT_UD;
}

/* Whether it takes a receive. */
static inline bool op_takes_receive(const struct op *op)
{
	return op->kind == OP_SEND || op->kind == OP_SEND_IMM || op->kind == OP_WRITE_IMM;
}

static inline bool op_has_imm(const struct op *op)
{
	return op->kind == OP_SEND_IMM || op->kind == OP_WRITE_IMM;
}

static inline bool op_is_atomic(const struct op *op)
{
	return op->kind == OP_FETCH_ADD || op->kind == OP_CMP_SWAP;
}

extern const char *const transport_names[TRANSPORTS];
extern const char *const op_names[OP_KINDS];
extern const char *const trouble_names[TROUBLE_KINDS];

/* What a seed says. */
void scenario_draw(struct scenario *scenario, u64 seed);

/* Write it down, for scenario_load(). */
void scenario_save(const struct scenario *scenario, FILE *file);
/* Returns 0, or the number of the line that is not understood. */
int scenario_load(struct scenario *scenario, FILE *file);

#endif
