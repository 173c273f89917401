// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Everybody's regions, from the kernel's resource tracking (netlink, RDMA_NL_NLDEV): what `rdma
 * resource show mr` and `rdma statistic show mr` tell, in two dumps a device.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <rdma/rdma_netlink.h>

#include "odp.h"

#define DUMP_ROOM 65536 /* bytes: the kernel's dumps come in less than half of it */

/* An attribute and what follows it, in a buffer that the kernel filled. */
struct attrs {
	const char *at;
	size_t left;
};

static bool attr_next(struct attrs *attrs, const struct nlattr **attr)
{
	size_t step;

	if (attrs->left < sizeof(**attr))
		return false;
	*attr = (const struct nlattr *)attrs->at;
	if ((*attr)->nla_len < sizeof(**attr) || (*attr)->nla_len > attrs->left)
		return false;
	step = NLA_ALIGN((*attr)->nla_len);
	step = step < attrs->left ? step : attrs->left;
	attrs->at += step;
	attrs->left -= step;
	return true;
}

static unsigned int attr_type(const struct nlattr *attr)
{
	return attr->nla_type & NLA_TYPE_MASK;
}

static struct attrs attr_within(const struct nlattr *attr)
{
	return (struct attrs){ (const char *)(attr + 1), attr->nla_len - sizeof(*attr) };
}

/* A number of 4 or 8 bytes, or 0. */
static uint64_t attr_number(const struct nlattr *attr)
{
	const size_t len = attr->nla_len - sizeof(*attr);
	uint64_t wide = 0;
	uint32_t narrow = 0;

	if (len >= sizeof(wide)) {
		memcpy(&wide, attr + 1, sizeof(wide));
		return wide;
	}
	memcpy(&narrow, attr + 1, len < sizeof(narrow) ? len : sizeof(narrow));
	return narrow;
}

static void attr_text(const struct nlattr *attr, char *text, size_t room)
{
	const size_t len = attr->nla_len - sizeof(*attr);
	const size_t n = len < room ? len : room - 1;

	memcpy(text, attr + 1, n);
	text[n] = 0;
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
static void read_counter(struct odp_mr_info *info, struct attrs attrs)
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
	const struct nlattr *attr;
	char name[64] = "";
	uint64_t value = 0;
	size_t i;

	while (attr_next(&attrs, &attr)) {
		if (attr_type(attr) == RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY_NAME)
			attr_text(attr, name, sizeof(name));
		else if (attr_type(attr) == RDMA_NLDEV_ATTR_STAT_HWCOUNTER_ENTRY_VALUE)
			value = attr_number(attr);
	}
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i].name))
			*(uint64_t *)((char *)&info->stats + names[i].offset) = value;
}

static void read_counters(struct odp_mr_info *info, struct attrs attrs)
{
	const struct nlattr *attr;

	info->has_stats = 1;
	while (attr_next(&attrs, &attr))
		read_counter(info, attr_within(attr));
}

/* The driver's words: a name, then its value, in pairs. */
static void read_driver(struct odp_mr_info *info, struct attrs attrs)
{
	const struct nlattr *attr;
	char text[32], name[32] = "";

	while (attr_next(&attrs, &attr)) {
		const bool is_text = attr_type(attr) == RDMA_NLDEV_ATTR_DRIVER_STRING;

		if (is_text)
			attr_text(attr, text, sizeof(text));
		if (is_text && !strcmp(name, "odp")) {
			info->level = strcmp(text, "implicit") ? ODP_EXPLICIT : ODP_IMPLICIT;
			name[0] = 0;
		} else if (is_text) {
			strcpy(name, text);
		}
	}
}

static void read_mr(struct odp_mr_info *info, struct attrs attrs)
{
	const struct nlattr *attr;

	while (attr_next(&attrs, &attr)) {
		switch (attr_type(attr)) {
		case RDMA_NLDEV_ATTR_RES_MRN:
			info->mrn = attr_number(attr);
			break;
		case RDMA_NLDEV_ATTR_RES_PID:
			info->pid = attr_number(attr);
			break;
		case RDMA_NLDEV_ATTR_RES_KERN_NAME:
			attr_text(attr, info->owner, sizeof(info->owner));
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
			read_driver(info, attr_within(attr));
			break;
		case RDMA_NLDEV_ATTR_STAT_HWCOUNTERS:
			read_counters(info, attr_within(attr));
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

static void take_table(struct list *list, struct attrs table,
		       void (*take)(struct list *list, const struct odp_mr_info *mr))
{
	const struct nlattr *attr;

	while (attr_next(&table, &attr)) {
		struct odp_mr_info mr = {};

		strncpy(mr.device, list->device, sizeof(mr.device) - 1);
		read_mr(&mr, attr_within(attr));
		take(list, &mr);
	}
}

static void take_message(struct list *list, const struct nlmsghdr *message,
			 void (*take)(struct list *list, const struct odp_mr_info *mr))
{
	struct attrs attrs = { NLMSG_DATA(message), message->nlmsg_len - NLMSG_HDRLEN };
	const struct nlattr *attr;

	while (attr_next(&attrs, &attr))
		if (attr_type(attr) == RDMA_NLDEV_ATTR_RES_MR)
			take_table(list, attr_within(attr), take);
}

struct ask {
	struct nlmsghdr head;
	struct nlattr index_head;
	uint32_t index;
	struct nlattr res_head;
	uint32_t res;
};

static int send_ask(int fd, unsigned int command, uint32_t index)
{
	struct ask ask = {
		.head = {
			.nlmsg_len = sizeof(ask),
			.nlmsg_type = RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, command),
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_DUMP,
		},
		.index_head = { 8, RDMA_NLDEV_ATTR_DEV_INDEX },
		.index = index,
		.res_head = { 8, RDMA_NLDEV_ATTR_STAT_RES },
		.res = RDMA_NLDEV_ATTR_RES_MR,
	};

	if (command != RDMA_NLDEV_CMD_STAT_GET)
		ask.head.nlmsg_len = offsetof(struct ask, res_head);
	return send(fd, &ask, ask.head.nlmsg_len, 0) < 0 ? -errno : 0;
}

/* Hands each message of the answer to visit. */
static int hear(int fd, char *buffer, void (*visit)(const struct nlmsghdr *message, void *arg),
		void *arg)
{
	for (;;) {
		const struct nlmsghdr *message = (const void *)buffer;
		ssize_t n = recv(fd, buffer, DUMP_ROOM, 0);

		if (n < 0)
			return -errno;
		for (; NLMSG_OK(message, n); message = NLMSG_NEXT(message, n)) {
			if (message->nlmsg_type == NLMSG_ERROR ||
			    message->nlmsg_type == NLMSG_DONE) {
				int err = 0;

				if (message->nlmsg_len >= NLMSG_LENGTH(sizeof(err)))
					memcpy(&err, NLMSG_DATA(message), sizeof(err));
				return err;
			}
			visit(message, arg);
		}
	}
}

static void visit_resource(const struct nlmsghdr *message, void *arg)
{
	take_message(arg, message, take_resource);
}

static void visit_statistic(const struct nlmsghdr *message, void *arg)
{
	take_message(arg, message, take_statistic);
}

/* A device; those that have no statistics of regions say so with one error or another. */
static int list_device(int fd, char *buffer, struct list *list)
{
	int err;

	list->first = list->n;
	err = send_ask(fd, RDMA_NLDEV_CMD_RES_MR_GET, list->index);
	if (!err)
		err = hear(fd, buffer, visit_resource, list);
	if (err)
		return err;
	err = send_ask(fd, RDMA_NLDEV_CMD_STAT_GET, list->index);
	if (!err)
		hear(fd, buffer, visit_statistic, list);
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

static void visit_device(const struct nlmsghdr *message, void *arg)
{
	struct attrs attrs = { NLMSG_DATA(message), message->nlmsg_len - NLMSG_HDRLEN };
	struct devices *devices = arg;
	const struct nlattr *attr;

	if (devices->n == MAX_DEVICES)
		return;
	while (attr_next(&attrs, &attr)) {
		if (attr_type(attr) == RDMA_NLDEV_ATTR_DEV_INDEX)
			devices->device[devices->n].index = attr_number(attr);
		else if (attr_type(attr) == RDMA_NLDEV_ATTR_DEV_NAME)
			attr_text(attr, devices->device[devices->n].name, IBV_SYSFS_NAME_MAX);
	}
	devices->n++;
}

static int list_devices(int fd, char *buffer, struct devices *devices)
{
	const struct nlmsghdr ask = {
		.nlmsg_len = sizeof(ask),
		.nlmsg_type = RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, RDMA_NLDEV_CMD_GET),
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_DUMP,
	};

	if (send(fd, &ask, sizeof(ask), 0) < 0)
		return -errno;
	return hear(fd, buffer, visit_device, devices);
}

static ssize_t list_all(int fd, char *buffer, const char *device, struct list *list)
{
	struct devices devices = {};
	bool found = !device;
	int err = list_devices(fd, buffer, &devices);
	size_t i;

	for (i = 0; i < devices.n && !err; i++) {
		if (device && strcmp(device, devices.device[i].name))
			continue;
		found = true;
		list->device = devices.device[i].name;
		list->index = devices.device[i].index;
		err = list_device(fd, buffer, list);
	}
	if (!err && !found)
		err = -ENODEV;
	return err ? err : (ssize_t)list->n;
}

ssize_t odp_list_mrs(const char *device, struct odp_mr_info *info, size_t room)
{
	struct list list = { .info = info, .room = room };
	ssize_t n = -ENOMEM;
	char *buffer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_RDMA);

	if (fd < 0)
		return -errno;
	buffer = malloc(DUMP_ROOM);
	if (buffer)
		n = list_all(fd, buffer, device, &list);
	free(buffer);
	close(fd);
	return n;
}
