// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A process is stopped and goes on, while peers use its memory. Its stop is complete at once, also with many
 * pages to fault in and a long prefetch under way. Pages that are present can be reached meanwhile; an absent
 * one comes when it goes on, if the threads that fault are its own. Killed while it is stopped, it is gone.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "owner.h"
#include "vt.h"

#define PAGE	4096ul
#define LEN	(64 * PAGE)
#define LONG	(256ul << 20)
#define STOP_MS 5000

struct peer {
	struct vt_owner owner;
	struct vt_buf local;
};

static void be_owner(int socket)
{
	struct vt_device *dev = vt_open_b();
	struct ibv_sge sge = {};
	struct vt_end end;
	struct ibv_mr *mr;
	uint8_t *at;

	at = mmap(NULL, LEN + LONG, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	vt_check(at != MAP_FAILED && vt_small_pages(at, LEN + LONG));
	memset(at, 1, LEN / 2);
	mr = vt_reg(dev, at, LEN + LONG, VT_ODP, VT_ACCESS_ALL);
	vt_owner_offer(socket, dev, mr, &end);
	sge = (struct ibv_sge){ .addr = (uintptr_t)at + LEN, .length = LONG, .lkey = mr->lkey };
	for (;;) {
		vt_hear(socket, &(char){ 0 }, 1, NULL);
		vt_check(!ibv_advise_mr(dev->pd, IBV_ADVISE_MR_ADVICE_PREFETCH, 0, &sge, 1));
		vt_tell(socket, "", 1, -1);
	}
}

static void meet(struct peer *p)
{
	vt_owner_meet(&p->owner, be_owner);
	vt_buf_make(&p->local, p->owner.dev, LEN, VT_PINNED, VT_ACCESS_ALL);
}

static void post_read(struct peer *p, size_t offset, uint32_t len)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_READ,
		.wr_id = 1,
		.sge = { vt_sge(&p->local, 0, len) },
		.num_sge = 1,
		.remote_addr = p->owner.offer.at + offset,
		.rkey = p->owner.offer.rkey,
	};

	vt_post(&p->owner.end, &op);
}

/* The stop is complete: its parent is told. */
static void stop(struct peer *p)
{
	uint64_t end_ns = vt_now_ns() + STOP_MS * 1000000ull;
	int status;

	vt_check(!kill(p->owner.pid, SIGSTOP));
	while (waitpid(p->owner.pid, &status, WUNTRACED | WNOHANG) != p->owner.pid) {
		if (vt_now_ns() > end_ns)
			vt_fail("the process has not stopped after %d ms", STOP_MS);
		vt_sleep_ms(1);
	}
	vt_check(WIFSTOPPED(status));
}

static void go_on(struct peer *p)
{
	vt_check(!kill(p->owner.pid, SIGCONT));
}

static void prefetch(struct peer *p)
{
	vt_tell(p->owner.socket, "", 1, -1);
	vt_hear(p->owner.socket, &(char){ 0 }, 1, NULL);
}

int main(int argc, char **argv)
{
	struct peer p = {};
	int status;

	vt_init(argc, argv);
	meet(&p);
	vt_case("pages that are present");
	post_read(&p, 0, LEN / 2);
	vt_expect_ok(&p.owner.end, 1, IBV_WC_RDMA_READ);
	stop(&p);
	post_read(&p, 0, LEN / 2);
	vt_expect_ok(&p.owner.end, 1, IBV_WC_RDMA_READ);
	vt_case("pages that are absent");
	post_read(&p, LEN / 2, LEN / 2);
	if (p.owner.offer.itself)
		vt_expect_none(&p.owner.end, 300);
	go_on(&p);
	vt_expect_ok(&p.owner.end, 1, IBV_WC_RDMA_READ);
	vt_case("a long prefetch");
	prefetch(&p);
	stop(&p);
	go_on(&p);
	stop(&p);
	vt_case("killed while it is stopped");
	vt_check(!kill(p.owner.pid, SIGKILL));
	status = vt_reap(p.owner.pid, STOP_MS, "the owner");
	vt_check(WIFSIGNALED(status));
	vt_buf_free(&p.local);
	vt_expect_no_leaves(p.owner.dev);
	vt_owner_part(&p.owner);
	return vt_pass();
}
