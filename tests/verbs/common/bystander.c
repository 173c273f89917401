// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Another process that must not notice, see bystander.h. */
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bystander.h"
#include "vt.h"

#define LEN	9000 /* of a message: some packets */
#define SLOTS	8 /* receives of each connection */
#define SLOT	(VT_GRH + LEN)
#define LATE_MS 50 /* that an unreliable message may take until the next is sent */

/* One connection. */
struct talk {
	struct vt_ends ends;
	struct vt_buf from, to;
	uint32_t sent, heard; /* numbers of messages */
	uint64_t word;
};

#define ROOM  (SLOTS * SLOT + 2 * LEN)
#define WRITE (SLOTS * SLOT)
#define WORD  ((WRITE + LEN + 7) & ~7)

struct crowd {
	struct vt_device *a, *b;
	struct talk talks[VT_TRANSPORTS];
	struct vt_bystander_shared *shared;
};

static bool is_reliable(const struct talk *talk)
{
	return talk->ends.transport == VT_RC || talk->ends.transport == VT_XRC;
}

static uint32_t length_of(const struct talk *talk)
{
	return talk->ends.transport == VT_UD ? 1000 : LEN;
}

static void post_slot(struct talk *talk, uint32_t slot)
{
	struct ibv_sge sge = vt_sge(&talk->to, (size_t)slot * SLOT, SLOT);

	vt_check(!vt_ends_recv(&talk->ends, slot, &sge));
}

static void open_talk(struct crowd *crowd, enum vt_transport transport)
{
	struct talk *talk = &crowd->talks[transport];
	uint32_t slot;

	vt_ends_open(&talk->ends, transport, crowd->a, crowd->b, 0);
	vt_buf_make(&talk->from, crowd->a, LEN + 8, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&talk->to, crowd->b, ROOM, vt_has_odp(crowd->b, 0) ? VT_ODP : VT_PINNED,
		    VT_ACCESS_ALL);
	vt_ends_set(&talk->ends, IBV_QPS_RTS, IBV_QPS_RTS);
	for (slot = 0; slot < SLOTS; slot++)
		post_slot(talk, slot);
	crowd->shared->qpn[2 * transport] = talk->ends.a.qp->qp_num;
	crowd->shared->qpn[2 * transport + 1] = talk->ends.b.qp->qp_num;
}

static void close_talk(struct talk *talk)
{
	vt_verify_guards(&talk->from, "what a bystander sends");
	vt_verify_guards(&talk->to, "what a bystander receives");
	vt_ends_close(&talk->ends);
	vt_buf_free(&talk->from);
	vt_buf_free(&talk->to);
}

/* What was received: message number `number`, whole, and after those that were received before. */
static void take(struct talk *talk, const struct ibv_wc *wc)
{
	const uint32_t grh = talk->ends.transport == VT_UD ? VT_GRH : 0;
	const uint32_t number = be32toh(wc->imm_data);

	if (wc->status)
		vt_fail("%s: a receive completes with \"%s\"",
			vt_transport_name(talk->ends.transport), ibv_wc_status_str(wc->status));
	vt_check(wc->wc_flags & IBV_WC_WITH_IMM);
	if (number <= talk->heard || number > talk->sent)
		vt_fail("%s: message %u comes after message %u, and %u are sent",
			vt_transport_name(talk->ends.transport), number, talk->heard, talk->sent);
	vt_check(wc->byte_len == grh + length_of(talk));
	vt_verify(talk->to.data + wc->wr_id * SLOT + grh, length_of(talk), number, 0,
		  "a bystander's message");
	talk->heard = number;
	post_slot(talk, wc->wr_id);
}

/* Until the last message is there, or is taken for lost. */
static void hear(struct crowd *crowd, struct talk *talk)
{
	const unsigned int ms = is_reliable(talk) ? vt_options.wait_ms : LATE_MS;
	const uint64_t end_ns = vt_now_ns() + ms * 1000000ull;
	struct ibv_wc wc;

	while (talk->heard != talk->sent && vt_now_ns() < end_ns) {
		if (ibv_poll_cq(talk->ends.b.cq, 1, &wc) == 1)
			take(talk, &wc);
		else
			sched_yield();
	}
	if (talk->heard == talk->sent)
		return;
	if (is_reliable(talk))
		vt_fail("%s: message %u is lost", vt_transport_name(talk->ends.transport),
			talk->sent);
	atomic_fetch_add(&crowd->shared->lost, 1);
}

static void post(struct talk *talk, struct vt_op *op)
{
	int err = vt_ends_post(&talk->ends, op);

	if (err)
		vt_fail("%s: posting: %s", vt_transport_name(talk->ends.transport), strerror(err));
	vt_expect(&talk->ends.a, op->wr_id, IBV_WC_SUCCESS);
}

static void say(struct crowd *crowd, struct talk *talk)
{
	struct vt_op op = {
		.opcode = IBV_WR_SEND_WITH_IMM,
		.wr_id = talk->sent + 1,
		.imm = talk->sent + 1,
		.sge = { vt_sge(&talk->from, 0, length_of(talk)) },
		.num_sge = 1,
	};

	talk->sent++;
	vt_fill(talk->from.data, length_of(talk), talk->sent, 0);
	post(talk, &op);
	hear(crowd, talk);
}

static struct vt_op one_sided(struct talk *talk, enum ibv_wr_opcode opcode, size_t at, uint32_t len)
{
	return (struct vt_op){
		.opcode = opcode,
		.wr_id = at,
		.sge = { vt_sge(&talk->from, 0, len) },
		.num_sge = 1,
		.remote_addr = vt_addr(&talk->to, at),
		.rkey = talk->to.mr->rkey,
	};
}

/* There and back again. */
static void move(struct talk *talk)
{
	struct vt_op op = one_sided(talk, IBV_WR_RDMA_WRITE, WRITE, LEN);

	vt_fill(talk->from.data, LEN, ~(uint64_t)talk->sent, 0);
	post(talk, &op);
	vt_verify(talk->to.data + WRITE, LEN, ~(uint64_t)talk->sent, 0, "a bystander's WRITE");
	memset(talk->from.data, 0, LEN);
	op = one_sided(talk, IBV_WR_RDMA_READ, WRITE, LEN);
	post(talk, &op);
	vt_verify(talk->from.data, LEN, ~(uint64_t)talk->sent, 0, "a bystander's READ");
}

/* Each is executed once. */
static void count(struct talk *talk)
{
	struct vt_op op = one_sided(talk, IBV_WR_ATOMIC_FETCH_AND_ADD, WORD, 8);
	uint64_t before;

	op.compare_add = 1;
	post(talk, &op);
	memcpy(&before, talk->from.data, sizeof(before));
	if (before != talk->word)
		vt_fail("%s: FETCH_ADD number %lu finds %lu",
			vt_transport_name(talk->ends.transport), (unsigned long)talk->word,
			(unsigned long)before);
	talk->word++;
}

static void go_round(struct crowd *crowd)
{
	enum vt_transport transport;

	for (transport = 0; transport < VT_TRANSPORTS; transport++) {
		struct talk *talk = &crowd->talks[transport];

		say(crowd, talk);
		if (!is_reliable(talk))
			continue;
		move(talk);
		count(talk);
	}
	atomic_fetch_add(&crowd->shared->rounds, 1);
}

static _Noreturn void stand_by(struct vt_bystander_shared *shared)
{
	struct crowd crowd = { .shared = shared };
	enum vt_transport transport;

	crowd.a = vt_open_a();
	crowd.b = vt_open_b();
	vt_case("a bystander");
	for (transport = 0; transport < VT_TRANSPORTS; transport++)
		open_talk(&crowd, transport);
	while (!atomic_load(&shared->stop))
		go_round(&crowd);
	for (transport = 0; transport < VT_TRANSPORTS; transport++)
		close_talk(&crowd.talks[transport]);
	vt_close(crowd.a);
	vt_close(crowd.b);
	_exit(0);
}

void vt_bystander_start(struct vt_bystander *bystander)
{
	bystander->shared = mmap(NULL, sizeof(*bystander->shared), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	vt_check(bystander->shared != MAP_FAILED);
	bystander->pid = vt_fork();
	if (!bystander->pid)
		stand_by(bystander->shared);
	vt_bystander_check(bystander);
}

bool vt_bystander_has(const struct vt_bystander *bystander, uint32_t qpn)
{
	size_t i;

	for (i = 0; i < VT_ARRAY_SIZE(bystander->shared->qpn); i++)
		if (bystander->shared->qpn[i] == qpn)
			return true;
	return false;
}

unsigned long vt_bystander_rounds(const struct vt_bystander *bystander)
{
	return atomic_load(&bystander->shared->rounds);
}

void vt_bystander_check(const struct vt_bystander *bystander)
{
	const uint64_t end_ns = vt_now_ns() + vt_options.wait_ms * 1000000ull;
	const unsigned long before = vt_bystander_rounds(bystander);
	int status;

	while (vt_bystander_rounds(bystander) == before) {
		if (waitpid(bystander->pid, &status, WNOHANG) == bystander->pid)
			vt_fail("the bystander ended with status %#x: see above", status);
		if (vt_now_ns() > end_ns)
			vt_fail("the bystander stands still");
		vt_sleep_ms(1);
	}
}

void vt_bystander_end(struct vt_bystander *bystander)
{
	int status;

	vt_bystander_check(bystander);
	atomic_store(&bystander->shared->stop, true);
	status = vt_reap(bystander->pid, vt_options.wait_ms, "the bystander");
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		vt_fail("the bystander ended with status %#x: see above", status);
	vt_note("the bystander went round %lu times; %lu unreliable messages were lost",
		vt_bystander_rounds(bystander), atomic_load(&bystander->shared->lost));
	munmap(bystander->shared, sizeof(*bystander->shared));
}
