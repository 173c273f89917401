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
