// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Completions and events, always with a bound on the wait. */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>

#include "vt.h"

static bool poll_until(struct vt_end *end, struct ibv_wc *wc, uint64_t end_ns)
{
	int n;

	for (;;) {
		n = ibv_poll_cq(end->cq, 1, wc);
		if (n < 0)
			vt_fail("ibv_poll_cq: %d", n);
		if (n)
			return true;
		if (vt_now_ns() > end_ns)
			return false;
		sched_yield();
	}
}

/* Into the log of a test that is about to fail: what the drivers say of their QPs, and what they counted. */
static void tell_state(void)
{
	vt_note("%s", vt_run("rdma -dd resource show qp || true"));
	vt_note("%s", vt_run("cd /proc/1/root/sys/class/infiniband && "
			     "grep -v '^0$' */ports/1/hw_counters/* || true"));
}

/* The next completion; false: none in time, and the log says how things are. */
static bool wait_for_one(struct vt_end *end, struct ibv_wc *wc)
{
	if (poll_until(end, wc, vt_now_ns() + vt_options.wait_ms * 1000000ull))
		return true;
	tell_state();
	return false;
}

struct ibv_wc vt_wait(struct vt_end *end)
{
	struct ibv_wc wc;

	if (!wait_for_one(end, &wc))
		vt_fail("no completion on %s within %u ms", end->dev->name, vt_options.wait_ms);
	return wc;
}

static bool is_of_peer(enum ibv_wc_status status)
{
	return status == IBV_WC_REM_ACCESS_ERR || status == IBV_WC_REM_INV_REQ_ERR ||
	       status == IBV_WC_REM_OP_ERR;
}

bool vt_is_error(enum ibv_wc_status status, enum ibv_wc_status expected)
{
	if (vt_options.lossy && is_of_peer(expected) && status == IBV_WC_RETRY_EXC_ERR)
		return true;
	return status == expected;
}

struct ibv_wc vt_expect(struct vt_end *end, uint64_t wr_id, enum ibv_wc_status status)
{
	struct ibv_wc wc;

	if (!wait_for_one(end, &wc))
		vt_fail("wr_id 0x%lx of QP %u (state %d) did not complete within %u ms",
			(unsigned long)wr_id, end->qp->qp_num, vt_qp_state(end->qp),
			vt_options.wait_ms);

	if (wc.wr_id != wr_id || !vt_is_error(wc.status, status))
		vt_fail("completion of wr_id 0x%lx with \"%s\" (vendor 0x%x), expected 0x%lx with \"%s\"",
			(unsigned long)wc.wr_id, ibv_wc_status_str(wc.status), wc.vendor_err,
			(unsigned long)wr_id, ibv_wc_status_str(status));
	if (wc.qp_num != end->qp->qp_num)
		vt_fail("completion of QP %u, expected %u", wc.qp_num, end->qp->qp_num);
	return wc;
}

void vt_expect_asleep(struct vt_end *end, uint64_t wr_id)
{
	struct ibv_wc wc;
	int n;

	while (!(n = ibv_poll_cq(end->cq, 1, &wc))) {
		vt_check(!ibv_req_notify_cq(end->cq, 0));
		n = ibv_poll_cq(end->cq, 1, &wc);
		if (n)
			break;
		if (!vt_comp_event(end, vt_options.wait_ms))
			vt_fail("wr_id 0x%lx: no completion event within %u ms",
				(unsigned long)wr_id, vt_options.wait_ms);
	}
	if (n < 0)
		vt_fail("ibv_poll_cq: %d", n);
	if (wc.wr_id != wr_id || wc.status)
		vt_fail("completion of wr_id 0x%lx with \"%s\", expected 0x%lx with success",
			(unsigned long)wc.wr_id, ibv_wc_status_str(wc.status),
			(unsigned long)wr_id);
}

struct ibv_wc vt_expect_ok(struct vt_end *end, uint64_t wr_id, enum ibv_wc_opcode opcode)
{
	struct ibv_wc wc = vt_expect(end, wr_id, IBV_WC_SUCCESS);

	if (wc.opcode != opcode)
		vt_fail("the completion's opcode is %d instead of %d", wc.opcode, opcode);
	return wc;
}

void vt_expect_none(struct vt_end *end, unsigned int ms)
{
	struct ibv_wc wc;

	if (poll_until(end, &wc, vt_now_ns() + ms * 1000000ull))
		vt_fail("a completion that nobody asked for: wr_id 0x%lx, \"%s\"",
			(unsigned long)wc.wr_id, ibv_wc_status_str(wc.status));
}

static bool readable(int fd, unsigned int ms)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	int n;

	n = poll(&pollfd, 1, ms);
	if (n < 0)
		vt_fail("poll: %m");
	return n;
}

int vt_async_event(struct vt_device *dev, unsigned int ms)
{
	struct ibv_async_event event;

	if (!readable(dev->ctx->async_fd, ms))
		return -1;
	if (ibv_get_async_event(dev->ctx, &event))
		vt_fail("ibv_get_async_event: %m");
	ibv_ack_async_event(&event);
	return event.event_type;
}

bool vt_comp_event(struct vt_end *end, unsigned int ms)
{
	struct ibv_cq *cq;
	void *context;

	if (!readable(end->channel->fd, ms))
		return false;
	if (ibv_get_cq_event(end->channel, &cq, &context))
		vt_fail("ibv_get_cq_event: %m");
	if (cq != end->cq)
		vt_fail("an event of another CQ");
	ibv_ack_cq_events(cq, 1);
	return true;
}
