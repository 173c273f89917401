// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Transfers at unaligned addresses that cross pages, at every path MTU,
 * with lengths around the packet and the page.
 */
#include "vt.h"

#define LEN (5 * 4096)

enum {
	SEED_A = 1,
	SEED_B = 2
};

static const uint32_t offsets[] = { 0, 1, 3, 64, 2047, 4090, 4095 };

static void check(struct vt_pair *s, struct vt_buf *target, size_t at, uint32_t len,
		  uint64_t source, size_t from)
{
	uint64_t old = target == &s->a ? SEED_A : SEED_B;

	vt_verify(target->data + at, len, source, from, "the data");
	vt_verify(target->data, at, old, 0, "before the data");
	vt_verify(target->data + at + len, LEN - at - len, old, at + len, "behind the data");
	vt_verify_guards(target, "the target");
}

static void move_once(struct vt_pair *s, enum ibv_wr_opcode opcode, size_t at_a, size_t at_b,
		      uint32_t len)
{
	struct ibv_sge room = vt_sge(&s->b, at_b, len);
	struct vt_op send = { .opcode = IBV_WR_SEND, .wr_id = 1, .num_sge = 1 };

	vt_fill(s->a.data, LEN, SEED_A, 0);
	vt_fill(s->b.data, LEN, SEED_B, 0);
	switch (opcode) {
	case IBV_WR_SEND:
		send.sge[0] = vt_sge(&s->a, at_a, len);
		vt_recv(&s->conn.b, 2, &room, 1);
		vt_post(&s->conn.a, &send);
		vt_expect_ok(&s->conn.a, 1, IBV_WC_SEND);
		vt_expect_ok(&s->conn.b, 2, IBV_WC_RECV);
		check(s, &s->b, at_b, len, SEED_A, at_a);
		break;
	case IBV_WR_RDMA_READ:
		vt_rdma(&s->conn, opcode, &s->a, at_a, &s->b, at_b, len);
		check(s, &s->a, at_a, len, SEED_B, at_b);
		break;
	default:
		vt_rdma(&s->conn, opcode, &s->a, at_a, &s->b, at_b, len);
		check(s, &s->b, at_b, len, SEED_A, at_a);
		break;
	}
}

static void run_lengths(struct vt_pair *s, const char *what, uint32_t mtu, size_t at_a, size_t at_b)
{
	const uint32_t lens[] = { 1, 3, mtu - 1, mtu, mtu + 1, 2 * mtu + 1, 4095, 8193 };
	static const enum ibv_wr_opcode opcodes[] = { IBV_WR_RDMA_WRITE, IBV_WR_RDMA_READ,
						      IBV_WR_SEND };
	size_t i, k;

	for (i = 0; i < VT_ARRAY_SIZE(lens); i++) {
		for (k = 0; k < VT_ARRAY_SIZE(opcodes); k++) {
			vt_case("%s, MTU %u, opcode %d: %u bytes from +%zu to +%zu", what, mtu,
				opcodes[k], lens[i], at_a, at_b);
			move_once(s, opcodes[k], at_a, at_b, lens[i]);
		}
	}
}

static void run_mtu(struct vt_pair *s, const char *what, uint32_t mtu)
{
	size_t i;

	/* Both ends' offsets differ, so that pages end at different bytes. */
	for (i = 0; i < VT_ARRAY_SIZE(offsets); i++)
		run_lengths(s, what, mtu, offsets[i], offsets[(i + 3) % VT_ARRAY_SIZE(offsets)]);
}

static void run(struct vt_pair *s)
{
	char what[32];
	enum ibv_mtu mtu;

	snprintf(what, sizeof(what), "%s/%s", vt_memory_name(s->mem_a), vt_memory_name(s->mem_b));
	vt_buf_make(&s->a, s->dev_a, LEN, s->mem_a, VT_ACCESS_ALL);
	vt_buf_make(&s->b, s->dev_b, LEN, s->mem_b, VT_ACCESS_ALL);
	for (mtu = IBV_MTU_256; mtu <= s->dev_a->port.active_mtu; mtu++) {
		struct vt_conn_attr attr = { .mtu = vt_mtu_bytes(mtu) };

		if (mtu > s->dev_b->port.active_mtu)
			break;
		vt_connect(&s->conn, s->dev_a, s->dev_b, &attr);
		run_mtu(s, what, vt_mtu_bytes(mtu));
		vt_disconnect(&s->conn);
	}
	vt_buf_free(&s->a);
	vt_buf_free(&s->b);
}

int main(int argc, char **argv)
{
	return vt_main_each_pair(argc, argv, run);
}
