// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * ATOMIC WRITE, and FLUSH behind a WRITE. Words are written to one place: one that is written once more, later, stays
 * there. What was flushed is in the peer's memory.
 */
#include "loss.h"

/* As in the kernel's interface; not every libibverbs has names for them. */
#define CAP_FLUSH_GLOBAL    (1ull << 38)
#define CAP_ATOMIC_WRITE    (1ull << 40)
#define ACCESS_FLUSH_GLOBAL (1 << 8)

static void words_need(struct loss *loss, uint64_t cap, const char *what)
{
	if (!(loss->a->attr.device_cap_flags_ex & loss->b->attr.device_cap_flags_ex & cap))
		vt_skip("%s is not there at both ends", what);
}

/* By ibv_wr_*: no other interface has them all. */
static void words_open(struct loss *loss, uint64_t send_ops, int access)
{
	struct vt_conn_attr attr = { .wr_api = true, .send_ops = send_ops, .access = access };

	loss->access = access;
	if (loss->column->transport == IBV_QPT_RC)
		vt_connect(&loss->conn, loss->a, loss->b, &attr);
	else
		loss_open_xrc_with(loss, &attr);
}

static void words_start(struct loss *loss, uint64_t wr_id, unsigned int flags)
{
	struct ibv_qp_ex *qp = loss->conn.a.qpx;

	ibv_wr_start(qp);
	qp->wr_id = wr_id;
	qp->wr_flags = IBV_SEND_SIGNALED | flags;
}

static void words_complete(struct loss *loss, uint64_t wr_id)
{
	struct ibv_qp_ex *qp = loss->conn.a.qpx;
	int err;

	if (loss->column->transport == IBV_QPT_XRC_SEND)
		ibv_wr_set_xrc_srqn(qp, loss->srqn);
	err = ibv_wr_complete(qp);
	if (err && !loss->gone)
		vt_fail("posting request %llu: %s", (unsigned long long)wr_id, strerror(err));
	if (err)
		loss->over = true;
}

/* ---- ATOMIC WRITE ---- */

void loss_open_atomic_write(struct loss *loss)
{
	words_need(loss, CAP_ATOMIC_WRITE, "ATOMIC WRITE");
	words_open(loss, IBV_QP_EX_WITH_ATOMIC_WRITE, VT_ACCESS_ALL);
}

static uint64_t words_value(uint64_t n)
{
	return (n + 1) * 0x9e3779b97f4a7c15ull;
}

static void words_post_write(struct loss *loss, uint64_t n)
{
	const uint64_t word = words_value(n);

	/* The builder says that it is inline; only librxe wants to hear it here too. */
	words_start(loss, n, vt_is_rxe(loss->a) ? IBV_SEND_INLINE : 0);
	ibv_wr_atomic_write(loss->conn.a.qpx, loss->to.mr->rkey, vt_addr(&loss->to, 0), &word);
	words_complete(loss, n);
}

void loss_round_atomic_write(struct loss *loss)
{
	uint64_t first = loss->next, n, word;

	if (loss->memory == VT_ODP)
		vt_buf_cool(&loss->to);
	loss->next += LOSS_DEPTH;
	for (n = first; n < loss->next && !loss->over; n++)
		words_post_write(loss, n);
	for (n = first; n < loss->next; n++) {
		if (loss->over || !loss_sent(loss, n, loss->next))
			return;
	}
	memcpy(&word, loss->to.data, sizeof(word));
	if (word != words_value(loss->next - 1))
		vt_fail("in the end the word is %#llx, not %#llx", (unsigned long long)word,
			(unsigned long long)words_value(loss->next - 1));
	loss_no_more(loss);
}

/* ---- FLUSH ---- */

#ifdef VT_HAVE_FLUSH
void loss_open_flush(struct loss *loss)
{
	words_need(loss, CAP_FLUSH_GLOBAL, "FLUSH");
	words_open(loss, IBV_QP_EX_WITH_FLUSH, VT_ACCESS_ALL | ACCESS_FLUSH_GLOBAL);
}

static void words_post_flush(struct loss *loss, uint64_t wr_id, uint64_t n, uint32_t len)
{
	enum {
		GLOBAL = 1,
		RANGE = 0
	};

	words_start(loss, wr_id, 0);
	ibv_wr_flush(loss->conn.a.qpx, loss->to.mr->rkey, vt_addr(&loss->to, loss_slot(n)), len,
		     GLOBAL, RANGE);
	words_complete(loss, wr_id);
}
#else
void loss_open_flush(struct loss *loss)
{
	words_need(loss, CAP_FLUSH_GLOBAL, "FLUSH");
	vt_skip("this libibverbs has no FLUSH");
}

static void words_post_flush(struct loss *loss, uint64_t wr_id, uint64_t n, uint32_t len)
{
	vt_fail("FLUSH %llu of %u bytes of message %llu of column %s cannot be posted",
		(unsigned long long)wr_id, len, (unsigned long long)n, loss->column->name);
}
#endif

/* Request 2n writes message n, request 2n + 1 flushes it. */
static bool words_post_flushed(struct loss *loss, uint64_t n, uint32_t len)
{
	struct vt_op op = loss_request(loss, n, len);

	loss_fill(loss->from.data + loss_slot(n), n, len);
	op.wr_id = 2 * n;
	if (!loss_post(loss, &op))
		return false;
	words_post_flush(loss, 2 * n + 1, n, len);
	return !loss->over;
}

void loss_round_flush(struct loss *loss)
{
	uint64_t first = loss->next, n;

	if (loss->memory == VT_ODP)
		vt_buf_cool(&loss->to);
	loss->next += LOSS_DEPTH;
	for (n = first; n < loss->next; n++) {
		if (!words_post_flushed(loss, n, loss_len(n, LOSS_MAX_LEN)))
			return;
	}
	for (n = first; n < loss->next; n++) {
		if (!loss_sent(loss, 2 * n, 2 * loss->next) ||
		    !loss_sent(loss, 2 * n + 1, 2 * loss->next))
			return;
		loss_verify(loss->to.data + loss_slot(n), n, loss_len(n, LOSS_MAX_LEN));
	}
	loss_no_more(loss);
}
