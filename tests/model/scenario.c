// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Scenarios out of seeds, and in files. See scenario.h. */
#include <inttypes.h>

#include "env/kernel.h"

#include "scenario.h"
#include "uapi/rodp_abi.h"
#include "wire/header.h"

const char *const transport_names[TRANSPORTS] = {
	[TRANSPORT_RC] = "RC",
	[TRANSPORT_UC] = "UC",
	[TRANSPORT_UD] = "UD",
	[TRANSPORT_XRC] = "XRC",
};

const char *const op_names[OP_KINDS] = {
	[OP_SEND] = "send",	    [OP_SEND_IMM] = "send_imm",
	[OP_WRITE] = "write",	    [OP_WRITE_IMM] = "write_imm",
	[OP_READ] = "read",	    [OP_FETCH_ADD] = "fetch_add",
	[OP_CMP_SWAP] = "cmp_swap", [OP_ATOMIC_WRITE] = "atomic_write",
	[OP_FLUSH] = "flush",
};

const char *const trouble_names[TROUBLE_KINDS] = {
	[TROUBLE_DROP] = "drop",	 [TROUBLE_DUPLICATE] = "duplicate",
	[TROUBLE_OVERTAKE] = "overtake", [TROUBLE_DELAY] = "delay",
	[TROUBLE_CORRUPT] = "corrupt",	 [TROUBLE_REFUSE] = "refuse",
	[TROUBLE_BESIDE] = "beside",	 [TROUBLE_NO_BUFFER] = "no_buffer",
	[TROUBLE_FAULT] = "fault",	 [TROUBLE_STARVED] = "starved",
	[TROUBLE_TIMER] = "timer",	 [TROUBLE_LIE] = "lie",
	[TROUBLE_MARK] = "mark",
};

/* Worlds: how often, of 65536. */
static const u16 scenario_worlds[][TROUBLE_KINDS] = {
	/* drop dup  over  delay corr refuse beside buffer fault starved timer lie mark */
	{ 0 },
	{ 600 },
	{ 6000 },
	{ 0, 8000 },
	{ 0, 0, 6000 },
	{ 0, 0, 0, 2000 },
	{ 0, 0, 0, 0, 3000 },
	{ 0, 0, 0, 0, 0, 3000, 0, 1000 },
	{ 0, 0, 0, 0, 0, 0, 30000, 0, 0, 0, 10000 },
	{ 0, 0, 0, 0, 0, 0, 10000, 0, 6000, 300 },
	{ 1000, 1000, 1000, 500, 500, 500, 5000, 200, 2000, 100, 5000 },
	{ 4000, 3000, 3000, 2000, 1000, 500, 10000, 200, 500 },
	{ 2000, 6000, 6000 },
	{ 2000, 0, 0, 500, 0, 0, 5000, 0, 8000, 500, 20000 },
	{ 0, 2000, 0, 3000, 0, 0, 5000, 0, 3000, 0, 20000 },
	{ 9000, 0, 0, 0, 2000 },
	{ 0, 0, 0, 0, 0, 0, 0, 0, 1000, 1500 },
	{ 3000, 0, 1000, 0, 0, 0, 5000, 0, 0, 0, 0, 8000 },
	{ 500, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4000 },
	{ 200, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20000 },
	{ 2000, 500, 500, 0, 0, 500, 5000, 200, 2000, 0, 5000, 0, 5000 },
};

/* How often a packet of a stream is lost, of 65536: 0.1, 0.5, 1, 3 and 5 %. */
static const u16 scenario_losses[] = { 66, 328, 655, 1966, 3277 };

static void scenario_draw_world(struct scenario *scenario, struct dice *dice)
{
	const u16 *world = scenario_worlds[dice_below(dice, ARRAY_SIZE(scenario_worlds))];
	struct trouble_rates *rates = &scenario->rates;
	u32 i;

	for (i = 0; i < TROUBLE_KINDS; i++)
		rates->rate[i] = world[i];
	rates->most = 4 + dice_below(dice, 60);
	scenario->on_demand = rates->rate[TROUBLE_FAULT];
	scenario->per_cpu = dice_one_in(dice, 4);
	scenario->together = dice_one_in(dice, 2);
	scenario->forgetful = dice_one_in(dice, 6);
	scenario->dead_from = U32_MAX;
	if (!scenario->local && dice_one_in(dice, 64))
		scenario->dead_from = dice_below(dice, 100);
	if (dice_one_in(dice, 12))
		scenario->restart = 1 + dice_below(dice, dice_one_in(dice, 3) ? 8000000 : 60000);
	if (!scenario_is_unreliable(scenario))
		return;
	/* Without acknowledgements a copy is a message of its own, and so is one that comes late. */
	if (dice_one_in(dice, 2))
		rates->rate[TROUBLE_DUPLICATE] = rates->rate[TROUBLE_OVERTAKE] = 0;
}

/* Of 16. */
static const u8 scenario_transports[] = {
	TRANSPORT_RC, TRANSPORT_RC, TRANSPORT_RC,  TRANSPORT_RC,  TRANSPORT_RC, TRANSPORT_RC,
	TRANSPORT_RC, TRANSPORT_RC, TRANSPORT_RC,  TRANSPORT_RC,  TRANSPORT_RC, TRANSPORT_UC,
	TRANSPORT_UD, TRANSPORT_UD, TRANSPORT_XRC, TRANSPORT_XRC,
};

static void scenario_draw_transport(struct scenario *scenario, struct dice *dice)
{
	scenario->transport =
		scenario_transports[dice_below(dice, ARRAY_SIZE(scenario_transports))];
	scenario->shared = scenario_has_targets(scenario) || dice_one_in(dice, 4);
	scenario->receive_entries = 4u << dice_below(dice, 4);
	if (scenario->shared && dice_one_in(dice, 2))
		scenario->limit = 1 + dice_below(dice, 4);
	/* UC has no way without a network, and of datagrams some go by the one and some by the other. */
	if (scenario->transport != TRANSPORT_UC)
		scenario->local = dice_one_in(dice, scenario_has_datagrams(scenario) ? 4 : 12);
}

static void scenario_draw_ends(struct scenario *scenario, struct dice *dice)
{
	u32 way;

	scenario_draw_transport(scenario, dice);
	scenario->mtu = IB_MTU_256 + dice_one_in(dice, 8);
	scenario->timeout = 8 + dice_below(dice, 3);
	scenario->retries = dice_one_in(dice, 16) ? dice_below(dice, 7) : 7;
	scenario->rnr_timer = 1 + dice_below(dice, 14);
	scenario->rd_atomic = 1 + dice_below(dice, 8);
	scenario->send_entries = 4u << dice_below(dice, 4);
	for (way = 0; way < 2; way++) {
		scenario->psn[way] = dice_below(dice, 1 << 24);
		if (dice_one_in(dice, 2)) /* about to wrap */
			scenario->psn[way] = (1 << 24) - 1 - dice_below(dice, 40);
	}
}

/* A receive that is posted late would have more sent again than what is lost: so there are none. */
static const u8 scenario_stream_kinds[] = { OP_WRITE, OP_WRITE,	    OP_WRITE,	     OP_WRITE,
					    OP_READ,  OP_FETCH_ADD, OP_ATOMIC_WRITE, OP_FLUSH };

static u8 scenario_draw_kind(const struct scenario *scenario, struct dice *dice)
{
	static const u8 reliable[] = { OP_SEND,	    OP_SEND,	     OP_SEND_IMM,  OP_WRITE,
				       OP_WRITE,    OP_WRITE,	     OP_WRITE_IMM, OP_READ,
				       OP_READ,	    OP_READ,	     OP_FETCH_ADD, OP_FETCH_ADD,
				       OP_CMP_SWAP, OP_ATOMIC_WRITE, OP_FLUSH };
	static const u8 unreliable[] = { OP_SEND, OP_SEND_IMM, OP_WRITE, OP_WRITE_IMM };

	if (scenario->stream)
		return scenario_stream_kinds[dice_below(dice, ARRAY_SIZE(scenario_stream_kinds))];
	if (scenario_has_datagrams(scenario))
		return unreliable[dice_below(dice, 2)];
	if (scenario_is_unreliable(scenario))
		return unreliable[dice_below(dice, ARRAY_SIZE(unreliable))];
	return reliable[dice_below(dice, ARRAY_SIZE(reliable))];
}

/* Bytes: none, few, whole packets, a byte more or less, several packets. */
static u32 scenario_draw_length(u32 mtu, u32 most, struct dice *dice)
{
	u32 length;

	switch (dice_below(dice, 8)) {
	case 0:
		length = dice_below(dice, 4);
		break;
	case 1:
		length = mtu * (1 + dice_below(dice, 4)) + dice_below(dice, 3) - 1;
		break;
	case 2:
	case 3:
		length = 1 + dice_below(dice, mtu);
		break;
	default:
		length = 1 + dice_below(dice, most);
	}
	return min(length, most);
}

/* Where in the target: in a few places again and again, so that requests meet. */
static u32 scenario_draw_place(u32 target, u32 length, struct dice *dice)
{
	u32 room = target - length;

	return dice_one_in(dice, 2) ? min(64 * dice_below(dice, 4), room)
				    : dice_below(dice, room + 1);
}

static void scenario_draw_word(struct op *op, struct dice *dice)
{
	op->length = sizeof(u64);
	op->remote = 8 * dice_below(dice, 8);
	op->operand[0] = dice_one_in(dice, 2) ? 1 : dice_roll(dice);
	op->operand[1] = dice_roll(dice);
}

static void scenario_draw_flags(const struct scenario *scenario, struct op *op, struct dice *dice)
{
	bool outward = op->kind <= OP_WRITE_IMM;

	if (!dice_one_in(dice, 3))
		op->flags |= RODP_WQE_SIGNALED;
	if (!scenario_is_unreliable(scenario) && dice_one_in(dice, 5))
		op->flags |= RODP_WQE_FENCE;
	if (dice_one_in(dice, 4))
		op->flags |= RODP_WQE_SOLICITED;
	if (outward && op->length <= SCENARIO_INLINE && dice_one_in(dice, 2))
		op->flags |= RODP_WQE_INLINE;
}

static void scenario_draw_list(struct op *op, struct dice *dice)
{
	u32 i;

	op->num_sge = 1 + (op->length >= 4 && op->kind <= OP_READ ? dice_below(dice, SCENARIO_SGES)
								  : 0);
	if (op->kind == OP_FLUSH || (!op->length && dice_one_in(dice, 2)))
		op->num_sge = 0;
	for (i = 0; i + 1 < op->num_sge; i++)
		op->cut[i] = dice_below(dice, op->length + 1);
	if (op->num_sge == 3 && op->cut[0] > op->cut[1])
		swap(op->cut[0], op->cut[1]);
}

/* The longest message that a receive has room for. */
static u32 scenario_most_received(const struct scenario *scenario)
{
	return SCENARIO_MESSAGE - (scenario_has_datagrams(scenario) ? RODP_GRH_BYTES : 0);
}

/* @room: bytes that the requester has left. */
static bool scenario_draw_op(struct scenario *scenario, struct op *op, u32 most, u32 *room,
			     struct dice *dice)
{
	u32 mtu = 128u << scenario->mtu;

	*op = (struct op){ .way = op->way, .kind = scenario_draw_kind(scenario, dice) };
	if (op_takes_receive(op))
		most = scenario_most_received(scenario);
	op->length = scenario_draw_length(mtu, most, dice);
	op->remote = scenario_draw_place(scenario->target, op->length, dice);
	if (op_is_atomic(op) || op->kind == OP_ATOMIC_WRITE)
		scenario_draw_word(op, dice);
	op->imm = dice_roll(dice);
	op->gap = dice_one_in(dice, 3) ? dice_below(dice, 20000) : dice_below(dice, 500);
	scenario_draw_flags(scenario, op, dice);
	scenario_draw_list(op, dice);
	op->local = SCENARIO_LOCAL - *room;
	if (ALIGN(op->length, 8) > *room)
		return false;
	*room -= ALIGN(op->length, 8);
	return true;
}

/* Seldom one that is refused: one that touches the target, or names an SRQ. */
static void scenario_spoil(struct scenario *scenario, struct dice *dice)
{
	struct op *op = &scenario->op[dice_below(dice, scenario->ops)];

	if (scenario_has_datagrams(scenario) ||
	    (scenario_has_targets(scenario) && op_takes_receive(op)))
		op->bad = true;
	else
		op->bad = op->length && op->kind >= OP_WRITE && op->kind != OP_WRITE_IMM;
}

static void scenario_add_receive(struct scenario *scenario, u8 way, struct dice *dice)
{
	struct receive *receive = &scenario->receive[scenario->receives++];

	*receive = (struct receive){
		.way = way,
		.num_sge = 1 + dice_below(dice, 2),
		.cut = dice_below(dice, SCENARIO_MESSAGE),
		.gap = dice_one_in(dice, 6) ? dice_below(dice, 200000) : dice_below(dice, 300),
	};
}

static void scenario_draw_way(struct scenario *scenario, u8 way, u32 ops, u32 most,
			      struct dice *dice)
{
	u32 room = SCENARIO_LOCAL;
	struct op *op;

	while (ops--) {
		op = &scenario->op[scenario->ops];
		op->way = way;
		if (!scenario_draw_op(scenario, op, most, &room, dice))
			return;
		scenario->ops++;
		if (op_takes_receive(op))
			scenario_add_receive(scenario, way, dice);
	}
}

/* What is left of a scenario that is to tell how much is sent again for what is lost. */
static void scenario_make_stream(struct scenario *scenario, struct dice *dice)
{
	struct trouble_rates *rates = &scenario->rates;

	scenario->stream = true;
	scenario->transport = dice_one_in(dice, 4) ? TRANSPORT_XRC : TRANSPORT_RC;
	scenario->shared = scenario_has_targets(scenario);
	scenario->limit = 0;
	scenario->local = scenario->on_demand = false;
	scenario->timeout = 12;
	scenario->retries = 7;
	scenario->restart = 0;
	scenario->dead_from = U32_MAX;
	memset(rates->rate, 0, sizeof(rates->rate));
	rates->rate[TROUBLE_DROP] = scenario_losses[dice_below(dice, ARRAY_SIZE(scenario_losses))];
	rates->rate[TROUBLE_BESIDE] = dice_one_in(dice, 2) ? 5000 : 0;
	rates->most = SCENARIO_TROUBLES;
}

void scenario_draw(struct scenario *scenario, u64 seed)
{
	struct dice dice = { .state = seed * 0x2545f4914f6cdd1dull + 1 };
	bool huge;
	u32 most;

	memset(scenario, 0, offsetof(struct scenario, op));
	scenario->seed = seed;
	scenario_draw_ends(scenario, &dice);
	scenario_draw_world(scenario, &dice);
	if (dice_one_in(&dice, 16))
		scenario_make_stream(scenario, &dice);
	huge = scenario->stream || dice_one_in(&dice, 40);
	most = huge ? 48 << 10 : SCENARIO_MESSAGE;
	scenario->target = huge ? SCENARIO_TARGET : 4096;
	scenario_draw_way(scenario, 0, 1 + dice_below(&dice, 32), most, &dice);
	if (dice_one_in(&dice, 2))
		scenario_draw_way(scenario, 1, 1 + dice_below(&dice, 32), most, &dice);
	if (!scenario->stream && scenario->transport != TRANSPORT_UC && dice_one_in(&dice, 24))
		scenario_spoil(scenario, &dice);
}

/* ---- files ---- */

/* clang-format off */
#define SCENARIO_NUMBERS(X)                                                 \
	X(transport) X(shared) X(limit) X(local) X(per_cpu) X(on_demand)    \
	X(together) X(stream) X(forgetful)                                  \
	X(mtu) X(timeout) X(retries) X(rnr_timer) X(rd_atomic)              \
	X(send_entries) X(receive_entries) X(psn[0]) X(psn[1]) X(target) X(dead_from) X(restart)
/* clang-format on */

void scenario_save(const struct scenario *scenario, FILE *file)
{
	const struct receive *receive;
	const struct trouble *trouble;
	const struct op *op;

	fprintf(file, "seed %" PRIu64 "\n", (uint64_t)scenario->seed);
#define SAVE(name) fprintf(file, #name " %u\n", (unsigned int)scenario->name);
	SCENARIO_NUMBERS(SAVE)
#undef SAVE
	for (op = scenario->op; op < scenario->op + scenario->ops; op++)
		fprintf(file,
			"op %u %s flags %u bad %u sges %u length %u local %u remote %u cut %u %u imm %u gap %u operands %" PRIu64
			" %" PRIu64 "\n",
			op->way, op_names[op->kind], op->flags, op->bad, op->num_sge, op->length,
			op->local, op->remote, op->cut[0], op->cut[1], op->imm, op->gap,
			(uint64_t)op->operand[0], (uint64_t)op->operand[1]);
	for (receive = scenario->receive; receive < scenario->receive + scenario->receives;
	     receive++)
		fprintf(file, "receive %u sges %u cut %u gap %u\n", receive->way, receive->num_sge,
			receive->cut, receive->gap);
	for (trouble = scenario->trouble; trouble < scenario->trouble + scenario->troubles;
	     trouble++)
		fprintf(file, "trouble %s at %u %u %u\n", trouble_names[trouble->kind], trouble->at,
			trouble->a, trouble->b);
}

/* The number of a name, or -1. */
static int scenario_find(const char *const *names, int count, const char *name)
{
	int i;

	for (i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

static bool scenario_load_op(struct scenario *scenario, const char *line)
{
	struct op op = { 0 };
	u32 way, flags, bad, sges;
	uint64_t operand[2];
	char name[32];
	int kind;

	if (sscanf(line,
		   "op %u %31s flags %u bad %u sges %u length %u local %u remote %u cut %u %u imm %u gap %u operands %" SCNu64
		   " %" SCNu64,
		   &way, name, &flags, &bad, &sges, &op.length, &op.local, &op.remote, &op.cut[0],
		   &op.cut[1], &op.imm, &op.gap, &operand[0], &operand[1]) != 14)
		return false;
	kind = scenario_find(op_names, OP_KINDS, name);
	if (kind < 0 || way > 1 || sges > SCENARIO_SGES || scenario->ops == SCENARIO_OPS ||
	    op.length > SCENARIO_TARGET || op.local > SCENARIO_LOCAL - op.length ||
	    op.remote > SCENARIO_TARGET - op.length)
		return false;
	op.way = way;
	op.flags = flags;
	op.bad = bad;
	op.num_sge = sges;
	op.kind = kind;
	op.operand[0] = operand[0];
	op.operand[1] = operand[1];
	scenario->op[scenario->ops++] = op;
	return true;
}

static bool scenario_load_receive(struct scenario *scenario, const char *line)
{
	struct receive receive;
	u32 way, sges;

	if (sscanf(line, "receive %u sges %u cut %u gap %u", &way, &sges, &receive.cut,
		   &receive.gap) != 4)
		return false;
	if (way > 1 || sges > 2 || receive.cut > SCENARIO_MESSAGE ||
	    scenario->receives == SCENARIO_RECEIVES)
		return false;
	receive.way = way;
	receive.num_sge = sges;
	scenario->receive[scenario->receives++] = receive;
	return true;
}

static bool scenario_load_trouble(struct scenario *scenario, const char *line)
{
	struct trouble trouble;
	char name[32];
	int kind;

	if (sscanf(line, "trouble %31s at %u %u %u", name, &trouble.at, &trouble.a, &trouble.b) !=
	    4)
		return false;
	kind = scenario_find(trouble_names, TROUBLE_KINDS, name);
	if (kind < 0 || scenario->troubles == SCENARIO_TROUBLES)
		return false;
	trouble.kind = kind;
	scenario->trouble[scenario->troubles++] = trouble;
	return true;
}

static bool scenario_load_number(struct scenario *scenario, const char *line)
{
	uint64_t value;
	char name[32];

	if (sscanf(line, "%31s %" SCNu64, name, &value) != 2)
		return false;
	if (!strcmp(name, "seed")) {
		scenario->seed = value;
		return true;
	}
#define LOAD(field)                      \
	if (!strcmp(name, #field)) {     \
		scenario->field = value; \
		return true;             \
	}
	SCENARIO_NUMBERS(LOAD)
#undef LOAD
	return false;
}

static bool scenario_load_line(struct scenario *scenario, const char *line)
{
	if (line[0] == '#' || line[0] == '\n')
		return true;
	if (!strncmp(line, "op ", 3))
		return scenario_load_op(scenario, line);
	if (!strncmp(line, "receive ", 8))
		return scenario_load_receive(scenario, line);
	if (!strncmp(line, "trouble ", 8))
		return scenario_load_trouble(scenario, line);
	return scenario_load_number(scenario, line);
}

/* Whether such a transport exists, and has what it needs. */
static bool scenario_is_whole(const struct scenario *scenario)
{
	return scenario->transport < TRANSPORTS &&
	       (scenario->shared || !scenario_has_targets(scenario)) &&
	       scenario->limit <= scenario->receive_entries;
}

int scenario_load(struct scenario *scenario, FILE *file)
{
	char line[512];
	int number = 0;

	memset(scenario, 0, sizeof(*scenario));
	scenario->drawn = true;
	while (fgets(line, sizeof(line), file)) {
		number++;
		if (!scenario_load_line(scenario, line))
			return number;
	}
	return scenario_is_whole(scenario) ? 0 : number;
}
