// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Every command of RDMA netlink (NLDEV), with attributes of any type, length and nesting. A user
 * without privileges is refused whatever changes something; what he may ask is answered or refused.
 * Then root does the same: asks of the device itself, and changes a device that there is not. The
 * device keeps its name and works.
 *
 *   --rounds N   messages of each command and user
 */
#include <linux/netlink.h>
#include <poll.h>
#include <rdma/rdma_netlink.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dice.h"
#include "score.h"
#include "vt.h"

enum {
	ROUNDS = 60,
	NOBODY = 65534,
	NO_DEVICE = 100000, /* an index that no device has */
	ENDS_MS = 300000, /* one that has not ended by then hangs */
	ANSWER_MS = 2000, /* a message that is cut may have no answer */
	ATTRIBUTES = 8,
	ROOM = 2048,
	HEAR = 65536,
	DRIVER_DETAILS =
		97 /* RDMA_NLDEV_ATTR_DRIVER_DETAILS, which the headers of Debian 12 have not */
};

static struct score *scores; /* by command */
static uint32_t device_index;

struct talk {
	int fd;
	struct dice dice;
	bool root;
	uint32_t seq;
};

/* Those that change something need CAP_NET_ADMIN. */
static bool changes(unsigned int command)
{
	switch (command) {
	case RDMA_NLDEV_CMD_SET:
	case RDMA_NLDEV_CMD_NEWLINK:
	case RDMA_NLDEV_CMD_DELLINK:
	case RDMA_NLDEV_CMD_SYS_SET:
	case RDMA_NLDEV_CMD_STAT_SET:
	case RDMA_NLDEV_CMD_STAT_DEL:
		return true;
	}
	return false;
}

/* Those that only ask. Of others, and of those that are newer than this list, root spares what there is. */
static bool asks(unsigned int command)
{
	static const unsigned int list[] = {
		RDMA_NLDEV_CMD_GET,
		RDMA_NLDEV_CMD_PORT_GET,
		RDMA_NLDEV_CMD_SYS_GET,
		RDMA_NLDEV_CMD_RES_GET,
		RDMA_NLDEV_CMD_RES_QP_GET,
		RDMA_NLDEV_CMD_RES_CM_ID_GET,
		RDMA_NLDEV_CMD_RES_CQ_GET,
		RDMA_NLDEV_CMD_RES_MR_GET,
		RDMA_NLDEV_CMD_RES_PD_GET,
		RDMA_NLDEV_CMD_GET_CHARDEV,
		RDMA_NLDEV_CMD_STAT_GET,
		RDMA_NLDEV_CMD_RES_CTX_GET,
		RDMA_NLDEV_CMD_RES_SRQ_GET,
		RDMA_NLDEV_CMD_STAT_GET_STATUS,
		RDMA_NLDEV_CMD_RES_QP_GET_RAW,
		RDMA_NLDEV_CMD_RES_CQ_GET_RAW,
		RDMA_NLDEV_CMD_RES_MR_GET_RAW,
	};

	for (size_t i = 0; i < VT_ARRAY_SIZE(list); i++)
		if (list[i] == command)
			return true;
	return false;
}

/* ---- Messages ---- */

struct message {
	union {
		struct nlmsghdr hdr;
		uint8_t bytes[ROOM];
	};
	size_t used;
};

static void put(struct message *message, uint16_t type, const void *value, size_t bytes)
{
	struct nlattr *attr = (void *)(message->bytes + message->used);

	if (message->used + NLA_HDRLEN + bytes + 4 > ROOM)
		return;
	*attr = (struct nlattr){ .nla_len = NLA_HDRLEN + bytes, .nla_type = type };
	memcpy(attr + 1, value, bytes);
	message->used += NLA_ALIGN(NLA_HDRLEN + bytes);
}

static void put_number(struct message *message, uint16_t type, uint32_t number)
{
	put(message, type, &number, sizeof(number));
}

static const uint16_t known[] = {
	RDMA_NLDEV_ATTR_PORT_INDEX,	 RDMA_NLDEV_ATTR_RES_LQPN,     RDMA_NLDEV_ATTR_RES_CQN,
	RDMA_NLDEV_ATTR_RES_MRN,	 RDMA_NLDEV_ATTR_RES_PDN,      RDMA_NLDEV_ATTR_RES_CM_IDN,
	RDMA_NLDEV_ATTR_RES_CTXN,	 RDMA_NLDEV_ATTR_STAT_RES,     RDMA_NLDEV_ATTR_STAT_MODE,
	RDMA_NLDEV_ATTR_STAT_COUNTER_ID, RDMA_NLDEV_ATTR_CHARDEV_TYPE, RDMA_NLDEV_ATTR_LINK_TYPE,
	RDMA_NLDEV_ATTR_NDEV_NAME,	 RDMA_NLDEV_ATTR_DEV_NAME,     RDMA_NLDEV_ATTR_DRIVER,
	RDMA_NLDEV_ATTR_STAT_HWCOUNTERS, RDMA_NLDEV_NET_NS_FD,
};

/* What is in it: words that mean something, numbers that may be somebody's, or anything. */
static void put_any(struct message *message, struct dice *dice, uint16_t type)
{
	static const char *const words[] = {
		"rodp", "rxe",	  "uverbs",
		"lo",	"nobody", "a name that is longer than any that a device can have, by far"
	};
	uint8_t noise[96];
	const char *word = words[dice_below(dice, VT_ARRAY_SIZE(words))];

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = dice_roll(dice);
	switch (dice_below(dice, 4)) {
	case 0:
		return put(message, type, word, strlen(word) + 1);
	case 1:
		return put_number(message, type, dice_below(dice, 32));
	case 2:
		return put_number(message, type, dice_roll(dice));
	}
	put(message, type, noise, dice_below(dice, sizeof(noise)));
}

static uint16_t any_type(struct dice *dice)
{
	if (!dice_once_in(dice, 4))
		return known[dice_below(dice, VT_ARRAY_SIZE(known))];
	return dice_below(dice, RDMA_NLDEV_ATTR_MAX + 8) |
	       (dice_once_in(dice, 4) ? NLA_F_NESTED : 0);
}

/* Root must not change a device that there is, nor the system. */
static uint32_t index_for(struct talk *talk, unsigned int command)
{
	if (talk->root && !asks(command))
		return NO_DEVICE + dice_below(&talk->dice, 1000);
	return dice_once_in(&talk->dice, 10) ? dice_roll(&talk->dice) : device_index;
}

/* A device or netdev that there may be. */
static bool names_something(uint16_t type)
{
	switch (type & NLA_TYPE_MASK) {
	case RDMA_NLDEV_ATTR_DEV_INDEX:
	case RDMA_NLDEV_ATTR_NDEV_INDEX:
	case RDMA_NLDEV_ATTR_NDEV_NAME:
		return true;
	}
	return false;
}

static void fill(struct talk *talk, struct message *message, unsigned int command)
{
	struct dice *dice = &talk->dice;
	const uint8_t details = 1;

	message->used = NLMSG_HDRLEN;
	memset(message->bytes, 0, ROOM);
	/* The first one of a type may be the one that counts, or the last. */
	if (!dice_once_in(dice, 10))
		put_number(message, RDMA_NLDEV_ATTR_DEV_INDEX, index_for(talk, command));
	if (dice_once_in(dice, 2))
		put_number(message, RDMA_NLDEV_ATTR_PORT_INDEX, 1);
	if (dice_once_in(dice, 3))
		put(message, DRIVER_DETAILS, &details, sizeof(details));
	if (dice_once_in(dice, 3))
		put_number(message, RDMA_NLDEV_ATTR_STAT_RES, RDMA_NLDEV_ATTR_RES_MR);
	for (uint64_t n = dice_below(dice, ATTRIBUTES); n; n--) {
		const uint16_t type = any_type(dice);

		if (talk->root && !asks(command) && names_something(type))
			put(message, type & NLA_TYPE_MASK, "nobody", sizeof("nobody"));
		else
			put_any(message, dice, type);
	}
}

static void address(struct talk *talk, struct message *message, unsigned int command)
{
	struct dice *dice = &talk->dice;

	message->hdr = (struct nlmsghdr){
		.nlmsg_len = message->used,
		.nlmsg_type = RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, command),
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | (dice_once_in(dice, 2) ? NLM_F_DUMP : 0),
		.nlmsg_seq = ++talk->seq,
	};
	if (message->used > NLMSG_HDRLEN && dice_once_in(dice, 12))
		message->hdr.nlmsg_len -= dice_below(dice, message->used - NLMSG_HDRLEN);
}

/* ---- Answers ---- */

/* 0 or an errno, -1: the answer goes on. */
static int verdict(const uint8_t *heard, ssize_t n, uint32_t seq)
{
	for (const struct nlmsghdr *hdr = (const void *)heard; NLMSG_OK(hdr, n);
	     hdr = NLMSG_NEXT(hdr, n)) {
		int err = 0;

		if (hdr->nlmsg_seq != seq ||
		    (hdr->nlmsg_type != NLMSG_ERROR && hdr->nlmsg_type != NLMSG_DONE))
			continue;
		if (hdr->nlmsg_len >= NLMSG_LENGTH(sizeof(err)))
			memcpy(&err, NLMSG_DATA(hdr), sizeof(err));
		return -err;
	}
	return -1;
}

static int hear(struct talk *talk)
{
	static uint8_t heard[HEAR];
	struct pollfd ready = { .fd = talk->fd, .events = POLLIN };
	int err = -1;

	while (err < 0) {
		ssize_t n;

		if (poll(&ready, 1, ANSWER_MS) <= 0)
			return ETIMEDOUT;
		n = recv(talk->fd, heard, sizeof(heard), 0);
		if (n < 0)
			return errno;
		err = verdict(heard, n, talk->seq);
	}
	return err;
}

static void say(struct talk *talk, unsigned int command)
{
	struct message message;
	int err;

	fill(talk, &message, command);
	address(talk, &message, command);
	if (send(talk->fd, message.bytes, message.hdr.nlmsg_len, 0) < 0)
		err = errno;
	else
		err = hear(talk);
	score_add(&scores[command], err);
	if (!err && changes(command))
		vt_fail("command %u, which changes something, succeeded for %s", command,
			talk->root ? "a device that there is not" : "a user without privileges");
}

static _Noreturn void run_process(bool root)
{
	struct talk talk = { .root = root, .dice = dice_of(vt_options.seed, root) };
	const unsigned int rounds = vt_options.rounds ? vt_options.rounds : ROUNDS;

	if (!root)
		vt_check(!setgid(NOBODY) && !setuid(NOBODY));
	talk.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_RDMA);
	vt_check(talk.fd >= 0);
	for (unsigned int round = 0; round < rounds; round++) {
		for (unsigned int command = 0; command < RDMA_NLDEV_NUM_OPS + 4; command++) {
			/* It changes the whole system, whatever device is named. */
			if (root && command == RDMA_NLDEV_CMD_SYS_SET)
				continue;
			say(&talk, command);
		}
	}
	close(talk.fd);
	_exit(0);
}

static void run(bool root)
{
	pid_t pid;
	int status;

	vt_case("%s", root ? "root" : "a user without privileges");
	pid = vt_fork();
	if (!pid)
		run_process(root);
	status = vt_reap(pid, ENDS_MS, "a process that sends messages at random");
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		vt_fail("wait status %#x", status);
}

/* ---- Both ---- */

/* The device's number, which sysfs does not show, is that of the dump. */
static void look_up(const char *name)
{
	char line[256], other[64];
	FILE *pipe = popen("rdma dev show", "r");
	unsigned int index;

	vt_check(pipe);
	while (!device_index && fgets(line, sizeof(line), pipe))
		if (sscanf(line, "%u: %63[^:]:", &index, other) == 2 && !strcmp(other, name))
			device_index = index + 1;
	vt_check(!pclose(pipe) || device_index);
	if (!device_index)
		vt_fail("rdma dev show does not tell of %s", name);
	device_index--;
}

static void check_scores(void)
{
	for (unsigned int command = 0; command < RDMA_NLDEV_NUM_OPS + 4; command++) {
		char name[32];

		snprintf(name, sizeof(name), "command %u%s", command,
			 changes(command) ? ", changes" : "");
		score_print(&scores[command], name);
		if (!scores[command].calls)
			vt_fail("%s was never sent", name);
	}
	/* What anybody may ask was answered. */
	vt_check(scores[RDMA_NLDEV_CMD_GET].good && scores[RDMA_NLDEV_CMD_RES_MR_GET].good);
}

int main(int argc, char **argv)
{
	struct vt_device *a, *b;
	uint32_t before;

	vt_start(argc, argv, &a, &b);
	scores = score_make(RDMA_NLDEV_NUM_OPS + 4);
	look_up(a->name);
	before = device_index;
	run(false);
	run(true);
	vt_case("afterwards");
	check_scores();
	device_index = 0;
	look_up(a->name);
	vt_check(device_index == before);
	vt_devices_work();
	return vt_finish(a, b);
}
