// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * odprun PROGRAM: runs it with libodprun.so in front of its libraries and, if a report is wanted,
 * stays until it has ended.
 */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report.h"

#define USAGE_STATUS 2
#define NOT_FOUND    127 /* as shells say it */
#define NOT_RUN	     126

static const char *const transport_names[ODP_TRANSPORTS] = { "rc", "uc", "ud", "xrc" };

struct options {
	char **program;
	unsigned int transports;
	bool report, json;
	const char *file; /* NULL: standard error */
};

static volatile pid_t child;

/* A comma-separated list; 0: it is none. */
static unsigned int read_transports(char *text)
{
	unsigned int mask = 0, i;
	char *rest = NULL, *word;

	for (word = strtok_r(text, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
		for (i = 0; i < ODP_TRANSPORTS && strcmp(word, transport_names[i]); i++)
			;
		if (i == ODP_TRANSPORTS)
			return 0;
		mask |= 1 << i;
	}
	return mask;
}

static error_t take(int key, char *text, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'r':
		options->report = true;
		options->file = text;
		return 0;
	case 'j':
		options->report = options->json = true;
		return 0;
	case 't':
		options->transports = read_transports(text);
		if (!options->transports)
			argp_error(state, "transports are a list of rc, uc, ud, xrc");
		return 0;
	case ARGP_KEY_ARG: /* and what follows is the program's */
		options->program = state->argv + state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option argp_options[] = {
	{ "report", 'r', "FILE", OPTION_ARG_OPTIONAL,
	  "Say what was done, at the end, on standard error or in FILE", 0 },
	{ "json", 'j', NULL, 0, "The report as JSON", 0 },
	{ "transports", 't', "LIST", 0,
	  "What the program uses, of rc, uc, ud, xrc, separated by commas [rc]", 0 },
	{}
};

static const struct argp argp = {
	.options = argp_options,
	.parser = take,
	.args_doc = "PROGRAM [ARGUMENT...]",
	.doc = "Runs an RDMA program whose memory is not pinned, where its device can do without.",
};

static int say_error(const char *what, const char *why)
{
	fprintf(stderr, "odprun: %s: %s\n", what, why);
	return 1;
}

/* Beside the program in a build, else where it is installed. */
static const char *library(void)
{
	static char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 32);
	char *slash;

	path[n > 0 ? n : 0] = 0;
	slash = strrchr(path, '/');
	if (slash) {
		strcpy(slash, "/../lib/libodprun.so");
		if (!access(path, R_OK))
			return path;
	}
	return ODPRUN_LIBRARY;
}

static int set_environment(const struct options *options, const char *counts)
{
	const char *others = getenv("LD_PRELOAD");
	char *preload = NULL, mask[16];
	int status = 0;

	if (access(library(), R_OK))
		return say_error(library(), strerror(errno));
	if (asprintf(&preload, "%s%s%s", library(), others ? ":" : "", others ? others : "") < 0)
		return say_error("LD_PRELOAD", strerror(ENOMEM));
	snprintf(mask, sizeof(mask), "%u", options->transports);
	if (setenv("LD_PRELOAD", preload, true) || setenv(TRANSPORTS_ENV, mask, true) ||
	    (counts && setenv(COUNTS_ENV, counts, true)))
		status = say_error("the environment", strerror(errno));
	free(preload);
	return status;
}

static int become(char **program)
{
	execvp(*program, program);
	say_error(*program, strerror(errno));
	return errno == ENOENT ? NOT_FOUND : NOT_RUN;
}

static void pass_on(int number)
{
	const int err = errno;

	if (child)
		kill(child, number);
	errno = err;
}

/* Its exit status, as a shell would give it. */
static int follow(void)
{
	const struct sigaction on = { .sa_handler = pass_on };
	const pid_t pid = child;
	siginfo_t info;
	int status;

	signal(SIGINT, SIG_IGN); /* a terminal sends these to the program as well */
	signal(SIGQUIT, SIG_IGN);
	sigaction(SIGTERM, &on, NULL);
	sigaction(SIGHUP, &on, NULL);
	while (waitid(P_PID, pid, &info, WEXITED | WNOWAIT) < 0)
		if (errno != EINTR)
			return say_error("waiting", strerror(errno));
	child = 0; /* before its number may be another's */
	if (waitpid(pid, &status, 0) < 0)
		return say_error("waiting", strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run_and_report(const struct options *options)
{
	char path[64];
	struct counts *counts = counts_make(path, sizeof(path));
	int status;

	if (!counts)
		return say_error("memory for a report", strerror(errno));
	if (set_environment(options, path))
		return 1;
	child = fork();
	if (child < 0)
		return say_error("fork()", strerror(errno));
	if (!child)
		_exit(become(options->program));
	status = follow();
	if (report_write(counts, options->file, options->json, *options->program, status))
		return say_error(options->file ? options->file : "the report", strerror(errno));
	return status;
}

int main(int argc, char **argv)
{
	struct options options = { .transports = 1 << ODP_RC };

	argp_err_exit_status = USAGE_STATUS;
	argp_program_version = "odprun " ODPRUN_VERSION;
	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &options))
		return USAGE_STATUS;
	if (options.report)
		return run_and_report(&options);
	return set_environment(&options, NULL) ? 1 : become(options.program);
}
