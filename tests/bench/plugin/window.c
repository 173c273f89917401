// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include "window.h"

#include "blocks.h"

#include <inttypes.h>

/* A module has a handful of text sections. */
#define RANGES_MAX 64

struct range {
	uint64_t start;
	uint64_t size;
};

struct totals {
	uint64_t user;
	uint64_t kernel;
	uint64_t module;
	uint64_t syscalls;
};

static FILE *out;
static bool profile;
static char label[256];
static struct range ranges[RANGES_MAX];
static unsigned int range_count;

void window_setup(FILE *file, bool with_profile)
{
	out = file;
	profile = with_profile;
}

bool window_add_range(uint64_t start, uint64_t size)
{
	if (range_count == RANGES_MAX)
		return false;
	ranges[range_count++] = (struct range){ .start = start, .size = size };
	return true;
}

static bool in_kernel(uint64_t vaddr)
{
	return vaddr >> 63;
}

static bool in_module(uint64_t vaddr)
{
	for (unsigned int i = 0; i < range_count; i++) {
		if (vaddr - ranges[i].start < ranges[i].size)
			return true;
	}
	return false;
}

static void add_block(const struct block *block, void *arg)
{
	struct totals *totals = arg;
	uint64_t insns = block->runs * block->insns;

	if (!in_kernel(block->vaddr)) {
		totals->user += insns;
		totals->syscalls += block->syscall ? block->runs : 0;
		return;
	}
	totals->kernel += insns;
	if (in_module(block->vaddr))
		totals->module += insns;
}

static void print_block(const struct block *block, void *arg)
{
	(void)arg;
	fprintf(out, "block %s %016" PRIx64 " %" PRIu64 "\n", label, block->vaddr,
		block->runs * block->insns);
}

void window_begin(const char *name)
{
	snprintf(label, sizeof(label), "%s", name);
	blocks_reset();
}

void window_end(void)
{
	struct totals totals = { 0 };

	blocks_each(add_block, &totals);
	fprintf(out,
		"window %s user %" PRIu64 " kernel %" PRIu64 " module %" PRIu64 " syscalls %" PRIu64
		"\n",
		label, totals.user, totals.kernel, totals.module, totals.syscalls);
	if (profile)
		blocks_each(print_block, NULL);
	fflush(out);
}
