/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * A window is the time between the guest's "begin LABEL" and its "end"; at its end its counters are written:
 *
 *   window LABEL user N kernel N module N syscalls N      (instructions; module is a part of kernel)
 *   block LABEL ADDRESS N                                 (instructions, profile only, one line for each block)
 */
#ifndef BENCH_WINDOW_H
#define BENCH_WINDOW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Where windows are written, and whether with their blocks. To be called once, first. */
void window_setup(FILE *out, bool profile);

/* Instructions at [@start, @start + @size) count as the measured module's. Returns false when there are too many ranges. */
bool window_add_range(uint64_t start, uint64_t size);

void window_begin(const char *label);
void window_end(void);

#endif
