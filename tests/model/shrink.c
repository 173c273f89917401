// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Shrinking, see shrink.h. */
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "env/kernel.h"

#include "fail.h"
#include "run.h"
#include "shrink.h"

/* Most seconds for all tries together. */
#define SHRINK_SECONDS 30

static struct {
	struct scenario *scenario; /* shared; the smallest that fails, or a try at a smaller one */
	struct scenario kept; /* the smallest that fails */
	char *reason; /* shared */
	char kept_reason[sizeof(fail_reason)];
	time_t until;
	u32 tries;
} small;

bool shrink_reproduce(struct scenario *scenario, char *reason)
{
	struct run_totals totals = { 0 };
	int status = 0;
	pid_t child;

	fflush(stdout);
	snprintf(reason, sizeof(fail_reason), "the process crashes, or hangs");
	child = fork();
	if (!child) {
		alarm(SHRINK_HANGS);
		if (run_scenario(scenario, &totals))
			_exit(0);
		memcpy(reason, fail_reason, sizeof(fail_reason));
		_exit(1);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return false;
	return status;
}

/* Without enough receives it cannot end, and that is no failure. */
static bool shrink_is_fair(const struct scenario *scenario)
{
	int spare[2] = { 0 };
	u32 i;

	for (i = 0; i < scenario->receives; i++)
		spare[scenario->receive[i].way]++;
	for (i = 0; i < scenario->ops; i++)
		spare[scenario->op[i].way] -= op_takes_receive(&scenario->op[i]);
	return spare[0] >= 0 && spare[1] >= 0;
}

static bool shrink_is_over(void)
{
	return time(NULL) >= small.until;
}

/* Keeps what stands in the shared scenario if it fails, else goes back. */
static bool shrink_try(void)
{
	bool better = shrink_is_fair(small.scenario) && !shrink_is_over() && ++small.tries &&
		      shrink_reproduce(small.scenario, small.reason);

	if (better) {
		small.kept = *small.scenario;
		memcpy(small.kept_reason, small.reason, sizeof(small.kept_reason));
	} else {
		*small.scenario = small.kept;
	}
	return better;
}

/* Without entries [first, first + n) of a list. */
static void shrink_cut(void *list, u32 *count, size_t size, u32 first, u32 n)
{
	u8 *at = list;

	n = min(n, *count - first);
	memmove(at + first * size, at + (first + n) * size, (*count - first - n) * size);
	*count -= n;
}

/* Without some of a list: half of them, a quarter, ..., one. Returns whether some are gone. */
static bool shrink_list(void *list, u32 *count, size_t size)
{
	bool better = false;
	u32 n, first;

	for (n = max(*count / 2, 1u); n; n /= 2) {
		for (first = 0; first < *count && !shrink_is_over();) {
			shrink_cut(list, count, size, first, n);
			if (shrink_try())
				better = true;
			else
				first += n;
		}
	}
	return better;
}

static bool shrink_number(u32 *number, u32 value)
{
	if (*number == value)
		return false;
	*number = value;
	return shrink_try();
}

static bool shrink_byte(u8 *number, u8 value)
{
	if (*number == value)
		return false;
	*number = value;
	return shrink_try();
}

static bool shrink_flag(bool *flag)
{
	if (!*flag)
		return false;
	*flag = false;
	return shrink_try();
}

static bool shrink_op(struct op *op)
{
	bool better = shrink_byte(&op->flags, 0) | shrink_flag(&op->bad);
	u32 length;

	better |= op->num_sge > 1 && shrink_byte(&op->num_sge, 1);
	better |= shrink_number(&op->gap, 0);
	if (op_is_atomic(op) || op->kind == OP_ATOMIC_WRITE)
		return better;
	for (length = op->length / 2; op->num_sge <= 1 && length < op->length;
	     length = op->length / 2) {
		op->length = length;
		if (!shrink_try())
			break;
		better = true;
	}
	return better;
}

static bool shrink_trouble(struct trouble *trouble)
{
	bool better = false;

	while (trouble->a && shrink_number(&trouble->a, trouble->a / 2))
		better = true;
	while (trouble->b && shrink_number(&trouble->b, trouble->b / 2))
		better = true;
	return better;
}

static bool shrink_details(void)
{
	struct scenario *scenario = small.scenario;
	bool better = shrink_number(&scenario->psn[0], 0) | shrink_number(&scenario->psn[1], 0) |
		      shrink_flag(&scenario->per_cpu) | shrink_flag(&scenario->together) |
		      shrink_number(&scenario->limit, 0) |
		      (!scenario_has_targets(scenario) && shrink_flag(&scenario->shared)) |
		      shrink_number(&scenario->dead_from, U32_MAX);
	u32 i;

	for (i = 0; i < scenario->ops; i++)
		better |= shrink_op(&scenario->op[i]);
	for (i = 0; i < scenario->receives; i++)
		better |= shrink_number(&scenario->receive[i].gap, 0);
	for (i = 0; i < scenario->troubles; i++)
		better |= shrink_trouble(&scenario->trouble[i]);
	return better;
}

static bool shrink_once(void)
{
	struct scenario *s = small.scenario;
	bool better = shrink_list(s->op, &s->ops, sizeof(s->op[0]));

	better |= shrink_list(s->trouble, &s->troubles, sizeof(s->trouble[0]));
	better |= shrink_list(s->receive, &s->receives, sizeof(s->receive[0]));
	better |= shrink_details();
	return better;
}

u32 shrink(struct scenario *scenario, char *reason)
{
	small.scenario = scenario;
	small.reason = reason;
	small.kept = *scenario;
	memcpy(small.kept_reason, reason, sizeof(small.kept_reason));
	small.until = time(NULL) + SHRINK_SECONDS;
	while (!shrink_is_over() && shrink_once())
		;
	*scenario = small.kept;
	memcpy(reason, small.kept_reason, sizeof(small.kept_reason));
	return small.tries;
}
