// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* What the stand-ins keep: memory that is shared with others, a clock, choices. See shared.h. */
#include "standin.h"
#include "shared.h"

#define SHARED_ROOM 8

struct shared fuzz_shared;
int fuzz_rcu_depth;
u32 fuzz_choice;
unsigned int fuzz_memory_left = UINT_MAX;

static struct {
	u8 *start;
	size_t bytes;
} shared_area[SHARED_ROOM];

void fuzz_share(void *start, size_t bytes)
{
	for (int i = 0; i < SHARED_ROOM; i++) {
		if (shared_area[i].start)
			continue;
		shared_area[i].start = start;
		shared_area[i].bytes = bytes;
		return;
	}
	fuzz_check(!"more shared areas than there is room for");
}

void fuzz_unshare(void *start)
{
	for (int i = 0; i < SHARED_ROOM; i++)
		if (shared_area[i].start == start)
			shared_area[i].start = NULL;
}

static bool shared_has(const u8 *at)
{
	for (int i = 0; i < SHARED_ROOM; i++)
		if (shared_area[i].start && at >= shared_area[i].start &&
		    at < shared_area[i].start + shared_area[i].bytes)
			return true;
	return false;
}

void fuzz_shared_read(const volatile void *at, size_t bytes)
{
	if (fuzz_shared.read && bytes && shared_has((const u8 *)at))
		fuzz_shared.read((u8 *)(uintptr_t)at, bytes);
}

void fuzz_shared_write(const volatile void *at)
{
	if (fuzz_shared.write && shared_has((const u8 *)at))
		fuzz_shared.write((const u8 *)(uintptr_t)at);
}

bool fuzz_memory_fails(void)
{
	if (!fuzz_memory_left)
		return true;
	if (fuzz_memory_left != UINT_MAX)
		fuzz_memory_left--;
	return false;
}

u64 ktime_get_real_ns(void)
{
	static u64 now;

	return ++now;
}

u32 get_random_u32_below(u32 end)
{
	return fuzz_choice % end;
}

u8 get_random_u8(void)
{
	return fuzz_choice;
}
