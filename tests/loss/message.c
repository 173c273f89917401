// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Messages: what is in them, and where. */
#include "loss.h"

static uint64_t message_seed(uint64_t n)
{
	return vt_options.seed * 1000003 + n;
}

uint32_t loss_len(uint64_t n, uint32_t most)
{
	static const uint32_t near[] = { 1, 8, 1024, 4096, 4097, 8192 };
	uint64_t x = message_seed(n) * 0x9e3779b97f4a7c15ull >> 32;

	if (x % 3 == 0 && near[x / 3 % VT_ARRAY_SIZE(near)] <= most)
		return near[x / 3 % VT_ARRAY_SIZE(near)];
	return 1 + x % most;
}

void loss_fill(uint8_t *at, uint64_t n, uint32_t len)
{
	vt_fill(at, len, message_seed(n), 0);
}

void loss_verify(const uint8_t *at, uint64_t n, uint32_t len)
{
	char what[64];

	snprintf(what, sizeof(what), "message %llu (%u bytes)", (unsigned long long)n, len);
	vt_verify(at, len, message_seed(n), 0, what);
}

bool loss_is_byte(uint8_t byte, uint64_t n, uint32_t at)
{
	return byte == vt_pattern(message_seed(n), at);
}

size_t loss_slot(uint64_t n)
{
	return n % LOSS_DEPTH * LOSS_SLOT;
}
