// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * RC and XRC: each message arrives whole, once, in order, or its request fails and those behind it
 * are flushed. What is written late would overwrite the next round's message in its slot, and be seen.
 */
#include "loss.h"

void loss_open_rc(struct loss *loss)
{
	vt_connect(&loss->conn, loss->a, loss->b, NULL);
}

void loss_close_conn(struct loss *loss)
{
	vt_disconnect(&loss->conn);
}

struct vt_op loss_request(struct loss *loss, uint64_t n, uint32_t len)
{
	bool reads = loss->column->opcode == IBV_WR_RDMA_READ;
	const struct vt_buf *local = reads ? &loss->to : &loss->from;
	const struct vt_buf *remote = reads ? &loss->from : &loss->to;

	return (struct vt_op){
		.opcode = loss->column->opcode,
		.wr_id = n,
		.sge = { vt_sge(local, loss_slot(n), len) },
		.num_sge = 1,
		.remote_addr = vt_addr(remote, loss_slot(n)),
		.rkey = remote->mr->rkey,
		.imm = n,
		.srqn = loss->srqn,
	};
}

bool loss_post(struct loss *loss, const struct vt_op *op)
{
	int err = vt_try_post(&loss->conn.a, op);

	if (err && !loss->gone)
		vt_fail("posting request %llu: %s", (unsigned long long)op->wr_id, strerror(err));
	if (err)
		loss->over = true;
	return !err;
}

static void reliable_post_srq(struct loss *loss, uint64_t wr_id, struct ibv_sge *sge)
{
	struct ibv_recv_wr wr = { .wr_id = wr_id, .sg_list = sge, .num_sge = 1 }, *bad;

	vt_check(!ibv_post_srq_recv(loss->srq, &wr, &bad));
}

void loss_post_receive(struct loss *loss, uint64_t wr_id, uint32_t room)
{
	struct ibv_sge sge = vt_sge(&loss->to, loss_slot(wr_id), room);

	if (loss->srq)
		reliable_post_srq(loss, wr_id, &sge);
	else
		vt_recv(&loss->conn.b, wr_id, &sge, 1);
}

static bool reliable_takes_receive(const struct loss *loss)
{
	return loss->column->opcode == IBV_WR_SEND ||
	       loss->column->opcode == IBV_WR_SEND_WITH_IMM ||
	       loss->column->opcode == IBV_WR_RDMA_WRITE_WITH_IMM;
}

/* What stands for the message's number: that of the receive, where it brings none. */
static uint32_t reliable_number(const struct loss *loss, const struct ibv_wc *wc)
{
	return loss->column->opcode == IBV_WR_SEND ? (uint32_t)wc->wr_id : be32toh(wc->imm_data);
}

static uint32_t reliable_len(uint64_t n)
{
	return loss_len(n, LOSS_MAX_LEN);
}

static void reliable_post(struct loss *loss, uint64_t first)
{
	struct vt_op op;
	uint64_t n;

	/* Pages that are absent at both ends: cold ones that are read were just filled. */
	if (loss->memory == VT_ODP)
		vt_buf_cool(&loss->to);
	for (n = first; n < loss->next; n++) {
		loss_fill(loss->from.data + loss_slot(n), n, reliable_len(n));
		if (reliable_takes_receive(loss))
			loss_post_receive(loss, n, LOSS_SLOT);
	}
	for (n = first; n < loss->next; n++) {
		op = loss_request(loss, n, reliable_len(n));
		if (!loss_post(loss, &op))
			return;
	}
}

/* A request is complete when its message is: the receive is there, or just about to be. */
static bool reliable_check_receive(struct loss *loss, uint64_t n)
{
	struct ibv_wc wc;

	if (!loss_received(loss, &wc, vt_options.wait_ms)) {
		if (!loss->over)
			vt_fail("message %llu is complete and was not received",
				(unsigned long long)n);
		return false;
	}
	if (wc.wr_id != n || reliable_number(loss, &wc) != (uint32_t)n ||
	    wc.byte_len != reliable_len(n))
		vt_fail("receive %llu has message %u, %u bytes; not %llu, %u bytes",
			(unsigned long long)wc.wr_id, reliable_number(loss, &wc), wc.byte_len,
			(unsigned long long)n, reliable_len(n));
	return true;
}

void loss_round_reliable(struct loss *loss)
{
	uint64_t first = loss->next, n;

	loss->next += LOSS_DEPTH;
	reliable_post(loss, first);
	for (n = first; n < loss->next && !loss->over; n++) {
		if (!loss_sent(loss, n, loss->next))
			return;
		if (reliable_takes_receive(loss) && !reliable_check_receive(loss, n))
			return;
	}
	for (n = first; n < loss->next && !loss->over; n++)
		loss_verify(loss->to.data + loss_slot(n), n, reliable_len(n));
	loss_no_more(loss);
}
