/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * What the verbs test programs share ("vt"). One process holds both ends of every
 * connection, so that it can check what each side saw.
 *
 * A program ends with 0 (passed), 1 (failed) or 77 (skipped), and its last line
 * says why. Nothing here returns an error: whatever was not expected ends the
 * program with the case that was running.
 *
 * End "a" is the one that posts requests, on --dev; end "b" answers, on
 * --peer-dev. Offsets and lengths are in bytes, times in milliseconds.
 */
#ifndef VT_H
#define VT_H

#include <endian.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <infiniband/verbs.h>

#include "buffer.h"
#include "cgroup.h"
#include "clock.h"
#include "complete.h"
#include "conn.h"
#include "counters.h"
#include "datagram.h"
#include "device.h"
#include "disk.h"
#include "main.h"
#include "options.h"
#include "pair.h"
#include "pattern.h"
#include "post.h"
#include "process.h"
#include "say.h"
#include "show.h"
#include "swap.h"
#include "uffd.h"

#define VT_ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
