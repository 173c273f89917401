// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Any arguments of odpctl: what a command gets is within its bounds; and odpctl's words for
 * numbers: short enough, and read again they are what was said.
 */
#include <ctype.h>
#include <locale.h>

#include "fuzz.h"

#include "odpctl.h"
#include "row.h"

static bool complained; /* where the program would have ended */
static unsigned int runs;

error_t __real_argp_parse(const struct argp *argp, int argc, char **argv, unsigned int flags,
			  int *index, void *input);
/* In the place of argp's functions: they come back. */
error_t __wrap_argp_parse(const struct argp *argp, int argc, char **argv, unsigned int flags,
			  int *index, void *input);
void __wrap_argp_error(const struct argp_state *state, const char *format, ...);
void __wrap_argp_state_help(const struct argp_state *state, FILE *stream, unsigned int flags);

error_t __wrap_argp_parse(const struct argp *argp, int argc, char **argv, unsigned int flags,
			  int *index, void *input)
{
	const error_t err = __real_argp_parse(argp, argc, argv, flags | ARGP_SILENT, index, input);

	complained |= err;
	return err;
}

void __wrap_argp_error(const struct argp_state *state, const char *format, ...)
{
	(void)state;
	(void)format;
	complained = true;
}

void __wrap_argp_state_help(const struct argp_state *state, FILE *stream, unsigned int flags)
{
	(void)state;
	(void)stream;
	(void)flags;
	complained = true;
}

static int run(const struct args *args)
{
	runs++;
	if (complained)
		return 1;
	fuzz_check(args->interval);
	fuzz_check(!args->png || !strpbrk(args->png, "'\\\n"));
	fuzz_check(args->sort >= sort_keys && args->sort < sort_keys + sort_key_count);
	fuzz_check(!args->kind || strstr("implicit explicit pinned", args->kind));
	fuzz_check(args->mrn >= -1);
	return 0;
}

static const struct argp_option options[] = {
	OPTION_SORT, OPTION_PID,      OPTION_MRN,   OPTION_KIND,    OPTION_JSON,
	OPTION_PNG,  OPTION_INTERVAL, OPTION_COUNT, OPTION_SECONDS, {}
};
static const struct command commands[] = {
	{ "none", "", "takes nothing", options, run },
	{ "may", "[DEV]", "may take one", options, run },
	{ "must", "PID", "takes one", options, run },
};

static void check_args(const struct command *command, int argc, char **argv)
{
	runs = 0;
	complained = false;
	args_run(command, argc, argv);
	fuzz_check(runs == 1 && !strncmp(args_version(), "odpctl ", 7));
	/* Without any, all is as it should be but where one must be. */
	if (argc == 1)
		fuzz_check(complained == (*command->takes == 'P'));
}

/* Words that mean something, and the text's own. */
static void make_args(const struct command *command, char *text)
{
	static const char *const words[] = {
		"-j",	      "--json",	  "-o",	      "-p",	"a.png",    "it's.png",	 "-i",
		"250",	      "0",	  "-1x",      "-c",	"-k",	    "-s",	 "DEV/7",
		"--",	      "--png",	  "-u9",      "-m",	"resident", "pinned",	 "explicit",
		"--sort=pid", "--mrn=-1", "-m4",      "faults", "--kind",   "--count=9", "length",
		"7",	      "--pid",	  "-kpinned", "-oall",
	};
	char *argv[20] = { (char *)"odpctl" };
	int argc = 1;

	for (char *word = strtok(text, " "); word && argc < 19; word = strtok(NULL, " "))
		argv[argc++] = word[1] ? word : (char *)(uintptr_t)words[*word & 31];
	argv[argc] = NULL;
	check_args(command, argc, argv);
}

static void check_numbers(uint64_t n)
{
	static const char *const units = "BKMGTPEkusnmi";
	const char *bytes = say_bytes(n), *count = say_count(n), *ns = say_ns(n);
	double value;
	char unit[8] = "";

	fuzz_check(strlen(bytes) <= 9 && strlen(count) <= 15 && strlen(ns) <= 15);
	fuzz_check(sscanf(bytes, "%lf %7s", &value, unit) == 2 && strchr(units, *unit));
	for (const char *at = "BKMGTPE"; *at && *at != *unit; at++)
		value *= 1024;
	fuzz_check(value >= n * 0.94 && value <= n * 1.06 + 1);
	/* The texts live beside each other. */
	fuzz_check(bytes != count && count != ns);
}

/* As long as before, nothing in it that controls a terminal, and clean once it was cleaned. */
static void check_clean(const char *text)
{
	char *clean = strdup(text), *again;
	size_t i;

	setlocale(LC_CTYPE, "C.UTF-8");
	say_clean(clean);
	again = strdup(clean);
	say_clean(again);
	fuzz_check(strlen(clean) == strlen(text) && !strcmp(clean, again));
	for (i = 0; clean[i]; i++)
		fuzz_check(clean[i] == text[i] ? !iscntrl((unsigned char)clean[i])
					       : clean[i] == '?');
	free(clean);
	free(again);
}

/* The messages themselves are for people. */
static void check_error(const char *text)
{
	static FILE *null;

	if (!null)
		null = fopen("/dev/null", "w");
	fuzz_check(null);
	FILE *const old = stderr;

	stderr = null;
	fuzz_check(say_error("%s", text) == 1);
	stderr = old;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t which = fuzz_take(&data, &size, 1) % 3;
	const uint64_t shift = fuzz_take(&data, &size, 1) % 64;
	const uint64_t n = fuzz_take(&data, &size, 8) >> shift;
	char *text = malloc(size + 1);

	fuzz_check(text);
	memcpy(text, data, size);
	text[size] = 0;
	check_numbers(n);
	check_clean(text);
	check_error(text);
	make_args(&commands[which], text);
	free(text);
	return 0;
}
