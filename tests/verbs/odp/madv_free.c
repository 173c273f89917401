// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Pages given up with MADV_FREE may vanish until somebody writes to them.
 * A remote WRITE is somebody.
 */
#include <sys/mman.h>

#include "vt.h"

#define PAGES 128
#define LEN   (PAGES * 4096)

static size_t count_zero_pages(const struct vt_buf *buf)
{
	static const uint8_t zero[4096];
	size_t i, n = 0;

	for (i = 0; i < PAGES; i++)
		n += !memcmp(buf->data + i * 4096, zero, sizeof(zero));
	return n;
}

static void give_up(struct vt_buf *buf)
{
	vt_fill(buf->data, LEN, 1, 0);
	if (madvise(buf->data, LEN, MADV_FREE))
		vt_skip("MADV_FREE: %m");
}

/* Without a write, reclaim drops the pages: otherwise the test shows nothing. */
static void check_control(void)
{
	struct vt_buf buf;

	vt_buf_make(&buf, NULL, LEN, VT_PINNED, 0);
	give_up(&buf);
	vt_page_out(buf.data, LEN);
	if (count_zero_pages(&buf) < PAGES / 2)
		vt_skip("reclaim does not drop pages of MADV_FREE here");
	vt_buf_free(&buf);
}

int main(int argc, char **argv)
{
	struct vt_device *dev_a, *dev_b;
	struct vt_conn conn;
	struct vt_buf a, b;
	int warm;

	vt_start(argc, argv, &dev_a, &dev_b);
	vt_need_odp(dev_b, IBV_ODP_SUPPORT_WRITE);
	vt_swap_on();
	check_control();
	vt_connect(&conn, dev_a, dev_b, NULL);
	vt_buf_make(&a, dev_a, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&b, dev_b, LEN, VT_ODP, VT_ACCESS_ALL);
	vt_fill(a.data, LEN, 2, 0);

	/* Warm: the device has mapped the pages, writable, before they are given up. */
	for (warm = 0; warm < 2; warm++) {
		vt_case("%s pages", warm ? "warm" : "cold");
		if (warm)
			vt_rdma(&conn, IBV_WR_RDMA_WRITE, &a, 0, &b, 0, LEN);
		give_up(&b);
		vt_rdma(&conn, IBV_WR_RDMA_WRITE, &a, 0, &b, 0, LEN);
		vt_page_out(b.data, LEN);
		vt_verify(b.data, LEN, 2, 0, "pages written after MADV_FREE");
		vt_verify_guards(&b, "the target");
	}
	vt_disconnect(&conn);
	vt_buf_free(&a);
	vt_buf_free(&b);
	return vt_finish(dev_a, dev_b);
}
