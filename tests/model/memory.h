/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Regions: plain memory behind the interface of kernel/mem. Of those on demand an access may miss
 * anywhere, whatever was there before, as if the kernel took pages away all the time; and what is
 * missed stays away until the fault is over, whoever asks.
 */
#ifndef MODEL_MEMORY_H
#define MODEL_MEMORY_H

#include "env/kernel.h"

#include "mem/mr.h"

#define MEMORY_REGIONS 8

/* No region is left, no fault under way. */
void memory_begin(bool on_demand);

/* A new region over plain memory, which the device finds by its key. */
struct rodp_mr *memory_region(struct ib_pd *pd, void *bytes, u64 iova, u64 length, u32 access);

/* Faults that are under way. */
u32 memory_faults(void);

#endif
