// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The list of everybody's regions out of any answers of the kernel: attributes nested in each other, of
 * wrong lengths, types that are not expected, messages cut anywhere. Nothing is read behind a
 * message, texts end, and what is well formed is understood.
 */
#include <errno.h>
#include <sanitizer/asan_interface.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <linux/netlink.h>
#include <rdma/rdma_netlink.h>

#include "fuzz.h"

#include "odp.h"

#define FD   7
#define ROOM 4

static const uint8_t *data;
static size_t size;
static uint8_t *heard; /* the buffer of the last answer, and its end */
static size_t heard_room;

static uint64_t take(size_t bytes)
{
	return fuzz_take(&data, &size, bytes);
}

int fuzz_socket(int domain, int type, int protocol)
{
	(void)type;
	fuzz_check(domain == AF_NETLINK && protocol == NETLINK_RDMA);
	errno = EACCES;
	return take(1) < 4 ? -1 : FD;
}

int fuzz_close(int fd)
{
	fuzz_check(fd == FD);
	return 0;
}

/* Each question is one whole message. */
ssize_t fuzz_send(int fd, const void *buf, size_t n, int flags)
{
	const struct nlmsghdr *head = buf;

	fuzz_check(fd == FD && !flags && head->nlmsg_len == n && n >= sizeof(*head));
	fuzz_check(head->nlmsg_flags == (NLM_F_REQUEST | NLM_F_ACK | NLM_F_DUMP));
	errno = EPERM;
	return take(1) < 4 ? -1 : (ssize_t)n;
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
	struct nlmsghdr head = { .nlmsg_type = NLMSG_MIN_TYPE };
	const uint8_t kind = take(1), lie = take(1);
	size_t n = sizeof(head);

	if (kind < 32) {
		const int err = kind & 1 ? -(int)kind : 0;

		head.nlmsg_type = kind & 2 ? NLMSG_DONE : NLMSG_ERROR;
		memcpy(at + n, &err, sizeof(err));
		n += sizeof(err);
	}
	for (unsigned int i = 0; kind >= 32 && i < (kind & 3u); i++)
		n += put_attr(at + n, room - n, 0);
	head.nlmsg_len = lie == 1 ? take(4) : n;
	memcpy(at, &head, sizeof(head));
	return NLMSG_ALIGN(n);
}

/* What lies behind an answer must not be looked at. */
ssize_t fuzz_recv(int fd, void *buf, size_t room, int flags)
{
	uint8_t answer[4096] = { 0 };
	size_t n = 0;
	const uint8_t messages = take(1);

	fuzz_check(fd == FD && !flags && room >= sizeof(answer));
	if (heard)
		ASAN_UNPOISON_MEMORY_REGION(heard, heard_room);
	heard = NULL;
	errno = EINTR;
	if (!size)
		return -1;
	for (unsigned int i = 0; i <= (messages & 3u); i++)
		n += put_message(answer + n, sizeof(answer) / 4);
	if (messages & 0x80)
		n -= take(1) % n;
	memcpy(buf, answer, n);
	heard = buf;
	heard_room = room;
	ASAN_POISON_MEMORY_REGION((uint8_t *)buf + n, room - n);
	return n;
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
	heard = NULL;
	check_list(take(1) & 1 ? "rodp0" : NULL);
	return 0;
}
