// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Two ends, connected, with a buffer at either. */
#include "vt.h"

void vt_pair_open(struct vt_pair *pair, size_t len, int access_b, const struct vt_conn_attr *attr)
{
	vt_connect(&pair->conn, pair->dev_a, pair->dev_b, attr);
	vt_buf_make(&pair->a, pair->dev_a, len, pair->mem_a, VT_ACCESS_ALL);
	vt_buf_make(&pair->b, pair->dev_b, len, pair->mem_b, access_b);
}

void vt_pair_close(struct vt_pair *pair)
{
	vt_verify_guards(&pair->a, "a");
	vt_verify_guards(&pair->b, "b");
	vt_disconnect(&pair->conn);
	vt_buf_free(&pair->a);
	vt_buf_free(&pair->b);
}

struct each_pair {
	struct vt_pair pair;
	void (*run)(struct vt_pair *pair);
};

static void run_pair(enum vt_memory a, enum vt_memory b, void *arg)
{
	struct each_pair *each = arg;
	struct vt_pair pair = each->pair;

	pair.mem_a = a;
	pair.mem_b = b;
	each->run(&pair);
}

int vt_main_each_pair(int argc, char **argv, void (*run)(struct vt_pair *pair))
{
	struct each_pair each = { .run = run };

	vt_start(argc, argv, &each.pair.dev_a, &each.pair.dev_b);
	vt_each_memory(each.pair.dev_a, each.pair.dev_b, run_pair, &each);
	return vt_finish(each.pair.dev_a, each.pair.dev_b);
}

enum {
	WORKS_LEN = 64 * 1024,
	WORKS_SEED = 1
};

void vt_conn_works(struct vt_conn *conn, enum vt_memory memory_b)
{
	struct vt_buf x, y;

	vt_buf_make(&x, conn->a.dev, WORKS_LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&y, conn->b.dev, WORKS_LEN, memory_b, VT_ACCESS_ALL);
	vt_fill(x.data, WORKS_LEN, WORKS_SEED, 0);
	vt_rdma(conn, IBV_WR_RDMA_WRITE, &x, 0, &y, 0, WORKS_LEN);
	vt_verify(y.data, WORKS_LEN, WORKS_SEED, 0, "what was written");
	vt_buf_free(&x);
	vt_buf_free(&y);
}

void vt_devices_work(void)
{
	struct vt_device *a = vt_open_a(), *b = vt_open_b();
	struct vt_conn conn;

	vt_connect(&conn, a, b, NULL);
	vt_conn_works(&conn, VT_ODP);
	vt_disconnect(&conn);
	vt_close(a);
	vt_close(b);
}
