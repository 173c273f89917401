// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The provider's side of the shared rings: what it writes for each request, when
 * it rings the doorbell, what it refuses, and how it takes completions. The test
 * plays the kernel: it owns the rings, and the command fd is a pipe.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rodp.h"

#define ENTRIES	   4
#define MAX_SGE	   2
#define MAX_INLINE 40 /* bytes */
#define STRIDE	   (RODP_SEND_WQE_HDR + MAX_INLINE)

struct bench {
	struct rodp_context context;
	struct rodp_qp qp;
	struct rodp_cq cq;
	int pipe[2];
};

/* How many of the next doorbells find the kernel without memory. */
static unsigned int no_memory;

/* In place of the C library's. */
ssize_t write(int fd, const void *data, size_t bytes)
{
	if (no_memory) {
		no_memory--;
		errno = ENOMEM;
		return -1;
	}
	return syscall(SYS_write, fd, data, bytes);
}

/* Rings are allocations of their exact size, so that the sanitizer guards their end. */
static void make_ring(struct rodp_ring *ring, uint32_t stride, uint32_t start)
{
	ring->entries = ENTRIES;
	ring->stride = stride;
	ring->length = RODP_RING_DATA + ENTRIES * stride;
	ring->hdr = calloc(1, ring->length);
	ring->hdr->prod = start;
	ring->hdr->cons = start;
}

static void make_wq(struct rodp_wq *wq, uint32_t stride, uint32_t start)
{
	make_ring(&wq->ring, stride, start);
	pthread_spin_init(&wq->lock, PTHREAD_PROCESS_PRIVATE);
	wq->max_sge = MAX_SGE;
	rodp_wq_reload(wq);
}

/* Counters start just below their wrap, so that every test crosses it. */
static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	const uint32_t start = 0xfffffffe;

	if (pipe2(b->pipe, O_NONBLOCK))
		return -1;
	b->context.vctx.context.cmd_fd = b->pipe[1];
	b->context.atomic_cap = IBV_ATOMIC_GLOB;
	b->context.device_cap_flags = IBV_DEVICE_MEM_WINDOW | IBV_DEVICE_MEM_WINDOW_TYPE_2B;
	b->qp.vqp.qp.context = &b->context.vctx.context;
	b->qp.vqp.qp.qp_type = IBV_QPT_RC;
	b->qp.vqp.qp.state = IBV_QPS_RTS;
	b->qp.vqp.qp.handle = 77;
	b->qp.max_inline = MAX_INLINE;
	b->qp.send_ops = rodp_send_ops(&b->context, IBV_QPT_RC);
	make_wq(&b->qp.sq, STRIDE, start);
	make_wq(&b->qp.rq, sizeof(struct rodp_recv_wqe) + MAX_SGE * sizeof(struct rodp_sge), start);
	rodp_qp_set_wr_ops(&b->qp, b->qp.send_ops);

	make_ring(&b->cq.ring, sizeof(struct rodp_cqe), start);
	pthread_spin_init(&b->cq.lock, PTHREAD_PROCESS_PRIVATE);
	b->cq.cons = start;
	b->cq.prod = start;
	rodp_cq_set_ex_ops(&b->cq,
			   IBV_WC_STANDARD_FLAGS | IBV_WC_EX_WITH_COMPLETION_TIMESTAMP_WALLCLOCK);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	free(b->qp.sq.ring.hdr);
	free(b->qp.rq.ring.hdr);
	free(b->cq.ring.hdr);
	close(b->pipe[0]);
	close(b->pipe[1]);
	free(b);
	return 0;
}

/* The commands written since the last call; all must be doorbells of the QP. */
static int doorbells(struct bench *b, uint32_t command)
{
	struct ibv_post_send cmd;
	int n = 0;

	while (read(b->pipe[0], &cmd, sizeof(cmd)) == sizeof(cmd)) {
		assert_int_equal(cmd.hdr.command, command);
		assert_int_equal(cmd.hdr.in_words, sizeof(cmd) / 4);
		assert_int_equal(cmd.core_payload.qp_handle, 77);
		assert_int_equal(cmd.core_payload.wr_count, 0);
		assert_true(cmd.core_payload.wqe_size >= sizeof(struct ib_uverbs_send_wr));
		n++;
	}
	return n;
}

static struct rodp_send_wqe *wqe(struct bench *b, uint32_t counter)
{
	return rodp_ring_slot(&b->qp.sq.ring, counter);
}

static int post(struct bench *b, struct ibv_send_wr *wr, struct ibv_send_wr **bad)
{
	*bad = NULL;
	return rodp_post_send(&b->qp.vqp.qp, wr, bad);
}

static void test_send_fields(void **state)
{
	struct bench *b = *state;
	struct ibv_sge sge[] = { { 0x1000, 10, 1 }, { 0x2000, 20, 2 } };
	struct ibv_send_wr wr = {
		.wr_id = 42,
		.sg_list = sge,
		.num_sge = 2,
		.opcode = IBV_WR_RDMA_WRITE_WITH_IMM,
		.send_flags = IBV_SEND_SIGNALED | IBV_SEND_FENCE,
		.imm_data = 0x11223344,
		.wr.rdma = { .remote_addr = 0x123456789a, .rkey = 7 },
	};
	struct ibv_send_wr *bad;
	struct rodp_send_wqe *got = wqe(b, 0xfffffffe);

	assert_int_equal(post(b, &wr, &bad), 0);
	assert_int_equal(b->qp.sq.ring.hdr->prod, 0xffffffff);
	assert_int_equal(got->wr_id, 42);
	assert_int_equal(got->opcode, IBV_WR_RDMA_WRITE_WITH_IMM);
	assert_int_equal(got->flags, RODP_WQE_SIGNALED | RODP_WQE_FENCE);
	assert_int_equal(got->num_sge, 2);
	assert_int_equal(got->inline_len, 0);
	assert_int_equal(got->imm_data, 0x11223344);
	assert_int_equal(got->rdma.remote_addr, 0x123456789a);
	assert_int_equal(got->rdma.rkey, 7);
	assert_int_equal(got->sge[1].addr, 0x2000);
	assert_int_equal(got->sge[1].length, 20);
	assert_int_equal(got->sge[1].lkey, 2);
}

static void test_send_atomic(void **state)
{
	struct bench *b = *state;
	struct ibv_send_wr *bad, wr = {
		.opcode = IBV_WR_ATOMIC_CMP_AND_SWP,
		.wr.atomic = { .remote_addr = 8, .compare_add = 1, .swap = 2, .rkey = 3 },
	};
	struct rodp_send_wqe *got = wqe(b, 0xfffffffe);

	assert_int_equal(post(b, &wr, &bad), 0);
	assert_int_equal(got->atomic.remote_addr, 8);
	assert_int_equal(got->atomic.compare_add, 1);
	assert_int_equal(got->atomic.swap, 2);
	assert_int_equal(got->atomic.rkey, 3);
}

static void test_send_doorbell_once(void **state)
{
	struct bench *b = *state;
	struct ibv_send_wr *bad, wr[3] = {
		{ .opcode = IBV_WR_SEND, .next = &wr[1] },
		{ .opcode = IBV_WR_SEND, .next = &wr[2] },
		{ .opcode = IBV_WR_SEND },
	};

	assert_int_equal(post(b, wr, &bad), 0);
	assert_int_equal(doorbells(b, IB_USER_VERBS_CMD_POST_SEND), 0);
	b->qp.sq.ring.hdr->cons += 3;
	b->qp.sq.ring.hdr->flags = RODP_RING_NEED_KICK;
	assert_int_equal(post(b, wr, &bad), 0);
	assert_int_equal(doorbells(b, IB_USER_VERBS_CMD_POST_SEND), 1);
	assert_int_equal(post(b, NULL, &bad), 0);
	assert_int_equal(doorbells(b, IB_USER_VERBS_CMD_POST_SEND), 0);
}

/* A doorbell that fails says so: the device is gone. */
static void test_send_doorbell_fails(void **state)
{
	struct bench *b = *state;
	struct ibv_send_wr *bad, wr = { .opcode = IBV_WR_SEND };

	b->qp.sq.ring.hdr->flags = RODP_RING_NEED_KICK;
	b->context.vctx.context.cmd_fd = -1;
	assert_int_equal(post(b, &wr, &bad), EBADF);
	assert_ptr_equal(bad, &wr);
}

/* What is in the ring cannot be taken back: where the kernel lacks memory for a moment it is rung again. */
static void test_send_doorbell_again(void **state)
{
	struct bench *b = *state;
	struct ibv_send_wr *bad, wr = { .opcode = IBV_WR_SEND };

	b->qp.sq.ring.hdr->flags = RODP_RING_NEED_KICK;
	no_memory = 3;
	assert_int_equal(post(b, &wr, &bad), 0);
	assert_int_equal(no_memory, 0);
	assert_int_equal(doorbells(b, IB_USER_VERBS_CMD_POST_SEND), 1);
}

static void test_send_queue_full(void **state)
{
	struct bench *b = *state;
	struct ibv_send_wr *bad, wr[ENTRIES + 1] = {};
	int i;

	b->qp.sq.ring.hdr->flags = RODP_RING_NEED_KICK;
	for (i = 0; i <= ENTRIES; i++) {
		wr[i].opcode = IBV_WR_SEND;
		wr[i].wr_id = i;
		wr[i].next = i < ENTRIES ? &wr[i + 1] : NULL;
	}
	assert_int_equal(post(b, wr, &bad), ENOMEM);
	assert_ptr_equal(bad, &wr[ENTRIES]);
	assert_int_equal(doorbells(b, IB_USER_VERBS_CMD_POST_SEND), 1);
	assert_int_equal(b->qp.sq.ring.hdr->prod, 2); /* the first ones are posted */
	assert_int_equal(wqe(b, 1)->wr_id, 3);

	assert_int_equal(post(b, &wr[ENTRIES], &bad), ENOMEM);
	assert_int_equal(doorbells(b, IB_USER_VERBS_CMD_POST_SEND), 0);
	b->qp.sq.ring.hdr->cons++;
	assert_int_equal(post(b, &wr[ENTRIES], &bad), 0);
	assert_int_equal(wqe(b, 2)->wr_id, ENTRIES);
}

static void test_send_inline(void **state)
{
	struct bench *b = *state;
	char text[] = "0123456789abcdefghijklmnopqrstuvwxyzABCD";
	struct ibv_sge sge[] = { { (uintptr_t)text, 36, 0 }, { (uintptr_t)text + 36, 4, 0 } };
	struct ibv_send_wr *bad, wr = {
		.opcode = IBV_WR_SEND,
		.send_flags = IBV_SEND_INLINE,
		.sg_list = sge,
		.num_sge = 2,
	};
	struct rodp_send_wqe *got = wqe(b, 0xfffffffe);

	assert_int_equal(post(b, &wr, &bad), 0);
	assert_int_equal(got->inline_len, MAX_INLINE);
	assert_int_equal(got->num_sge, 0);
	assert_memory_equal(got->sge, text, MAX_INLINE);
}

static void refuse(struct bench *b, struct ibv_send_wr *wr)
{
	struct ibv_send_wr *bad;
	uint32_t prod = b->qp.sq.ring.hdr->prod;

	b->qp.sq.ring.hdr->flags = RODP_RING_NEED_KICK;
	assert_int_equal(post(b, wr, &bad), EINVAL);
	assert_ptr_equal(bad, wr);
	assert_int_equal(b->qp.sq.ring.hdr->prod, prod);
	assert_int_equal(doorbells(b, IB_USER_VERBS_CMD_POST_SEND), 0);
}

static void test_send_refused(void **state)
{
	struct bench *b = *state;
	char text[64] = "";
	struct ibv_sge sge[3] = { { (uintptr_t)text, MAX_INLINE + 1, 0 } };
	struct ibv_send_wr wr = { .sg_list = sge, .opcode = IBV_WR_SEND };

	wr.num_sge = MAX_SGE + 1;
	refuse(b, &wr);
	wr.num_sge = -1;
	refuse(b, &wr);

	wr.send_flags = IBV_SEND_INLINE;
	wr.num_sge = 1;
	refuse(b, &wr);
	sge[0].length = 8;
	sge[1] = (struct ibv_sge){ (uintptr_t)text, 0xfffffff8u, 0 }; /* their sum is 0 */
	wr.num_sge = 2;
	refuse(b, &wr);
	wr.num_sge = 1;
	wr.opcode = IBV_WR_RDMA_READ; /* brings data, sends none */
	refuse(b, &wr);

	wr.send_flags = IBV_SEND_IP_CSUM;
	wr.opcode = IBV_WR_SEND;
	refuse(b, &wr);
	wr.send_flags = 0;
	wr.opcode = IBV_WR_TSO;
	refuse(b, &wr);
	wr.opcode = 12345;
	refuse(b, &wr);
	wr.opcode = -1;
	refuse(b, &wr);
	wr.opcode = IBV_WR_SEND;
	b->qp.vqp.qp.state = IBV_QPS_RTR;
	refuse(b, &wr);
}

static void test_send_ops_by_type(void **state)
{
	struct bench *b = *state;
	struct ibv_send_wr wr = { .opcode = IBV_WR_RDMA_WRITE };

	b->qp.send_ops = rodp_send_ops(&b->context, IBV_QPT_UD);
	refuse(b, &wr);
	b->qp.send_ops = rodp_send_ops(&b->context, IBV_QPT_UC);
	wr.opcode = IBV_WR_RDMA_READ;
	refuse(b, &wr);

	/* What the device does not report is not offered. */
	b->context.atomic_cap = IBV_ATOMIC_NONE;
	b->context.device_cap_flags = 0;
	b->qp.send_ops = rodp_send_ops(&b->context, IBV_QPT_RC);
	wr.opcode = IBV_WR_ATOMIC_FETCH_AND_ADD;
	refuse(b, &wr);
	wr.opcode = IBV_WR_BIND_MW;
	refuse(b, &wr);
	wr.opcode = IBV_WR_LOCAL_INV;
	refuse(b, &wr);
}

static void test_send_ud(void **state)
{
	struct bench *b = *state;
	struct rodp_ah ah = { .ah_num = 9 };
	struct ibv_send_wr *bad, wr = {
		.opcode = IBV_WR_SEND,
		.wr.ud = { .ah = &ah.ibv_ah, .remote_qpn = 5, .remote_qkey = 6 },
	};

	b->qp.vqp.qp.qp_type = IBV_QPT_UD;
	b->qp.send_ops = rodp_send_ops(&b->context, IBV_QPT_UD);
	assert_int_equal(post(b, &wr, &bad), 0);
	assert_int_equal(wqe(b, 0xfffffffe)->ud.ah_num, 9);
	assert_int_equal(wqe(b, 0xfffffffe)->ud.remote_qpn, 5);
	assert_int_equal(wqe(b, 0xfffffffe)->ud.remote_qkey, 6);
}

static void test_wr_list(void **state)
{
	struct bench *b = *state;
	struct ibv_qp_ex *ex = &b->qp.vqp.qp_ex;
	struct ibv_data_buf bufs[] = { { "abc", 3 }, { "de", 2 } };
	struct ibv_sge sge[] = { { 1, 2, 3 }, { 4, 5, 6 } };

	b->qp.sq.ring.hdr->flags = RODP_RING_NEED_KICK;
	ibv_wr_start(ex);
	ex->wr_id = 1;
	ex->wr_flags = IBV_SEND_SIGNALED;
	ibv_wr_rdma_write(ex, 7, 0x700);
	ibv_wr_set_sge_list(ex, 2, sge);
	ex->wr_id = 2;
	ex->wr_flags = 0;
	ibv_wr_send_imm(ex, 0x55);
	ibv_wr_set_inline_data_list(ex, 2, bufs);
	assert_int_equal(b->qp.sq.ring.hdr->prod, 0xfffffffe); /* nobody sees them yet */
	assert_int_equal(ibv_wr_complete(ex), 0);
	assert_int_equal(doorbells(b, IB_USER_VERBS_CMD_POST_SEND), 1);
	assert_int_equal(b->qp.sq.ring.hdr->prod, 0);
	assert_int_equal(wqe(b, 0xfffffffe)->num_sge, 2);
	assert_int_equal(wqe(b, 0xfffffffe)->sge[1].lkey, 6);
	assert_int_equal(wqe(b, 0xfffffffe)->rdma.rkey, 7);
	assert_int_equal(wqe(b, 0xffffffff)->wr_id, 2);
	assert_int_equal(wqe(b, 0xffffffff)->flags, RODP_WQE_INLINE);
	assert_int_equal(wqe(b, 0xffffffff)->inline_len, 5);
	assert_int_equal(wqe(b, 0xffffffff)->imm_data, 0x55);
	assert_memory_equal(wqe(b, 0xffffffff)->sge, "abcde", 5);
}

/* Lists that end in nothing: aborted, in error, empty. The lock is free afterwards. */
static void test_wr_rolls_back(void **state)
{
	struct bench *b = *state;
	struct ibv_qp_ex *ex = &b->qp.vqp.qp_ex;
	struct ibv_sge sge[3] = {};
	char big[MAX_INLINE + 1] = "";
	int i;

	b->qp.sq.ring.hdr->flags = RODP_RING_NEED_KICK;
	ibv_wr_start(ex);
	ibv_wr_send(ex);
	ibv_wr_abort(ex);

	ibv_wr_start(ex);
	ibv_wr_send(ex);
	ibv_wr_send(ex);
	ibv_wr_set_sge_list(ex, 3, sge);
	ibv_wr_send(ex); /* ignored, as is what follows it */
	ibv_wr_set_sge(ex, 1, 2, 3);
	assert_int_equal(ibv_wr_complete(ex), EINVAL);

	ibv_wr_start(ex);
	ibv_wr_send(ex);
	ibv_wr_set_inline_data(ex, big, sizeof(big));
	assert_int_equal(ibv_wr_complete(ex), EINVAL);

	ibv_wr_start(ex);
	for (i = 0; i <= ENTRIES; i++)
		ibv_wr_send(ex);
	assert_int_equal(ibv_wr_complete(ex), ENOMEM);

	b->qp.vqp.qp.state = IBV_QPS_INIT;
	ibv_wr_start(ex);
	ibv_wr_send(ex);
	assert_int_equal(ibv_wr_complete(ex), EINVAL);
	b->qp.vqp.qp.state = IBV_QPS_RTS;

	ibv_wr_start(ex);
	assert_int_equal(ibv_wr_complete(ex), 0);
	assert_int_equal(b->qp.sq.ring.hdr->prod, 0xfffffffe);
	assert_int_equal(doorbells(b, IB_USER_VERBS_CMD_POST_SEND), 0);
}

static int post_recv(struct bench *b, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad)
{
	*bad = NULL;
	return rodp_wq_post_recv(&b->qp.rq, &b->context.vctx.context, IB_USER_VERBS_CMD_POST_RECV,
				 77, wr, bad);
}

static void test_recv(void **state)
{
	struct bench *b = *state;
	struct ibv_sge sge[] = { { 1, 2, 3 }, { 4, 5, 6 }, {} };
	struct ibv_recv_wr *bad, wr[ENTRIES + 1] = {};
	struct rodp_recv_wqe *first = rodp_ring_slot(&b->qp.rq.ring, 0xfffffffe);
	int i;

	for (i = 0; i <= ENTRIES; i++) {
		wr[i].wr_id = i + 100;
		wr[i].sg_list = sge;
		wr[i].num_sge = 2;
		wr[i].next = i < ENTRIES ? &wr[i + 1] : NULL;
	}
	b->qp.rq.ring.hdr->flags = RODP_RING_NEED_KICK;
	assert_int_equal(post_recv(b, wr, &bad), ENOMEM);
	assert_ptr_equal(bad, &wr[ENTRIES]);
	assert_int_equal(doorbells(b, IB_USER_VERBS_CMD_POST_RECV), 1);
	assert_int_equal(b->qp.rq.ring.hdr->prod, 2);
	assert_int_equal(first->wr_id, 100);
	assert_int_equal(first->num_sge, 2);
	assert_int_equal(first->sge[1].addr, 4);

	b->qp.rq.ring.hdr->cons += ENTRIES;
	wr[0].num_sge = MAX_SGE + 1;
	assert_int_equal(post_recv(b, wr, &bad), EINVAL);
	assert_ptr_equal(bad, wr);
	assert_int_equal(doorbells(b, IB_USER_VERBS_CMD_POST_RECV), 0);
}

/* A QP with an SRQ has no ring of its own. */
static void test_recv_without_ring(void **state)
{
	struct bench *b = *state;
	struct ibv_recv_wr *bad, wr = {};
	struct rodp_wq none = {};

	assert_int_equal(rodp_wq_post_recv(&none, &b->context.vctx.context,
					   IB_USER_VERBS_CMD_POST_RECV, 77, &wr, &bad),
			 EINVAL);
	assert_ptr_equal(bad, &wr);
}

/* RESET: the kernel starts over, and so do we. */
static void test_reload(void **state)
{
	struct bench *b = *state;
	struct ibv_send_wr *bad, wr = { .opcode = IBV_WR_SEND, .wr_id = 5 };

	assert_int_equal(post(b, &wr, &bad), 0);
	b->qp.sq.ring.hdr->prod = 0;
	b->qp.sq.ring.hdr->cons = 0;
	rodp_wq_reload(&b->qp.sq);
	assert_int_equal(post(b, &wr, &bad), 0);
	assert_int_equal(b->qp.sq.ring.hdr->prod, 1);
	assert_int_equal(wqe(b, 0)->wr_id, 5);
}

/* The kernel's side of a CQ. */
static void complete(struct bench *b, uint64_t wr_id)
{
	struct rodp_ring_hdr *hdr = b->cq.ring.hdr;
	struct rodp_cqe *cqe = rodp_ring_slot(&b->cq.ring, hdr->prod);

	*cqe = (struct rodp_cqe){
		.wr_id = wr_id,
		.timestamp = wr_id * 1000,
		.status = IBV_WC_RNR_RETRY_EXC_ERR,
		.opcode = IBV_WC_RECV,
		.vendor_err = 1,
		.byte_len = 2,
		.imm_data = 3,
		.qp_num = 4,
		.src_qp = 5,
		.wc_flags = IBV_WC_WITH_IMM,
		.pkey_index = 6,
		.slid = 7,
		.sl = 8,
		.dlid_path_bits = 9,
	};
	hdr->prod++;
}

static void test_poll(void **state)
{
	struct bench *b = *state;
	struct ibv_wc wc[8];
	int i;

	assert_int_equal(rodp_poll_cq(&b->cq.vcq.cq, 8, wc), 0);
	for (i = 0; i < ENTRIES; i++)
		complete(b, i);
	assert_int_equal(rodp_poll_cq(&b->cq.vcq.cq, 3, wc), 3);
	assert_int_equal(b->cq.ring.hdr->cons, 1);
	assert_int_equal(wc[2].wr_id, 2);
	assert_int_equal(rodp_poll_cq(&b->cq.vcq.cq, 8, wc), 1);
	assert_int_equal(wc[0].wr_id, 3);
	assert_int_equal(wc[0].status, IBV_WC_RNR_RETRY_EXC_ERR);
	assert_int_equal(wc[0].opcode, IBV_WC_RECV);
	assert_int_equal(wc[0].vendor_err, 1);
	assert_int_equal(wc[0].byte_len, 2);
	assert_int_equal(wc[0].imm_data, 3);
	assert_int_equal(wc[0].qp_num, 4);
	assert_int_equal(wc[0].src_qp, 5);
	assert_int_equal(wc[0].wc_flags, IBV_WC_WITH_IMM);
	assert_int_equal(wc[0].pkey_index, 6);
	assert_int_equal(wc[0].slid, 7);
	assert_int_equal(wc[0].sl, 8);
	assert_int_equal(wc[0].dlid_path_bits, 9);
	assert_int_equal(rodp_poll_cq(&b->cq.vcq.cq, 8, wc), 0);
}

/* A counter that no kernel writes: the pages of a device that is gone read as zero. */
static void test_poll_nonsense(void **state)
{
	struct bench *b = *state;
	struct ibv_wc wc[8];

	b->cq.ring.hdr->prod = 0x12345678;
	assert_int_equal(rodp_poll_cq(&b->cq.vcq.cq, 8, wc), 0);
}

static void test_poll_ex(void **state)
{
	struct bench *b = *state;
	struct ibv_cq_ex *ex = &b->cq.vcq.cq_ex;
	struct ibv_poll_cq_attr attr = {};

	assert_int_equal(ibv_start_poll(ex, &attr), ENOENT);
	complete(b, 10);
	complete(b, 11);
	assert_int_equal(ibv_start_poll(ex, &attr), 0);
	assert_int_equal(ex->wr_id, 10);
	assert_int_equal(ibv_next_poll(ex), 0);
	assert_int_equal(ex->wr_id, 11);
	assert_int_equal(ibv_wc_read_completion_wallclock_ns(ex), 11000);
	assert_int_equal(ibv_wc_read_byte_len(ex), 2);
	assert_int_equal(ibv_next_poll(ex), ENOENT);
	assert_int_equal(b->cq.ring.hdr->cons, 0xfffffffe); /* ours until the end */
	ibv_end_poll(ex);
	assert_int_equal(b->cq.ring.hdr->cons, 0);

	complete(b, 12);
	complete(b, 13);
	assert_int_equal(ibv_start_poll(ex, &attr), 0);
	ibv_end_poll(ex); /* takes the one that was looked at */
	assert_int_equal(b->cq.ring.hdr->cons, 1);
	assert_int_equal(ibv_start_poll(ex, &attr), 0);
	assert_int_equal(ex->wr_id, 13);
	ibv_end_poll(ex);
	attr.comp_mask = 1;
	assert_int_equal(ibv_start_poll(ex, &attr), EINVAL);
}

static void test_arm(void **state)
{
	struct bench *b = *state;

	assert_int_equal(rodp_req_notify_cq(&b->cq.vcq.cq, 1), 0);
	assert_int_equal(b->cq.ring.hdr->flags, RODP_CQ_ARM_SOLICITED);
	assert_int_equal(rodp_req_notify_cq(&b->cq.vcq.cq, 0), 0);
	assert_int_equal(b->cq.ring.hdr->flags, RODP_CQ_ARM_SOLICITED | RODP_CQ_ARM_NEXT);
}

/* What a kernel may answer, and what it may not. */
static void test_map(void **state)
{
	struct bench *b = *state;
	struct rodp_ring_resp good = { .length = 8192, .entries = 64, .stride = 64 }, resp;
	struct rodp_ring ring;
	int fd = memfd_create("ring", 0);

	assert_int_equal(ftruncate(fd, 8192), 0);
	b->context.vctx.context.cmd_fd = fd;
	assert_int_equal(rodp_ring_map(&ring, &b->context.vctx.context, &good, 64), 0);
	assert_int_equal(ring.entries, 64);
	assert_ptr_equal(rodp_ring_slot(&ring, 65), (char *)ring.hdr + RODP_RING_DATA + 64);
	rodp_ring_unmap(&ring);
	assert_null(ring.hdr);
	rodp_ring_unmap(&ring);

	resp = good;
	resp.entries = 0;
	assert_int_equal(rodp_ring_map(&ring, &b->context.vctx.context, &resp, 64), EPROTO);
	resp = good;
	resp.entries = 63;
	assert_int_equal(rodp_ring_map(&ring, &b->context.vctx.context, &resp, 64), EPROTO);
	resp = good;
	resp.entries = 128;
	assert_int_equal(rodp_ring_map(&ring, &b->context.vctx.context, &resp, 64), EPROTO);
	resp = good;
	resp.stride = 60;
	assert_int_equal(rodp_ring_map(&ring, &b->context.vctx.context, &resp, 32), EPROTO);
	assert_int_equal(rodp_ring_map(&ring, &b->context.vctx.context, &good, 65), EPROTO);
	resp = good;
	resp.offset = 1;
	assert_int_equal(rodp_ring_map(&ring, &b->context.vctx.context, &resp, 64), EINVAL);
	close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_send_fields),
		TEST(test_send_atomic),
		TEST(test_send_doorbell_once),
		TEST(test_send_doorbell_fails),
		TEST(test_send_doorbell_again),
		TEST(test_send_queue_full),
		TEST(test_send_inline),
		TEST(test_send_refused),
		TEST(test_send_ops_by_type),
		TEST(test_send_ud),
		TEST(test_wr_list),
		TEST(test_wr_rolls_back),
		TEST(test_recv),
		TEST(test_recv_without_ring),
		TEST(test_reload),
		TEST(test_poll),
		TEST(test_poll_nonsense),
		TEST(test_poll_ex),
		TEST(test_arm),
		TEST(test_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
