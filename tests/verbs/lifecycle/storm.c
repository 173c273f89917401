// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Many connections at once: --rounds of them (512), each between two of the devices that are named on the
 * command line (default: --dev and --peer-dev), in a ring. All send in the same moment; every byte is
 * checked; in the end each device has the objects that it had before.
 *
 * usage: storm [OPTION...] [DEVICE=ADDRESS...]
 */
#include <getopt.h>

#include "vt.h"

enum {
	CONNECTIONS = 512,
	MAX_DEVICES = 128,
	LEN = 3000,
	DEPTH = 4, /* of WRITEs, and a SEND behind them */
	WAVES = 5,
	RECV_ID = 1000
};

struct slot {
	struct vt_conn conn;
	struct vt_device *a, *b;
	uint64_t seed;
};

struct storm {
	struct vt_device *devs[MAX_DEVICES];
	struct vt_buf from[MAX_DEVICES], to[MAX_DEVICES]; /* LEN bytes for each connection */
	unsigned int ndevs;
	struct slot *slots;
	unsigned int n;
};

static unsigned int index_a(const struct storm *storm, unsigned int i)
{
	return i % storm->ndevs;
}

static unsigned int index_b(const struct storm *storm, unsigned int i)
{
	return (i + 1) % storm->ndevs;
}

static void open_named(struct storm *storm, char *name)
{
	char *address = strchr(name, '=');
	struct vt_device *dev;

	if (storm->ndevs == MAX_DEVICES)
		vt_fail("more than %d devices", MAX_DEVICES);
	if (address)
		*address++ = 0;
	dev = vt_open(name, -1);
	if (address)
		vt_use_gid(dev, vt_wait_gid(dev, address));
	storm->devs[storm->ndevs++] = dev;
}

static void open_devices(struct storm *storm, int argc, char **argv)
{
	int i;

	for (i = optind; i < argc; i++)
		open_named(storm, argv[i]);
	if (storm->ndevs)
		return;
	storm->devs[storm->ndevs++] = vt_open_a();
	storm->devs[storm->ndevs++] = vt_open_b();
}

static void make_buffers(struct storm *storm)
{
	unsigned int i;

	for (i = 0; i < storm->ndevs; i++) {
		size_t len = (size_t)storm->n * LEN;

		vt_buf_make(&storm->from[i], storm->devs[i], len, VT_PINNED, VT_ACCESS_ALL);
		vt_buf_make(&storm->to[i], storm->devs[i], len, VT_PINNED, VT_ACCESS_ALL);
	}
}

static void free_buffers(struct storm *storm)
{
	unsigned int i;

	for (i = 0; i < storm->ndevs; i++) {
		vt_buf_free(&storm->from[i]);
		vt_buf_free(&storm->to[i]);
	}
}

static void connect_all(struct storm *storm)
{
	const struct vt_conn_attr attr = { .max_wr = 16, .max_sge = 1 };
	uint64_t start = vt_now_ns();
	unsigned int i;

	for (i = 0; i < storm->n; i++) {
		struct slot *slot = &storm->slots[i];

		slot->a = storm->devs[index_a(storm, i)];
		slot->b = storm->devs[index_b(storm, i)];
		vt_connect(&slot->conn, slot->a, slot->b, &attr);
	}
	vt_note("%u connections made, %.0f a second", storm->n,
		storm->n * 1e9 / (vt_now_ns() - start));
}

static void disconnect_all(struct storm *storm)
{
	uint64_t start = vt_now_ns();
	unsigned int i;

	for (i = 0; i < storm->n; i++)
		vt_disconnect(&storm->slots[i].conn);
	vt_note("%u connections ended, %.0f a second", storm->n,
		storm->n * 1e9 / (vt_now_ns() - start));
}

/* A receive of no length, which tells that all WRITEs before it are in memory. */
static void prepare(struct storm *storm, unsigned int i, uint64_t seed)
{
	struct vt_buf *from = &storm->from[index_a(storm, i)], *to = &storm->to[index_b(storm, i)];

	storm->slots[i].seed = seed;
	vt_fill(from->data + (size_t)i * LEN, LEN, seed, 0);
	memset(to->data + (size_t)i * LEN, 0, LEN);
	vt_recv(&storm->slots[i].conn.b, RECV_ID, NULL, 0);
}

static void post(struct storm *storm, unsigned int i)
{
	struct vt_buf *from = &storm->from[index_a(storm, i)], *to = &storm->to[index_b(storm, i)];
	uint32_t piece = LEN / DEPTH;
	unsigned int k;

	for (k = 0; k < DEPTH; k++) {
		struct vt_op op = {
			.opcode = IBV_WR_RDMA_WRITE,
			.wr_id = k,
			.quiet = true,
			.sge = { vt_sge(from, (size_t)i * LEN + k * piece, piece) },
			.num_sge = 1,
			.remote_addr = vt_addr(to, (size_t)i * LEN + k * piece),
			.rkey = to->mr->rkey,
		};

		vt_post(&storm->slots[i].conn.a, &op);
	}
	vt_post(&storm->slots[i].conn.a, &(struct vt_op){ .opcode = IBV_WR_SEND, .wr_id = DEPTH });
}

static void finish(struct storm *storm, unsigned int i)
{
	struct slot *slot = &storm->slots[i];
	struct vt_buf *to = &storm->to[index_b(storm, i)];

	vt_expect_ok(&slot->conn.a, DEPTH, IBV_WC_SEND);
	vt_expect_ok(&slot->conn.b, RECV_ID, IBV_WC_RECV);
	vt_verify(to->data + (size_t)i * LEN, LEN, slot->seed, 0, "what was written");
}

static void wave(struct storm *storm, unsigned int number)
{
	uint64_t start;
	unsigned int i;

	for (i = 0; i < storm->n; i++)
		prepare(storm, i, 1000000ull * number + i);
	start = vt_now_ns();
	for (i = 0; i < storm->n; i++)
		post(storm, i);
	for (i = 0; i < storm->n; i++)
		finish(storm, i);
	vt_note("wave %u: %.0f messages a second", number,
		storm->n * (DEPTH + 1) * 1e9 / (vt_now_ns() - start));
}

/* Objects of all processes and of the kernel, as rdma(8) shows them. */
static unsigned int objects(void)
{
	FILE *pipe = popen("rdma resource show qp; rdma resource show cq; rdma resource show mr; "
			   "rdma resource show pd",
			   "r");
	unsigned int n = 0;
	int c;

	if (!pipe)
		vt_fail("running rdma: %m");
	while ((c = fgetc(pipe)) != EOF)
		n += c == '\n';
	if (pclose(pipe))
		vt_fail("rdma resource show failed");
	return n;
}

int main(int argc, char **argv)
{
	struct storm storm = {};
	unsigned int before, i;

	vt_init(argc, argv);
	storm.n = vt_options.rounds ? vt_options.rounds : CONNECTIONS;
	storm.slots = calloc(storm.n, sizeof(*storm.slots));
	vt_check(storm.slots);
	open_devices(&storm, argc, argv);
	before = objects();
	make_buffers(&storm);
	vt_case("%u connections between %u devices", storm.n, storm.ndevs);
	connect_all(&storm);
	for (i = 0; i < WAVES; i++) {
		vt_case("wave %u", i);
		wave(&storm, i);
	}
	vt_case("the end");
	disconnect_all(&storm);
	free_buffers(&storm);
	if (objects() != before)
		vt_fail("%u objects now, %u before", objects(), before);
	for (i = 0; i < storm.ndevs; i++)
		vt_close(storm.devs[i]);
	free(storm.slots);
	return vt_pass();
}
