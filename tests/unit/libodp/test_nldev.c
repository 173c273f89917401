// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The list of everybody's regions over a kernel that answers as the real one does: what is asked,
 * what is understood, and what comes of its errors. (The answers of another are fuzz_nldev.c's.)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <netlink/handlers.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <rdma/rdma_netlink.h>

#include "odp.h"

int test_nl_connect(struct nl_sock *sock, int protocol);

#define DEVICES 2

static unsigned int command; /* that was asked */
static uint32_t device; /* of which */
static int resource_end, statistic_error; /* 0, or a negative errno */

static int take_ask(struct nl_sock *sock, struct nl_msg *message)
{
	struct nlmsghdr *head = nlmsg_hdr(message);
	struct nlattr *index = nlmsg_find_attr(head, 0, RDMA_NLDEV_ATTR_DEV_INDEX);
	struct nlattr *kind = nlmsg_find_attr(head, 0, RDMA_NLDEV_ATTR_STAT_RES);

	(void)sock;
	assert_int_equal(head->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK | NLM_F_DUMP);
	assert_int_equal(RDMA_NL_GET_CLIENT(head->nlmsg_type), RDMA_NL_NLDEV);
	command = RDMA_NL_GET_OP(head->nlmsg_type);
	assert_int_equal(!index, command == RDMA_NLDEV_CMD_GET);
	device = index ? nla_get_u32(index) : 0;
	assert_int_equal(!kind, command != RDMA_NLDEV_CMD_STAT_GET);
	if (kind)
		assert_int_equal(nla_get_u32(kind), RDMA_NLDEV_ATTR_RES_MR);
	return head->nlmsg_len;
}

static void put_device(struct nl_msg *message, uint32_t index, const char *name)
{
	nla_put_u32(message, RDMA_NLDEV_ATTR_DEV_INDEX, index);
	nla_put_string(message, RDMA_NLDEV_ATTR_DEV_NAME, name);
}

/* kind: the driver's word for an on-demand region, or NULL. */
static void put_region(struct nl_msg *message, uint32_t mrn, uint32_t pid, const char *kind)
{
	struct nlattr *entry = nla_nest_start(message, RDMA_NLDEV_ATTR_RES_MR_ENTRY), *driver;

	nla_put_u32(message, RDMA_NLDEV_ATTR_RES_MRN, mrn);
	nla_put_u64(message, RDMA_NLDEV_ATTR_RES_MRLEN, 1ull << 40);
	nla_put_u32(message, RDMA_NLDEV_ATTR_RES_LKEY, 0x100 + mrn);
	if (pid)
		nla_put_u32(message, RDMA_NLDEV_ATTR_RES_PID, pid);
	else
		nla_put_string(message, RDMA_NLDEV_ATTR_RES_KERN_NAME, "a consumer");
	driver = nla_nest_start(message, RDMA_NLDEV_ATTR_DRIVER);
	nla_put_string(message, RDMA_NLDEV_ATTR_DRIVER_STRING, "leaves");
	nla_put_string(message, RDMA_NLDEV_ATTR_DRIVER_STRING, "4");
	if (kind) {
		nla_put_string(message, RDMA_NLDEV_ATTR_DRIVER_STRING, "odp");
		nla_put_string(message, RDMA_NLDEV_ATTR_DRIVER_STRING, kind);
	}
	nla_nest_end(message, driver);
	nla_nest_end(message, entry);
}

static void put_counter(struct nl_msg *message, const char *name, uint64_t value)
{
	struct nlattr *entry = nla_nest_start(message, RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY);

	nla_put_string(message, RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY_NAME, name);
	nla_put_u64(message, RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY_VALUE, value);
	nla_nest_end(message, entry);
}

static void put_statistic(struct nl_msg *message, uint32_t mrn)
{
	struct nlattr *entry = nla_nest_start(message, RDMA_NLDEV_ATTR_RES_MR_ENTRY), *all;

	nla_put_u32(message, RDMA_NLDEV_ATTR_RES_MRN, mrn);
	all = nla_nest_start(message, RDMA_NLDEV_ATTR_STAT_HWCOUNTERS);
	put_counter(message, "page_faults", 5);
	put_counter(message, "page_invalidations_handled", 1ull << 33);
	put_counter(message, "of another version", 9);
	nla_nest_end(message, all);
	nla_nest_end(message, entry);
}

static struct nl_msg *make_message(int type)
{
	return nlmsg_alloc_simple(type, NLM_F_MULTI);
}

/* What the kernel would say first. */
static struct nl_msg *make_answer(unsigned int part)
{
	struct nl_msg *message = make_message(NLMSG_MIN_TYPE);
	struct nlattr *table;

	if (command == RDMA_NLDEV_CMD_GET) {
		put_device(message, 10 + part, part ? "rodp1" : "rodp0");
		return message;
	}
	nla_put_string(message, RDMA_NLDEV_ATTR_DEV_NAME, "of no interest");
	table = nla_nest_start(message, RDMA_NLDEV_ATTR_RES_MR);
	if (command == RDMA_NLDEV_CMD_STAT_GET) {
		put_statistic(message, 2);
	} else {
		put_region(message, 1, 77, "implicit");
		put_region(message, 2, 77, "explicit");
		put_region(message, 3, 0, NULL);
	}
	nla_nest_end(message, table);
	return message;
}

static struct nl_msg *make_end(void)
{
	const struct nlmsgerr error = { .error = statistic_error };
	const bool refuses = command == RDMA_NLDEV_CMD_STAT_GET && statistic_error;
	struct nl_msg *message = make_message(refuses ? NLMSG_ERROR : NLMSG_DONE);
	const int end = command == RDMA_NLDEV_CMD_RES_MR_GET ? resource_end : 0;

	if (refuses)
		nlmsg_append(message, (void *)(uintptr_t)&error, sizeof(error), NLMSG_ALIGNTO);
	else
		nlmsg_append(message, (void *)(uintptr_t)&end, sizeof(end), NLMSG_ALIGNTO);
	return message;
}

/* A message a time, and the end. The second device has no regions. */
static int give_answer(struct nl_sock *sock, struct sockaddr_nl *from, unsigned char **buf,
		       struct ucred **who)
{
	static unsigned int given, asked;
	const unsigned int parts = command == RDMA_NLDEV_CMD_GET ? DEVICES : device == 10;
	struct nl_msg *message;
	int n;

	(void)sock, (void)from, (void)who;
	given = asked == (command << 8 | device) ? given : 0;
	asked = command << 8 | device;
	message = given < parts && !(statistic_error && command == RDMA_NLDEV_CMD_STAT_GET)
			  ? make_answer(given++)
			  : make_end();
	asked = nlmsg_hdr(message)->nlmsg_type < NLMSG_MIN_TYPE ? 0 : asked;
	n = nlmsg_hdr(message)->nlmsg_len;
	*buf = malloc(NLMSG_ALIGN(n));
	memcpy(*buf, nlmsg_hdr(message), NLMSG_ALIGN(n));
	nlmsg_free(message);
	return n;
}

int test_nl_connect(struct nl_sock *sock, int protocol)
{
	struct nl_cb *cb = nl_socket_get_cb(sock);

	assert_int_equal(protocol, NETLINK_RDMA);
	nl_cb_overwrite_send(cb, take_ask);
	nl_cb_overwrite_recv(cb, give_answer);
	nl_cb_put(cb);
	nl_socket_disable_seq_check(sock);
	return 0;
}

static void test_list(void **state)
{
	struct odp_mr_info mr[4];

	(void)state;
	memset(mr, 0xff, sizeof(mr));
	assert_int_equal(odp_list_mrs(NULL, mr, 4), 3);
	assert_string_equal(mr[0].device, "rodp0");
	assert_true(mr[0].mrn == 1 && mr[0].pid == 77 && mr[0].level == ODP_IMPLICIT);
	assert_true(mr[0].length == 1ull << 40 && mr[0].lkey == 0x101 && !mr[0].rkey);
	assert_true(!mr[0].has_stats && !*mr[0].owner && !mr[0].stats.page_faults);
	assert_true(mr[1].level == ODP_EXPLICIT && mr[1].has_stats);
	assert_true(mr[1].stats.page_faults == 5 && !mr[1].stats.page_prefetch);
	assert_true(mr[1].stats.page_invalidations_handled == 1ull << 33);
	assert_true(!mr[2].pid && !mr[2].level);
	assert_string_equal(mr[2].owner, "a consumer");
	assert_int_equal(odp_list_mrs("rodp0", mr, 1), 3);
	assert_int_equal(odp_list_mrs("rodp1", mr, 4), 0);
	assert_int_equal(odp_list_mrs("rodp2", mr, 4), -ENODEV);
}

static void test_errors(void **state)
{
	struct odp_mr_info mr[4];

	(void)state;
	/* A driver without statistics is none. */
	statistic_error = -EOPNOTSUPP;
	assert_int_equal(odp_list_mrs(NULL, mr, 4), 3);
	assert_false(mr[1].has_stats);
	statistic_error = 0;
	resource_end = -EMSGSIZE;
	assert_int_equal(odp_list_mrs(NULL, mr, 4), -EMSGSIZE);
	resource_end = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
