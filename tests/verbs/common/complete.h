/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Completions and events, always with a bound on the wait. */
#ifndef VT_COMPLETE_H
#define VT_COMPLETE_H

#include "conn.h"

/* The next completion; fails if there is none within --wait-ms. */
struct ibv_wc vt_wait(struct vt_end *end);
/*
 * Whether this is the error that was expected of the peer. With --lossy its NAK may be lost; the
 * peer's QP is in error by then and says nothing more, and so the requester gives up.
 */
bool vt_is_error(enum ibv_wc_status status, enum ibv_wc_status expected);
/* The next completion must be this one. */
struct ibv_wc vt_expect(struct vt_end *end, uint64_t wr_id, enum ibv_wc_status status);
/* The same with success, and the opcode. */
struct ibv_wc vt_expect_ok(struct vt_end *end, uint64_t wr_id, enum ibv_wc_opcode opcode);
/* As vt_expect() with success, but leaves the CPU to others. Needs vt_conn_attr.events. */
void vt_expect_asleep(struct vt_end *end, uint64_t wr_id);
/* There is no completion within ms. */
void vt_expect_none(struct vt_end *end, unsigned int ms);
/* The next asynchronous event of the device, or -1 after ms. It is acknowledged. */
int vt_async_event(struct vt_device *dev, unsigned int ms);
/* The next completion event of the end, or false after ms. It is acknowledged. */
bool vt_comp_event(struct vt_end *end, unsigned int ms);

#endif
