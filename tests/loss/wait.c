// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Completions: each once, in order, and none beside them. */
#include "loss.h"

/* Polls for so long; false: there is none. Asks for events of the device only where it may be taken away. */
static bool wait_poll(struct loss *loss, struct vt_end *end, struct ibv_wc *wc, unsigned int ms)
{
	uint64_t end_ns = vt_now_ns() + ms * 1000000ull;
	int n;

	do {
		n = ibv_poll_cq(end->cq, 1, wc);
		if (n < 0)
			vt_fail("polling the CQ of %s: %d", end->dev->name, n);
		if (n)
			return true;
		if (loss->gone && vt_async_event(end->dev, 0) == IBV_EVENT_DEVICE_FATAL)
			loss->over = true;
	} while (!loss->over && vt_now_ns() < end_ns);
	return false;
}

/* Whether a request may end so on this network. */
static bool wait_may_fail(const struct loss *loss, enum ibv_wc_status status)
{
	return loss->gone || (vt_options.lossy && status == IBV_WC_RETRY_EXC_ERR);
}

static void wait_check_number(const struct ibv_wc *wc, uint64_t n)
{
	if (wc->wr_id != n)
		vt_fail("completion of request %llu, where that of %llu is next",
			(unsigned long long)wc->wr_id, (unsigned long long)n);
}

/* Those behind a request that failed are flushed, each once. A device that went says no more. */
static void wait_flushed(struct loss *loss, uint64_t n, uint64_t end)
{
	struct ibv_wc wc;

	for (; n < end; n++) {
		if (!wait_poll(loss, &loss->conn.a, &wc, vt_options.wait_ms)) {
			if (loss->gone)
				return;
			vt_fail("request %llu is not flushed", (unsigned long long)n);
		}
		wait_check_number(&wc, n);
		if (wc.status != IBV_WC_WR_FLUSH_ERR)
			vt_fail("request %llu behind a failed one: %s", (unsigned long long)n,
				ibv_wc_status_str(wc.status));
	}
}

bool loss_sent(struct loss *loss, uint64_t n, uint64_t end)
{
	struct ibv_wc wc;

	if (!wait_poll(loss, &loss->conn.a, &wc, vt_options.wait_ms)) {
		if (loss->over)
			return false;
		vt_fail("no completion of request %llu within %u ms", (unsigned long long)n,
			vt_options.wait_ms);
	}
	wait_check_number(&wc, n);
	if (wc.status == IBV_WC_SUCCESS)
		return true;
	if (!wait_may_fail(loss, wc.status))
		vt_fail("request %llu: %s", (unsigned long long)n, ibv_wc_status_str(wc.status));
	wait_flushed(loss, n + 1, end);
	vt_note("given up at message %llu: %s", (unsigned long long)n,
		ibv_wc_status_str(wc.status));
	loss->over = true;
	return false;
}

bool loss_received(struct loss *loss, struct ibv_wc *wc, unsigned int ms)
{
	if (!wait_poll(loss, &loss->conn.b, wc, ms))
		return false;
	if (wc->status == IBV_WC_SUCCESS)
		return true;
	if (!loss->gone)
		vt_fail("receive %llu: %s", (unsigned long long)wc->wr_id,
			ibv_wc_status_str(wc->status));
	loss->over = true;
	return false;
}

void loss_no_more(struct loss *loss)
{
	struct ibv_wc wc;

	if (ibv_poll_cq(loss->conn.a.cq, 1, &wc) > 0)
		vt_fail("one completion more, of request %llu", (unsigned long long)wc.wr_id);
	if (ibv_poll_cq(loss->conn.b.cq, 1, &wc) > 0)
		vt_fail("one completion more, of receive %llu", (unsigned long long)wc.wr_id);
}
