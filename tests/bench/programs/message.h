/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Messages that say which they are, at both of their ends, and how long they took. */
#ifndef BENCH_MESSAGE_H
#define BENCH_MESSAGE_H

#include "options.h"

/* Ends the program; says @what and errno. */
_Noreturn void message_fail(const char *what);
/* Memory for one message, touched. */
uint8_t *message_alloc(size_t bytes);
/* Writes @number into the first and the last 8 bytes. */
void message_stamp(uint8_t *data, size_t bytes, uint64_t number);
/* Ends the program unless the message says @number. */
void message_check(const uint8_t *data, size_t bytes, uint64_t number);
/* Of the monotonic clock. */
uint64_t message_now_ns(void);
/* Prints MiB/s of a stream, us a message of a ping-pong, since @start_ns. */
void message_report(const struct options *options, uint64_t start_ns);

#endif
