// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Multicast: a datagram to a group reaches each QP that is attached to it, once, on the other host and on
 * the sender's own device, over IPv4 and IPv6; and nobody else. The netdevs are in the group as long as
 * a QP is.
 */
#include <arpa/inet.h>

#include "vt.h"

enum {
	LEN = 300,
	SLOT = VT_GRH + LEN,
	SEED = 6,
	QUIET = 50, /* ms in which nothing is to come */
	IMM = 0x55aa1234
};

/* Who is there. On one device (topology `one`) all of them are its QPs. */
enum {
	SENDER,
	NEAR, /* on the sender's device */
	FAR,
	FAR_TOO,
	OTHER, /* in another group */
	LONER, /* in none */
	ENDS
};

struct setup {
	struct vt_device *devs[2];
	struct vt_end ends[ENDS];
	struct vt_buf bufs[ENDS];
	struct vt_buf from;
	union ibv_gid group, other;
	const char *group_name;
	struct ibv_ah *ah;
};

static void gid_of(union ibv_gid *gid, const char *address)
{
	memset(gid, 0, sizeof(*gid));
	if (inet_pton(AF_INET6, address, gid->raw) == 1)
		return;
	gid->raw[10] = gid->raw[11] = 0xff;
	vt_check(inet_pton(AF_INET, address, gid->raw + 12) == 1);
}

static void attach(struct setup *s, int end, const union ibv_gid *group)
{
	int err = ibv_attach_mcast(s->ends[end].qp, group, 0);

	if (err)
		vt_fail("attaching QP %d: %s", end, strerror(err));
}

static void detach(struct setup *s, int end, const union ibv_gid *group)
{
	int err = ibv_detach_mcast(s->ends[end].qp, group, 0);

	if (err)
		vt_fail("detaching QP %d: %s", end, strerror(err));
}

/* Whether the netdev of a (0) or b (1) is in the group, as ip(8) shows it. */
static bool is_member(const struct setup *s, int side)
{
	const char *net = getenv("RDMA_PEER_NETNS");
	const char *dev = getenv(side ? "RDMA_PEER_NETDEV" : "RDMA_NETDEV");
	bool apart = strcmp(vt_options.dev, vt_options.peer_dev);
	char command[256];

	snprintf(command, sizeof(command), "ip %s %s maddr show dev %s | grep -qw '%s'",
		 side && apart ? "-n" : "", side && apart ? net : "", dev, s->group_name);
	return !system(command);
}

/* Each has one receive posted, and none has anything else. */
static void post_receives(struct setup *s)
{
	struct ibv_sge room;
	int i;

	for (i = 0; i < ENDS; i++) {
		room = vt_sge(&s->bufs[i], 0, SLOT);
		vt_recv(&s->ends[i], 10 + i, &room, 1);
	}
}

static void send_to_group(struct setup *s, uint32_t qkey)
{
	struct vt_op op = {
		.opcode = IBV_WR_SEND_WITH_IMM,
		.wr_id = 1,
		.sge = { vt_sge(&s->from, 0, LEN) },
		.num_sge = 1,
		.imm = IMM,
		.to = { .ah = s->ah, .qpn = 0xffffff, .qkey = qkey },
	};

	vt_post(&s->ends[SENDER], &op);
}

static void check_datagram(struct setup *s, int end, struct ibv_wc wc)
{
	const uint8_t *grh = s->bufs[end].data;
	bool v4 = !memcmp(s->group.raw + 10, "\xff\xff", 2) && !s->group.raw[0];

	vt_check(wc.byte_len == SLOT);
	vt_check(wc.src_qp == s->ends[SENDER].qp->qp_num);
	vt_check((wc.wc_flags & IBV_WC_WITH_IMM) && be32toh(wc.imm_data) == IMM);
	vt_verify(grh + VT_GRH, LEN, SEED, 0, "the datagram");
	if (v4)
		vt_check(!memcmp(grh + VT_GRH - 4, s->group.raw + 12, 4));
	else
		vt_check(!memcmp(grh + 24, s->group.raw, 16));
	memset(s->bufs[end].data, 0, SLOT);
}

/* One datagram arrives at those whose bit is set, once, and nowhere else. */
static void expect_at(struct setup *s, unsigned int who)
{
	bool sent = false;
	struct ibv_wc wc;
	int i;

	for (i = 0; i < ENDS; i++) {
		int left = !!(who & 1 << i) + (i == SENDER);

		while (left--) {
			wc = vt_wait(&s->ends[i]);
			if (wc.status)
				vt_fail("QP %d: %s", i, ibv_wc_status_str(wc.status));
			if (wc.opcode == IBV_WC_SEND) {
				vt_check(i == SENDER && !sent);
				sent = true;
			} else {
				check_datagram(s, i, wc);
			}
		}
	}
	vt_sleep_ms(QUIET);
	for (i = 0; i < ENDS; i++)
		vt_expect_none(&s->ends[i], 0);
}

/* Posts again what expect_at() used up. */
static void refill(struct setup *s, unsigned int who)
{
	struct ibv_sge room;
	int i;

	for (i = 0; i < ENDS; i++) {
		if (!(who & 1 << i))
			continue;
		room = vt_sge(&s->bufs[i], 0, SLOT);
		vt_recv(&s->ends[i], 10 + i, &room, 1);
	}
}

static void expect_round(struct setup *s, unsigned int who)
{
	send_to_group(s, VT_QKEY);
	expect_at(s, who);
	refill(s, who);
}

#define BIT(end) (1u << (end))

static void test_delivery(struct setup *s)
{
	vt_case("%s: nobody is in the group", s->group_name);
	vt_check(!is_member(s, 0) && !is_member(s, 1));
	expect_round(s, 0);
	vt_case("%s: one QP of the other host, and others in other groups", s->group_name);
	attach(s, OTHER, &s->other);
	attach(s, FAR, &s->group);
	vt_check(is_member(s, 1));
	expect_round(s, BIT(FAR));
	vt_case("%s: two", s->group_name);
	attach(s, FAR_TOO, &s->group);
	expect_round(s, BIT(FAR) | BIT(FAR_TOO));
	vt_case("%s: and one of the sender's device", s->group_name);
	attach(s, NEAR, &s->group);
	vt_check(is_member(s, 0));
	expect_round(s, BIT(FAR) | BIT(FAR_TOO) | BIT(NEAR));
	vt_case("%s: the sender, too", s->group_name);
	attach(s, SENDER, &s->group);
	expect_round(s, BIT(FAR) | BIT(FAR_TOO) | BIT(NEAR) | BIT(SENDER));
	vt_case("%s: attached twice, heard once", s->group_name);
	attach(s, FAR, &s->group);
	expect_round(s, BIT(FAR) | BIT(FAR_TOO) | BIT(NEAR) | BIT(SENDER));
	vt_case("%s: a wrong Q_Key", s->group_name);
	send_to_group(s, VT_QKEY + 1);
	expect_at(s, 0);
}

static void test_leaving(struct setup *s)
{
	vt_case("%s: a QP that is attached stays", s->group_name);
	vt_check(ibv_destroy_qp(s->ends[FAR].qp) == EBUSY);
	vt_case("%s: one leaves", s->group_name);
	detach(s, FAR, &s->group);
	expect_round(s, BIT(FAR_TOO) | BIT(NEAR) | BIT(SENDER));
	vt_check(is_member(s, 1));
	vt_case("%s: the device leaves", s->group_name);
	detach(s, FAR_TOO, &s->group);
	vt_check(is_member(s, 1) == !strcmp(vt_options.dev, vt_options.peer_dev));
	expect_round(s, BIT(NEAR) | BIT(SENDER));
	vt_case("%s: all leave", s->group_name);
	detach(s, NEAR, &s->group);
	detach(s, SENDER, &s->group);
	vt_check(!is_member(s, 0) && !is_member(s, 1));
	expect_round(s, 0);
	vt_case("%s: who is not there cannot leave", s->group_name);
	vt_check(ibv_detach_mcast(s->ends[LONER].qp, &s->group, 0));
	detach(s, OTHER, &s->other);
}

static void open_ends(struct setup *s)
{
	int i;

	for (i = 0; i < ENDS; i++) {
		struct vt_device *dev = s->devs[i >= FAR];

		vt_ud_open(&s->ends[i], dev, false);
		vt_buf_make(&s->bufs[i], dev, SLOT, VT_PINNED, IBV_ACCESS_LOCAL_WRITE);
	}
	vt_buf_make(&s->from, s->devs[0], LEN, VT_PINNED, IBV_ACCESS_LOCAL_WRITE);
	vt_fill(s->from.data, LEN, SEED, 0);
}

static void close_ends(struct setup *s)
{
	int i;

	for (i = 0; i < ENDS; i++) {
		vt_end_close(&s->ends[i]);
		vt_buf_free(&s->bufs[i]);
	}
	vt_buf_free(&s->from);
}

static void run(struct setup *s, const char *group, const char *other, int sgid_index)
{
	s->group_name = group;
	gid_of(&s->group, group);
	gid_of(&s->other, other);
	open_ends(s);
	s->ah = vt_ah(&s->ends[SENDER], &s->group, sgid_index);
	post_receives(s);
	test_delivery(s);
	test_leaving(s);
	vt_check(!ibv_destroy_ah(s->ah));
	close_ends(s);
}

/* Only datagrams go to groups. */
static void test_connected(struct setup *s)
{
	struct vt_end rc;

	vt_case("an RC QP is no member");
	vt_end_open(&rc, s->devs[0], NULL);
	vt_check(ibv_attach_mcast(rc.qp, &s->group, 0) == EINVAL);
	vt_end_close(&rc);
}

int main(int argc, char **argv)
{
	struct setup s = {};

	vt_start(argc, argv, &s.devs[0], &s.devs[1]);
	if (!getenv("RDMA_NETDEV"))
		vt_skip("RDMA_NETDEV is not set: the lab does, with --link");
	if (vt_is_rxe(s.devs[0]) || vt_is_rxe(s.devs[1]))
		vt_skip("is about rodp's groups");
	run(&s, "239.77.7.1", "239.77.7.2", s.devs[0]->gid_index);
	/* The same MAC address as the first: only the whole address tells them apart. */
	run(&s, "239.77.7.1", "238.205.7.1", s.devs[0]->gid_index);
	run(&s, "ff15::77:1", "ff15::77:2", vt_gid6(s.devs[0]));
	run(&s, "ff15::1:77:1", "ff15::2:77:1", vt_gid6(s.devs[0]));
	test_connected(&s);
	return vt_finish(s.devs[0], s.devs[1]);
}
