/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* One packet by chance: mostly right, with a field or two that are not. */
#ifndef INJECTOR_SHOT_H
#define INJECTOR_SHOT_H

#include "injector/target.h"

/* The transport that an opcode is of; RC for those of none. */
enum vt_transport shot_transport(uint8_t opcode);
/*
 * Sends one with this opcode to one of the targets, VT_TRANSPORTS times POSTURES of them, one posture after the
 * other. Returns the posture.
 */
unsigned int shot_fire(struct range *range, const struct target *targets, uint8_t opcode);

#endif
