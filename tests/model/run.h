/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* One scenario from its beginning to its end, and what many of them add up to. */
#ifndef MODEL_RUN_H
#define MODEL_RUN_H

#include "scenario.h"

/* What was lost of streams, and what was sent more than once. */
struct run_stream {
	u64 lost;
	u64 requests_again;
	u64 answers_again;
};

struct run_totals {
	struct run_stream stream[2]; /* [1]: of those whose responders keep nothing */
	u64 seeds;
	u64 of_transport[TRANSPORTS], shared; /* of these */
	u64 packets;
	u64 requests; /* work requests and receives that were completed */
	u64 given_up; /* connections */
	u64 retransmits;
	u64 happened[TROUBLE_KINDS];
};

/**
 * run_scenario() - run a scenario
 * @scenario: unless it was written down, the trouble that there is gets written into it
 * @totals: become more
 *
 * A run that fails leaves the process in a state in which no other run can begin.
 *
 * Return: whether all was as it must be; if not, fail_reason (fail.h) says what was not.
 */
bool run_scenario(struct scenario *scenario, struct run_totals *totals);

#endif
