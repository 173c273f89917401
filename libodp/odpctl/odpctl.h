/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * What the commands of odpctl share. A command gets its own arguments, argv[0] being its name,
 * and returns the exit status: 0, 1 (something is wrong, and was said), 2 (wrong usage).
 */
#ifndef ODPCTL_H
#define ODPCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "odp.h"

struct command {
	const char *name;
	const char *arguments; /* for people */
	const char *does;
	int (*run)(int argc, char **argv);
};

extern const struct command command_caps, command_doctor, command_hist, command_map, command_mr,
	command_watch;

/* ---- say.c: words for people ---- */

/* "odpctl: " and the text, on standard error; returns 1. */
int say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* How a command is used, on standard error; returns 2. */
int say_usage(const struct command *command);
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
