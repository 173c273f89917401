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
#include "injector/shot.h"
#include "vt.h"
#include "wire/opcode.h"

enum {
	PER_OPCODE = 32, /* packets, and ROUNDS times that */
	PER_UNKNOWN = 2,
	ROUNDS = 1,
	REASONS_VETH = 10, /* counters that must have moved at least */
	REASONS_ONE = 6,
	SOON = 5000 /* ms until packets are counted */
};

#define TARGETS (VT_TRANSPORTS * POSTURES)

/* Where these two are in the table is known to test_unknown(). */
enum {
	BAD_HEADER,
	BAD_OPCODE
};

static const char *const reasons[] = {
	[BAD_HEADER] = "rcvd_header_err",
	[BAD_OPCODE] = "rcvd_opcode_err",
	"rcvd_icrc_err",
	"rcvd_qpn_err",
	"rcvd_peer_err",
	"pkey_violations",
	"qkey_violations",
	"rcvd_state_err",
	"rcvd_length_err",
	"out_of_buffer",
	"uc_request_err",
	"stale_response",
	"mcast_unwanted",
	"backlog_drops",
	"rp_cnp_handled",
	"rp_cnp_ignored",
	"send_seq_err",
	"send_rnr_err",
	"out_of_seq_request",
	"duplicate_request",
};

#define REASONS VT_ARRAY_SIZE(reasons)

struct setup {
	struct range range;
	struct target targets[TARGETS]; /* transport by transport, posture by posture */
	int64_t total[REASONS];
	unsigned int shots[256][POSTURES]; /* by opcode */
};

static void count(struct setup *s, int64_t *sum)
{
	int64_t other[REASONS];
	size_t i;

	vt_counters(s->range.devs[1], reasons, REASONS, sum);
	if (range_is_one(&s->range))
		return;
	vt_counters(s->range.devs[0], reasons, REASONS, other);
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
			void (*step)(struct range *range, struct target *target))
{
	struct target *first = &s->targets[shot_transport(opcode) * POSTURES];
	size_t i;

	for (i = 0; i < POSTURES; i++)
		step(&s->range, &first[i]);
}

static void fire(struct setup *s, uint8_t opcode)
{
	s->shots[opcode][shot_fire(&s->range, s->targets, opcode)]++;
}

static void test_opcode(struct setup *s, uint8_t opcode)
{
	int64_t before[REASONS], after[REASONS];
	char what[16];
	int i;

	snprintf(what, sizeof(what), "opcode 0x%02x", opcode);
	vt_case("%s", what);
	for_targets(s, opcode, target_keep);
	for_targets(s, opcode, target_work);
	count(s, before);
	for (i = 0; i < PER_OPCODE; i++)
		fire(s, opcode);
	for_targets(s, opcode, target_work);
	count(s, after);
	tell(s, what, PER_OPCODE, before, after);
	range_verify(&s->range);
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
			fire(s, opcode);
	do {
		count(s, after);
		dropped = after[BAD_HEADER] - before[BAD_HEADER] + after[BAD_OPCODE] -
			  before[BAD_OPCODE];
	} while (dropped < sent && vt_now_ns() < end_ns);
	tell(s, "opcodes that do not exist", sent, before, after);
	if (dropped < sent)
		vt_fail("%d packets of no opcode, and %ld dropped for it", sent, (long)dropped);
	range_verify(&s->range);
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
		vt_bystander_check(&s->range.bystander);
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
	unsigned int hit = 0;
	size_t i;

	vt_case("reasons");
	for (i = 0; i < REASONS; i++)
		hit += s->total[i] > 0;
	vt_note("%u of %zu counters moved", hit, REASONS);
	if (hit < (range_is_one(&s->range) ? REASONS_ONE : REASONS_VETH))
		vt_fail("that is no attack");
}

static void open_targets(struct setup *s)
{
	size_t i;

	for (i = 0; i < TARGETS; i++)
		target_open(&s->range, &s->targets[i], i / POSTURES, i % POSTURES);
}

static void end_targets(struct setup *s)
{
	size_t i;

	for (i = 0; i < TARGETS; i++)
		target_works(&s->range, &s->targets[i]);
	for (i = 0; i < TARGETS; i++)
		target_close(&s->targets[i]);
}

static void need_rodp(void)
{
	struct vt_device *dev = vt_open_b();

	if (!vt_is_rodp(dev))
		vt_skip("is about what rodp counts");
	vt_close(dev);
}

int main(int argc, char **argv)
{
	static struct setup s;

	vt_init(argc, argv);
	need_rodp();
	s.range.random = vt_options.seed;
	vt_bystander_start(&s.range.bystander);
	range_open(&s.range);
	open_targets(&s);
	inject(&s);
	vt_bystander_end(&s.range.bystander);
	end_targets(&s);
	range_verify(&s.range);
	check_opcodes(&s);
	check_reasons(&s);
	range_close(&s.range);
	return vt_pass();
}
