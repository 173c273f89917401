/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * What the commands of odpctl share. A command gets what args.c has read from the command line, and
 * returns the exit status: 0, 1 (something is wrong, and was said). Wrong usage (2) is args.c's.
 */
#ifndef ODPCTL_H
#define ODPCTL_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "odp.h"

/* What was said on the command line, or what holds where nothing was. */
struct args {
	const char *what; /* the argument; NULL: none */
	const char *png; /* name of a file, which may stand within single quotes; NULL: none */
	unsigned long interval; /* ms, not 0 */
	unsigned long count; /* of events; 0: no end */
	unsigned long seconds; /* 0: since the device was made */
	bool json, once;
	const char *container; /* a root directory or the id of a process; NULL: this host */
	const char *providers; /* a directory; NULL: the usual one */
};

struct command {
	const char *name;
	const char *takes; /* its argument, in brackets if it may be left out; "": it has none */
	const char *does;
	const struct argp_option *options; /* of those below */
	int (*run)(const struct args *args);
};

#define OPTION_JSON                                           \
	{                                                     \
		"json", 'j', NULL, 0, "JSON, for programs", 0 \
	}
#define OPTION_ONCE                                                         \
	{                                                                   \
		"once", '1', NULL, 0, "One table, on a terminal as well", 0 \
	}
#define OPTION_PNG                                                     \
	{                                                              \
		"png", 'p', "FILE", 0, "A picture, made by gnuplot", 0 \
	}
#define OPTION_INTERVAL                                                              \
	{                                                                            \
		"interval", 'i', "MS", 0, "Milliseconds between two looks [1000]", 0 \
	}
#define OPTION_COUNT                                                    \
	{                                                               \
		"count", 'c', "N", 0, "End after N lines [0: never]", 0 \
	}
#define OPTION_SECONDS                                                                             \
	{                                                                                          \
		"seconds", 's', "N", 0, "Of the next N seconds [all since the device was made]", 0 \
	}
#define OPTION_CONTAINER                                                                      \
	{                                                                                     \
		"container", 'C', "ROOT", 0,                                                  \
			"Of a container: its root directory, or the id of a process in it", 0 \
	}
#define OPTION_PROVIDERS                                                                  \
	{                                                                                 \
		"providers", 'P', "DIR", 0, "Where the providers for all releases are", 0 \
	}

extern const struct command command_caps, command_doctor, command_hist, command_map, command_mr,
	command_watch;

/* ---- args.c ---- */

/*
 * Reads the arguments of a command, argv[0] being its name, and runs it. Wrong usage, --help and
 * --version end the program.
 */
int args_run(const struct command *command, int argc, char **argv);
/* "odpctl VERSION" */
const char *args_version(void);

/* ---- say.c: words for people ---- */

/* "odpctl: " and the text, on standard error; returns 1. */
int say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* 0 B to 1.0 TiB, within 9 characters. The text lives until the fourth call after this one. */
const char *say_bytes(uint64_t bytes);
/* 0 to 999T, within 5 characters. */
const char *say_count(uint64_t count);
/* 0 ns to 99 s. */
const char *say_ns(uint64_t ns);
/* Prints text as a JSON string. */
void say_json(FILE *out, const char *text);

/* ---- term.c: the terminal ---- */

enum colour {
	PLAIN,
	BOLD,
	DIM,
	RED,
	GREEN,
	YELLOW,
	CYAN,
};

/* The escape sequence, or "" where standard output is no terminal or NO_COLOR is set. */
const char *term_colour(enum colour colour);
/* Columns and rows of the terminal; 80 and 24 where there is none. */
void term_size(unsigned int *columns, unsigned int *rows);
/*
 * A full-screen view: keys come unbuffered, the screen is given back at the end, by a signal as
 * well.
 */
bool term_enter(void); /* false: standard output is no terminal */
void term_leave(void);
void term_home(void); /* a new picture begins */
void term_end(void); /* and is complete: what is below it goes */
/* Waits ms at most; the key, 0: none, 'q': also the end of input and signals that end. */
int term_key(unsigned int ms);

/* ---- device.c ---- */

/*
 * By name; NULL: the first that has on-demand paging, else the first. NULL after saying why there
 * is none.
 */
struct ibv_context *device_open(const char *name);

#endif
