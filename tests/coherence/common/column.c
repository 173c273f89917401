// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The five columns. conn.a is the end of the region's owner, conn.b its peer's:
 * the owner posts what is local to the region, the peer what is remote.
 */
#include "co.h"

enum {
	ID_REQUEST = 1,
	ID_RECEIVE = 2
};

const char *co_memory_name(enum co_memory memory)
{
	return memory == CO_IMPLICIT ? "implicit" : "explicit";
}

const char *co_column_name(enum co_column column)
{
	static const char *const names[] = {
		[CO_LOCAL_READ] = "local-read",	  [CO_LOCAL_WRITE] = "local-write",
		[CO_REMOTE_READ] = "remote-read", [CO_REMOTE_WRITE] = "remote-write",
		[CO_ATOMIC] = "atomic",
	};

	return names[column];
}

static struct ibv_sge region_sge(const struct co_cell *cell, size_t offset)
{
	return (struct ibv_sge){
		.addr = (uintptr_t)cell->region.at + offset,
		.length = CO_BLOCK,
		.lkey = cell->mr->lkey,
	};
}

static enum ibv_wc_status complete(struct vt_end *end, uint64_t wr_id)
{
	struct ibv_wc wc = vt_wait(end);

	if (wc.status == IBV_WC_SUCCESS && wc.wr_id != wr_id)
		vt_fail("completion of wr_id %lu instead of %lu", (unsigned long)wc.wr_id,
			(unsigned long)wr_id);
	return wc.status;
}

/* A one-sided operation between the region and the peer's buffer, posted by end. */
static enum ibv_wc_status one_sided(struct co_cell *cell, struct vt_end *end,
				    enum ibv_wr_opcode opcode, size_t offset)
{
	const bool local = end == &cell->conn.a;
	struct vt_op op = {
		.opcode = opcode,
		.wr_id = ID_REQUEST,
		.sge = { local ? region_sge(cell, offset) : vt_sge(&cell->plain, 0, CO_BLOCK) },
		.num_sge = 1,
		.remote_addr = local ? vt_addr(&cell->plain, 0)
				     : (uintptr_t)cell->region.at + offset,
		.rkey = local ? cell->plain.mr->rkey : cell->mr->rkey,
	};

	vt_post(end, &op);
	return complete(end, ID_REQUEST);
}

/* A message from one end to the other. */
static enum ibv_wc_status message(struct vt_end *from, struct ibv_sge source, struct vt_end *to,
				  struct ibv_sge target)
{
	struct vt_op op = {
		.opcode = IBV_WR_SEND,
		.wr_id = ID_REQUEST,
		.sge = { source },
		.num_sge = 1,
	};
	enum ibv_wc_status status;

	vt_recv(to, ID_RECEIVE, &target, 1);
	vt_post(from, &op);
	status = complete(from, ID_REQUEST);
	return status == IBV_WC_SUCCESS ? complete(to, ID_RECEIVE) : status;
}

enum ibv_wc_status co_operate(struct co_cell *cell, size_t offset, unsigned int variant)
{
	struct vt_end *owner = &cell->conn.a, *peer = &cell->conn.b;
	struct ibv_sge plain = vt_sge(&cell->plain, 0, CO_BLOCK);

	switch (cell->column) {
	case CO_LOCAL_READ:
		if (variant & 1)
			return message(owner, region_sge(cell, offset), peer, plain);
		return one_sided(cell, owner, IBV_WR_RDMA_WRITE, offset);
	case CO_LOCAL_WRITE:
		if (variant & 1)
			return message(peer, plain, owner, region_sge(cell, offset));
		return one_sided(cell, owner, IBV_WR_RDMA_READ, offset);
	case CO_REMOTE_READ:
		return one_sided(cell, peer, IBV_WR_RDMA_READ, offset);
	case CO_REMOTE_WRITE:
		return one_sided(cell, peer, IBV_WR_RDMA_WRITE, offset);
	default:
		vt_fail("column %d moves no blocks", cell->column);
	}
}

static enum ibv_wc_status atomic(struct co_cell *cell, struct vt_op *op, size_t offset,
				 uint64_t *old)
{
	enum ibv_wc_status status;

	op->wr_id = ID_REQUEST;
	op->sge[0] = vt_sge(&cell->plain, 0, 8);
	op->num_sge = 1;
	op->remote_addr = (uintptr_t)cell->region.at + offset;
	op->rkey = cell->mr->rkey;
	vt_post(&cell->conn.b, op);
	status = complete(&cell->conn.b, ID_REQUEST);
	memcpy(old, cell->plain.data, 8);
	return status;
}

enum ibv_wc_status co_fetch_add(struct co_cell *cell, size_t offset, uint64_t add, uint64_t *old)
{
	struct vt_op op = { .opcode = IBV_WR_ATOMIC_FETCH_AND_ADD, .compare_add = add };

	return atomic(cell, &op, offset, old);
}

enum ibv_wc_status co_cmp_swp(struct co_cell *cell, size_t offset, uint64_t compare, uint64_t swap,
			      uint64_t *old)
{
	struct vt_op op = {
		.opcode = IBV_WR_ATOMIC_CMP_AND_SWP,
		.compare_add = compare,
		.swap = swap,
	};

	return atomic(cell, &op, offset, old);
}

void co_reconnect(struct co_cell *cell)
{
	vt_disconnect(&cell->conn);
	vt_connect(&cell->conn, cell->owner, cell->peer, NULL);
}

void co_check_refusal(enum ibv_wc_status status)
{
	if (status != IBV_WC_REM_ACCESS_ERR && status != IBV_WC_REM_OP_ERR &&
	    status != IBV_WC_LOC_PROT_ERR)
		vt_fail("an access that must be refused ended with \"%s\"",
			ibv_wc_status_str(status));
}
