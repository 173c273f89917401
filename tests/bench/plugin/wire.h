/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The guest speaks to the plugin in nops, one for each byte: `nopl 0x5A5A00BB(%rax)` says BB. The bytes are lines:
 *
 *   range START SIZE     the measured module has instructions here (hexadecimal)
 *   begin LABEL          a window begins; counters are 0
 *   end                  the window ends; counters are written
 *   say TEXT             TEXT is written
 *   put NAME SIZE        the SIZE bytes (decimal) that follow are written to the file NAME in the plugin's directory
 */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The length of the nop, in bytes, and where it carries its byte. */
#define WIRE_NOP_SIZE 7
#define WIRE_NOP_BYTE 3

/* @dir: where "put" writes; it must outlive the plugin. @out: where "say" and complaints go. */
void wire_setup(const char *dir, FILE *out);

/* Whether these WIRE_NOP_SIZE bytes of code are such a nop. */
bool wire_is_nop(const uint8_t *code);

/* The guest said @byte. */
void wire_byte(uint8_t byte);

#endif
