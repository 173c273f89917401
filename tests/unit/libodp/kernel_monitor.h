/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * A /dev/odp-monitor for tests without one: monitor.c is built with calls of these in place of
 * open(2) and ioctl(2). It sees nothing by itself; the test says what happens.
 */
#ifndef UNIT_KERNEL_MONITOR_H
#define UNIT_KERNEL_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From now on there is one, for one file at a time, with so many slots; 0: there is none. */
void kernel_monitor_have(uint32_t slots);
/* How many watches there are. */
uint32_t kernel_monitor_watches(void);
/* Pages of [at, at + len) are being taken away; none are any more. */
void kernel_monitor_begin(const void *at, size_t len);
void kernel_monitor_end(void);

#endif
