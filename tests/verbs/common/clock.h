/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Time. */
#ifndef VT_CLOCK_H
#define VT_CLOCK_H

#include <stdint.h>

/* Of the monotonic clock. */
uint64_t vt_now_ns(void);
/* Leaves the CPU to others for so long. */
void vt_sleep_ms(unsigned int ms);

#endif
