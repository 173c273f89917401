/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Content that says where it belongs: the bytes of a numbered pattern. */
#ifndef VT_PATTERN_H
#define VT_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/* The byte at position pos of pattern number seed. */
uint8_t vt_pattern(uint64_t seed, uint64_t pos);
/* Writes len bytes of the pattern, from position pos on. */
void vt_fill(uint8_t *at, size_t len, uint64_t seed, uint64_t pos);
/* Fails unless len bytes at "at" are the pattern from position pos on. */
void vt_verify(const uint8_t *at, size_t len, uint64_t seed, uint64_t pos, const char *what);
/* Fails unless they are zero. */
void vt_verify_zero(const uint8_t *at, size_t len, const char *what);

#endif
