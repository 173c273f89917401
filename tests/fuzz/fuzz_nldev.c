// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The list of everybody's regions out of any answers of the kernel: attributes nested in each other, of
 * wrong lengths, types that are not expected, messages cut anywhere. Nothing is read behind a
 * message, texts end, and what is well formed is understood.
 */
#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>

#include <netlink/handlers.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <rdma/rdma_netlink.h>

#include "fuzz.h"

#include "odp.h"

#define ROOM 4

static const uint8_t *data;
static size_t size;

static uint64_t take(size_t bytes)
{
	return fuzz_take(&data, &size, bytes);
}

/* Each question is one whole message. */
static int send_ask(struct nl_sock *sock, struct nl_msg *message)
{
	const struct nlmsghdr *head = nlmsg_hdr(message);

	(void)sock;
	fuzz_check(head->nlmsg_len >= sizeof(*head));
	fuzz_check(head->nlmsg_flags == (NLM_F_REQUEST | NLM_F_ACK | NLM_F_DUMP));
	errno = EPERM;
	return take(1) < 4 ? -NLE_PERM : (int)head->nlmsg_len;
}

/* ---- Answers ---- */

/* What is found at each depth, in the kernel's answers. */
static const uint16_t types[][8] = {
	{ RDMA_NLDEV_ATTR_RES_MR, RDMA_NLDEV_ATTR_RES_MR, RDMA_NLDEV_ATTR_RES_MR,
	  RDMA_NLDEV_ATTR_RES_MR, RDMA_NLDEV_ATTR_DEV_INDEX, RDMA_NLDEV_ATTR_DEV_NAME,
	  RDMA_NLDEV_ATTR_DEV_NAME, RDMA_NLDEV_ATTR_RES_QP },
	{ RDMA_NLDEV_ATTR_RES_MR_ENTRY, RDMA_NLDEV_ATTR_RES_MR_ENTRY, RDMA_NLDEV_ATTR_RES_MR_ENTRY,
	  RDMA_NLDEV_ATTR_RES_MR_ENTRY, RDMA_NLDEV_ATTR_RES_MR_ENTRY, RDMA_NLDEV_ATTR_RES_MR_ENTRY,
	  RDMA_NLDEV_ATTR_RES_MR_ENTRY, RDMA_NLDEV_ATTR_RES_MRN },
	{ RDMA_NLDEV_ATTR_RES_MRN, RDMA_NLDEV_ATTR_RES_PID, RDMA_NLDEV_ATTR_RES_KERN_NAME,
	  RDMA_NLDEV_ATTR_RES_MRLEN, RDMA_NLDEV_ATTR_RES_LKEY, RDMA_NLDEV_ATTR_RES_RKEY,
	  RDMA_NLDEV_ATTR_DRIVER, RDMA_NLDEV_ATTR_STAT_HWCOUNTERS },
	{ RDMA_NLDEV_ATTR_DRIVER_STRING, RDMA_NLDEV_ATTR_DRIVER_STRING,
	  RDMA_NLDEV_ATTR_DRIVER_STRING, RDMA_NLDEV_ATTR_DRIVER_U32,
	  RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY, RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY,
	  RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY, RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY },
	{ RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY_NAME, RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY_VALUE,
	  RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY_NAME, RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY_VALUE,
	  RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY_NAME, RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY_VALUE,
	  RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY_NAME, RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY_VALUE },
};

#define DEPTHS (sizeof(types) / sizeof(types[0]))

/* Whether others are in it, as a rule. */
static bool is_nest(uint16_t type)
{
	return type == RDMA_NLDEV_ATTR_RES_MR || type == RDMA_NLDEV_ATTR_RES_MR_ENTRY ||
	       type == RDMA_NLDEV_ATTR_DRIVER || type == RDMA_NLDEV_ATTR_STAT_HWCOUNTERS ||
	       type == RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY;
}

static const char *const texts[] = { "rodp0",
				     "rodp1",
				     "odp",
				     "implicit",
				     "explicit",
				     "page_faults",
				     "page_faults_handled",
				     "page_invalidations",
				     "page_prefetch",
				     "a name that is longer than all rooms for names are" };

static size_t put_value(uint8_t *at, uint8_t kind)
{
	const char *text = texts[(kind >> 2) % 10];
	uint64_t number;

	switch (kind & 3) {
	case 0:
		memcpy(at, text, strlen(text) + 1);
		return strlen(text) + 1;
	case 1:
		number = take(4);
		memcpy(at, &number, 4);
		return 4;
	case 2:
		number = take(8);
		memcpy(at, &number, 8);
		return 8;
	}
	return kind >> 5; /* zeros */
}

/* An attribute and those in it. Returns the bytes, of which room has enough. */
static size_t put_attr(uint8_t *at, size_t room, unsigned int depth)
{
	const uint8_t kind = take(1), lie = take(1);
	struct nlattr attr = { .nla_type = types[depth][kind & 7] };
	size_t n = sizeof(attr);

	if (room < 128)
		return 0;
	if (depth + 1 < DEPTHS && is_nest(attr.nla_type) == (lie != 4))
		for (unsigned int i = 0; i < 1 + (kind >> 4 & 7u); i++)
			n += put_attr(at + n, room - n, depth + 1);
	else
		n += put_value(at + n, take(1));
	attr.nla_len = n;
	if (lie == 1)
		attr.nla_len = take(2);
	if (lie == 2)
		attr.nla_type = take(2);
	if (lie == 3)
		attr.nla_type |= NLA_F_NESTED;
	memcpy(at, &attr, sizeof(attr));
	return NLA_ALIGN(n);
}

static size_t put_message(uint8_t *at, size_t room)
{
	struct nlmsghdr head = { .nlmsg_type = NLMSG_MIN_TYPE, .nlmsg_flags = NLM_F_MULTI };
	const uint8_t kind = take(1), lie = take(1);
	size_t n = sizeof(head);

	if (kind < 32) {
		const struct nlmsgerr error = { .error = kind & 1 ? -(int)kind : 0 };

		head.nlmsg_type = kind & 2 ? NLMSG_DONE : NLMSG_ERROR;
		memcpy(at + n, &error, sizeof(error));
		n += lie == 2 ? sizeof(error.error) : sizeof(error);
	}
	for (unsigned int i = 0; kind >= 32 && i < (kind & 3u); i++)
		n += put_attr(at + n, room - n, 0);
	head.nlmsg_len = lie == 1 ? take(4) : n;
	if (lie == 3)
		head.nlmsg_flags = 0;
	memcpy(at, &head, sizeof(head));
	return NLMSG_ALIGN(n);
}

/* On the heap, so that what lies behind it is not looked at. */
static int hear_answer(struct nl_sock *sock, struct sockaddr_nl *from, unsigned char **buf,
		       struct ucred **who)
{
	uint8_t answer[4096] = { 0 };
	size_t n = 0;
	const uint8_t messages = take(1);

	(void)sock, (void)from, (void)who;
	errno = EINTR;
	if (!size)
		return -NLE_INTR;
	for (unsigned int i = 0; i <= (messages & 3u); i++)
		n += put_message(answer + n, sizeof(answer) / 4);
	if (messages & 0x80)
		n -= take(1) % n;
	*buf = malloc(NLMSG_ALIGN(n)); /* the library copies whole words */
	memcpy(*buf, answer, NLMSG_ALIGN(n));
	return n;
}

int fuzz_nl_connect(struct nl_sock *sock, int protocol)
{
	struct nl_cb *cb = nl_socket_get_cb(sock);

	fuzz_check(protocol == NETLINK_RDMA);
	nl_cb_overwrite_send(cb, send_ask);
	nl_cb_overwrite_recv(cb, hear_answer);
	nl_cb_put(cb);
	nl_socket_disable_seq_check(sock);
	errno = EACCES;
	return take(1) < 4 ? -NLE_NOACCESS : 0;
}

static bool ends(const char *text, size_t room)
{
	return memchr(text, 0, room);
}

static void check_list(const char *device)
{
	struct odp_mr_info *info = calloc(ROOM, sizeof(*info));
	const ssize_t n = odp_list_mrs(device, info, ROOM);

	for (ssize_t i = 0; i < n && i < ROOM; i++) {
		fuzz_check(ends(info[i].device, sizeof(info[i].device)));
		fuzz_check(ends(info[i].owner, sizeof(info[i].owner)));
		fuzz_check(!device || !strcmp(info[i].device, device));
		fuzz_check(info[i].level == 0 || info[i].level == ODP_IMPLICIT ||
			   info[i].level == ODP_EXPLICIT);
		fuzz_check(info[i].has_stats <= 1);
	}
	free(info);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	data = bytes;
	size = n;
	check_list(take(1) & 1 ? "rodp0" : NULL);
	return 0;
}
