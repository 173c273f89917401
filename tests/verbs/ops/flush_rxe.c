// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * FLUSH between rodp and rxe, which do not understand each other: rxe's table of headers does not
 * say where a FLUSH packet's payload begins, so that it takes the headers for a payload as well
 * and computes the ICRC over them twice (captured: tests/unit/vectors/rxe-flush.txt; when it
 * sends one again, its address is 0 besides). Each side drops the other's FLUSHes. This
 * program holds rxe to that: once it fails, rxe is mended, and flush_atomic_write can be run with it.
 */
#include "vt.h"

#define LEN		    4096
#define CAP_FLUSH_GLOBAL    (1ull << 38)
#define ACCESS_FLUSH_GLOBAL (1 << 8)

#ifdef VT_HAVE_FLUSH
#define FLUSH_GLOBAL 1
#define FLUSH_RANGE  0

static void post_flush(struct vt_end *end, const struct vt_buf *buf)
{
	struct ibv_qp_ex *qp = end->qpx;
	int err;

	ibv_wr_start(qp);
	qp->wr_id = 2;
	qp->wr_flags = IBV_SEND_SIGNALED;
	ibv_wr_flush(qp, buf->mr->rkey, vt_addr(buf, 0), LEN, FLUSH_GLOBAL, FLUSH_RANGE);
	err = ibv_wr_complete(qp);
	if (err)
		vt_fail("posting a FLUSH: %s", strerror(err));
}

static void run(struct vt_device *a, struct vt_device *b)
{
	struct vt_conn_attr attr = {
		.wr_api = true,
		.send_ops = IBV_QP_EX_WITH_FLUSH,
		.access = VT_ACCESS_ALL | ACCESS_FLUSH_GLOBAL,
		.timeout = 14,
		.retry_cnt = 2,
	};
	struct vt_device *rodp = vt_is_rxe(a) ? b : a;
	int64_t before = vt_counter(rodp, "rcvd_icrc_err");
	struct vt_buf local, remote;
	struct vt_conn conn;

	vt_buf_make(&local, a, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&remote, b, LEN, VT_PINNED, VT_ACCESS_ALL | ACCESS_FLUSH_GLOBAL);
	vt_connect(&conn, a, b, &attr);
	vt_case("a WRITE, which they agree on");
	vt_fill(local.data, LEN, 1, 0);
	vt_rdma(&conn, IBV_WR_RDMA_WRITE, &local, 0, &remote, 0, LEN);
	vt_verify(remote.data, LEN, 1, 0, "the WRITE's data");
	vt_check(vt_counter(rodp, "rcvd_icrc_err") == before);
	vt_case("a FLUSH, which %s drops", b->name);
	post_flush(&conn.a, &remote);
	vt_expect(&conn.a, 2, IBV_WC_RETRY_EXC_ERR);
	if (rodp == b && vt_counter(rodp, "rcvd_icrc_err") == before)
		vt_fail("%s has not seen a wrong ICRC", b->name);
	vt_disconnect(&conn);
	vt_buf_free(&local);
	vt_buf_free(&remote);
}
#endif

int main(int argc, char **argv)
{
	struct vt_device *a, *b;

	vt_start(argc, argv, &a, &b);
	if (vt_is_rxe(a) == vt_is_rxe(b))
		vt_skip("only between rodp and rxe");
	if (!(a->attr.device_cap_flags_ex & b->attr.device_cap_flags_ex & CAP_FLUSH_GLOBAL))
		vt_skip("FLUSH is not there on both sides");
#ifdef VT_HAVE_FLUSH
	run(a, b);
#else
	vt_skip("this libibverbs does not know FLUSH");
#endif
	return vt_finish(a, b);
}
