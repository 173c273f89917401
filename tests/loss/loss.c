// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Runs one cell of the loss table (run.sh): messages of one operation and transport, each of them
 * verified, while somebody else makes the network bad.
 *
 *	loss COLUMN [--ready=FILE] [--gone] [OPTION...]
 *
 * COLUMN: `loss list` prints their names; `loss list main` those of short runs, `loss list rest` the others. FILE is made once the ends are connected: what would keep them from
 * connecting may begin. --gone: the device will be taken away. OPTIONs are those of all verbs programs;
 * --lossy: a request may end because its retries ran out. The last line says what was seen.
 */
#include <fcntl.h>
#include <getopt.h>
#include <unistd.h>

#include "loss.h"

enum {
	DEFAULT_ROUNDS = 25,
};

static const struct loss_column columns[] = {
	{ "rc-write", IBV_QPT_RC, IBV_WR_RDMA_WRITE, loss_open_rc, loss_round_reliable,
	  loss_close_conn, false },
	{ "rc-write-imm", IBV_QPT_RC, IBV_WR_RDMA_WRITE_WITH_IMM, loss_open_rc, loss_round_reliable,
	  loss_close_conn, false },
	{ "rc-send", IBV_QPT_RC, IBV_WR_SEND_WITH_IMM, loss_open_rc, loss_round_reliable,
	  loss_close_conn, false },
	{ "rc-read", IBV_QPT_RC, IBV_WR_RDMA_READ, loss_open_rc, loss_round_reliable,
	  loss_close_conn, false },
	{ "rc-fetch-add", IBV_QPT_RC, IBV_WR_ATOMIC_FETCH_AND_ADD, loss_open_rc,
	  loss_round_fetch_add, loss_close_conn, false },
	{ "rc-cmp-swap", IBV_QPT_RC, IBV_WR_ATOMIC_CMP_AND_SWP, loss_open_rc, loss_round_cmp_swap,
	  loss_close_conn, false },
	{ "xrc-write", IBV_QPT_XRC_SEND, IBV_WR_RDMA_WRITE, loss_open_xrc, loss_round_reliable,
	  loss_close_xrc, false },
	{ "xrc-send", IBV_QPT_XRC_SEND, IBV_WR_SEND_WITH_IMM, loss_open_xrc, loss_round_reliable,
	  loss_close_xrc, false },
	{ "uc-write", IBV_QPT_UC, IBV_WR_RDMA_WRITE_WITH_IMM, loss_open_uc, loss_round_uc_write,
	  loss_close_conn, false },
	{ "uc-send", IBV_QPT_UC, IBV_WR_SEND_WITH_IMM, loss_open_uc, loss_round_send,
	  loss_close_conn, false },
	{ "ud-send", IBV_QPT_UD, IBV_WR_SEND_WITH_IMM, loss_open_ud, loss_round_send, loss_close_ud,
	  false },
	{ "rc-plain-send", IBV_QPT_RC, IBV_WR_SEND, loss_open_rc, loss_round_reliable,
	  loss_close_conn, true },
	{ "rc-send-inv", IBV_QPT_RC, IBV_WR_SEND_WITH_INV, loss_open_windows, loss_round_send_inv,
	  loss_close_windows, true },
	{ "rc-local-inv", IBV_QPT_RC, IBV_WR_LOCAL_INV, loss_open_windows, loss_round_local_inv,
	  loss_close_windows, true },
	{ "rc-atomic-write", IBV_QPT_RC, IBV_WR_ATOMIC_WRITE, loss_open_atomic_write,
	  loss_round_atomic_write, loss_close_conn, true },
	{ "rc-flush", IBV_QPT_RC, IBV_WR_RDMA_WRITE, loss_open_flush, loss_round_flush,
	  loss_close_conn, true },
	{ "xrc-write-imm", IBV_QPT_XRC_SEND, IBV_WR_RDMA_WRITE_WITH_IMM, loss_open_xrc,
	  loss_round_reliable, loss_close_xrc, true },
	{ "xrc-read", IBV_QPT_XRC_SEND, IBV_WR_RDMA_READ, loss_open_xrc, loss_round_reliable,
	  loss_close_xrc, true },
	{ "xrc-fetch-add", IBV_QPT_XRC_SEND, IBV_WR_ATOMIC_FETCH_AND_ADD, loss_open_xrc,
	  loss_round_fetch_add, loss_close_xrc, true },
	{ "xrc-cmp-swap", IBV_QPT_XRC_SEND, IBV_WR_ATOMIC_CMP_AND_SWP, loss_open_xrc,
	  loss_round_cmp_swap, loss_close_xrc, true },
	{ "xrc-atomic-write", IBV_QPT_XRC_SEND, IBV_WR_ATOMIC_WRITE, loss_open_atomic_write,
	  loss_round_atomic_write, loss_close_xrc, true },
	{ "xrc-flush", IBV_QPT_XRC_SEND, IBV_WR_RDMA_WRITE, loss_open_flush, loss_round_flush,
	  loss_close_xrc, true },
	{ "uc-plain-write", IBV_QPT_UC, IBV_WR_RDMA_WRITE, loss_open_uc, loss_round_uc_plain_write,
	  loss_close_conn, true },
	{ "uc-plain-send", IBV_QPT_UC, IBV_WR_SEND, loss_open_uc, loss_round_send, loss_close_conn,
	  true },
	{ "ud-plain-send", IBV_QPT_UD, IBV_WR_SEND, loss_open_ud, loss_round_send, loss_close_ud,
	  true },
};

static const char *ready_file;

/* which: NULL, "main" or "rest". */
static void list_columns(const char *which)
{
	unsigned int i;

	for (i = 0; i < VT_ARRAY_SIZE(columns); i++) {
		if (!which || columns[i].rest == !strcmp(which, "rest"))
			puts(columns[i].name);
	}
	exit(0);
}

static const struct loss_column *find_column(const char *name)
{
	unsigned int i;

	for (i = 0; i < VT_ARRAY_SIZE(columns); i++) {
		if (!strcmp(columns[i].name, name))
			return &columns[i];
	}
	fprintf(stderr, "loss: there is no column '%s'; `loss list` prints them\n", name);
	exit(1);
}

/* Takes our own words out of the arguments; the rest is for vt_init(). Returns how many are left. */
static int take_words(int argc, char **argv, struct loss *loss)
{
	int i, left = 0;

	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "--ready=", 8))
			ready_file = argv[i] + 8;
		else if (!strcmp(argv[i], "--gone"))
			loss->gone = true;
		else
			argv[left++] = argv[i];
	}
	argv[left] = NULL;
	return left;
}

static void say_ready(void)
{
	int fd = ready_file ? open(ready_file, O_CREAT | O_WRONLY, 0644) : -1;

	if (ready_file && fd < 0)
		vt_fail("%s: %m", ready_file);
	if (fd >= 0)
		close(fd);
}

static void cell_open(struct loss *loss)
{
	bool reads = loss->column->opcode == IBV_WR_RDMA_READ;
	const size_t len = LOSS_DEPTH * LOSS_SLOT;

	if (loss->memory == VT_ODP) {
		vt_need_odp(loss->a, 0);
		vt_need_odp(loss->b, 0);
	}
	loss->column->open(loss);
	vt_buf_make(&loss->from, reads ? loss->b : loss->a, len, loss->memory, loss->access);
	vt_buf_make(&loss->to, reads ? loss->a : loss->b, len, loss->memory, loss->access);
	say_ready();
}

static void cell_close(struct loss *loss)
{
	vt_verify_guards(&loss->from, "the messages");
	vt_verify_guards(&loss->to, "their places");
	if (loss->gone && loss->over)
		return; /* the kernel has taken it all back, and says so to every call */
	loss->column->close(loss); /* windows before what they are bound to */
	vt_buf_free(&loss->from);
	vt_buf_free(&loss->to);
	vt_close(loss->a);
	vt_close(loss->b);
}

/* For --seconds, or so many rounds; where the device is to go, until it is gone. */
static bool cell_goes_on(const struct loss *loss, unsigned int round, uint64_t start_ns)
{
	if (loss->over)
		return false;
	if (loss->gone && vt_now_ns() - start_ns > vt_options.wait_ms * 1000000ull)
		vt_fail("the device is still there after %u ms", vt_options.wait_ms);
	if (loss->gone)
		return true;
	if (vt_options.seconds)
		return vt_now_ns() - start_ns < vt_options.seconds * 1000000000ull;
	return round < (vt_options.rounds ? vt_options.rounds : DEFAULT_ROUNDS);
}

static void cell_run(struct loss *loss)
{
	uint64_t start_ns = vt_now_ns();
	unsigned int round;

	vt_case("%s, %s, seed %llu", loss->column->name, vt_memory_name(loss->memory),
		(unsigned long long)vt_options.seed);
	cell_open(loss);
	for (round = 0; cell_goes_on(loss, round, start_ns); round++)
		loss->column->round(loss);
	cell_close(loss);
}

/* --memory=odp is on demand at both ends; what is not given is pinned. */
static enum vt_memory cell_memory(void)
{
	return vt_options.memory & (1u << (2 * VT_ODP + VT_ODP)) ? VT_ODP : VT_PINNED;
}

int main(int argc, char **argv)
{
	struct loss loss = { .file = -1, .access = VT_ACCESS_ALL };

	argc = take_words(argc, argv, &loss);
	vt_init(argc, argv);
	if (optind < argc && !strcmp(argv[optind], "list"))
		list_columns(argv[optind + 1]);
	if (optind + 1 != argc) {
		fprintf(stderr, "usage: loss COLUMN [--ready=FILE] [--gone] [OPTION...]\n");
		return 1;
	}
	loss.column = find_column(argv[optind]);
	loss.memory = cell_memory();
	loss.a = vt_open_a();
	loss.b = vt_open_b();
	cell_run(&loss);
	printf("%llu messages, %llu lost, %llu twice%s\n", (unsigned long long)loss.next,
	       (unsigned long long)loss.lost, (unsigned long long)loss.again,
	       !loss.over  ? ""
	       : loss.gone ? ", the device went"
			   : ", then given up");
	return 0;
}
