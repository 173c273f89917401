// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * What a mapping lets the device do is what it lets loads and stores of its process do: less rights never
 * open more, and nothing opens what is not memory.
 */
#include "fuzz.h"

#include <stdbool.h>

#define VM_READ		0x1ul
#define VM_WRITE	0x2ul
#define VM_PFNMAP	0x400ul
#define VM_IO		0x4000ul
#define VM_SHADOW_STACK (1ul << 37)

#include "odp/vma.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	while (size) {
		const unsigned long flags = fuzz_take(&data, &size, 8);
		const bool read = rodp_vma_allows(flags, false),
			   write = rodp_vma_allows(flags, true);
		const bool memory = !(flags & (VM_IO | VM_PFNMAP));

		fuzz_check(!write || read);
		fuzz_check(read == (memory && (flags & VM_READ)));
		fuzz_check(write == (read && (flags & (VM_WRITE | VM_SHADOW_STACK)) == VM_WRITE));
		fuzz_check(!rodp_vma_allows(flags | VM_IO, false) &&
			   !rodp_vma_allows(flags & ~VM_WRITE, true));
	}
	return 0;
}
