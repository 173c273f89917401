// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The model test of the transport: requester and responder of the driver, two queue pairs over a
 * simulated network, against an oracle of ordering and exactly-once. See docs/testing.md.
 */
#include <argp.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "env/kernel.h"

#include "fail.h"
#include "run.h"
#include "shrink.h"
#include "trace.h"
#include "world.h"

#define MAIN_JOBS 16

/* What the processes of a run share. */
struct shared {
	struct {
		struct run_totals totals;
		volatile u64 seed; /* under way */
		volatile bool failed;
		char reason[sizeof(fail_reason)];
	} job[MAIN_JOBS];
	struct scenario scenario;
	char reason[sizeof(fail_reason)];
};

static struct shared *shared;

static struct {
	u64 seeds, first;
	bool one; /* --seed: that one only, in this process */
	const char *replay;
	const char *save;
	u32 jobs;
	u64 least_packets;
} options = { .seeds = 20000, .first = 1, .save = "model-failed.txt" };

enum {
	KEY_ONE = 256,
	KEY_SAVE,
	KEY_PACKETS,
	KEY_TRACE
};

static const struct argp_option main_options[] = {
	{ "seeds", 'n', "N", 0, "so many scenarios (20000)", 0 },
	{ "first", 'f', "SEED", 0, "from this seed on (1)", 0 },
	{ "jobs", 'j', "N", 0, "so many processes (one a CPU)", 0 },
	{ "seed", KEY_ONE, "SEED", 0, "the scenario of this seed, and no other", 0 },
	{ "replay", 'r', "FILE", 0, "the scenario that is written down there", 0 },
	{ "save", KEY_SAVE, "FILE", 0,
	  "where a scenario that fails is written down (model-failed.txt)", 0 },
	{ "packets", KEY_PACKETS, "N", 0, "fail if there were fewer packets than that", 0 },
	{ "trace", KEY_TRACE, NULL, 0, "with --seed or --replay: show what happens", 0 },
	{ 0 },
};

static error_t main_take_option(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'n':
		options.seeds = strtoull(arg, NULL, 0);
		break;
	case 'f':
		options.first = strtoull(arg, NULL, 0);
		break;
	case 'j':
		options.jobs = strtoul(arg, NULL, 0);
		break;
	case 'r':
		options.replay = arg;
		break;
	case KEY_ONE:
		options.one = true;
		options.first = strtoull(arg, NULL, 0);
		break;
	case KEY_SAVE:
		options.save = arg;
		break;
	case KEY_PACKETS:
		options.least_packets = strtoull(arg, NULL, 0);
		break;
	case KEY_TRACE:
		trace_on = true;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* ---- what there was ---- */

static double main_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* That this process and those that it waited for have had of CPUs, s. */
static double main_cpu_seconds(void)
{
	struct rusage own, others;

	getrusage(RUSAGE_SELF, &own);
	getrusage(RUSAGE_CHILDREN, &others);
	return own.ru_utime.tv_sec + others.ru_utime.tv_sec +
	       (own.ru_utime.tv_usec + others.ru_utime.tv_usec) / 1e6;
}

static void main_add(struct run_totals *sum, const struct run_totals *part)
{
	u32 i;

	sum->seeds += part->seeds;
	sum->shared += part->shared;
	for (i = 0; i < TRANSPORTS; i++)
		sum->of_transport[i] += part->of_transport[i];
	sum->packets += part->packets;
	sum->requests += part->requests;
	sum->given_up += part->given_up;
	sum->retransmits += part->retransmits;
	for (i = 0; i < TROUBLE_KINDS; i++)
		sum->happened[i] += part->happened[i];
	for (i = 0; i < 2; i++) {
		sum->stream[i].lost += part->stream[i].lost;
		sum->stream[i].requests_again += part->stream[i].requests_again;
		sum->stream[i].answers_again += part->stream[i].answers_again;
	}
}

static struct run_totals main_sum(void)
{
	struct run_totals sum = { 0 };
	u32 i;

	for (i = 0; i < options.jobs; i++)
		main_add(&sum, &shared->job[i].totals);
	return sum;
}

static void main_show_totals(double seconds)
{
	struct run_totals sum = main_sum();
	u32 i;

	printf("%" PRIu64 " seeds, %" PRIu64
	       " packets in %.1f s: %.0f packets a second, %.0f a second of a CPU\n",
	       (uint64_t)sum.seeds, (uint64_t)sum.packets, seconds, sum.packets / seconds,
	       sum.packets / max(main_cpu_seconds(), 1e-6));
	for (i = 0; i < TRANSPORTS; i++)
		printf("%s %" PRIu64 ", ", transport_names[i], (uint64_t)sum.of_transport[i]);
	printf("with an SRQ %" PRIu64 "\n", (uint64_t)sum.shared);
	printf("%" PRIu64 " completions, %" PRIu64 " packets sent again, %" PRIu64
	       " connections given up\n",
	       (uint64_t)sum.requests, (uint64_t)sum.retransmits, (uint64_t)sum.given_up);
	printf("dropped %" PRIu64 ", duplicated %" PRIu64 ", reordered %" PRIu64
	       ", delayed %" PRIu64 ", corrupted %" PRIu64 ", refused %" PRIu64
	       ", no buffer %" PRIu64 "\n",
	       (uint64_t)sum.happened[TROUBLE_DROP], (uint64_t)sum.happened[TROUBLE_DUPLICATE],
	       (uint64_t)sum.happened[TROUBLE_OVERTAKE], (uint64_t)sum.happened[TROUBLE_DELAY],
	       (uint64_t)sum.happened[TROUBLE_CORRUPT], (uint64_t)sum.happened[TROUBLE_REFUSE],
	       (uint64_t)sum.happened[TROUBLE_NO_BUFFER]);
	for (i = 0; i < 2; i++)
		printf("streams%s: lost %" PRIu64 ", sent again %" PRIu64 " requests, %" PRIu64
		       " READ responses\n",
		       i ? " to who keeps nothing" : "", (uint64_t)sum.stream[i].lost,
		       (uint64_t)sum.stream[i].requests_again,
		       (uint64_t)sum.stream[i].answers_again);
	printf("lies %" PRIu64 ", faults %" PRIu64 ", of these without memory %" PRIu64
	       "; arrived while a lane was held %" PRIu64 ", timers that were late %" PRIu64
	       ", marked %" PRIu64 "\n",
	       (uint64_t)sum.happened[TROUBLE_LIE],
	       (uint64_t)(sum.happened[TROUBLE_FAULT] + sum.happened[TROUBLE_STARVED]),
	       (uint64_t)sum.happened[TROUBLE_STARVED], (uint64_t)sum.happened[TROUBLE_BESIDE],
	       (uint64_t)sum.happened[TROUBLE_TIMER], (uint64_t)sum.happened[TROUBLE_MARK]);
}

/* ---- a failure ---- */

static void main_save(const struct scenario *scenario)
{
	FILE *file = fopen(options.save, "w");

	if (!file) {
		printf("%s cannot be written: %s\n", options.save, strerror(errno));
		return;
	}
	scenario_save(scenario, file);
	fclose(file);
}

static void main_show_small(const struct scenario *scenario, u32 tries)
{
	printf("made smaller in %u tries: %u work requests, %u receives, %u troubles; it fails so:\n  %s\n",
	       tries, scenario->ops, scenario->receives, scenario->troubles, shared->reason);
	scenario_save(scenario, stdout);
	printf("once more, packet by packet: %s --replay=%s --trace\n", program_invocation_name,
	       options.save);
}

/* What a seed that failed comes down to. */
static void main_explain(u64 seed, const char *reason)
{
	struct scenario *scenario = &shared->scenario;
	u32 tries;

	printf("seed %" PRIu64 " FAILED: %s\nonce more: %s --seed=%" PRIu64 " --trace\n",
	       (uint64_t)seed, reason, program_invocation_name, (uint64_t)seed);
	scenario_draw(scenario, seed);
	if (!shrink_reproduce(scenario, shared->reason)) {
		printf("in a process of its own it does not fail: it depends on the seeds before it\n");
		return;
	}
	scenario->drawn = true;
	printf("making it smaller (up to half a minute)\n");
	tries = shrink(scenario, shared->reason);
	main_save(scenario);
	main_show_small(scenario, tries);
}

/* ---- many seeds, in several processes ---- */

static void main_work(u32 job)
{
	static struct scenario scenario;
	u64 seed;

	world_init();
	for (seed = options.first + job; seed < options.first + options.seeds;
	     seed += options.jobs) {
		shared->job[job].seed = seed;
		scenario_draw(&scenario, seed);
		if (run_scenario(&scenario, &shared->job[job].totals))
			continue;
		memcpy(shared->job[job].reason, fail_reason, sizeof(fail_reason));
		shared->job[job].failed = true;
		_exit(1);
	}
	_exit(0);
}

static void main_fork(pid_t *child, u32 job)
{
	fflush(stdout);
	*child = fork();
	if (!*child)
		main_work(job);
	if (*child < 0) {
		perror("a process cannot be made");
		exit(1);
	}
}

/* How often something is said, s. */
#define MAIN_LIVE 5.0

static void main_show_live(double begin)
{
	static double last;
	double now = main_now();
	struct run_totals sum;

	if (now - max(last, begin) < MAIN_LIVE)
		return;
	last = now;
	sum = main_sum();
	printf("  %3.0f s: %" PRIu64 " of %" PRIu64 " seeds, %.1f M packets\n", now - begin,
	       (uint64_t)sum.seeds, (uint64_t)options.seeds, sum.packets / 1e6);
	fflush(stdout);
}

/* A seed that takes so long hangs: its process is ended. */
static void main_end_hanging(const pid_t *child, u32 job)
{
	static struct {
		u64 seed;
		double since;
	} seen[MAIN_JOBS];
	double now = main_now();

	if (seen[job].seed != shared->job[job].seed || !seen[job].since) {
		seen[job].seed = shared->job[job].seed;
		seen[job].since = now;
	} else if (now - seen[job].since > 3 * SHRINK_HANGS) {
		kill(child[job], SIGKILL);
	}
}

/* Returns whether the job has ended; *bad if not well. */
static bool main_look(pid_t *child, u32 job, bool *bad)
{
	int status;

	if (!child[job])
		return true;
	if (waitpid(child[job], &status, WNOHANG) != child[job]) {
		main_end_hanging(child, job);
		return false;
	}
	child[job] = 0;
	if (!status)
		return true;
	*bad = true;
	if (!shared->job[job].failed)
		snprintf(shared->job[job].reason, sizeof(fail_reason),
			 "the process crashes, or hangs (status %d)", status);
	shared->job[job].failed = true;
	return true;
}

/* Returns whether all went well. */
static bool main_wait(pid_t *child, double begin)
{
	bool bad = false, running = true;
	u32 i;

	while (running && !bad) {
		running = false;
		for (i = 0; i < options.jobs; i++)
			running |= !main_look(child, i, &bad);
		main_show_live(begin);
		usleep(20000);
	}
	for (i = 0; i < options.jobs; i++)
		if (child[i])
			kill(child[i], SIGKILL);
	return !bad;
}

/* So many packets of streams are lost before it is judged what was sent again for them. */
#define MAIN_LOST_LEAST 500

/* Whether of streams to who keeps what comes early at most twice as much was sent again as was lost. */
static bool main_judge_streams(void)
{
	const struct run_stream stream = main_sum().stream[0];

	if (stream.lost < MAIN_LOST_LEAST) {
		printf("too little was lost of streams to say whether too much was sent again\n");
		return true;
	}
	if (stream.requests_again + stream.answers_again <= 2 * stream.lost)
		return true;
	printf("of streams more than twice as much was sent again as was lost\n");
	return false;
}

static int main_run_many(void)
{
	pid_t child[MAIN_JOBS] = { 0 };
	double begin = main_now();
	bool well;
	u32 i;

	for (i = 0; i < options.jobs; i++)
		main_fork(&child[i], i);
	well = main_wait(child, begin);
	main_show_totals(main_now() - begin);
	world_init();
	for (i = 0; i < options.jobs; i++) {
		if (!shared->job[i].failed)
			continue;
		main_explain(shared->job[i].seed, shared->job[i].reason);
		return 1;
	}
	if (well && main_sum().packets < options.least_packets) {
		printf("these are fewer packets than the %" PRIu64
		       " that were to be: the scenarios have become smaller\n",
		       (uint64_t)options.least_packets);
		return 1;
	}
	return !(well && main_judge_streams());
}

/* ---- one scenario, in this process ---- */

static int main_run_one(struct scenario *scenario)
{
	double begin = main_now();

	world_init();
	options.jobs = 1;
	if (run_scenario(scenario, &shared->job[0].totals)) {
		main_show_totals(main_now() - begin);
		return 0;
	}
	printf("FAILED: %s\n", fail_reason);
	return 1;
}

static int main_replay(void)
{
	FILE *file = fopen(options.replay, "r");
	int line;

	if (!file) {
		fprintf(stderr, "%s cannot be read: %s\n", options.replay, strerror(errno));
		return 2;
	}
	line = scenario_load(&shared->scenario, file);
	fclose(file);
	if (line) {
		fprintf(stderr, "%s: line %d is no part of a scenario (--save writes such files)\n",
			options.replay, line);
		return 2;
	}
	return main_run_one(&shared->scenario);
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		main_options, main_take_option, NULL,
		"Runs the driver's transport over a simulated network against a model of what it must do."
	};

	options.jobs = sysconf(_SC_NPROCESSORS_ONLN);
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	options.jobs = min(max(options.jobs, 1u), (u32)MAIN_JOBS);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED) {
		perror("memory that processes share");
		return 2;
	}
	if (options.replay)
		return main_replay();
	if (!options.one)
		return main_run_many();
	scenario_draw(&shared->scenario, options.first);
	return main_run_one(&shared->scenario);
}
