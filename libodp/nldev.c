// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Everybody's regions, from the kernel's resource tracking (RDMA_NL_NLDEV, through libnl): what
 * `rdma resource show mr` and `rdma statistic show mr` tell, in two dumps a device.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <rdma/rdma_netlink.h>

#include "odp.h"

/* A number of 4 or 8 bytes, or 0. */
static uint64_t attr_number(const struct nlattr *attr)
{
	const size_t len = nla_len(attr);
	uint64_t wide = 0;
	uint32_t narrow = 0;

	if (len >= sizeof(wide)) {
		memcpy(&wide, nla_data(attr), sizeof(wide));
		return wide;
	}
	memcpy(&narrow, nla_data(attr), len < sizeof(narrow) ? len : sizeof(narrow));
	return narrow;
}

/* Where a dump goes. */
struct list {
	struct odp_mr_info *info;
	size_t room;
	size_t n; /* of this and earlier devices; may be more than room */
	size_t first; /* of this device */
	const char *device;
	uint32_t index;
};

/* {name, value} of a counter. */
static void read_counter(struct odp_mr_info *info, const struct nlattr *nest)
{
	static const struct {
		const char *name;
		size_t offset;
	} names[] = {
		{ "page_faults", offsetof(struct odp_mr_stats, page_faults) },
		{ "page_faults_handled", offsetof(struct odp_mr_stats, page_faults_handled) },
		{ "page_invalidations", offsetof(struct odp_mr_stats, page_invalidations) },
		{ "page_invalidations_handled",
		  offsetof(struct odp_mr_stats, page_invalidations_handled) },
		{ "page_prefetch", offsetof(struct odp_mr_stats, page_prefetch) },
	};
	struct nlattr *attr;
	int left;
	char name[64] = "";
	uint64_t value = 0;
	size_t i;

	nla_for_each_nested(attr, nest, left) {
		if (nla_type(attr) == RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY_NAME)
			nla_strlcpy(name, attr, sizeof(name));
		else if (nla_type(attr) == RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY_VALUE)
			value = attr_number(attr);
	}
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i].name))
			*(uint64_t *)((char *)&info->stats + names[i].offset) = value;
}

static void read_counters(struct odp_mr_info *info, const struct nlattr *nest)
{
	struct nlattr *attr;
	int left;

	info->has_stats = 1;
	nla_for_each_nested(attr, nest, left)
		read_counter(info, attr);
}

/* The driver's words: a name, then its value, in pairs. */
static void read_driver(struct odp_mr_info *info, const struct nlattr *nest)
{
	struct nlattr *attr;
	int left;
	char text[32], name[32] = "";

	nla_for_each_nested(attr, nest, left) {
		const bool is_text = nla_type(attr) == RDMA_NLDEV_ATTR_DRIVER_STRING;

		if (is_text)
			nla_strlcpy(text, attr, sizeof(text));
		if (is_text && !strcmp(name, "odp")) {
			info->level = strcmp(text, "implicit") ? ODP_EXPLICIT : ODP_IMPLICIT;
			name[0] = 0;
		} else if (is_text) {
			strcpy(name, text);
		}
	}
}

static void read_mr(struct odp_mr_info *info, const struct nlattr *nest)
{
	struct nlattr *attr;
	int left;

	nla_for_each_nested(attr, nest, left) {
		switch (nla_type(attr)) {
		case RDMA_NLDEV_ATTR_RES_MRN:
			info->mrn = attr_number(attr);
			break;
		case RDMA_NLDEV_ATTR_RES_PID:
			info->pid = attr_number(attr);
			break;
		case RDMA_NLDEV_ATTR_RES_KERN_NAME:
			nla_strlcpy(info->owner, attr, sizeof(info->owner));
			break;
		case RDMA_NLDEV_ATTR_RES_MRLEN:
			info->length = attr_number(attr);
			break;
		case RDMA_NLDEV_ATTR_RES_LKEY:
			info->lkey = attr_number(attr);
			break;
		case RDMA_NLDEV_ATTR_RES_RKEY:
			info->rkey = attr_number(attr);
			break;
		case RDMA_NLDEV_ATTR_DRIVER:
			read_driver(info, attr);
			break;
		case RDMA_NLDEV_ATTR_STAT_HWCOUNTERS:
			read_counters(info, attr);
			break;
		}
	}
}

/* An entry of the first dump is new; one of the second completes the one of its number. */
static void take_resource(struct list *list, const struct odp_mr_info *mr)
{
	if (list->n < list->room)
		list->info[list->n] = *mr;
	list->n++;
}

static void take_statistic(struct list *list, const struct odp_mr_info *mr)
{
	size_t i, end = list->n < list->room ? list->n : list->room;

	for (i = list->first; i < end; i++) {
		if (list->info[i].mrn == mr->mrn && mr->has_stats) {
			list->info[i].stats = mr->stats;
			list->info[i].has_stats = 1;
		}
	}
}

static void take_table(struct list *list, const struct nlattr *table,
		       void (*take)(struct list *list, const struct odp_mr_info *mr))
{
	struct nlattr *attr;
	int left;

	nla_for_each_nested(attr, table, left) {
		struct odp_mr_info mr = {};

		strncpy(mr.device, list->device, sizeof(mr.device) - 1);
		read_mr(&mr, attr);
		take(list, &mr);
	}
}

static void take_message(struct list *list, struct nlmsghdr *message,
			 void (*take)(struct list *list, const struct odp_mr_info *mr))
{
	struct nlattr *attr;
	int left;

	nlmsg_for_each_attr(attr, message, 0, left)
		if (nla_type(attr) == RDMA_NLDEV_ATTR_RES_MR)
			take_table(list, attr, take);
}

static int visit_resource(struct nl_msg *message, void *arg)
{
	take_message(arg, nlmsg_hdr(message), take_resource);
	return NL_OK;
}

static int visit_statistic(struct nl_msg *message, void *arg)
{
	take_message(arg, nlmsg_hdr(message), take_statistic);
	return NL_OK;
}

/* ---- Questions ---- */

/* errno is of the last system call; libnl's own errors do not tell all of them apart. */
static int system_error(void)
{
	return errno ? -errno : -EIO;
}

/* The kernel refused. */
static int note_error(struct sockaddr_nl *address, struct nlmsgerr *error, void *arg)
{
	(void)address;
	*(int *)arg = error->error;
	return NL_STOP;
}

/* A dump that failed on its way says so at its end. */
static int note_end(struct nl_msg *message, void *arg)
{
	const struct nlmsghdr *end = nlmsg_hdr(message);

	if (nlmsg_datalen(end) >= (int)sizeof(int))
		memcpy(arg, nlmsg_data(end), sizeof(int));
	return NL_STOP;
}

/* Each message of the answer goes to visit. 0, what the kernel says, or why nothing came. */
static int hear(struct nl_sock *sock, nl_recvmsg_msg_cb_t visit, void *arg)
{
	int err = 0, status;

	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, visit, arg);
	nl_socket_modify_cb(sock, NL_CB_FINISH, NL_CB_CUSTOM, note_end, &err);
	nl_socket_modify_err_cb(sock, NL_CB_CUSTOM, note_error, &err);
	errno = 0;
	status = nl_recvmsgs_default(sock);
	return err || status >= 0 ? err : system_error();
}

/* index: of a device, whose regions are asked for; NULL: the devices. */
static int ask(struct nl_sock *sock, unsigned int command, const uint32_t *index)
{
	struct nl_msg *message = nlmsg_alloc_simple(RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, command),
						    NLM_F_DUMP);
	int status = message ? 0 : -1;

	errno = ENOMEM;
	if (!status && index)
		status = nla_put_u32(message, RDMA_NLDEV_ATTR_DEV_INDEX, *index);
	if (!status && command == RDMA_NLDEV_CMD_STAT_GET)
		status = nla_put_u32(message, RDMA_NLDEV_ATTR_STAT_RES, RDMA_NLDEV_ATTR_RES_MR);
	if (!status)
		status = nl_send_auto(sock, message);
	if (message)
		nlmsg_free(message);
	return status < 0 ? system_error() : 0;
}

/* A device; those that have no statistics of regions say so with one error or another. */
static int list_device(struct nl_sock *sock, struct list *list)
{
	int err;

	list->first = list->n;
	err = ask(sock, RDMA_NLDEV_CMD_RES_MR_GET, &list->index);
	if (!err)
		err = hear(sock, visit_resource, list);
	if (err)
		return err;
	err = ask(sock, RDMA_NLDEV_CMD_STAT_GET, &list->index);
	if (!err)
		hear(sock, visit_statistic, list);
	return err;
}

#define MAX_DEVICES 64

struct devices {
	size_t n;
	struct {
		uint32_t index;
		char name[IBV_SYSFS_NAME_MAX];
	} device[MAX_DEVICES];
};

static int visit_device(struct nl_msg *message, void *arg)
{
	struct devices *devices = arg;
	struct nlattr *attr;
	int left;

	if (devices->n == MAX_DEVICES)
		return NL_OK;
	nlmsg_for_each_attr(attr, nlmsg_hdr(message), 0, left) {
		if (nla_type(attr) == RDMA_NLDEV_ATTR_DEV_INDEX)
			devices->device[devices->n].index = attr_number(attr);
		else if (nla_type(attr) == RDMA_NLDEV_ATTR_DEV_NAME)
			nla_strlcpy(devices->device[devices->n].name, attr, IBV_SYSFS_NAME_MAX);
	}
	devices->n++;
	return NL_OK;
}

static ssize_t list_all(struct nl_sock *sock, const char *device, struct list *list)
{
	struct devices devices = {};
	bool found = !device;
	int err = ask(sock, RDMA_NLDEV_CMD_GET, NULL);
	size_t i;

	if (!err)
		err = hear(sock, visit_device, &devices);
	for (i = 0; i < devices.n && !err; i++) {
		if (device && strcmp(device, devices.device[i].name))
			continue;
		found = true;
		list->device = devices.device[i].name;
		list->index = devices.device[i].index;
		err = list_device(sock, list);
	}
	if (!err && !found)
		err = -ENODEV;
	return err ? err : (ssize_t)list->n;
}

ssize_t odp_list_mrs(const char *device, struct odp_mr_info *info, size_t room)
{
	struct list list = { .info = info, .room = room };
	struct nl_sock *sock = nl_socket_alloc();
	ssize_t n;

	if (!sock)
		return -ENOMEM;
	errno = 0;
	n = nl_connect(sock, NETLINK_RDMA) < 0 ? system_error() : list_all(sock, device, &list);
	nl_socket_free(sock);
	return n;
}
