/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The set-up that most tests of a transport need: two ends, connected, with a buffer at either. */
#ifndef VT_PAIR_H
#define VT_PAIR_H

#include "conn.h"
#include "main.h"

struct vt_pair {
	struct vt_device *dev_a, *dev_b;
	enum vt_memory mem_a, mem_b; /* pinned, unless set */
	struct vt_conn conn;
	struct vt_buf a, b;
};

/*
 * Connects the two devices, and makes the buffers of len bytes of the two kinds of memory. a has all
 * rights, b those of access_b. attr may be NULL.
 */
void vt_pair_open(struct vt_pair *pair, size_t len, int access_b, const struct vt_conn_attr *attr);
/* Verifies the guards, disconnects, frees the buffers. The devices stay open. */
void vt_pair_close(struct vt_pair *pair);

/*
 * The main() of a program that runs once for each pair of memory kinds that is asked for and possible.
 * In the pair, devices and kinds of memory are set, and nothing else.
 */
int vt_main_each_pair(int argc, char **argv, void (*run)(struct vt_pair *pair));

/* Fails unless a WRITE of 64 KiB from pinned memory into memory of this kind arrives. */
void vt_conn_works(struct vt_conn *conn, enum vt_memory memory_b);
/* The same, on demand, with devices that are opened and a connection that is made for it. */
void vt_devices_work(void);

#endif
