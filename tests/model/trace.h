/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* What happens, a line each, when it is asked for. */
#ifndef MODEL_TRACE_H
#define MODEL_TRACE_H

#include "env/clock.h"
#include "env/skb.h"

extern bool trace_on;

void trace_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A packet, from its BTH on: what becomes of it, and of whom it is. */
void trace_packet(const struct sk_buff *skb, u32 from, const char *what);

#define trace(...)                               \
	do {                                     \
		if (unlikely(trace_on))          \
			trace_line(__VA_ARGS__); \
	} while (0)

#endif
