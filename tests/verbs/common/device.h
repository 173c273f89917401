/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Devices: opening, and what they say of themselves. */
#ifndef VT_DEVICE_H
#define VT_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include <infiniband/verbs.h>

struct vt_device {
	const char *name;
	struct ibv_context *ctx;
	struct ibv_pd *pd;
	struct ibv_device_attr_ex attr;
	struct ibv_port_attr port;
	int gid_index;
	union ibv_gid gid;
};

/*
 * Opens the device, which must have an active port, and allocates a PD. Every call opens it anew: a
 * context of its own. gid_index -1: the first RoCE v2 one.
 */
struct vt_device *vt_open(const char *name, int gid_index);
/* The same for end a and for end b, as the options say. */
struct vt_device *vt_open_a(void);
struct vt_device *vt_open_b(void);
/* Fails if something of the device is still in use. */
void vt_close(struct vt_device *dev);

/* Connections and address handles made from now on are from this GID. */
void vt_use_gid(struct vt_device *dev, int gid_index);
/* The first GID that is a unique local IPv6 address; fails if there is none. */
int vt_gid6(struct vt_device *dev);
/* The RoCE v2 GID of this IP address, or -1; it may take some time to come and to go. */
int vt_find_gid(struct vt_device *dev, const char *address);
/* The same, but waits --wait-ms for it, then fails. */
int vt_wait_gid(struct vt_device *dev, const char *address);
/* Waits until there is none, --wait-ms, then fails. */
void vt_wait_no_gid(struct vt_device *dev, const char *address);

/* Whether QPs that are connected from now on may exchange messages without a network; needs root. */
void vt_set_local_path(bool on);
/* Whether packets that follow one another leave together; needs root. */
void vt_set_segments(bool on);
/* How long work requests of a stream are gathered; needs root. */
void vt_set_gather_us(unsigned int us);
/* Whether packets have an ICRC also where there is no wire; needs root. */
void vt_set_icrc_always(bool on);
/* rxe has known holes that a test may have to step around. */
bool vt_is_rxe(const struct vt_device *dev);
/* Is this rodp's? By its name. */
bool vt_is_rodp(const struct vt_device *dev);
/* caps: the IBV_ODP_SUPPORT_* bits that an RC test needs. */
bool vt_has_odp(const struct vt_device *dev, uint32_t caps);
/* Skips the program unless vt_has_odp(). */
void vt_need_odp(const struct vt_device *dev, uint32_t caps);
/* Skips the program unless --dev and --peer-dev are two devices. */
void vt_need_two_hosts(void);
/* What the lab says of its link; skips the program if it does not. */
const char *vt_need_env(const char *name);

/* The path MTU in bytes, and back; the latter fails if there is none of that size. */
unsigned int vt_mtu_bytes(enum ibv_mtu mtu);
enum ibv_mtu vt_mtu_enum(unsigned int bytes);

#endif
