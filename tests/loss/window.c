// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Windows: b binds one for each message, a writes through it, and then it is invalidated, by a's SEND WITH INVALIDATE or by
 * b itself. Each is bound anew in each round, which only a window that was invalidated can be.
 */
#include "loss.h"

enum {
	BIND = 1000, /* numbers of b's own requests: these and the window's */
	INVALIDATE = 2000,
};

void loss_open_windows(struct loss *loss)
{
	int i;

	loss->access |= IBV_ACCESS_MW_BIND;
	vt_connect(&loss->conn, loss->a, loss->b, NULL);
	for (i = 0; i < LOSS_DEPTH; i++) {
		loss->window[i] = ibv_alloc_mw(loss->b->pd, IBV_MW_TYPE_2);
		if (!loss->window[i])
			vt_skip("%s has no windows of type 2: %m", loss->b->name);
	}
}

void loss_close_windows(struct loss *loss)
{
	int i;

	for (i = 0; i < LOSS_DEPTH; i++)
		vt_check(!ibv_dealloc_mw(loss->window[i]));
	vt_disconnect(&loss->conn);
}

static struct ibv_mw *window_of(struct loss *loss, uint64_t n)
{
	return loss->window[n % LOSS_DEPTH];
}

/* A request of b's own is posted and complete; false: the device is gone. */
static bool window_request(struct loss *loss, const struct vt_op *op, enum ibv_wc_opcode opcode)
{
	struct ibv_wc wc;
	int err = vt_try_post(&loss->conn.b, op);

	if (err && !loss->gone)
		vt_fail("posting request %llu of b: %s", (unsigned long long)op->wr_id,
			strerror(err));
	if (err || !loss_received(loss, &wc, vt_options.wait_ms)) {
		if (!err && !loss->over)
			vt_fail("request %llu of b does not complete",
				(unsigned long long)op->wr_id);
		loss->over = true;
		return false;
	}
	if (wc.wr_id != op->wr_id || wc.opcode != opcode)
		vt_fail("completion %llu, %d at b, where that of %llu is next",
			(unsigned long long)wc.wr_id, wc.opcode, (unsigned long long)op->wr_id);
	return true;
}

static bool window_bind(struct loss *loss, uint64_t n)
{
	struct ibv_mw *window = window_of(loss, n);
	const struct vt_op op = {
		.opcode = IBV_WR_BIND_MW,
		.wr_id = BIND + n % LOSS_DEPTH,
		.mw = window,
		.rkey = ibv_inc_rkey(window->rkey),
		.bind = {
			.mr = loss->to.mr,
			.addr = vt_addr(&loss->to, loss_slot(n)),
			.length = LOSS_SLOT,
			.mw_access_flags = IBV_ACCESS_REMOTE_WRITE,
		},
	};

	if (!window_request(loss, &op, IBV_WC_BIND_MW))
		return false;
	window->rkey = op.rkey;
	return true;
}

static bool window_invalidate(struct loss *loss, uint64_t n)
{
	const struct vt_op op = {
		.opcode = IBV_WR_LOCAL_INV,
		.wr_id = INVALIDATE + n % LOSS_DEPTH,
		.invalidate = window_of(loss, n)->rkey,
	};

	return window_request(loss, &op, IBV_WC_LOCAL_INV);
}

/* All windows of a round. */
static bool window_begin(struct loss *loss, uint64_t first)
{
	uint64_t n;

	if (loss->memory == VT_ODP)
		vt_buf_cool(&loss->to);
	for (n = first; n < loss->next; n++) {
		if (!window_bind(loss, n))
			return false;
	}
	return true;
}

static struct vt_op window_write(struct loss *loss, uint64_t n, uint64_t wr_id)
{
	const uint32_t len = loss_len(n, LOSS_MAX_LEN);
	struct vt_op op = loss_request(loss, n, len);

	loss_fill(loss->from.data + loss_slot(n), n, len);
	op.opcode = IBV_WR_RDMA_WRITE;
	op.wr_id = wr_id;
	op.rkey = window_of(loss, n)->rkey;
	return op;
}

static void window_verify(struct loss *loss, uint64_t n)
{
	loss_verify(loss->to.data + loss_slot(n), n, loss_len(n, LOSS_MAX_LEN));
}

/* ---- invalidated by the peer: request 2n writes, request 2n + 1 is the SEND ---- */

static bool window_post_both(struct loss *loss, uint64_t n)
{
	const struct vt_op write = window_write(loss, n, 2 * n);
	const struct vt_op send = {
		.opcode = IBV_WR_SEND_WITH_INV,
		.wr_id = 2 * n + 1,
		.invalidate = window_of(loss, n)->rkey,
	};

	loss_post_receive(loss, n, LOSS_SLOT);
	return loss_post(loss, &write) && loss_post(loss, &send);
}

static bool window_take_receive(struct loss *loss, uint64_t n)
{
	struct ibv_wc wc;

	if (!loss_received(loss, &wc, vt_options.wait_ms)) {
		if (!loss->over)
			vt_fail("SEND %llu is complete and was not received",
				(unsigned long long)n);
		return false;
	}
	if (wc.wr_id != n || wc.byte_len || !(wc.wc_flags & IBV_WC_WITH_INV) ||
	    wc.invalidated_rkey != window_of(loss, n)->rkey)
		vt_fail("receive %llu: %u bytes, flags %#x, key %#x; not %llu, with key %#x",
			(unsigned long long)wc.wr_id, wc.byte_len, wc.wc_flags, wc.invalidated_rkey,
			(unsigned long long)n, window_of(loss, n)->rkey);
	return true;
}

void loss_round_send_inv(struct loss *loss)
{
	uint64_t first = loss->next, n;

	loss->next += LOSS_DEPTH;
	if (!window_begin(loss, first))
		return;
	for (n = first; n < loss->next; n++) {
		if (!window_post_both(loss, n))
			return;
	}
	for (n = first; n < loss->next; n++) {
		if (!loss_sent(loss, 2 * n, 2 * loss->next) ||
		    !loss_sent(loss, 2 * n + 1, 2 * loss->next) || !window_take_receive(loss, n))
			return;
		window_verify(loss, n);
	}
	loss_no_more(loss);
}

/* ---- invalidated by their owner ---- */

void loss_round_local_inv(struct loss *loss)
{
	uint64_t first = loss->next, n;
	struct vt_op op;

	loss->next += LOSS_DEPTH;
	if (!window_begin(loss, first))
		return;
	for (n = first; n < loss->next; n++) {
		op = window_write(loss, n, n);
		if (!loss_post(loss, &op))
			return;
	}
	for (n = first; n < loss->next; n++) {
		if (!loss_sent(loss, n, loss->next) || !window_invalidate(loss, n))
			return;
		window_verify(loss, n);
	}
	loss_no_more(loss);
}
