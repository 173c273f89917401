/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * What the wire room needs from its surroundings: fixed-size types and byte
 * order. The room is pure, so the same files build in the kernel and in the
 * user-space unit tests.
 */
#ifndef RODP_WIRE_ENV_H
#define RODP_WIRE_ENV_H

#ifdef __KERNEL__
#include <linux/types.h>
#include <linux/string.h>
#include <linux/build_bug.h>
#include <asm/byteorder.h>
#else
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <linux/types.h>
#include <asm/byteorder.h>
typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
#define cpu_to_be16 __cpu_to_be16
#define cpu_to_be32 __cpu_to_be32
#define cpu_to_be64 __cpu_to_be64
#define be16_to_cpu __be16_to_cpu
#define be32_to_cpu __be32_to_cpu
#define be64_to_cpu __be64_to_cpu
#ifndef __packed
#define __packed __attribute__((packed))
#endif
#endif

#endif
