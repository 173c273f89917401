// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Every allocation of every verbs call fails once: the call is made with the first allocation failing, then
 * the second, and so on until there is none left to fail. A call says ENOMEM, or does without what it could
 * not get; what was made is ended in the same way. Nothing is left of a call that failed, and the same call works
 * afterwards. Work requests and faults that meet such a moment are executed all the same, later.
 *
 * Prints for each call how many allocations failed, and how often the call did.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rdma/ib_user_ioctl_cmds.h>

#include "ends.h"
#include "fail_nth.h"
#include "observe.h"

enum {
	LEN = 64 * 1024,
	PAGE = 4096,
	MOST = 2000, /* allocations of a call; more have no end */
	LEAST_POINTS = 100 /* that all calls have together */
};

struct subject {
	struct vt_device *dev;
	struct vt_buf buf;
	struct ibv_cq *cq;
	struct ibv_qp *group_qp; /* UD, joins groups */
	struct ibv_xrcd *xrcd;
	struct ibv_dm *dm;
	int dmabuf; /* of dm */
	struct vt_conn conn; /* for work requests */
	struct vt_buf from;
	unsigned int points, refusals;
};

static const union ibv_gid group = { .raw = { [10] = 0xff, [11] = 0xff, 239, 77, 0, 5 } };

/* ---- things that are made and ended ---- */

struct thing {
	const char *name;
	void *(*make)(struct subject *s); /* NULL and errno: it failed */
	int (*end)(struct subject *s, void *thing); /* 0, or what the call returned */
	unsigned int spared; /* of its last allocations, which may not fail */
};

/* A file is told as one more than its number: NULL is none. */
static void *file(int fd)
{
	return (void *)(intptr_t)(fd + 1);
}

static int end_file(struct subject *s, void *thing)
{
	return close((int)(intptr_t)thing - 1);
}

static void *make_context(struct subject *s)
{
	struct rodp_alloc_ucontext_resp resp;
	struct ibv_context context = {};
	uint32_t vectors;
	uint64_t support;
	const struct vt_attr attr[] = {
		{ UVERBS_ATTR_GET_CONTEXT_NUM_COMP_VECTORS, sizeof(vectors), (uintptr_t)&vectors },
		{ UVERBS_ATTR_GET_CONTEXT_CORE_SUPPORT, sizeof(support), (uintptr_t)&support },
		{ UVERBS_ATTR_UHW_OUT, sizeof(resp), (uintptr_t)&resp },
	};
	char path[64];
	int err;

	snprintf(path, sizeof(path), "/dev/infiniband/%s", s->dev->ctx->device->dev_name);
	context.cmd_fd = open(path, O_RDWR | O_CLOEXEC);
	if (context.cmd_fd < 0)
		return NULL;
	err = vt_ioctl(&context, UVERBS_OBJECT_DEVICE, UVERBS_METHOD_GET_CONTEXT, attr, 3);
	if (!err)
		return file(context.cmd_fd);
	close(context.cmd_fd);
	errno = -err;
	return NULL;
}

static void *make_pd(struct subject *s)
{
	return ibv_alloc_pd(s->dev->ctx);
}

static int end_pd(struct subject *s, void *thing)
{
	return ibv_dealloc_pd(thing);
}

static void *make_pinned(struct subject *s)
{
	return ibv_reg_mr(s->dev->pd, s->buf.data, LEN, VT_ACCESS_ALL);
}

static void *make_paged(struct subject *s)
{
	return ibv_reg_mr(s->dev->pd, s->buf.data, LEN, VT_ACCESS_ALL | IBV_ACCESS_ON_DEMAND);
}

static void *make_implicit(struct subject *s)
{
	return ibv_reg_mr(s->dev->pd, NULL, SIZE_MAX, VT_ACCESS_ALL | IBV_ACCESS_ON_DEMAND);
}

static void *make_null(struct subject *s)
{
	return ibv_alloc_null_mr(s->dev->pd);
}

static void *make_dm_mr(struct subject *s)
{
	return ibv_reg_dm_mr(s->dev->pd, s->dm, 0, PAGE, VT_ACCESS_ALL | IBV_ACCESS_ZERO_BASED);
}

static void *make_dmabuf_mr(struct subject *s)
{
	return ibv_reg_dmabuf_mr(s->dev->pd, 0, PAGE, 0, s->dmabuf, VT_ACCESS_ALL);
}

static int end_mr(struct subject *s, void *thing)
{
	return ibv_dereg_mr(thing);
}

static void *make_channel(struct subject *s)
{
	return ibv_create_comp_channel(s->dev->ctx);
}

static int end_channel(struct subject *s, void *thing)
{
	return ibv_destroy_comp_channel(thing);
}

static void *make_cq(struct subject *s)
{
	return ibv_create_cq(s->dev->ctx, 100, NULL, NULL, 0);
}

static int end_cq(struct subject *s, void *thing)
{
	return ibv_destroy_cq(thing);
}

static void *make_srq(struct subject *s)
{
	struct ibv_srq_init_attr init = { .attr = { .max_wr = 64, .max_sge = 4 } };

	return ibv_create_srq(s->dev->pd, &init);
}

static void *make_xrc_srq(struct subject *s)
{
	struct ibv_srq_init_attr_ex init = {
		.attr = { .max_wr = 64, .max_sge = 1 },
		.comp_mask = IBV_SRQ_INIT_ATTR_TYPE | IBV_SRQ_INIT_ATTR_PD | IBV_SRQ_INIT_ATTR_CQ |
			     IBV_SRQ_INIT_ATTR_XRCD,
		.srq_type = IBV_SRQT_XRC,
		.pd = s->dev->pd,
		.cq = s->cq,
		.xrcd = s->xrcd,
	};

	return ibv_create_srq_ex(s->dev->ctx, &init);
}

static int end_srq(struct subject *s, void *thing)
{
	return ibv_destroy_srq(thing);
}

static void *make_qp(struct subject *s, enum ibv_qp_type type)
{
	struct ibv_qp_init_attr_ex init = {
		.send_cq = s->cq,
		.recv_cq = type == IBV_QPT_XRC_SEND ? NULL : s->cq,
		.cap = { .max_send_wr = 32, .max_send_sge = 2, .max_inline_data = 64 },
		.qp_type = type,
		.comp_mask = IBV_QP_INIT_ATTR_PD,
		.pd = s->dev->pd,
	};

	if (type == IBV_QPT_XRC_RECV)
		init = (struct ibv_qp_init_attr_ex){ .qp_type = type,
						     .comp_mask = IBV_QP_INIT_ATTR_XRCD,
						     .xrcd = s->xrcd };
	else if (type != IBV_QPT_XRC_SEND)
		init.cap.max_recv_wr = init.cap.max_recv_sge = 2;
	return ibv_create_qp_ex(s->dev->ctx, &init);
}

static void *make_rc(struct subject *s)
{
	return make_qp(s, IBV_QPT_RC);
}

static void *make_uc(struct subject *s)
{
	return make_qp(s, IBV_QPT_UC);
}

static void *make_ud(struct subject *s)
{
	return make_qp(s, IBV_QPT_UD);
}

static void *make_xrc_send(struct subject *s)
{
	return make_qp(s, IBV_QPT_XRC_SEND);
}

static void *make_xrc_recv(struct subject *s)
{
	return make_qp(s, IBV_QPT_XRC_RECV);
}

static int end_qp(struct subject *s, void *thing)
{
	return ibv_destroy_qp(thing);
}

static void *make_ah(struct subject *s)
{
	struct ibv_ah_attr attr = vt_ah_attr(&s->dev->gid, s->dev->gid_index, NULL);

	return ibv_create_ah(s->dev->pd, &attr);
}

static int end_ah(struct subject *s, void *thing)
{
	return ibv_destroy_ah(thing);
}

static void *make_mw1(struct subject *s)
{
	return ibv_alloc_mw(s->dev->pd, IBV_MW_TYPE_1);
}

static void *make_mw2(struct subject *s)
{
	return ibv_alloc_mw(s->dev->pd, IBV_MW_TYPE_2);
}

static int end_mw(struct subject *s, void *thing)
{
	return ibv_dealloc_mw(thing);
}

static void *make_dm(struct subject *s)
{
	struct ibv_alloc_dm_attr attr = { .length = 5 * PAGE };

	return ibv_alloc_dm(s->dev->ctx, &attr);
}

static int end_dm(struct subject *s, void *thing)
{
	return ibv_free_dm(thing);
}

static void *make_export(struct subject *s)
{
	int fd = vt_export_dm(s->dm);

	errno = fd < 0 ? -fd : 0;
	return fd < 0 ? NULL : file(fd);
}

static void *make_xrcd(struct subject *s)
{
	struct ibv_xrcd_init_attr init = {
		.comp_mask = IBV_XRCD_INIT_ATTR_FD | IBV_XRCD_INIT_ATTR_OFLAGS,
		.fd = -1,
		.oflags = O_CREAT,
	};

	return ibv_open_xrcd(s->dev->ctx, &init);
}

static int end_xrcd(struct subject *s, void *thing)
{
	return ibv_close_xrcd(thing);
}

static void *make_member(struct subject *s)
{
	int err = ibv_attach_mcast(s->group_qp, &group, 0);

	errno = err;
	return err ? NULL : s->group_qp;
}

static int end_member(struct subject *s, void *thing)
{
	return ibv_detach_mcast(thing, &group, 0);
}

/*
 * When ib_core cannot open the QP that it has just made, or enter it in its domain, it gives the QP back and goes on counting it as
 * a user of the domain, which can never be closed then (create_xrc_qp_user(), as of 7.3). These are its last allocations: the opened QP,
 * and a node of the domain's table for each 6 bits of the QP's number.
 */
#define OPENED_BY_CORE 5

static const struct thing things[] = {
	{ "context", make_context, end_file },
	{ "PD", make_pd, end_pd },
	{ "region, pinned", make_pinned, end_mr },
	{ "region, on demand", make_paged, end_mr },
	{ "region, implicit", make_implicit, end_mr },
	{ "region, null", make_null, end_mr },
	{ "region of device memory", make_dm_mr, end_mr },
	{ "region of a dma-buf", make_dmabuf_mr, end_mr },
	{ "channel", make_channel, end_channel },
	{ "CQ", make_cq, end_cq },
	{ "SRQ", make_srq, end_srq },
	{ "XRC SRQ", make_xrc_srq, end_srq },
	{ "RC QP", make_rc, end_qp },
	{ "UC QP", make_uc, end_qp },
	{ "UD QP", make_ud, end_qp },
	{ "XRC QP that sends", make_xrc_send, end_qp },
	{ "XRC QP that receives", make_xrc_recv, end_qp, OPENED_BY_CORE },
	{ "address handle", make_ah, end_ah },
	{ "window of type 1", make_mw1, end_mw },
	{ "window of type 2", make_mw2, end_mw },
	{ "device memory", make_dm, end_dm },
	{ "device memory's dma-buf", make_export, end_file },
	{ "XRC domain", make_xrcd, end_xrcd },
	{ "member of a group", make_member, end_member },
};

/* ---- a call, again and again ---- */

/* What a call may say: no memory; no thread or no room for a while; no way to an address. */
static bool may_say(int err)
{
	return err == ENOMEM || err == EAGAIN || err == ENOBUFS || err == EHOSTUNREACH ||
	       err == ENETUNREACH;
}

static void expect_said(const char *name, const char *verb, unsigned int n, int err)
{
	if (!may_say(err))
		vt_fail("%s: %s, with allocation %u failing: errno %d (%s)", name, verb, n, err,
			strerror(err));
}

/* A row of the table. */
static void tell(struct subject *s, const char *name, const char *verb, unsigned int points,
		 unsigned int refusals)
{
	vt_note("%-26s %-8s %4u allocations, refused for %4u of them", name, verb, points,
		refusals);
	s->points += points;
	s->refusals += refusals;
}

static void no_end(const char *name, unsigned int n)
{
	if (n >= MOST)
		vt_fail("%s: %u allocations, and no end", name, n);
}

/* How many allocations may fail while it is made. */
static unsigned int allocations(struct subject *s, const struct thing *thing)
{
	unsigned int count;
	void *made;

	vt_fail_nth_arm(MOST);
	made = thing->make(s);
	count = MOST - vt_fail_nth_left();
	vt_check(!vt_fail_nth_disarm() && made && count > thing->spared);
	vt_check(!thing->end(s, made));
	return count - thing->spared;
}

static void make_each(struct subject *s, const struct thing *thing)
{
	unsigned int n, refusals = 0, last = thing->spared ? allocations(s, thing) : MOST;
	bool failed = true;
	void *made;
	int err;

	for (n = 1; failed && n <= last; n++) {
		no_end(thing->name, n);
		vt_fail_nth_arm(n);
		made = thing->make(s);
		err = errno;
		failed = vt_fail_nth_disarm();
		if (!made && !failed)
			vt_fail("%s: %s, and nothing failed", thing->name, strerror(err));
		if (!made)
			expect_said(thing->name, "made", n, err);
		else
			vt_check(!thing->end(s, made));
		refusals += !made;
	}
	tell(s, thing->name, "made", n - 1 - !failed, refusals);
}

/* What cannot be ended for a moment still is there, and is ended then. */
static void end_each(struct subject *s, const struct thing *thing)
{
	unsigned int n, refusals = 0;
	bool failed = true;
	void *made;
	int err;

	for (n = 1; failed; n++) {
		no_end(thing->name, n);
		made = thing->make(s);
		vt_check(made);
		vt_fail_nth_arm(n);
		err = thing->end(s, made);
		failed = vt_fail_nth_disarm();
		refusals += !!err;
		if (!err)
			continue;
		expect_said(thing->name, "ended", n, err < 0 ? errno : err);
		vt_check(!thing->end(s, made));
	}
	tell(s, thing->name, "ended", n - 2, refusals);
}

static void test_thing(struct subject *s, const struct thing *thing)
{
	char *before = vt_objects();

	vt_case("%s", thing->name);
	s->xrcd = make_xrcd(s);
	vt_check(s->xrcd);
	make_each(s, thing);
	end_each(s, thing);
	vt_check(!ibv_close_xrcd(s->xrcd));
	vt_expect_objects(before, thing->name);
	free(before);
}

/* ---- calls that change something ---- */

struct change {
	const char *name;
	void *(*make)(struct subject *s); /* of what; NULL: nothing */
	int (*end)(struct subject *s, void *thing);
	int (*run)(struct subject *s, void *thing); /* 0 or an errno */
};

/* The call returns a code of its own, and the reason is in errno. */
static int rereg(struct ibv_mr *mr, int flags, void *at, int access)
{
	errno = EIO;
	return ibv_rereg_mr(mr, flags, NULL, at, at ? LEN : 0, access) ? errno : 0;
}

static int run_rereg(struct subject *s, void *mr)
{
	return rereg(mr, IBV_REREG_MR_CHANGE_TRANSLATION, s->from.data, 0);
}

static int run_rights(struct subject *s, void *mr)
{
	return rereg(mr, IBV_REREG_MR_CHANGE_ACCESS, NULL, IBV_ACCESS_LOCAL_WRITE);
}

static int run_prefetch(struct subject *s, void *mr)
{
	struct ibv_sge sge = { (uintptr_t)s->buf.data, LEN, ((struct ibv_mr *)mr)->lkey };

	return ibv_advise_mr(s->dev->pd, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE,
			     IBV_ADVISE_MR_FLAG_FLUSH, &sge, 1);
}

static int run_resize_cq(struct subject *s, void *cq)
{
	return ibv_resize_cq(cq, 1000);
}

static int run_resize_srq(struct subject *s, void *srq)
{
	struct ibv_srq_attr attr = { .max_wr = 1000 };

	return ibv_modify_srq(srq, &attr, IBV_SRQ_MAX_WR);
}

/* All the way to RTS. */
static int run_modify(struct subject *s, void *qp)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_INIT,
		.port_num = 1,
		.path_mtu = IBV_MTU_1024,
		.dest_qp_num = s->group_qp->qp_num,
		.max_rd_atomic = 16,
		.max_dest_rd_atomic = 16,
		.min_rnr_timer = 12,
		.timeout = 14,
		.retry_cnt = 7,
		.rnr_retry = 7,
		.ah_attr = vt_ah_attr(&s->dev->gid, s->dev->gid_index, NULL),
	};
	int err = ibv_modify_qp(
		qp, &attr, IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS);

	attr.qp_state = IBV_QPS_RTR;
	if (!err)
		err = ibv_modify_qp(qp, &attr,
				    IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN |
					    IBV_QP_RQ_PSN | IBV_QP_MAX_DEST_RD_ATOMIC |
					    IBV_QP_MIN_RNR_TIMER);
	attr.qp_state = IBV_QPS_RTS;
	if (!err)
		err = ibv_modify_qp(qp, &attr,
				    IBV_QP_STATE | IBV_QP_SQ_PSN | IBV_QP_TIMEOUT |
					    IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY |
					    IBV_QP_MAX_QP_RD_ATOMIC);
	return err;
}

static int run_query(struct subject *s, void *qp)
{
	struct ibv_qp_init_attr init;
	struct ibv_device_attr device;
	struct ibv_port_attr port;
	struct ibv_qp_attr attr;
	int err = ibv_query_device(s->dev->ctx, &device);

	if (!err)
		err = ibv_query_port(s->dev->ctx, 1, &port);
	return err ? err : ibv_query_qp(qp, &attr, IBV_QP_STATE, &init);
}

static const struct change changes[] = {
	{ "region moves", make_pinned, end_mr, run_rereg },
	{ "region moves, on demand", make_paged, end_mr, run_rereg },
	{ "region gets other rights", make_pinned, end_mr, run_rights },
	{ "prefetch", make_paged, end_mr, run_prefetch },
	{ "CQ grows", make_cq, end_cq, run_resize_cq },
	{ "SRQ grows", make_srq, end_srq, run_resize_srq },
	{ "QP to RTS", make_rc, end_qp, run_modify },
	{ "queries", make_rc, end_qp, run_query },
};

/* What failed is as it was: the same call works on it at once. */
static void repeat(struct subject *s, const struct change *change, void *thing)
{
	struct ibv_qp_attr reset = { .qp_state = IBV_QPS_RESET };
	int err;

	if (change->end == end_qp)
		vt_check(!ibv_modify_qp(thing, &reset, IBV_QP_STATE));
	err = change->run(s, thing);
	if (err)
		vt_fail("%s: the same call again: %s", change->name, strerror(err));
}

static void test_change(struct subject *s, const struct change *change)
{
	char *before = vt_objects();
	unsigned int n, refusals = 0;
	bool failed = true;
	void *thing;
	int err;

	vt_case("%s", change->name);
	for (n = 1; failed; n++) {
		no_end(change->name, n);
		vt_buf_cool(&s->buf);
		thing = change->make(s);
		vt_check(thing);
		vt_fail_nth_arm(n);
		err = change->run(s, thing);
		failed = vt_fail_nth_disarm();
		refusals += !!err;
		if (err && !failed)
			vt_fail("%s: %s, and nothing failed", change->name, strerror(err));
		if (err) {
			expect_said(change->name, "done", n, err);
			repeat(s, change, thing);
		}
		vt_check(!change->end(s, thing));
	}
	tell(s, change->name, "done", n - 2, refusals);
	vt_expect_objects(before, change->name);
	free(before);
}

/* ---- what no call waits for ---- */

static void expect_written(struct subject *s, uint32_t len, unsigned int n)
{
	vt_expect(&s->conn.a, 1, IBV_WC_SUCCESS);
	vt_verify(s->buf.data, len, n, 0, "what was written");
}

static void post_write(struct subject *s, const struct ibv_mr *mr, uint32_t len, unsigned int n)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = 1,
		.sge = { vt_sge(&s->from, 0, len) },
		.num_sge = 1,
		.remote_addr = vt_addr(&s->buf, 0),
		.rkey = mr->rkey,
	};

	vt_fill(s->from.data, len, n, 0);
	vt_post(&s->conn.a, &op);
}

/* Packets that could not be made are made later. */
static void test_post(struct subject *s, const char *path)
{
	struct vt_conn_attr attr = { .timeout = 14 }; /* what is lost is sent again soon */
	struct ibv_mr *mr = make_pinned(s);
	bool failed = true;
	unsigned int n;

	vt_case("a work request, %s", path);
	vt_check(mr);
	vt_connect(&s->conn, s->dev, s->dev, &attr);
	for (n = 1; failed; n++) {
		no_end(path, n);
		vt_fail_nth_arm(n);
		post_write(s, mr, LEN, n);
		failed = vt_fail_nth_disarm();
		expect_written(s, LEN, n);
	}
	tell(s, path, "posted", n - 2, 0);
	vt_disconnect(&s->conn);
	vt_check(!ibv_dereg_mr(mr));
}

/* A fault that finds no memory is tried again. */
static void test_fault(struct subject *s)
{
	struct ibv_mr *mr = make_paged(s);
	unsigned int n, workers = 1;
	bool failed = true;

	vt_case("a fault");
	vt_check(mr);
	vt_connect(&s->conn, s->dev, s->dev, NULL);
	for (n = 1; failed; n++) {
		no_end("a fault", n);
		vt_buf_cool(&s->buf);
		workers = vt_fail_nth_arm_workers(n);
		post_write(s, mr, PAGE, n);
		vt_expect(&s->conn.a, 1, IBV_WC_SUCCESS);
		failed = vt_fail_nth_disarm_workers();
		vt_verify(s->buf.data, PAGE, n, 0, "what was written");
	}
	if (!workers)
		vt_note("no thread of this process serves faults: none failed");
	tell(s, "fault", "served", n - 2, 0);
	vt_disconnect(&s->conn);
	vt_check(!ibv_dereg_mr(mr));
}

/* ---- all of it ---- */

static void open_subject(struct subject *s)
{
	struct vt_end member;

	s->dev = vt_open_a();
	vt_buf_make(&s->buf, NULL, LEN, VT_PINNED, 0);
	vt_buf_make(&s->from, s->dev, LEN, VT_PINNED, VT_ACCESS_ALL);
	s->cq = make_cq(s);
	s->dm = make_dm(s);
	vt_check(s->cq && s->dm);
	s->dmabuf = vt_export_dm(s->dm);
	vt_check(s->dmabuf >= 0);
	vt_ud_open_on(&member, s->dev, s->cq);
	s->group_qp = member.qp;
}

static void close_subject(struct subject *s)
{
	vt_check(!ibv_destroy_qp(s->group_qp));
	close(s->dmabuf);
	vt_check(!ibv_free_dm(s->dm));
	vt_check(!ibv_destroy_cq(s->cq));
	vt_buf_free(&s->from);
	vt_buf_free(&s->buf);
	vt_close(s->dev);
}

int main(int argc, char **argv)
{
	struct subject s = {};
	size_t i;

	vt_init(argc, argv);
	vt_fail_nth_begin();
	open_subject(&s);
	if (!vt_is_rodp(s.dev))
		vt_skip("is about rodp's calls");
	for (i = 0; i < VT_ARRAY_SIZE(things); i++)
		test_thing(&s, &things[i]);
	for (i = 0; i < VT_ARRAY_SIZE(changes); i++)
		test_change(&s, &changes[i]);
	test_post(&s, "WRITE, local path");
	vt_set_local_path(false);
	test_post(&s, "WRITE, network of one host");
	vt_set_local_path(true);
	if (vt_has_odp(s.dev, 0))
		test_fault(&s);
	vt_note("%u allocations failed, and %u calls", s.points, s.refusals);
	if (s.points < LEAST_POINTS || !s.refusals)
		vt_fail("that is not every allocation");
	close_subject(&s);
	vt_devices_work();
	return vt_pass();
}
