/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* What a fuzz target decides about the world around the driver's files. */
#ifndef RODP_FUZZ_SHARED_H
#define RODP_FUZZ_SHARED_H

#include "standin.h"

/* What somebody else does with shared memory: after the driver has read there, before it writes. */
struct shared {
	void (*read)(u8 *at, size_t bytes);
	void (*write)(const u8 *at);
};

extern struct shared fuzz_shared;

/* Memory that others may write, until fuzz_unshare(). */
void fuzz_share(void *start, size_t bytes);
void fuzz_unshare(void *start);

/* The next random numbers of the driver. */
extern u32 fuzz_choice;
/* So many allocations succeed; UINT_MAX: all. */
extern unsigned int fuzz_memory_left;

#endif
