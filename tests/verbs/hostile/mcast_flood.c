// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * As many QPs as a group can have are in one multicast group, without receives, and one QP of the
 * same device sends long datagrams to it as fast as it can. Each is for each of them, and none is
 * wanted. The sender waits for those that deliver: at no time is much memory gone, every copy
 * arrives where it is dropped and counted, and every datagram completes.
 */
#include "vt.h"

#define MEMBERS	    128
#define DATAGRAMS   2048
#define DEPTH	    64 /* under way, as completions tell */
#define ALLOWED_MIB 32

struct setup {
	struct vt_device *dev;
	struct vt_end sender, members[MEMBERS];
	struct vt_buf from;
	struct ibv_ah *ah;
	union ibv_gid group;
	long before, most; /* KiB that are available, that were missing */
};

static void look(struct setup *s)
{
	long missing = s->before - vt_available_kib();

	if (missing > s->most)
		s->most = missing;
}

static void open_all(struct setup *s)
{
	int i;

	s->group = (union ibv_gid){ .raw = { [10] = 0xff, [11] = 0xff, 239, 77, 0, 9 } };
	vt_buf_make(&s->from, s->dev, 4096, VT_PINNED, VT_ACCESS_ALL);
	vt_ud_open(&s->sender, s->dev, false);
	for (i = 0; i < MEMBERS; i++) {
		vt_ud_open(&s->members[i], s->dev, false);
		vt_check(!ibv_attach_mcast(s->members[i].qp, &s->group, 0));
	}
	vt_check(ibv_attach_mcast(s->sender.qp, &s->group, 0) == ENOMEM); /* no more than that */
	s->ah = vt_ah(&s->sender, &s->group, s->dev->gid_index);
}

static void close_all(struct setup *s)
{
	int i;

	vt_check(!ibv_destroy_ah(s->ah));
	for (i = 0; i < MEMBERS; i++) {
		vt_check(!ibv_detach_mcast(s->members[i].qp, &s->group, 0));
		vt_end_close(&s->members[i]);
	}
	vt_end_close(&s->sender);
	vt_buf_free(&s->from);
}

static void post(struct setup *s, int n)
{
	struct vt_op op = {
		.opcode = IBV_WR_SEND,
		.wr_id = n,
		.sge = { vt_sge(&s->from, 0, vt_mtu_bytes(s->dev->port.active_mtu)) },
		.num_sge = 1,
		.to = { s->ah, 0xffffff, VT_QKEY },
	};

	vt_post(&s->sender, &op);
}

static void flood(struct setup *s)
{
	int posted = 0, done;

	for (done = 0; done < DATAGRAMS; done++) {
		for (; posted < DATAGRAMS && posted - done < DEPTH; posted++)
			post(s, posted);
		vt_expect_ok(&s->sender, done, IBV_WC_SEND);
		if (!(done % 16))
			look(s);
	}
}

/* Those that were sent last are still on their way. */
static void await_copies(struct setup *s, int64_t wanted)
{
	uint64_t end_ns = vt_now_ns() + vt_options.wait_ms * 1000000ull;
	int64_t arrived;

	while ((arrived = vt_counter(s->dev, "out_of_buffer")) < wanted) {
		look(s);
		if (vt_now_ns() > end_ns)
			vt_fail("%ld copies are missing", (long)(wanted - arrived));
	}
}

int main(int argc, char **argv)
{
	struct setup s = {};
	struct vt_device *peer;
	int64_t before;

	vt_start(argc, argv, &s.dev, &peer);
	if (!vt_is_rodp(s.dev))
		vt_skip("is about rodp's own delivery");
	open_all(&s);
	vt_case("%d datagrams for a group of %d", DATAGRAMS, MEMBERS);
	before = vt_counter(s.dev, "out_of_buffer");
	vt_sleep_ms(300);
	s.before = vt_available_kib();
	flood(&s);
	await_copies(&s, before + (int64_t)DATAGRAMS * MEMBERS);
	vt_note("at most %ld KiB were missing", s.most);
	if (s.most > ALLOWED_MIB * 1024)
		vt_fail("up to %ld MiB were gone", s.most / 1024);
	close_all(&s);
	return vt_finish(s.dev, peer);
}
