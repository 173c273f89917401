/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Arguments and environment. */
#ifndef VT_OPTIONS_H
#define VT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum vt_memory {
	VT_PINNED,
	VT_ODP
};

struct vt_options {
	const char *dev; /* --dev, RDMA_DEV */
	const char *peer_dev; /* --peer-dev, RDMA_PEER_DEV; default: dev */
	int gid_index; /* --gid-index, RDMA_GID_INDEX; -1: the first RoCE v2 one */
	int peer_gid_index; /* --peer-gid-index, RDMA_PEER_GID_INDEX */
	const char *address; /* --address: the GID is this IP address's, whatever its index */
	const char *peer_address; /* --peer-address */
	int mtu; /* --mtu, bytes; 0: the port's */
	unsigned int memory; /* --memory: bit 2 * memory(a) + memory(b); 0: what the devices do */
	uint64_t seed; /* --seed; default: fixed */
	unsigned int rounds; /* --rounds; 0: the program's default */
	unsigned int seconds; /* --seconds; 0: the program's default */
	unsigned int wait_ms; /* --wait-ms: how long a completion may take */
	uint8_t timeout; /* --timeout, code; default 17: 0.54 s */
	bool lossy; /* --lossy: where a peer's error is expected, "transport retry counter exceeded" will do */
	bool verbose; /* --verbose */
};

extern struct vt_options vt_options;

/* Reads the arguments and the environment. Call it first; vt_start() does. */
void vt_init(int argc, char **argv);

#endif
