/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* What the fuzz targets share: libFuzzer's entry, and an end with a reason. */
#ifndef RODP_FUZZ_H
#define RODP_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define fuzz_check(condition)                                                                     \
	do {                                                                                      \
		if (!(condition)) {                                                               \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                  \
		}                                                                                 \
	} while (0)

/* Takes up to n bytes of what is left; missing ones are 0. */
static inline uint64_t fuzz_take(const uint8_t **data, size_t *size, size_t n)
{
	uint64_t value = 0;

	n = n < *size ? n : *size;
	memcpy(&value, *data, n);
	*data += n;
	*size -= n;
	return value;
}

#endif
