/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * What the libodp test programs share ("lt"), on top of tests/verbs' vt. A program runs on each
 * level that the device has, or on those that LIBODP_LEVELS names (a number, enum odp_level);
 * naming one that the device has not fails.
 */
#ifndef LT_H
#define LT_H

#include "odp.h"
#include "vt.h"

#define LT_PAGE 4096ul

const char *lt_level_name(uint32_t level);
/* Calls run for each level. Fails if there is none. */
void lt_each_level(struct vt_device *dev, void (*run)(uint32_t level, void *arg), void *arg);

/* A domain of one level; further attributes may be NULL. */
struct odp_domain *lt_domain(struct vt_device *dev, uint32_t level,
			     const struct odp_domain_attr *attr);
void lt_domain_close(struct odp_domain *domain);
struct odp_domain_info lt_info(struct odp_domain *domain);

/* Fails unless there is a key of that level. */
struct odp_key lt_get(struct odp_domain *domain, void *addr, size_t len, int access,
		      uint32_t level);

void *lt_map(size_t len); /* anonymous, read and write, no huge pages */
void *lt_map_at(void *at, size_t len);
/*
 * The same at the beginning of 2 MiB of which the rest is nobody's: what lies around it may be
 * counted as well.
 */
void *lt_map_alone(size_t len);

/*
 * Without CAP_SYS_ADMIN from here on, in this thread and those that it starts. What was opened
 * before cannot be posted to any more: the kernel takes commands only from the credentials that
 * opened the device.
 */
void lt_drop_sys_admin(void);

/* /dev/odp-monitor is there. */
bool lt_has_monitor(void);

/*
 * The memory and the key are one: through the remote key bytes are written by the device and seen
 * here, and written here and read by the device; then through the local key. conn.a is `dev` as
 * well, wire a pinned buffer of at least len bytes of it.
 */
void lt_check_key(struct vt_conn *conn, struct vt_buf *wire, const struct odp_key *key, uint8_t *at,
		  size_t len, uint64_t seed);

#define lt_expect(call, result) lt_expect_at(__FILE__, __LINE__, #call, call, result)
void lt_expect_at(const char *file, int line, const char *call, long is, long expected);

#endif
