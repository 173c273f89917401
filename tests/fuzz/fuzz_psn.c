// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* PSNs beside counters of 64 bits that do not wrap: sums, distances and order are the same. */
#include "fuzz.h"

#include "wire/psn.h"

#define WINDOW (1u << 23)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	while (size) {
		/* Far from 0, so that what comes before is there too. */
		const u64 base = (1ull << 40) + fuzz_take(&data, &size, 4);
		const u64 n = fuzz_take(&data, &size, 3);
		const u32 from = base & RODP_PSN_MASK, to = (base + n) & RODP_PSN_MASK;

		fuzz_check(rodp_psn_add(from, n) == to);
		fuzz_check(rodp_psn_distance(from, to) == n);
		fuzz_check(rodp_psn_add(to, (1u << 24) - n) == from);
		fuzz_check((rodp_psn_cmp(from, to) == 0) == (n == 0));
		if (n && n < WINDOW)
			fuzz_check(rodp_psn_cmp(from, to) < 0 && rodp_psn_cmp(to, from) > 0);
		if (n > WINDOW)
			fuzz_check(rodp_psn_cmp(from, to) > 0 && rodp_psn_cmp(to, from) < 0);
	}
	return 0;
}
