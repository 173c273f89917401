/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Speaking to the instruction counter (plugin/wire.h) from C. Where nobody counts, the nops are
 * nops. Include it in one file of a program.
 */
#ifndef BENCH_NOPS_H
#define BENCH_NOPS_H

#include <stddef.h>
#include <stdint.h>

/* 256 functions of 8 bytes: the nop that carries the function's number, and ret. */
__asm__(".section .text\n"
	".balign 8\n"
	"nops:\n"
	".set byte, 0\n"
	".rept 256\n"
	".byte 0x0f, 0x1f, 0x80, byte, 0x00, 0x5a, 0x5a, 0xc3\n"
	".set byte, byte + 1\n"
	".endr\n");

extern const char nops[] __attribute__((visibility("hidden")));

#define NOP_STRIDE 8

static void say_byte(uint8_t byte)
{
	((void (*)(void))(uintptr_t)(nops + NOP_STRIDE * byte))();
}

static void say(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		say_byte(bytes[i]);
}

#endif
