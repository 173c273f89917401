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
	unsigned long pid; /* of regions that are wanted; 0: of all */
	long mrn; /* negative: all */
	const char *kind; /* implicit, explicit, pinned; NULL: all */
	const struct sort_key *sort; /* see row.h */
	unsigned long buffer; /* MiB; 0: the usual */
	const char *output, *perfetto; /* names of files; NULL: the usual one, none */
	const char *container; /* a root directory or the id of a process; NULL: this host */
	const char *providers; /* a directory; NULL: the usual one */
	bool json, regions;
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
#define OPTION_SORT                                                                              \
	{                                                                                        \
		"sort", 'o', "KEY", 0,                                                           \
			"By activity, faults, invalidations, prefetched, resident, length, pid " \
			"[activity]",                                                            \
			0                                                                        \
	}
#define OPTION_PID                                         \
	{                                                  \
		"pid", 'u', "PID", 0, "Of this process", 0 \
	}
#define OPTION_MRN                                                   \
	{                                                            \
		"mrn", 'm', "N", 0, "The region with this number", 0 \
	}
#define OPTION_KIND                                                            \
	{                                                                      \
		"kind", 'k', "KIND", 0, "implicit, explicit or pinned ones", 0 \
	}
#define OPTION_REGIONS                                                       \
	{                                                                    \
		"regions", 'r', NULL, 0, "Each region by itself, as well", 0 \
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

#define OPTION_BUFFER                                                        \
	{                                                                    \
		"buffer", 'b', "MIB", 0, "Most that the kernel keeps [8]", 0 \
	}
#define OPTION_PERFETTO                                                             \
	{                                                                           \
		"perfetto", 'f', "FILE", 0, "A trace for Perfetto's viewer, too", 0 \
	}

extern const struct command command_caps, command_doctor, command_hist, command_map,
	command_metrics, command_mr, command_record, command_report, command_top, command_watch;

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
/*
 * Others' words, in place: what is no UTF-8, and what would control a terminal, becomes '?'. By the
 * locale, which is main()'s.
 */
void say_clean(char *text);

/* ---- file.c: files that are written ---- */

/* Empty, with these rights if it is new. NULL after saying why not. */
FILE *file_create(const char *path, mode_t mode);
/* 0, or 1 after saying why not all of it was written. */
int file_close(FILE *file, const char *path);

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
