// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A kernel consumer, as storage and file systems are: two QPs of its own on one device,
 * connected to each other, do what those do, and every byte is looked at. The module loads
 * when all of it went well; else loading fails and the kernel log says what did not.
 */
#include <linux/completion.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <rdma/ib_cache.h>
#include <rdma/ib_verbs.h>

static char *wanted = "rodp0";
module_param_named(dev, wanted, charp, 0444);
MODULE_PARM_DESC(dev, "the RDMA device");
static unsigned int gid_index = 1;
module_param(gid_index, uint, 0444);
MODULE_PARM_DESC(gid_index, "the index of its RoCE v2 GID");

enum {
	PAGES = 8, /* of a registration */
	BYTES = 3 * PAGE_SIZE + 100, /* of the plain buffers */
	QUEUE = 64,
	MANY = 50,
	WAIT_MS = 20000,
};

/* Fails the function it is in. */
#define CHECK(condition)                                                                         \
	do {                                                                                     \
		if (!(condition)) {                                                              \
			pr_err("kverbs: %s:%d: not true: %s\n", __func__, __LINE__, #condition); \
			return -EIO;                                                             \
		}                                                                                \
	} while (0)

/* A work request that is waited for. */
struct op {
	struct ib_cqe cqe;
	struct completion done;
	struct ib_wc wc;
};

struct side {
	struct ib_qp *qp;
	struct ib_cq *cq;
	u32 psn;
	bool drained; /* with an SRQ ib_core waits for an event that comes once */
};

struct rig {
	struct ib_device *dev;
	struct ib_pd *pd;
	struct side a, b; /* a asks, b answers */
	struct ib_srq *srq; /* b's, in the tests that want one */
	struct completion srq_limit; /* its limit event */
	u8 *buf_a, *buf_b;
	u64 dma_a, dma_b;
	struct ib_mr *mr; /* b's, for fast registration */
	struct page *page[PAGES];
	struct scatterlist sg[PAGES];
};

static int result = -ENODEV;

static void op_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct op *op = container_of(wc->wr_cqe, struct op, cqe);

	op->wc = *wc;
	complete(&op->done);
}

static void op_init(struct op *op)
{
	op->cqe.done = op_done;
	init_completion(&op->done);
}

static int op_wait(struct op *op, enum ib_wc_status status)
{
	CHECK(wait_for_completion_timeout(&op->done, msecs_to_jiffies(WAIT_MS)));
	if (op->wc.status == status)
		return 0;
	pr_err("kverbs: completion with status %d (%s) instead of %d\n", op->wc.status,
	       ib_wc_status_msg(op->wc.status), status);
	return -EIO;
}

static void fill(u8 *at, size_t bytes, u32 seed)
{
	size_t i;

	for (i = 0; i < bytes; i++)
		at[i] = (seed + i) * 2654435761u >> 24;
}

static bool is_filled(const u8 *at, size_t bytes, u32 seed)
{
	size_t i;

	for (i = 0; i < bytes; i++) {
		if (at[i] != (u8)((seed + i) * 2654435761u >> 24)) {
			pr_err("kverbs: byte %zu of %zu is wrong\n", i, bytes);
			return false;
		}
	}
	return true;
}

/* Post one request and wait for it. */
static int post(struct side *side, struct ib_send_wr *wr, enum ib_wc_status status, struct op *op)
{
	int err;

	op_init(op);
	wr->wr_cqe = &op->cqe;
	wr->send_flags |= IB_SEND_SIGNALED;
	err = ib_post_send(side->qp, wr, NULL);
	if (err)
		pr_err("kverbs: posting opcode %d: %d\n", wr->opcode, err);
	return err ?: op_wait(op, status);
}

static int post_recv(struct rig *rig, struct op *op)
{
	struct ib_sge sge = { rig->dma_b, BYTES, rig->pd->local_dma_lkey };
	struct ib_recv_wr wr = { .wr_cqe = &op->cqe, .sg_list = &sge, .num_sge = 1 };

	op_init(op);
	return rig->srq ? ib_post_srq_recv(rig->srq, &wr, NULL)
			: ib_post_recv(rig->b.qp, &wr, NULL);
}

static int rdma(struct rig *rig, enum ib_wr_opcode opcode, u64 remote, u32 rkey, u32 bytes,
		enum ib_wc_status status)
{
	struct ib_sge sge = { rig->dma_a, bytes, rig->pd->local_dma_lkey };
	struct ib_rdma_wr wr = {
		.wr = { .opcode = opcode, .sg_list = &sge, .num_sge = 1 },
		.remote_addr = remote,
		.rkey = rkey,
	};
	struct op op;

	return post(&rig->a, &wr.wr, status, &op);
}

static int test_send(struct rig *rig)
{
	struct ib_sge sge = { rig->dma_a, BYTES, rig->pd->local_dma_lkey };
	struct ib_send_wr wr = { .opcode = IB_WR_SEND_WITH_IMM, .sg_list = &sge, .num_sge = 1 };
	struct op send, recv;
	int err;

	fill(rig->buf_a, BYTES, 1);
	memset(rig->buf_b, 0, BYTES);
	wr.ex.imm_data = cpu_to_be32(0x01020304);
	err = post_recv(rig, &recv) ?: post(&rig->a, &wr, IB_WC_SUCCESS, &send);
	err = err ?: op_wait(&recv, IB_WC_SUCCESS);
	if (err)
		return err;
	CHECK(send.wc.opcode == IB_WC_SEND && send.wc.qp == rig->a.qp);
	CHECK(recv.wc.opcode == IB_WC_RECV && recv.wc.qp == rig->b.qp);
	CHECK(recv.wc.byte_len == BYTES);
	CHECK(recv.wc.wc_flags & IB_WC_WITH_IMM && be32_to_cpu(recv.wc.ex.imm_data) == 0x01020304);
	CHECK(is_filled(rig->buf_b, BYTES, 1));
	return 0;
}

static int test_global_rkey(struct rig *rig)
{
	u32 rkey = rig->pd->unsafe_global_rkey;
	int err;

	fill(rig->buf_a, BYTES, 2);
	err = rdma(rig, IB_WR_RDMA_WRITE, rig->dma_b + 1, rkey, BYTES - 1, IB_WC_SUCCESS);
	if (err)
		return err;
	CHECK(is_filled(rig->buf_b + 1, BYTES - 1, 2));
	fill(rig->buf_b, BYTES, 3);
	err = rdma(rig, IB_WR_RDMA_READ, rig->dma_b + 5, rkey, BYTES - 5, IB_WC_SUCCESS);
	if (err)
		return err;
	CHECK(is_filled(rig->buf_a, BYTES - 5, 3 + 5));
	return 0;
}

static int reg(struct rig *rig, int access, enum ib_wc_status status)
{
	struct ib_reg_wr wr = { .wr.opcode = IB_WR_REG_MR, .mr = rig->mr, .access = access };
	struct op op;
	int err;

	wr.key = rig->mr->rkey;
	err = post(&rig->b, &wr.wr, status, &op);
	if (!err && !status)
		CHECK(op.wc.opcode == IB_WC_REG_MR);
	return err;
}

static int local_inv(struct rig *rig, u32 rkey, enum ib_wc_status status)
{
	struct ib_send_wr wr = { .opcode = IB_WR_LOCAL_INV, .ex.invalidate_rkey = rkey };
	struct op op;
	int err = post(&rig->b, &wr, status, &op);

	if (!err && !status)
		CHECK(op.wc.opcode == IB_WC_LOCAL_INV);
	return err;
}

/* The pages, which lie anywhere, become one range that begins at byte 100 and ends in the last page. */
static int map_pages(struct rig *rig)
{
	unsigned int offset = 100;
	int i;

	sg_init_table(rig->sg, PAGES);
	for (i = 0; i < PAGES; i++) {
		sg_set_page(&rig->sg[i], rig->page[i], i == PAGES - 1 ? 77 : PAGE_SIZE, 0);
		memset(page_address(rig->page[i]), 0, PAGE_SIZE);
	}
	CHECK(ib_dma_map_sg(rig->dev, rig->sg, PAGES, DMA_BIDIRECTIONAL) == PAGES);
	CHECK(ib_map_mr_sg(rig->mr, rig->sg, PAGES, &offset, PAGE_SIZE) == PAGES);
	CHECK(rig->mr->length == (PAGES - 1) * PAGE_SIZE - 100 + 77);
	ib_update_fast_reg_key(rig->mr, ib_inc_rkey(rig->mr->rkey) & 0xff);
	return 0;
}

/* What the range holds, page by page, and what is around it is untouched. */
static int check_pages(struct rig *rig, u32 bytes, u32 seed)
{
	u32 at = 0;
	int i;

	for (i = 0; i < PAGES; i++) {
		u8 *page = page_address(rig->page[i]);
		u32 from = i ? 0 : 100, n = min_t(u32, bytes - at, PAGE_SIZE - from);

		CHECK(is_filled(page + from, n, seed + at));
		CHECK(!memchr_inv(page, 0, from));
		CHECK(!memchr_inv(page + from + n, 0, PAGE_SIZE - from - n));
		at += n;
	}
	return 0;
}

static const int all_rights = IB_ACCESS_LOCAL_WRITE | IB_ACCESS_REMOTE_WRITE |
			      IB_ACCESS_REMOTE_READ;

static int test_fast_registration(struct rig *rig)
{
	u32 bytes;
	int err = map_pages(rig) ?: reg(rig, all_rights, IB_WC_SUCCESS);

	if (err)
		return err;
	bytes = min_t(u64, rig->mr->length, BYTES);
	fill(rig->buf_a, BYTES, 4);
	err = rdma(rig, IB_WR_RDMA_WRITE, rig->mr->iova, rig->mr->rkey, bytes, IB_WC_SUCCESS);
	err = err ?: check_pages(rig, bytes, 4);
	if (err)
		return err;
	memset(rig->buf_a, 0, BYTES);
	err = rdma(rig, IB_WR_RDMA_READ, rig->mr->iova + 3, rig->mr->rkey, bytes - 3,
		   IB_WC_SUCCESS);
	if (err)
		return err;
	CHECK(is_filled(rig->buf_a, bytes - 3, 4 + 3));
	return local_inv(rig, rig->mr->rkey, IB_WC_SUCCESS);
}

/* The peer takes the key away, and it can be registered again, under another. */
static int test_send_inv(struct rig *rig)
{
	struct ib_send_wr wr = { .opcode = IB_WR_SEND_WITH_INV };
	struct op send, recv;
	int err, i;

	for (i = 0; i < 3; i++) {
		err = map_pages(rig) ?: reg(rig, all_rights, IB_WC_SUCCESS);
		err = err
			      ?: rdma(rig, IB_WR_RDMA_WRITE, rig->mr->iova, rig->mr->rkey, 8,
				      IB_WC_SUCCESS);
		wr.ex.invalidate_rkey = rig->mr->rkey;
		err = err ?: post_recv(rig, &recv) ?: post(&rig->a, &wr, IB_WC_SUCCESS, &send);
		err = err ?: op_wait(&recv, IB_WC_SUCCESS);
		if (err)
			return err;
		CHECK(recv.wc.wc_flags & IB_WC_WITH_INVALIDATE);
		CHECK(recv.wc.ex.invalidate_rkey == rig->mr->rkey);
	}
	return 0;
}

/*
 * As ib_core's rdma_rw does: the next pages are listed while the last are in force, and the old key
 * is invalidated and the new one registered in one go. Until then the old one reaches the old pages.
 */
static int test_listed_in_force(struct rig *rig)
{
	struct ib_send_wr inv = { .opcode = IB_WR_LOCAL_INV };
	struct ib_reg_wr reg_wr = { .wr.opcode = IB_WR_REG_MR, .access = all_rights };
	u64 old_iova;
	unsigned int zero = 0;
	struct op op;
	u32 old_key;
	int err = map_pages(rig) ?: reg(rig, all_rights, IB_WC_SUCCESS);

	if (err)
		return err;
	old_key = rig->mr->rkey;
	old_iova = rig->mr->iova;
	sg_init_table(rig->sg, 1);
	sg_set_page(&rig->sg[0], rig->page[PAGES - 1], PAGE_SIZE, 0);
	CHECK(ib_dma_map_sg(rig->dev, rig->sg, 1, DMA_BIDIRECTIONAL) == 1);
	CHECK(ib_map_mr_sg(rig->mr, rig->sg, 1, &zero, PAGE_SIZE) == 1);
	CHECK(rig->mr->length == PAGE_SIZE);
	fill(rig->buf_a, BYTES, 6);
	err = rdma(rig, IB_WR_RDMA_WRITE, old_iova, old_key, BYTES, IB_WC_SUCCESS);
	err = err ?: check_pages(rig, BYTES, 6);
	if (err)
		return err;
	ib_update_fast_reg_key(rig->mr, ib_inc_rkey(old_key) & 0xff);
	inv.ex.invalidate_rkey = old_key;
	inv.wr_cqe = &op.cqe;
	inv.next = &reg_wr.wr;
	reg_wr.mr = rig->mr;
	reg_wr.key = rig->mr->rkey;
	reg_wr.wr.wr_cqe = &op.cqe;
	reg_wr.wr.send_flags = IB_SEND_SIGNALED;
	op_init(&op);
	err = ib_post_send(rig->b.qp, &inv, NULL) ?: op_wait(&op, IB_WC_SUCCESS);
	err = err
		      ?: rdma(rig, IB_WR_RDMA_WRITE, rig->mr->iova, rig->mr->rkey, PAGE_SIZE,
			      IB_WC_SUCCESS);
	if (err)
		return err;
	CHECK(is_filled(page_address(rig->page[PAGES - 1]), PAGE_SIZE, 6));
	return local_inv(rig, rig->mr->rkey, IB_WC_SUCCESS);
}

/* Registration, use and invalidation as one list, and many requests posted with interrupts off. */
static int test_many(struct rig *rig)
{
	struct ib_sge sge = { rig->dma_a, 64, rig->pd->local_dma_lkey };
	static struct ib_rdma_wr wr[MANY]; /* the stack is short */
	unsigned long flags;
	struct op op;
	int i, err;

	op_init(&op);
	memset(wr, 0, sizeof(wr));
	fill(rig->buf_a, BYTES, 5);
	memset(rig->buf_b, 0, BYTES);
	for (i = 0; i < MANY; i++) {
		wr[i].wr.opcode = IB_WR_RDMA_WRITE;
		wr[i].wr.sg_list = &sge;
		wr[i].wr.num_sge = 1;
		wr[i].wr.next = i + 1 < MANY ? &wr[i + 1].wr : NULL;
		wr[i].remote_addr = rig->dma_b + i * 64;
		wr[i].rkey = rig->pd->unsafe_global_rkey;
	}
	wr[MANY - 1].wr.wr_cqe = &op.cqe;
	wr[MANY - 1].wr.send_flags = IB_SEND_SIGNALED;
	local_irq_save(flags);
	err = ib_post_send(rig->a.qp, &wr[0].wr, NULL);
	local_irq_restore(flags);
	err = err ?: op_wait(&op, IB_WC_SUCCESS);
	if (err)
		return err;
	for (i = 0; i < MANY; i++)
		CHECK(is_filled(rig->buf_b + i * 64, 64, 5));
	return 0;
}

/* An error ends the connection: each of these is the last of its rig. */
static int test_after_inv(struct rig *rig)
{
	int err = map_pages(rig) ?: reg(rig, all_rights, IB_WC_SUCCESS);

	err = err ?: local_inv(rig, rig->mr->rkey, IB_WC_SUCCESS);
	err = err
		      ?: rdma(rig, IB_WR_RDMA_WRITE, rig->mr->iova, rig->mr->rkey, 8,
			      IB_WC_REM_ACCESS_ERR);
	return err ?: check_pages(rig, 0, 0);
}

/*
 * The rig gets a region whose index, which is the key without its last byte, is a multiple of 256: in the driver's
 * table of recent regions it has the place of index 0.
 */
static int take_mr_of_place_0(struct rig *rig)
{
	struct ib_mr *mr;
	int i;

	for (i = 0; i < 16384; i++) {
		mr = ib_alloc_mr(rig->pd, IB_MR_TYPE_MEM_REG, PAGES);
		CHECK(!IS_ERR(mr));
		ib_dereg_mr(rig->mr);
		rig->mr = mr;
		if (!(mr->rkey >> 8 & 0xff))
			return 0;
		cond_resched();
	}
	CHECK(!"a region of this place");
	return 0;
}

/* A region that is not in force has no key: not 0 either. */
static int test_key_of_nobody(struct rig *rig)
{
	int err = take_mr_of_place_0(rig) ?: map_pages(rig) ?: reg(rig, all_rights, IB_WC_SUCCESS);

	err = err ?: rdma(rig, IB_WR_RDMA_READ, rig->mr->iova, rig->mr->rkey, 8, IB_WC_SUCCESS);
	err = err ?: local_inv(rig, rig->mr->rkey, IB_WC_SUCCESS);
	err = err ?: rdma(rig, IB_WR_RDMA_WRITE, rig->mr->iova, 0, 8, IB_WC_REM_ACCESS_ERR);
	return err ?: check_pages(rig, 0, 0);
}

static int test_without_right(struct rig *rig)
{
	int err = map_pages(rig) ?: reg(rig, IB_ACCESS_REMOTE_READ, IB_WC_SUCCESS);

	return err
		       ?: rdma(rig, IB_WR_RDMA_WRITE, rig->mr->iova, rig->mr->rkey, 8,
			       IB_WC_REM_ACCESS_ERR);
}

static int test_behind_the_end(struct rig *rig)
{
	int err = map_pages(rig) ?: reg(rig, all_rights, IB_WC_SUCCESS);

	return err
		       ?: rdma(rig, IB_WR_RDMA_WRITE, rig->mr->iova + rig->mr->length - 7,
			       rig->mr->rkey, 8, IB_WC_REM_ACCESS_ERR);
}

static int test_registered_twice(struct rig *rig)
{
	int err = map_pages(rig) ?: reg(rig, all_rights, IB_WC_SUCCESS);

	return err ?: reg(rig, all_rights, IB_WC_MW_BIND_ERR);
}

static int test_stale_inv(struct rig *rig)
{
	int err = map_pages(rig) ?: reg(rig, all_rights, IB_WC_SUCCESS);

	return err ?: local_inv(rig, rig->mr->rkey ^ 1, IB_WC_MW_BIND_ERR);
}

static void side_drain(struct side *side)
{
	if (!side->drained)
		ib_drain_qp(side->qp);
	side->drained = true;
}

/* What was posted is flushed, and when it returns all of it has been told. */
static int test_drain(struct rig *rig)
{
	struct op recv[4];
	size_t i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(recv) && !err; i++)
		err = post_recv(rig, &recv[i]);
	if (err)
		return err;
	side_drain(&rig->b);
	for (i = 0; i < ARRAY_SIZE(recv); i++) {
		CHECK(completion_done(&recv[i].done));
		CHECK(recv[i].wc.status == IB_WC_WR_FLUSH_ERR);
	}
	return 0;
}

/* A list of receives for an SRQ, more than it has room for: those that fit are posted. */
static int test_srq_full(struct rig *rig)
{
	static struct ib_recv_wr wr[QUEUE + 1];
	const struct ib_recv_wr *bad = NULL;
	unsigned long flags;
	struct op op;
	int i, err;

	op_init(&op);
	memset(wr, 0, sizeof(wr));
	for (i = 0; i <= QUEUE; i++) {
		wr[i].wr_cqe = &op.cqe;
		wr[i].next = i < QUEUE ? &wr[i + 1] : NULL;
	}
	local_irq_save(flags);
	err = ib_post_srq_recv(rig->srq, &wr[0], &bad);
	local_irq_restore(flags);
	CHECK(err == -ENOMEM && bad == &wr[QUEUE]);
	return 0;
}

/* Received data, and the limit event once fewer are left. */
static int test_srq(struct rig *rig)
{
	struct ib_srq_attr attr = { .srq_limit = 2 };
	struct ib_send_wr wr = { .opcode = IB_WR_SEND };
	struct op send, recv[2];
	unsigned long start;
	int err = test_send(rig) ?: post_recv(rig, &recv[0]) ?: post_recv(rig, &recv[1]);

	if (err)
		return err;
	CHECK(!ib_modify_srq(rig->srq, &attr, IB_SRQ_LIMIT));
	CHECK(!completion_done(&rig->srq_limit));
	err = post(&rig->a, &wr, IB_WC_SUCCESS, &send) ?: op_wait(&recv[0], IB_WC_SUCCESS);
	if (err)
		return err;
	CHECK(recv[0].wc.byte_len == 0 && recv[0].wc.qp == rig->b.qp);
	CHECK(wait_for_completion_timeout(&rig->srq_limit, msecs_to_jiffies(WAIT_MS)));
	start = jiffies;
	side_drain(&rig->b); /* waits for IB_EVENT_QP_LAST_WQE_REACHED, on kernels that do */
	CHECK(time_before(jiffies, start + msecs_to_jiffies(WAIT_MS)));
	CHECK(!completion_done(&recv[1].done)); /* it is nobody's yet */
	return 0;
}

static void srq_event(struct ib_event *event, void *context)
{
	struct rig *rig = context;

	if (event->event == IB_EVENT_SRQ_LIMIT_REACHED)
		complete(&rig->srq_limit);
}

static int srq_open(struct rig *rig)
{
	struct ib_srq_init_attr init = {
		.event_handler = srq_event,
		.srq_context = rig,
		.srq_type = IB_SRQT_BASIC,
		.attr = { .max_wr = QUEUE, .max_sge = 2 },
	};

	init_completion(&rig->srq_limit);
	rig->srq = ib_create_srq(rig->pd, &init);
	CHECK(!IS_ERR(rig->srq));
	CHECK(init.attr.max_wr >= QUEUE);
	return 0;
}

static int side_open(struct rig *rig, struct side *side, u32 psn)
{
	struct ib_qp_init_attr init = {
		.qp_type = IB_QPT_RC,
		.sq_sig_type = IB_SIGNAL_REQ_WR,
		.cap = { .max_send_wr = QUEUE,
			 .max_recv_wr = QUEUE,
			 .max_send_sge = 2,
			 .max_recv_sge = 2 },
	};

	side->psn = psn;
	side->cq = ib_alloc_cq(rig->dev, NULL, 2 * QUEUE + 2, 0, IB_POLL_WORKQUEUE);
	CHECK(!IS_ERR(side->cq));
	init.send_cq = init.recv_cq = side->cq;
	if (side == &rig->b && rig->srq) {
		init.srq = rig->srq;
		init.cap.max_recv_wr = init.cap.max_recv_sge = 0;
	}
	side->qp = ib_create_qp(rig->pd, &init);
	CHECK(!IS_ERR(side->qp));
	return 0;
}

static void side_close(struct side *side)
{
	if (!IS_ERR_OR_NULL(side->qp)) {
		side_drain(side);
		ib_destroy_qp(side->qp);
	}
	if (!IS_ERR_OR_NULL(side->cq))
		ib_free_cq(side->cq);
}

static int side_connect(struct rig *rig, struct side *side, const struct side *peer)
{
	struct ib_qp_attr attr = {
		.qp_state = IB_QPS_INIT,
		.port_num = 1,
		.qp_access_flags = IB_ACCESS_REMOTE_READ | IB_ACCESS_REMOTE_WRITE,
	};
	union ib_gid gid;

	CHECK(!ib_modify_qp(side->qp, &attr,
			    IB_QP_STATE | IB_QP_PKEY_INDEX | IB_QP_PORT | IB_QP_ACCESS_FLAGS));
	CHECK(!rdma_query_gid(rig->dev, 1, gid_index, &gid));
	attr = (struct ib_qp_attr){
		.qp_state = IB_QPS_RTR,
		.path_mtu = IB_MTU_1024,
		.dest_qp_num = peer->qp->qp_num,
		.rq_psn = peer->psn,
		.max_dest_rd_atomic = 4,
		.min_rnr_timer = 12,
		.ah_attr.type = RDMA_AH_ATTR_TYPE_ROCE,
	};
	rdma_ah_set_port_num(&attr.ah_attr, 1);
	rdma_ah_set_grh(&attr.ah_attr, &gid, 0, gid_index, 64, 0);
	CHECK(!ib_modify_qp(side->qp, &attr,
			    IB_QP_STATE | IB_QP_AV | IB_QP_PATH_MTU | IB_QP_DEST_QPN |
				    IB_QP_RQ_PSN | IB_QP_MAX_DEST_RD_ATOMIC | IB_QP_MIN_RNR_TIMER));
	attr = (struct ib_qp_attr){
		.qp_state = IB_QPS_RTS,
		.sq_psn = side->psn,
		.max_rd_atomic = 4,
		.timeout = 17,
		.retry_cnt = 7,
		.rnr_retry = 7,
	};
	CHECK(!ib_modify_qp(side->qp, &attr,
			    IB_QP_STATE | IB_QP_SQ_PSN | IB_QP_MAX_QP_RD_ATOMIC | IB_QP_TIMEOUT |
				    IB_QP_RETRY_CNT | IB_QP_RNR_RETRY));
	return 0;
}

static int rig_open(struct rig *rig, struct ib_device *dev, bool shared)
{
	int i, err;

	rig->dev = dev;
	rig->pd = ib_alloc_pd(dev, IB_PD_UNSAFE_GLOBAL_RKEY);
	CHECK(!IS_ERR(rig->pd));
	rig->buf_a = kzalloc(BYTES, GFP_KERNEL);
	rig->buf_b = kzalloc(BYTES, GFP_KERNEL);
	CHECK(rig->buf_a && rig->buf_b);
	rig->dma_a = ib_dma_map_single(dev, rig->buf_a, BYTES, DMA_BIDIRECTIONAL);
	rig->dma_b = ib_dma_map_single(dev, rig->buf_b, BYTES, DMA_BIDIRECTIONAL);
	rig->mr = ib_alloc_mr(rig->pd, IB_MR_TYPE_MEM_REG, PAGES);
	CHECK(!IS_ERR(rig->mr));
	for (i = PAGES - 1; i >= 0; i--) {
		rig->page[i] = alloc_page(GFP_KERNEL);
		CHECK(rig->page[i]);
	}
	err = shared ? srq_open(rig) : 0;
	err = err ?: side_open(rig, &rig->a, 0xfffff0) ?: side_open(rig, &rig->b, 0x7fffff);
	err = err ?: side_connect(rig, &rig->b, &rig->a);
	return err ?: side_connect(rig, &rig->a, &rig->b);
}

static void rig_close(struct rig *rig)
{
	int i;

	side_close(&rig->a);
	side_close(&rig->b);
	if (!IS_ERR_OR_NULL(rig->srq))
		ib_destroy_srq(rig->srq);
	if (!IS_ERR_OR_NULL(rig->mr))
		ib_dereg_mr(rig->mr);
	for (i = 0; i < PAGES; i++)
		if (rig->page[i])
			__free_page(rig->page[i]);
	kfree(rig->buf_a);
	kfree(rig->buf_b);
	if (!IS_ERR_OR_NULL(rig->pd))
		ib_dealloc_pd(rig->pd);
}

/* The way that ah goes is the one that attr says. */
static int check_ah(struct ib_ah *ah, struct rdma_ah_attr *attr)
{
	const struct ib_global_route *want = rdma_ah_read_grh(attr), *grh;
	struct rdma_ah_attr got = {};

	CHECK(!rdma_query_ah(ah, &got));
	grh = rdma_ah_read_grh(&got);
	CHECK(!memcmp(&grh->dgid, &want->dgid, sizeof(grh->dgid)));
	CHECK(grh->sgid_index == want->sgid_index && grh->flow_label == want->flow_label);
	CHECK(grh->hop_limit == want->hop_limit && grh->traffic_class == want->traffic_class);
	CHECK(rdma_ah_get_sl(&got) == rdma_ah_get_sl(attr));
	return 0;
}

static int test_address_handle(struct rig *rig)
{
	struct rdma_ah_attr attr = { .type = RDMA_AH_ATTR_TYPE_ROCE };
	union ib_gid gid;
	struct ib_ah *ah;

	CHECK(!rdma_query_gid(rig->dev, 1, gid_index, &gid));
	rdma_ah_set_port_num(&attr, 1);
	rdma_ah_set_sl(&attr, 3);
	rdma_ah_set_grh(&attr, &gid, 0x12345, gid_index, 33, 0x68);
	ah = rdma_create_ah(rig->pd, &attr, RDMA_CREATE_AH_SLEEPABLE);
	CHECK(!IS_ERR(ah));
	CHECK(!check_ah(ah, &attr));
	gid.raw[15]++; /* another host */
	rdma_ah_set_sl(&attr, 0);
	rdma_ah_set_grh(&attr, &gid, 0, gid_index, 7, 0xb8);
	CHECK(!rdma_modify_ah(ah, &attr));
	CHECK(!check_ah(ah, &attr));
	rdma_destroy_ah(ah, RDMA_DESTROY_AH_SLEEPABLE);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(struct rig *rig);
	bool shared; /* with an SRQ */
} tests[] = {
	{ "SEND with immediate", test_send },
	{ "WRITE and READ with the PD's global key", test_global_rkey },
	{ "fast registration", test_fast_registration },
	{ "SEND with invalidate", test_send_inv },
	{ "pages listed while others are in force", test_listed_in_force },
	{ "a list posted with interrupts off", test_many },
	{ "WRITE after LOCAL_INV", test_after_inv },
	{ "WRITE with key 0 after LOCAL_INV", test_key_of_nobody },
	{ "WRITE without the right", test_without_right },
	{ "WRITE behind the end", test_behind_the_end },
	{ "REG_MR while registered", test_registered_twice },
	{ "LOCAL_INV of a stale key", test_stale_inv },
	{ "ib_drain_qp", test_drain },
	{ "receives of an SRQ", test_srq, true },
	{ "more receives than an SRQ has room for", test_srq_full, true },
	{ "an address handle, made, modified and queried", test_address_handle },
};

static int check_attrs(struct ib_device *dev)
{
	CHECK(ib_uses_virt_dma(dev));
	CHECK(dev->attrs.device_cap_flags & IB_DEVICE_MEM_MGT_EXTENSIONS);
	CHECK(dev->attrs.max_fast_reg_page_list_len >= PAGES);
	CHECK(dev->attrs.max_sge_rd >= 2);
	return 0;
}

static int run_tests(struct ib_device *dev)
{
	struct rig *rig;
	size_t i;
	int err = check_attrs(dev);

	for (i = 0; i < ARRAY_SIZE(tests) && !err; i++) {
		rig = kzalloc(sizeof(*rig), GFP_KERNEL);
		if (!rig)
			return -ENOMEM;
		err = rig_open(rig, dev, tests[i].shared) ?: tests[i].run(rig);
		rig_close(rig);
		kfree(rig);
		pr_info("kverbs: %s: %s\n", tests[i].name, err ? "FAILED" : "ok");
	}
	return err;
}

static int client_add(struct ib_device *dev)
{
	if (!strcmp(dev_name(&dev->dev), wanted))
		result = run_tests(dev);
	return 0;
}

static void client_remove(struct ib_device *dev, void *data)
{
}

static struct ib_client client = {
	.name = "rodp_kverbs",
	.add = client_add,
	.remove = client_remove,
};

static int __init kverbs_init(void)
{
	int err = ib_register_client(&client);

	if (err)
		return err;
	ib_unregister_client(&client);
	return result;
}

static void __exit kverbs_exit(void)
{
}

module_init(kverbs_init);
module_exit(kverbs_exit);
MODULE_DESCRIPTION("a kernel consumer of verbs, as a test");
MODULE_LICENSE("Dual BSD/GPL");
