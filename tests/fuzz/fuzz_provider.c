// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The provider's fast paths over rings whose other side is the driver's own code: what is posted, in
 * either way, is what the driver takes; what cannot be is refused and leaves nothing behind; what
 * the driver completes is what is polled. Counters and flags of the other side may be anything.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <rdma/rdma_user_ioctl_cmds.h>

#include "fuzz.h"
#include "fuzz_provider.h"

#include "cq.h"
#include "rodp.h"

#define ENTRIES	   4
#define MAX_SGE	   4
#define MAX_INLINE 64

static struct rodp_context context;
static struct rodp_qp qp;
static struct rodp_cq cq;
static struct rodp_ah ah = { .ah_num = 9 };
static struct ibv_mr mr = { .lkey = 0x1234 };
static struct ibv_mw mw = { .rkey = 0x4321 };
static const uint8_t *data;
static size_t size;
static uint8_t text[MAX_INLINE * 2];
static uint32_t completions; /* made: the wr_id of the last */
static bool is_gone; /* the device: its counter was anything at least once */

/* Of the system calls. */
static struct {
	int doorbells, write_errno, ioctl_errno, fork_errno;
	size_t room; /* bytes of the last mapping */
	bool no_map;
} calls;

static uint64_t take(size_t bytes)
{
	return fuzz_take(&data, &size, bytes);
}

ssize_t fuzz_write(int fd, const void *buf, size_t n)
{
	const struct ibv_post_send *cmd = buf;

	fuzz_check(fd == 7 && n == sizeof(*cmd) && cmd->hdr.in_words * 4u == n);
	fuzz_check(!cmd->core_payload.wr_count && cmd->core_payload.qp_handle == 77);
	errno = calls.write_errno;
	if (errno)
		return -1;
	calls.doorbells++;
	return n;
}

int fuzz_ioctl(int fd, unsigned long request, void *arg)
{
	const struct ib_uverbs_ioctl_hdr *hdr = arg;

	fuzz_check(fd == 7 && request == RDMA_VERBS_IOCTL && hdr->driver_id == RODP_DRIVER_ID);
	fuzz_check(hdr->length == sizeof(*hdr) + hdr->num_attrs * sizeof(hdr->attrs[0]));
	errno = calls.ioctl_errno;
	if (errno)
		return -1;
	calls.doorbells++;
	return 0;
}

void *fuzz_mmap(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
	fuzz_check(!at && prot == (PROT_READ | PROT_WRITE) && flags == MAP_SHARED && fd == 7);
	(void)offset;
	if (calls.no_map || n > 1 << 20) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	calls.room = n;
	return calloc(1, n);
}

int fuzz_munmap(void *at, size_t n)
{
	fuzz_check(n == calls.room);
	free(at);
	return 0;
}

int ibv_dontfork_range(void *base, size_t n)
{
	(void)base;
	(void)n;
	return calls.fork_errno;
}

int ibv_dofork_range(void *base, size_t n)
{
	(void)base;
	(void)n;
	return 0;
}

/* ---- The queues ---- */

static void make_ring(struct rodp_ring *ring, uint32_t stride, uint32_t start)
{
	ring->entries = ENTRIES;
	ring->stride = stride;
	ring->length = RODP_RING_DATA + ENTRIES * stride;
	ring->hdr = calloc(1, ring->length);
	ring->hdr->prod = ring->hdr->cons = start;
}

static void make_wq(struct rodp_wq *wq, uint32_t stride, uint32_t start)
{
	make_ring(&wq->ring, stride, start);
	pthread_spin_init(&wq->lock, PTHREAD_PROCESS_PRIVATE);
	wq->max_sge = MAX_SGE;
	rodp_wq_reload(wq);
}

static const enum ibv_qp_type types[] = { IBV_QPT_RC, IBV_QPT_UC, IBV_QPT_UD, IBV_QPT_XRC_SEND,
					  IBV_QPT_XRC_RECV };

static void set_up(void)
{
	const uint32_t start = -(uint32_t)(take(1) & 7);
	const uint8_t kind = take(1);

	memset(&context, 0, sizeof(context));
	memset(&qp, 0, sizeof(qp));
	memset(&cq, 0, sizeof(cq));
	memset(&calls, 0, sizeof(calls));
	context.vctx.context.cmd_fd = 7;
	context.atomic_cap = kind & 1 ? IBV_ATOMIC_GLOB : IBV_ATOMIC_NONE;
	context.device_cap_flags = kind & 2 ? IBV_DEVICE_MEM_WINDOW | IBV_DEVICE_MEM_WINDOW_TYPE_2B
					    : 0;
	context.device_cap_flags_ex = kind & 4 ? ~0ull : 0;
	qp.vqp.qp.context = &context.vctx.context;
	qp.vqp.qp.qp_type = types[take(1) % 5];
	qp.vqp.qp.state = kind & 8 ? IBV_QPS_RTS : IBV_QPS_RTR;
	qp.vqp.qp.handle = 77;
	qp.max_inline = MAX_INLINE;
	qp.send_ops = rodp_send_ops(&context, qp.vqp.qp.qp_type);
	make_wq(&qp.sq, RODP_SEND_WQE_HDR + MAX_INLINE, start);
	make_wq(&qp.rq, sizeof(struct rodp_recv_wqe) + MAX_SGE * sizeof(struct rodp_sge), start);
	rodp_qp_set_wr_ops(&qp, qp.send_ops);
	make_ring(&cq.ring, sizeof(struct rodp_cqe), start);
	pthread_spin_init(&cq.lock, PTHREAD_PROCESS_PRIVATE);
	cq.single_threaded = kind & 16;
	cq.cons = cq.prod = start;
	rodp_cq_set_ex_ops(&cq, kind & 32 ? ~0ull : 0);
}

static void tear_down(void)
{
	free(qp.sq.ring.hdr);
	free(qp.rq.ring.hdr);
	free(cq.ring.hdr);
}

/* ---- Posting ---- */

static void fill_sges(struct ibv_sge *sge, int n)
{
	for (int i = 0; i < n; i++) {
		const uint8_t kind = take(1);

		sge[i] = (struct ibv_sge){ (uintptr_t)text + (kind & 15), kind % 20, kind };
		if (kind == 0xff)
			sge[i].length = take(4);
	}
}

static uint64_t bytes_of(const struct ibv_sge *sge, int n)
{
	uint64_t sum = 0;

	for (int i = 0; i < n; i++)
		sum += sge[i].length;
	return sum;
}

static void check_sges(const struct seen *seen, const struct ibv_sge *sge, uint32_t n)
{
	fuzz_check(seen->num_sge == n);
	for (uint32_t i = 0; i < n; i++)
		fuzz_check(seen->sge[i].addr == sge[i].addr && seen->sge[i].lkey == sge[i].lkey &&
			   seen->sge[i].length == sge[i].length);
}

static void check_inline(const struct seen *seen, const struct ibv_sge *sge, uint32_t n)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < n; at += sge[i].length, i++)
		fuzz_check(!memcmp(seen->data + at, (void *)(uintptr_t)sge[i].addr, sge[i].length));
	fuzz_check(seen->length == at);
}

/* The driver's view of what was posted last. */
static void see_last(struct seen *seen)
{
	kernel_sees_send(rodp_ring_slot(&qp.sq.ring, qp.sq.prod - 1), MAX_SGE, MAX_INLINE, seen);
}

static bool is_local(unsigned int opcode)
{
	return opcode == IBV_WR_LOCAL_INV || opcode == IBV_WR_BIND_MW;
}

static void check_arguments(const struct seen *seen, const struct ibv_send_wr *wr)
{
	if (wr->opcode == IBV_WR_BIND_MW) {
		fuzz_check(seen->bind.addr == wr->bind_mw.bind_info.addr);
		fuzz_check(seen->bind.mw_rkey == mw.rkey &&
			   seen->bind.new_rkey == wr->bind_mw.rkey);
		fuzz_check(seen->bind.mr_lkey == (wr->bind_mw.bind_info.mr ? mr.lkey : 0));
	} else if (wr->opcode == IBV_WR_ATOMIC_CMP_AND_SWP) {
		fuzz_check(seen->compare_add == wr->wr.atomic.compare_add &&
			   seen->swap == wr->wr.atomic.swap && seen->rkey == wr->wr.atomic.rkey);
	} else if (wr->opcode == IBV_WR_RDMA_WRITE || wr->opcode == IBV_WR_RDMA_READ) {
		fuzz_check(seen->remote_addr == wr->wr.rdma.remote_addr &&
			   seen->rkey == wr->wr.rdma.rkey);
	}
	if (qp.vqp.qp.qp_type == IBV_QPT_UD)
		fuzz_check(seen->ud.qpn == wr->wr.ud.remote_qpn && seen->ud.ah_num == ah.ah_num);
	fuzz_check(seen->srqn ==
		   (qp.vqp.qp.qp_type == IBV_QPT_XRC_SEND ? wr->qp_type.xrc.remote_srqn : 0));
}

static void check_posted(const struct ibv_send_wr *wr)
{
	struct seen seen;

	see_last(&seen);
	fuzz_check(seen.wr_id == wr->wr_id && seen.opcode == wr->opcode);
	fuzz_check(seen.flags == (wr->send_flags & 0xff));
	/* What both check is what the driver accepts; the rest is for it alone. */
	if (seen.status)
		return;
	fuzz_check(is_local(wr->opcode) || seen.length == bytes_of(wr->sg_list, wr->num_sge));
	check_arguments(&seen, wr);
	fuzz_check(wr->opcode == IBV_WR_BIND_MW || seen.imm == wr->imm_data);
	if (is_local(wr->opcode))
		return;
	if (seen.is_inline)
		check_inline(&seen, wr->sg_list, wr->num_sge);
	else
		check_sges(&seen, wr->sg_list, wr->num_sge);
}

static void fill_operands(struct ibv_send_wr *wr)
{
	wr->imm_data = take(4);
	if (wr->opcode == IBV_WR_BIND_MW) {
		wr->bind_mw.mw = &mw;
		wr->bind_mw.rkey = take(4);
		wr->bind_mw.bind_info.addr = take(8);
		wr->bind_mw.bind_info.mr = take(1) & 1 ? &mr : NULL;
		return;
	}
	if (qp.vqp.qp.qp_type == IBV_QPT_UD) {
		wr->wr.ud.ah = &ah.ibv_ah;
		wr->wr.ud.remote_qpn = take(3);
		return;
	}
	wr->wr.atomic.remote_addr = take(8);
	wr->wr.atomic.compare_add = take(8);
	wr->wr.atomic.swap = take(8);
	wr->wr.atomic.rkey = take(4);
	if (wr->opcode != IBV_WR_ATOMIC_CMP_AND_SWP && wr->opcode != IBV_WR_ATOMIC_FETCH_AND_ADD)
		wr->wr.rdma.rkey = take(4);
	wr->qp_type.xrc.remote_srqn = take(3);
}

static void kick(void)
{
	static const int errors[] = { 0, 0, 0, EACCES, EIO };
	const uint8_t kind = take(1);

	qp.sq.ring.hdr->flags = qp.rq.ring.hdr->flags = kind & 1;
	calls.write_errno = errors[kind / 2 % 5];
	calls.ioctl_errno = kind & 0x80 ? EIO : 0;
	calls.doorbells = 0;
}

/* Requests posted, doorbells rung, errors: they fit together. */
static void check_result(int err, const struct ibv_send_wr *bad, const struct ibv_send_wr *wr,
			 uint32_t posted)
{
	const bool asked = posted && (qp.sq.ring.hdr->flags & RODP_RING_NEED_KICK);

	fuzz_check(calls.doorbells <= asked && posted <= ENTRIES);
	fuzz_check(!err || bad);
	fuzz_check(err || (posted == 1 && calls.doorbells == asked));
	if (err == EINVAL || err == ENOMEM)
		fuzz_check(bad == wr && !posted);
	if (err == EIO || err == EACCES)
		fuzz_check(posted == 1);
	fuzz_check(qp.sq.ring.hdr->prod == qp.sq.prod);
}

static void post_send(void)
{
	static const unsigned int opcodes[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 14, 10, -1u };
	struct ibv_sge sge[MAX_SGE + 2];
	struct ibv_send_wr wr = { .wr_id = take(4), .sg_list = sge }, *bad = NULL;
	const uint8_t kind = take(1);
	const uint32_t before = qp.sq.prod;
	int err;

	wr.opcode = opcodes[take(1) % 14];
	wr.num_sge = kind == 0xff ? -1 : kind % (MAX_SGE + 2);
	fill_sges(sge, wr.num_sge < 0 ? 0 : wr.num_sge);
	wr.send_flags = take(1) & (kind & 0x80 ? 0xff : 0xf);
	fill_operands(&wr);
	kick();
	err = rodp_post_send(&qp.vqp.qp, &wr, &bad);
	check_result(err, bad, &wr, qp.sq.prod - before);
	if (qp.sq.prod != before)
		check_posted(&wr);
}

static void build_one_sided(struct ibv_qp_ex *ex, uint8_t what)
{
	if (what == 0 && ex->wr_rdma_write)
		ex->wr_rdma_write(ex, take(4), take(8));
	else if (what == 1 && ex->wr_rdma_write_imm)
		ex->wr_rdma_write_imm(ex, take(4), take(8), take(4));
	else if (what == 2 && ex->wr_rdma_read)
		ex->wr_rdma_read(ex, take(4), take(8));
	else if (what == 3 && ex->wr_atomic_cmp_swp)
		ex->wr_atomic_cmp_swp(ex, take(4), take(8), take(8), take(8));
	else if (what == 4 && ex->wr_atomic_fetch_add)
		ex->wr_atomic_fetch_add(ex, take(4), take(8), take(8));
	else if (what == 5 && ex->wr_atomic_write)
		ex->wr_atomic_write(ex, take(4), take(8), text);
#if RODP_HAVE_FLUSH
	else if (what == 6 && ex->wr_flush)
		ex->wr_flush(ex, take(4), take(8), take(1) < 16 ? 1ull << 32 : take(4), take(1),
			     take(1));
#endif
}

static void build_other(struct ibv_qp_ex *ex, uint8_t what)
{
	struct ibv_mw_bind_info info = { .mr = &mr, .addr = 1, .length = 2 };

	if (what == 7 && ex->wr_send)
		ex->wr_send(ex);
	else if (what == 8 && ex->wr_send_imm)
		ex->wr_send_imm(ex, take(4));
	else if (what == 9 && ex->wr_send_inv)
		ex->wr_send_inv(ex, take(4));
	else if (what == 10 && ex->wr_local_inv)
		ex->wr_local_inv(ex, take(4));
	else if (what == 11 && ex->wr_bind_mw)
		ex->wr_bind_mw(ex, &mw, take(4), &info);
}

/* Data of the request in hand. Returns its length. */
static uint64_t set_data(struct ibv_qp_ex *ex, uint8_t how)
{
	struct ibv_data_buf buf[2] = { { text, how }, { text, take(1) } };
	struct ibv_sge sge[MAX_SGE + 2];
	const int n = how % (MAX_SGE + 2);

	switch (how >> 6) {
	case 0:
		ex->wr_set_sge(ex, 1, 2, how);
		return how;
	case 1:
		fill_sges(sge, n);
		ex->wr_set_sge_list(ex, n, sge);
		return bytes_of(sge, n);
	case 2:
		ex->wr_set_inline_data(ex, text, how % sizeof(text));
		return how % sizeof(text);
	}
	buf[0].length %= sizeof(text);
	buf[1].length %= sizeof(text);
	ex->wr_set_inline_data_list(ex, 2, buf);
	return buf[0].length + buf[1].length;
}

static void build_list(void)
{
	struct ibv_qp_ex *ex = &qp.vqp.qp_ex;
	const uint32_t before = qp.sq.prod;
	const uint8_t n = take(1);
	int err;

	kick();
	ex->wr_start(ex);
	for (uint8_t i = 0; i < (n & 7); i++) {
		const uint8_t what = take(1) % 12;

		ex->wr_id = take(4);
		ex->wr_flags = take(1);
		build_one_sided(ex, what);
		build_other(ex, what);
		if (ex->wr_set_ud_addr)
			ex->wr_set_ud_addr(ex, &ah.ibv_ah, take(3), take(4));
		if (ex->wr_set_xrc_srqn)
			ex->wr_set_xrc_srqn(ex, take(3));
		set_data(ex, take(1));
	}
	if (n & 0x80) {
		ex->wr_abort(ex);
		fuzz_check(qp.sq.prod == before && qp.sq.ring.hdr->prod == before);
		return;
	}
	err = ex->wr_complete(ex);
	fuzz_check(qp.sq.prod - before <= ENTRIES && qp.sq.ring.hdr->prod == qp.sq.prod);
	/* All of the list or nothing. */
	if (err == EINVAL || err == ENOMEM)
		fuzz_check(qp.sq.prod == before && !calls.doorbells);
	for (uint32_t i = before; i != qp.sq.prod; i++) {
		struct seen seen;

		kernel_sees_send(rodp_ring_slot(&qp.sq.ring, i), MAX_SGE, MAX_INLINE, &seen);
		fuzz_check(seen.length <= MAX_INLINE || !seen.is_inline);
	}
}

static void post_receive(void)
{
	struct ibv_sge sge[MAX_SGE + 2];
	struct ibv_recv_wr wr = { .wr_id = take(4), .sg_list = sge }, *bad = NULL;
	const uint8_t kind = take(1);
	const uint32_t before = qp.rq.prod;
	struct rodp_wq none = { 0 };
	struct seen seen;
	int err;

	wr.num_sge = kind == 0xff ? -1 : kind % (MAX_SGE + 2);
	fill_sges(sge, wr.num_sge < 0 ? 0 : wr.num_sge);
	kick();
	err = rodp_wq_post_recv(kind & 0x40 ? &qp.rq : &none, &context.vctx.context,
				IB_USER_VERBS_CMD_POST_RECV, 77, &wr, &bad);
	fuzz_check(!err == !bad && qp.rq.ring.hdr->prod == qp.rq.prod);
	if (qp.rq.prod == before) {
		fuzz_check(err == EINVAL || err == ENOMEM);
		return;
	}
	kernel_sees_receive(rodp_ring_slot(&qp.rq.ring, before), MAX_SGE, &seen);
	fuzz_check(!seen.status && seen.wr_id == wr.wr_id);
	check_sges(&seen, sge, wr.num_sge);
}

/* ---- The other side ---- */

/* The driver takes what was posted, or the page is that of a device that is gone. */
static void consume(void)
{
	const uint8_t kind = take(1);

	qp.sq.ring.hdr->cons = kind & 1 ? qp.sq.prod : kind & 2 ? take(4) : qp.sq.ring.hdr->cons;
	qp.rq.ring.hdr->cons = kind & 4 ? qp.rq.prod : kind & 8 ? take(4) : qp.rq.ring.hdr->cons;
}

static void complete(void)
{
	struct rodp_cqe *cqe = rodp_ring_slot(&cq.ring, cq.ring.hdr->prod);

	if (cq.ring.hdr->prod - cq.ring.hdr->cons >= ENTRIES)
		return;
	*cqe = (struct rodp_cqe){ .wr_id = ++completions,
				  .status = take(1),
				  .qp_num = take(1) & 1,
				  .byte_len = take(4),
				  .timestamp = take(8) };
	cq.ring.hdr->prod++;
}

static bool prod_is_sane(void)
{
	return cq.ring.hdr->prod - cq.cons <= ENTRIES;
}

static void poll(void)
{
	const uint32_t there = cq.ring.hdr->prod - cq.cons, first = cq.cons;
	const int wanted = take(1) % (ENTRIES + 2);
	struct ibv_wc wc[ENTRIES + 2];
	const int n = rodp_poll_cq(&cq.vcq.cq, wanted, wc);

	fuzz_check(n >= 0 && n <= wanted && n <= ENTRIES);
	if (prod_is_sane() || there <= ENTRIES)
		fuzz_check(n == (int)(there < (uint32_t)wanted ? there : (uint32_t)wanted));
	for (int i = 0; i < n; i++) {
		const struct rodp_cqe *cqe = rodp_ring_slot(&cq.ring, first + i);

		fuzz_check(wc[i].wr_id == cqe->wr_id && wc[i].byte_len == cqe->byte_len);
		fuzz_check((uint32_t)wc[i].status == cqe->status && wc[i].qp_num == cqe->qp_num);
	}
	fuzz_check(!n || cq.ring.hdr->cons == cq.cons);
}

static void read_fields(struct ibv_cq_ex *ex, const struct rodp_cqe *cqe)
{
	fuzz_check(ex->wr_id == cqe->wr_id && (uint32_t)ex->status == cqe->status);
	fuzz_check(ex->read_opcode(ex) == (enum ibv_wc_opcode)cqe->opcode);
	fuzz_check(ex->read_vendor_err(ex) == cqe->vendor_err &&
		   ex->read_wc_flags(ex) == cqe->wc_flags);
	if (!ex->read_byte_len)
		return;
	fuzz_check(ex->read_byte_len(ex) == cqe->byte_len &&
		   ex->read_imm_data(ex) == cqe->imm_data);
	fuzz_check(ex->read_qp_num(ex) == cqe->qp_num && ex->read_src_qp(ex) == cqe->src_qp);
	fuzz_check(ex->read_slid(ex) == cqe->slid && ex->read_sl(ex) == cqe->sl);
	fuzz_check(ex->read_dlid_path_bits(ex) == cqe->dlid_path_bits);
	fuzz_check(ex->read_cvlan(ex) == cqe->vlan_id);
	fuzz_check(ex->read_completion_ts(ex) == cqe->timestamp);
	fuzz_check(ex->read_completion_wallclock_ns(ex) == cqe->timestamp);
}

static void poll_ex(void)
{
	struct ibv_poll_cq_attr attr = { .comp_mask = take(1) < 8 };
	struct ibv_cq_ex *ex = &cq.vcq.cq_ex;
	uint32_t n = cq.cons;
	const uint8_t most = take(1);
	const int err = ex->start_poll(ex, &attr);

	if (err) {
		fuzz_check(err == (attr.comp_mask ? EINVAL : ENOENT));
		return;
	}
	do {
		read_fields(ex, rodp_ring_slot(&cq.ring, n++));
	} while (n - cq.cons <= (most & 7u) && !ex->next_poll(ex));
	if (!cq.cqe)
		fuzz_check(ex->next_poll(ex) == ENOENT);
	ex->end_poll(ex);
	fuzz_check(cq.cons == n && cq.ring.hdr->cons == n);
}

/* Of the QP that was reset nothing is left; of others all is, in order. */
static void forget(void)
{
	const uint32_t number = take(1) & 1;
	uint32_t others = 0, n;
	uint64_t last = 0;

	if (!prod_is_sane())
		return;
	for (n = cq.cons; n != cq.ring.hdr->prod; n++)
		others += ((struct rodp_cqe *)rodp_ring_slot(&cq.ring, n))->qp_num != number;
	rodp_cq_forget_qp(&cq.vcq.cq, number);
	fuzz_check(cq.ring.hdr->prod - cq.cons == others && cq.ring.hdr->cons == cq.cons);
	for (n = cq.cons; n != cq.ring.hdr->prod; n++) {
		const struct rodp_cqe *cqe = rodp_ring_slot(&cq.ring, n);

		fuzz_check(cqe->qp_num != number);
		fuzz_check(is_gone || cqe->wr_id > last);
		last = cqe->wr_id;
	}
}

static void arm(void)
{
	const bool solicited = take(1) & 1;

	fuzz_check(!rodp_req_notify_cq(&cq.vcq.cq, solicited));
	fuzz_check(cq.ring.hdr->flags & (solicited ? RODP_CQ_ARM_SOLICITED : RODP_CQ_ARM_NEXT));
}

/* Any answer of a driver: what is mapped has room for all slots. */
static void map(void)
{
	const uint8_t kind = take(1);
	struct rodp_ring_resp resp = { .offset = take(2),
				       .entries = 1u << (kind & 7),
				       .stride = 16 * (kind >> 3) };
	struct rodp_wq wq = { 0 };
	int err;

	resp.length = RODP_RING_DATA + (uint64_t)resp.entries * resp.stride;
	if (take(1) < 64) {
		resp.entries ^= take(4);
		resp.stride ^= take(1);
		resp.length ^= take(8);
	}
	calls.no_map = take(1) < 32;
	calls.fork_errno = take(1) < 32 ? ENOMEM : 0;
	err = rodp_wq_init_recv(&wq, &context.vctx.context, &resp, take(1) % (MAX_SGE + 1));
	fuzz_check(!err == !!wq.ring.hdr);
	if (!err) {
		fuzz_check(!(wq.ring.entries & (wq.ring.entries - 1)));
		memset(rodp_ring_slot(&wq.ring, 0), 0, wq.ring.stride);
		memset(rodp_ring_slot(&wq.ring, -1u), 0, wq.ring.stride);
	}
	rodp_wq_destroy(&wq);
	rodp_wq_reload(&wq);
}

static void step(void)
{
	static void (*const steps[])(void) = { post_send,    post_send, build_list, build_list,
					       post_receive, consume,	complete,   complete,
					       poll,	     poll_ex,	forget,	    arm,
					       map };
	const uint8_t what = take(1);

	if (what != 0xff)
		return steps[what % 13]();
	cq.ring.hdr->prod = take(4);
	is_gone = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	data = bytes;
	size = n;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i;
	completions = 0;
	is_gone = false;
	set_up();
	while (size)
		step();
	tear_down();
	return 0;
}
