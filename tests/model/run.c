// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Runs, see run.h. */
#include <stdarg.h>

#include "env/kernel.h"

#include "fail.h"
#include "network.h"
#include "patience.h"
#include "run.h"
#include "trouble.h"
#include "world.h"

jmp_buf fail_jump;
char fail_reason[256];

void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(fail_reason, sizeof(fail_reason), format, args);
	va_end(args);
	longjmp(fail_jump, 1);
}

void env_broken(const char *what)
{
	fail("the driver broke a rule: %s", what);
}

/* What goes on beyond that goes on for ever. */
#define RUN_EVENTS 1000000

static void run_events(void)
{
	u32 left = RUN_EVENTS;

	while (env_run_next()) {
		world_poll();
		if (!left--)
			fail("it goes on for ever");
	}
}

static void run_whole(struct scenario *scenario)
{
	long allocations = env_allocations;

	env_clock_reset();
	env_short = scenario->forgetful;
	trouble_begin(scenario);
	network_begin(scenario);
	patience_begin();
	world_begin(scenario);
	run_events();
	world_end();
	if (env_allocations != allocations)
		fail("%ld allocations are not freed", env_allocations - allocations);
}

static void run_add_stream(struct run_stream *stream, const u64 *counter)
{
	stream->lost += trouble_lost();
	stream->requests_again += counter[RODP_STAT_RETRANSMITS] + counter[RODP_STAT_PROBES];
	stream->answers_again += network_answers_again();
}

static void run_add_up(const struct scenario *scenario, struct run_totals *totals)
{
	u64 *counter = world.dev.stats->value;
	u32 i;

	totals->seeds++;
	totals->of_transport[scenario->transport]++;
	totals->shared += scenario->shared;
	if (scenario->stream)
		run_add_stream(&totals->stream[scenario->forgetful], counter);
	totals->packets += counter[RODP_STAT_SENT_PKTS];
	totals->retransmits += counter[RODP_STAT_RETRANSMITS];
	memset(counter, 0, RODP_STAT_COUNT * sizeof(*counter));
	for (i = 0; i < 2; i++) {
		totals->requests += world.way[i].done + world.way[i].receives_done;
		totals->given_up += world.way[i].failed;
	}
	for (i = 0; i < TROUBLE_KINDS; i++)
		totals->happened[i] += trouble_happened(i);
}

bool run_scenario(struct scenario *scenario, struct run_totals *totals)
{
	if (setjmp(fail_jump))
		return false;
	run_whole(scenario);
	run_add_up(scenario, totals);
	return true;
}
