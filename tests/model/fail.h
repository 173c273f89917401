/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The end of a run that failed. */
#ifndef MODEL_FAIL_H
#define MODEL_FAIL_H

#include <setjmp.h>

/* Where a failing run goes, and why it failed. */
extern jmp_buf fail_jump;
extern char fail_reason[256];

/* The run failed: say why, and leave it. */
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
