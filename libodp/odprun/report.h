/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * report: what was done, for people or programs.
 */
#ifndef ODPRUN_REPORT_H
#define ODPRUN_REPORT_H

#include <stdbool.h>

#include "counts.h"

/* file NULL: standard error. Returns 0, or 1 with errno set. */
int report_write(const struct counts *counts, const char *file, bool json, const char *program,
		 int status);

#endif
