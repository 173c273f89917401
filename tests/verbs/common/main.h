/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* How programs begin and end. */
#ifndef VT_MAIN_H
#define VT_MAIN_H

#include "device.h"
#include "options.h"

/* The first thing in main(): reads the options and opens the devices of end a and of end b. */
void vt_start(int argc, char **argv, struct vt_device **a, struct vt_device **b);
/* The last thing in main(): closes them and says that the program passed. */
int vt_finish(struct vt_device *a, struct vt_device *b);

/* Calls run for each pair of memory kinds that is asked for and possible. */
void vt_each_memory(const struct vt_device *a, const struct vt_device *b,
		    void (*run)(enum vt_memory a, enum vt_memory b, void *arg), void *arg);
/* The main() of a program that is nothing but that: arg is both devices, struct vt_device *[2]. */
int vt_main_each_memory(int argc, char **argv,
			void (*run)(enum vt_memory a, enum vt_memory b, void *arg));

#endif
