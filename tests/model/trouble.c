// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Trouble, see trouble.h. */
#include "env/kernel.h"

#include "trouble.h"

static const u8 trouble_class[TROUBLE_KINDS] = {
	[TROUBLE_NO_BUFFER] = CLASS_BUFFER,
	[TROUBLE_FAULT] = CLASS_ACCESS,
	[TROUBLE_STARVED] = CLASS_ACCESS,
	[TROUBLE_TIMER] = CLASS_TIMER,
};

static struct {
	struct scenario *scenario;
	struct dice dice;
	u32 number[CLASSES]; /* of the next one */
	u32 sum[CLASSES]; /* of the rates */
	u32 seen[CLASSES]; /* of what is written down */
	u32 happened[TROUBLE_KINDS];
	u32 harmed;
	u32 cost;
	u64 waited; /* for memory, ns, all together and at most */
} now;

void trouble_begin(struct scenario *scenario)
{
	u32 kind;

	memset(&now, 0, sizeof(now));
	now.scenario = scenario;
	now.dice.state = ~scenario->seed * 0xd6e8feb86659fd93ull;
	for (kind = 0; kind < TROUBLE_KINDS; kind++)
		now.sum[trouble_class[kind]] += scenario->rates.rate[kind];
}

/* A packet is late by so much at most, and so long a fault takes, ns. */
#define TROUBLE_LATE 12000000
#define TROUBLE_HUNG 80000000

/* How late, ns: seldom as late as a time-out, or far beyond it, most at most. */
static u32 trouble_draw_time(u32 most)
{
	switch (dice_below(&now.dice, 16)) {
	case 0:
		return dice_below(&now.dice, most);
	case 1:
	case 2:
		return dice_below(&now.dice, 1500000);
	default:
		return dice_below(&now.dice, 30000);
	}
}

static struct trouble *trouble_write_down(u32 kind, u32 number)
{
	struct scenario *scenario = now.scenario;
	struct trouble *trouble = &scenario->trouble[scenario->troubles++];

	*trouble = (struct trouble){ .kind = kind, .at = number };
	trouble->a = trouble_class[kind] == CLASS_ACCESS || kind == TROUBLE_CORRUPT
			     ? (u32)dice_roll(&now.dice) >> 8
			     : trouble_draw_time(TROUBLE_LATE);
	trouble->b = trouble_draw_time(TROUBLE_HUNG);
	return trouble;
}

/* Another CPU's packet, a page that is absent, a late timer, or a mark, is no harm: there may be any number. */
static bool trouble_is_harm(u32 kind)
{
	return kind != TROUBLE_BESIDE && kind != TROUBLE_FAULT && kind != TROUBLE_TIMER &&
	       kind != TROUBLE_MARK;
}

static const struct trouble *trouble_draw(enum trouble_class class, u32 number)
{
	const struct trouble_rates *rates = &now.scenario->rates;
	u32 roll, kind;

	if (!now.sum[class])
		return NULL;
	roll = dice_below(&now.dice, 65536);
	if (roll >= now.sum[class])
		return NULL;
	for (kind = 0; kind < TROUBLE_KINDS; kind++) {
		if (trouble_class[kind] != class)
			continue;
		if (roll < rates->rate[kind])
			break;
		roll -= rates->rate[kind];
	}
	if (now.scenario->troubles == SCENARIO_TROUBLES ||
	    (trouble_is_harm(kind) && now.harmed >= rates->most))
		return NULL;
	return trouble_write_down(kind, number);
}

/* Of what is written down, in its order. */
static const struct trouble *trouble_find(enum trouble_class class, u32 number)
{
	const struct scenario *scenario = now.scenario;
	const struct trouble *trouble;

	for (; now.seen[class] < scenario->troubles; now.seen[class]++) {
		trouble = &scenario->trouble[now.seen[class]];
		if (trouble_class[trouble->kind] != class || trouble->at < number)
			continue;
		return trouble->at == number ? trouble : NULL;
	}
	return NULL;
}

/* ns */
static u32 trouble_timeout(void)
{
	return 4096u << now.scenario->timeout;
}

/* Whose packet this host refuses, or has no memory for, comes back so much later, ns. */
#define TROUBLE_REST (u32)(ENV_JIFFY + 1000)

/* From the end of a fault until its lane has gone on, ns. */
#define TROUBLE_RESUME 10000

/* Retries. */
static u32 trouble_price(const struct trouble *trouble)
{
	if (trouble->kind == TROUBLE_BESIDE || trouble->kind == TROUBLE_TIMER ||
	    trouble_class[trouble->kind] == CLASS_ACCESS)
		return 0;
	if (trouble->kind == TROUBLE_REFUSE || trouble->kind == TROUBLE_NO_BUFFER)
		return 1 + TROUBLE_REST / trouble_timeout();
	if (trouble->kind == TROUBLE_DELAY || trouble->kind == TROUBLE_OVERTAKE)
		return 1 + trouble->a / trouble_timeout();
	return 1;
}

const struct trouble *trouble_next(enum trouble_class class)
{
	u32 number = now.number[class]++;
	const struct trouble *trouble = now.scenario->drawn ? trouble_find(class, number)
							    : trouble_draw(class, number);

	if (!trouble)
		return NULL;
	now.happened[trouble->kind]++;
	now.harmed += trouble_is_harm(trouble->kind);
	now.cost += trouble_price(trouble);
	if (trouble_class[trouble->kind] == CLASS_ACCESS)
		now.waited += trouble->b + TROUBLE_RESUME;
	if (trouble->kind == TROUBLE_STARVED) /* each try is later than the one before */
		now.waited += 8 * (trouble->b + ENV_JIFFY);
	return trouble;
}

u64 env_timer_late(void)
{
	const struct trouble *trouble = trouble_next(CLASS_TIMER);

	return trouble ? trouble->a : 0;
}

u32 trouble_counted(enum trouble_class class)
{
	return now.number[class];
}

u32 trouble_happened(enum trouble_kind kind)
{
	return now.happened[kind];
}

u32 trouble_lost(void)
{
	return now.happened[TROUBLE_DROP] + now.happened[TROUBLE_CORRUPT];
}

u32 trouble_cost(void)
{
	u32 waits = now.waited / trouble_timeout();

	/* Whoever asks again while memory is absent is asked for time, which is one retry. */
	return now.cost + min(waits, 1u);
}
