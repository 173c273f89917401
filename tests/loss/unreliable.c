// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * UC and UD: requests complete once they are sent, in order, each once. Messages may be lost, and what the
 * network brings twice may arrive twice; but what arrives is one of those that were sent, and whole,
 * and a receive completes once.
 */
#include "loss.h"

enum {
	QUIET_PART =
		200, /* of --wait-ms (100 ms): nothing came for so long, so what did not come is lost */
	ALL_SEEN = (1 << LOSS_DEPTH) - 1,
	UD_MOST = 2000, /* bytes of a datagram: one packet */
	GRH = VT_GRH,
	LATEST = 16 * LOSS_DEPTH, /* messages after it that may have been sent when one comes */
};

static struct vt_buf before; /* of UC writes: what the memory held before the round */
static uint64_t receives; /* posted: their numbers are those of their slots */
static uint64_t received;

void loss_open_uc(struct loss *loss)
{
	struct vt_conn_attr attr = { .qp_type = IBV_QPT_UC };

	vt_connect(&loss->conn, loss->a, loss->b, &attr);
}

void loss_open_ud(struct loss *loss)
{
	vt_ud_open(&loss->conn.a, loss->a, false);
	vt_ud_open(&loss->conn.b, loss->b, false);
	loss->ah = vt_ah(&loss->conn.a, &loss->b->gid, loss->a->gid_index);
}

void loss_close_ud(struct loss *loss)
{
	vt_check(!ibv_destroy_ah(loss->ah));
	vt_end_close(&loss->conn.a);
	vt_end_close(&loss->conn.b);
}

static bool unreliable_is_ud(const struct loss *loss)
{
	return loss->column->transport == IBV_QPT_UD;
}

static uint32_t unreliable_len(const struct loss *loss, uint64_t n)
{
	return loss_len(n, unreliable_is_ud(loss) ? UD_MOST : LOSS_MAX_LEN);
}

/* A receive stays until a message takes it: the queue is filled up. */
static void unreliable_fill_queue(struct loss *loss)
{
	while (receives - received < LOSS_DEPTH)
		loss_post_receive(loss, receives++, LOSS_SLOT);
}

/*
 * The same, into absent pages. Those of receives that are posted stay: a message that comes twice may be in one of
 * them, and nobody has looked at it.
 */
static void unreliable_fill_queue_cold(struct loss *loss)
{
	while (receives - received < LOSS_DEPTH) {
		if (loss->memory == VT_ODP)
			vt_buf_cool_part(&loss->to, loss_slot(receives), LOSS_SLOT);
		loss_post_receive(loss, receives++, LOSS_SLOT);
	}
}

static void unreliable_send(struct loss *loss)
{
	uint64_t first = loss->next, n;
	struct vt_op op;

	loss->next += LOSS_DEPTH;
	for (n = first; n < loss->next; n++) {
		loss_fill(loss->from.data + loss_slot(n), n, unreliable_len(loss, n));
		op = loss_request(loss, n, unreliable_len(loss, n));
		if (unreliable_is_ud(loss))
			op.to = (struct vt_to){ .ah = loss->ah,
						.qpn = loss->conn.b.qp->qp_num,
						.qkey = VT_QKEY };
		if (!loss_post(loss, &op))
			return;
	}
	for (n = first; n < loss->next; n++) {
		if (!loss_sent(loss, n, loss->next))
			return;
	}
}

/* Whether what a receive holds begins as message number n. */
static bool unreliable_begins_as(struct loss *loss, const uint8_t *at, uint32_t len, uint64_t n)
{
	uint32_t i;

	for (i = 0; i < len && i < 16; i++) {
		if (!loss_is_byte(at[i], n, i))
			return false;
	}
	return len == unreliable_len(loss, n);
}

/*
 * The number of a message that came without one: the newest that it can be, by its length and how it begins.
 * What else it holds is verified by the caller.
 */
static uint64_t unreliable_find(struct loss *loss, const uint8_t *at, uint32_t len)
{
	uint64_t first = loss->next > LATEST ? loss->next - LATEST : 0, n;

	for (n = loss->next; n-- > first;) {
		if (unreliable_begins_as(loss, at, len, n))
			return n;
	}
	vt_fail("%u bytes came that are no message", len);
	return 0;
}

static uint64_t unreliable_number(struct loss *loss, const struct ibv_wc *wc)
{
	uint32_t grh = unreliable_is_ud(loss) ? GRH : 0;

	if (loss->column->opcode != IBV_WR_SEND)
		return be32toh(wc->imm_data);
	return unreliable_find(loss, loss->to.data + loss_slot(wc->wr_id) + grh,
			       wc->byte_len - grh);
}

/* The next message, or false. `seen`: a bit for each of the round's that came. */
static bool unreliable_next(struct loss *loss, struct ibv_wc *wc, uint64_t *number, uint32_t *seen)
{
	uint64_t n;
	uint32_t grh = unreliable_is_ud(loss) ? GRH : 0;

	if (!loss_received(loss, wc, vt_options.wait_ms / QUIET_PART))
		return false;
	if (wc->wr_id != received)
		vt_fail("completion of receive %llu, where that of %llu is next",
			(unsigned long long)wc->wr_id, (unsigned long long)received);
	received++;
	n = *number = unreliable_number(loss, wc);
	if (n >= loss->next)
		vt_fail("message %llu was not sent", (unsigned long long)n);
	if (wc->byte_len != unreliable_len(loss, n) + grh)
		vt_fail("message %llu has %u bytes, not %u", (unsigned long long)n, wc->byte_len,
			unreliable_len(loss, n) + grh);
	if (n + LOSS_DEPTH < loss->next)
		return true; /* of an earlier round: late */
	loss->again += !!(*seen & (1u << n % LOSS_DEPTH));
	*seen |= 1u << n % LOSS_DEPTH;
	return true;
}

static void unreliable_end(struct loss *loss, uint32_t seen)
{
	loss->lost += LOSS_DEPTH - (unsigned int)__builtin_popcount(seen);
}

void loss_round_send(struct loss *loss)
{
	uint32_t seen = 0, grh = unreliable_is_ud(loss) ? GRH : 0;
	struct ibv_wc wc;
	uint64_t n;

	unreliable_fill_queue_cold(loss);
	unreliable_send(loss);
	/* Once all are there, what comes again may come in the next round. */
	while (!loss->over && seen != ALL_SEEN && unreliable_next(loss, &wc, &n, &seen)) {
		loss_verify(loss->to.data + loss_slot(wc.wr_id) + grh, n, wc.byte_len - grh);
		unreliable_fill_queue_cold(loss);
	}
	unreliable_end(loss, seen);
}

/* Whether this byte of a message's place is the message's. */
static bool unreliable_is_of(struct loss *loss, uint8_t byte, uint64_t n, uint32_t i)
{
	return i < unreliable_len(loss, n) && loss_is_byte(byte, n, i);
}

/* A message that did not come may have come in part, and so may, late, the one before it in its place. */
static void unreliable_verify_part(struct loss *loss, uint64_t n)
{
	const uint8_t *now = loss->to.data + loss_slot(n), *old = before.data + loss_slot(n);
	uint32_t i;

	for (i = 0; i < LOSS_SLOT; i++) {
		if (now[i] != old[i] && !unreliable_is_of(loss, now[i], n, i) &&
		    !(n >= LOSS_DEPTH && unreliable_is_of(loss, now[i], n - LOSS_DEPTH, i)))
			vt_fail("message %llu was lost, and byte %u of its place is another's",
				(unsigned long long)n, i);
	}
}

static void unreliable_note_before(struct loss *loss)
{
	if (!before.map)
		vt_buf_make(&before, NULL, loss->to.len, VT_PINNED, 0);
	if (loss->memory == VT_ODP)
		vt_buf_cool(&loss->to);
	memcpy(before.data, loss->to.data, loss->to.len);
}

void loss_round_uc_write(struct loss *loss)
{
	uint64_t first = loss->next, n;
	struct ibv_wc wc;
	uint32_t seen = 0;

	unreliable_note_before(loss);
	unreliable_fill_queue(loss);
	unreliable_send(loss);
	while (!loss->over && unreliable_next(loss, &wc, &n, &seen))
		unreliable_fill_queue(loss);
	for (n = first; n < loss->next; n++) {
		if (seen & (1u << n % LOSS_DEPTH))
			loss_verify(loss->to.data + loss_slot(n), n, unreliable_len(loss, n));
		else
			unreliable_verify_part(loss, n);
	}
	unreliable_end(loss, seen);
}

static bool unreliable_is_whole(struct loss *loss, uint64_t n)
{
	const uint8_t *at = loss->to.data + loss_slot(n);
	uint32_t i, len = unreliable_len(loss, n);

	for (i = 0; i < len; i++) {
		if (!loss_is_byte(at[i], n, i))
			return false;
	}
	return true;
}

/* Nobody is told of these: what is there after a while has come. */
void loss_round_uc_plain_write(struct loss *loss)
{
	uint64_t first = loss->next, n;
	uint32_t seen = 0;
	struct ibv_wc wc;

	unreliable_note_before(loss);
	unreliable_send(loss);
	if (loss_received(loss, &wc, vt_options.wait_ms / QUIET_PART))
		vt_fail("a WRITE completes receive %llu", (unsigned long long)wc.wr_id);
	for (n = first; n < loss->next; n++) {
		if (unreliable_is_whole(loss, n))
			seen |= 1u << n % LOSS_DEPTH;
		else
			unreliable_verify_part(loss, n);
	}
	unreliable_end(loss, seen);
}
