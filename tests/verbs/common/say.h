/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* How a program tells its fate. */
#ifndef VT_SAY_H
#define VT_SAY_H

#include <stdarg.h>
#include <stdio.h>

#define VT_PRINTF(string, first) __attribute__((format(printf, string, first)))

/* Names the case that runs now; printed when something fails, or with --verbose. */
void vt_case(const char *format, ...) VT_PRINTF(1, 2);
/* A line for who reads the log. */
void vt_note(const char *format, ...) VT_PRINTF(1, 2);
/* A measured value, for tests/figures: "figure KEY = VALUE UNIT". */
void vt_figure(const char *key, const char *unit, double value);
/* Ends the program as failed; says in which case. */
_Noreturn void vt_fail(const char *format, ...) VT_PRINTF(1, 2);
/* Ends the program as skipped. */
_Noreturn void vt_skip(const char *format, ...) VT_PRINTF(1, 2);
/* Prints the number of cases and returns the exit status for main(). Fails if no case ran. */
int vt_pass(void);

/* Fails, with the place and the text of the condition, unless it is true. */
#define vt_check(condition)                                                             \
	do {                                                                            \
		if (!(condition))                                                       \
			vt_fail("%s:%d: not true: %s", __FILE__, __LINE__, #condition); \
	} while (0)

#endif
