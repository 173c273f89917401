// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <rdma/ib_user_ioctl_cmds.h>
#include <rdma/ib_user_verbs.h>
#include <rdma/rdma_user_ioctl_cmds.h>

#include "call.h"
#include "rodp_abi.h"

#define EXTENDED 0x80000000u
/* Bytes that driver data may be too long by. */
#define DRIVER_MORE 64

static bool lies(struct caller *caller, unsigned int once_in)
{
	return !caller->honest && dice_once_in(&caller->dice, once_in);
}

/* An address where the kernel finds `bytes` bytes, or does not. */
static uint64_t address(struct caller *caller, const void *at, size_t bytes)
{
	return lies(caller, 40) ? arena_bad(&caller->arena, &caller->dice, bytes) : (uintptr_t)at;
}

static size_t length(struct caller *caller, size_t bytes)
{
	if (!lies(caller, 30))
		return bytes;
	switch (dice_below(&caller->dice, 4)) {
	case 0:
		return bytes ? bytes - 1 : 0;
	case 1:
		return bytes + 1;
	case 2:
		return dice_below(&caller->dice, 64);
	}
	return value_edge(&caller->dice);
}

/* Driver data: as many bytes as the driver knows, or fewer, or more, of zeros or of anything. */
static size_t driver_bytes(struct caller *caller, size_t bytes)
{
	if (!lies(caller, 12))
		return bytes;
	return dice_below(&caller->dice, (bytes + DRIVER_MORE) / 8) * 8;
}

static void scribble(struct caller *caller, uint8_t *at, size_t bytes)
{
	if (!bytes || !lies(caller, 12))
		return;
	for (unsigned int i = 0; i <= dice_below(&caller->dice, 4); i++)
		at[dice_below(&caller->dice, bytes)] = dice_roll(&caller->dice);
}

/* ---- Commands ---- */

/* What goes in and what comes out, with the driver's part behind the core's. */
struct question {
	uint8_t *in, *out;
	size_t driver_in, driver_out;
};

static void fill_fields(struct caller *caller, const struct command *command, uint8_t *in)
{
	for (unsigned int i = 0; i < FIELDS && command->field[i].bytes; i++) {
		const struct field *field = &command->field[i];

		value_put(&caller->dice, in + field->offset, field->bytes,
			  lies(caller, 40) ? VALUE_ANY : field->value, field->arg);
	}
	if (command->shape && !lies(caller, 4))
		command->shape(&caller->dice, in);
	scribble(caller, in, command->in);
}

/* at: where the core's structure goes. */
static void ask(struct caller *caller, const struct command *command, uint8_t *at,
		struct question *question)
{
	question->in = at;
	fill_fields(caller, command, at);
	scribble(caller, at + command->in, question->driver_in);
	question->out = arena_take(&caller->arena, command->out + question->driver_out);
	if (command->answers && !command->extended) {
		const uint64_t response = address(caller, question->out, command->out);

		memcpy(at, &response, sizeof(response));
	}
}

static void remember(struct caller *caller, const struct command *command, const uint8_t *out)
{
	uint32_t handle;

	if (command->makes) {
		memcpy(&handle, out, sizeof(handle));
		pool_put(&caller->dice, command->makes, handle);
	}
	if (command->also) {
		memcpy(&handle, out + command->also_at, sizeof(handle));
		pool_put(&caller->dice, command->also, handle);
	}
}

static size_t put_legacy(struct caller *caller, const struct command *command, uint8_t *at,
			 struct question *question)
{
	struct ib_uverbs_cmd_hdr hdr = { .command = command->number };
	const size_t bytes = sizeof(hdr) + command->in + question->driver_in;

	ask(caller, command, at + sizeof(hdr), question);
	hdr.in_words = length(caller, bytes / 4);
	hdr.out_words = length(caller, (command->out + question->driver_out) / 4);
	/* More than there is room for would be a lie to ourselves. */
	if (hdr.out_words * 4u > command->out + question->driver_out)
		hdr.out_words = (command->out + question->driver_out) / 4;
	memcpy(at, &hdr, sizeof(hdr));
	return bytes;
}

static size_t put_extended(struct caller *caller, const struct command *command, uint8_t *at,
			   struct question *question)
{
	struct ib_uverbs_cmd_hdr hdr = { .command = command->number | EXTENDED };
	struct ib_uverbs_ex_cmd_hdr more = { 0 };
	const size_t heads = sizeof(hdr) + sizeof(more);

	ask(caller, command, at + heads, question);
	hdr.in_words = length(caller, command->in / 8);
	hdr.out_words = command->out / 8;
	more.provider_in_words = length(caller, question->driver_in / 8);
	more.provider_out_words = question->driver_out / 8;
	more.cmd_hdr_reserved = lies(caller, 60);
	more.response = address(caller, question->out, command->out);
	memcpy(at, &hdr, sizeof(hdr));
	memcpy(at + sizeof(hdr), &more, sizeof(more));
	return heads + command->in + question->driver_in;
}

int call_by_write(struct caller *caller, const struct command *command)
{
	struct question question = { .driver_in = driver_bytes(caller, command->driver_in),
				     .driver_out = driver_bytes(caller, command->driver_out) };
	uint8_t *at = arena_take(&caller->arena, command->in + question.driver_in + 64);
	size_t bytes;
	ssize_t n;

	bytes = (command->extended ? put_extended : put_legacy)(caller, command, at, &question);
	n = write(caller->fd, (void *)(uintptr_t)address(caller, at, bytes), bytes);
	if (n < 0)
		return errno;
	remember(caller, command, question.out);
	return 0;
}

/* ---- Attributes ---- */

struct message {
	struct ib_uverbs_ioctl_hdr hdr;
	struct ib_uverbs_attr attr[ATTRIBUTES + 4];
};

static struct ib_uverbs_attr *add(struct message *message, uint16_t id, size_t len, uint64_t data)
{
	struct ib_uverbs_attr *attr = &message->attr[message->hdr.num_attrs++];

	*attr = (struct ib_uverbs_attr){
		.attr_id = id, .len = len, .flags = UVERBS_ATTR_F_MANDATORY, .data = data
	};
	return attr;
}

static void add_in(struct caller *caller, struct message *message, uint16_t id, const void *at,
		   size_t bytes)
{
	const size_t len = length(caller, bytes);
	uint64_t data = 0;

	if (len <= sizeof(data))
		memcpy(&data, at, len < bytes ? len : bytes);
	else
		data = address(caller, at, bytes);
	add(message, id, len, data);
}

/* Never longer than the place is: what the kernel writes behind its length is what is looked for. */
static void add_out(struct caller *caller, struct message *message, uint16_t id, const void *at,
		    size_t bytes)
{
	const size_t len = length(caller, bytes);

	add(message, id, len < bytes ? len : bytes, address(caller, at, bytes));
}

static int send_message(struct caller *caller, struct message *message)
{
	const unsigned int n = message->hdr.num_attrs;

	message->hdr.length = sizeof(message->hdr) + n * sizeof(message->attr[0]);
	message->hdr.driver_id = RODP_DRIVER_ID;
	if (lies(caller, 40))
		message->hdr.length = value_edge(&caller->dice);
	if (lies(caller, 60))
		message->hdr.num_attrs = value_edge(&caller->dice);
	if (lies(caller, 80))
		message->hdr.driver_id = dice_roll(&caller->dice);
	if (lies(caller, 80))
		message->hdr.reserved1 = 1;
	if (n && lies(caller, 20))
		message->attr[dice_below(&caller->dice, n)].flags = dice_roll(&caller->dice);
	if (n && lies(caller, 40))
		message->attr[dice_below(&caller->dice, n)].attr_id = value_edge(&caller->dice);
	if (n && lies(caller, 40))
		message->attr[dice_below(&caller->dice, n)] = message->attr[0];
	return ioctl(caller->fd, RDMA_VERBS_IOCTL, &message->hdr) ? errno : 0;
}

/* A command by ioctl(2): as UVERBS_METHOD_INVOKE_WRITE takes it. */
static int call_by_ioctl(struct caller *caller, const struct command *command)
{
	struct question question = { .driver_in = driver_bytes(caller, command->driver_in),
				     .driver_out = driver_bytes(caller, command->driver_out) };
	uint8_t *at = arena_take(&caller->arena, command->in + question.driver_in + 64);
	const uint64_t number = command->number | (command->extended ? EXTENDED : 0);
	struct message message = { .hdr = { .object_id = UVERBS_OBJECT_DEVICE,
					    .method_id = UVERBS_METHOD_INVOKE_WRITE } };
	int err;

	ask(caller, command, at, &question);
	add_in(caller, &message, UVERBS_ATTR_WRITE_CMD, &number, sizeof(number));
	add_in(caller, &message, UVERBS_ATTR_CORE_IN, question.in, command->in);
	if (command->out)
		add_out(caller, &message, UVERBS_ATTR_CORE_OUT, question.out, command->out);
	if (question.driver_in)
		add_in(caller, &message, UVERBS_ATTR_UHW_IN, question.in + command->in,
		       question.driver_in);
	if (question.driver_out)
		add_out(caller, &message, UVERBS_ATTR_UHW_OUT, question.out + command->out,
			question.driver_out);
	err = send_message(caller, &message);
	if (!err)
		remember(caller, command, question.out);
	return err;
}

int call_command(struct caller *caller, const struct command *command)
{
	int err;

	arena_clear(&caller->arena);
	err = (dice_once_in(&caller->dice, 2) ? call_by_write : call_by_ioctl)(caller, command);
	arena_check(&caller->arena, command->name);
	return err;
}

/* ---- Methods ---- */

static void add_number(struct caller *caller, struct message *message,
		       const struct attribute *attribute)
{
	uint8_t *at = arena_take(&caller->arena, attribute->bytes);

	value_put(&caller->dice, at, attribute->bytes,
		  lies(caller, 30) ? VALUE_ANY : attribute->value, attribute->arg);
	add_in(caller, message, attribute->id, at, attribute->bytes);
}

static void add_cap(struct caller *caller, struct message *message,
		    const struct attribute *attribute)
{
	uint32_t *cap = arena_take(&caller->arena, 5 * sizeof(*cap));

	for (unsigned int i = 0; i < 5; i++)
		cap[i] = lies(caller, 30) ? value_edge(&caller->dice)
					  : 1 + dice_below(&caller->dice, 8);
	add_in(caller, message, attribute->id, cap, 5 * sizeof(*cap));
}

static void add_sges(struct caller *caller, struct message *message,
		     const struct attribute *attribute)
{
	const size_t n = 1 + dice_below(&caller->dice, 4);
	struct rodp_sge *sge = arena_take(&caller->arena, n * sizeof(*sge));

	for (size_t i = 0; i < n; i++) {
		value_put(&caller->dice, &sge[i].addr, 8, VALUE_ADDRESS, 0);
		value_put(&caller->dice, &sge[i].length, 4, VALUE_LENGTH, 0);
		value_put(&caller->dice, &sge[i].lkey, 4, VALUE_THING, THING_LKEY);
	}
	scribble(caller, (uint8_t *)sge, n * sizeof(*sge));
	add_in(caller, message, attribute->id, sge, n * sizeof(*sge));
}

static void add_object(struct caller *caller, struct message *message,
		       const struct attribute *attribute)
{
	enum thing thing = attribute->thing;

	if (lies(caller, 16))
		thing = 1 + dice_below(&caller->dice, THINGS - 1);
	add(message, attribute->id, 0, pool_get(&caller->dice, thing));
	if (lies(caller, 30))
		message->attr[message->hdr.num_attrs - 1].data = dice_roll(&caller->dice);
	if (lies(caller, 60))
		message->attr[message->hdr.num_attrs - 1].len = value_edge(&caller->dice);
}

static void add_attribute(struct caller *caller, struct message *message,
			  const struct attribute *attribute)
{
	switch (attribute->role) {
	case ROLE_IN:
		return add_number(caller, message, attribute);
	case ROLE_OUT:
	case ROLE_NUMBER_OUT:
		return add_out(caller, message, attribute->id,
			       arena_take(&caller->arena, attribute->bytes), attribute->bytes);
	case ROLE_NEW:
	case ROLE_NEW_FD:
		add(message, attribute->id, 0, 0);
		return;
	case ROLE_CAP:
		return add_cap(caller, message, attribute);
	case ROLE_SGES:
		return add_sges(caller, message, attribute);
	default:
		return add_object(caller, message, attribute);
	}
}

static const struct ib_uverbs_attr *find(const struct message *message, uint16_t id)
{
	for (unsigned int i = 0; i < ATTRIBUTES; i++)
		if (i < message->hdr.num_attrs && message->attr[i].attr_id == id)
			return &message->attr[i];
	return NULL;
}

static void remember_new(struct caller *caller, const struct method *method,
			 const struct message *message)
{
	for (const struct attribute *a = method->attribute; a->role; a++) {
		const struct ib_uverbs_attr *attr = find(message, a->id);
		uint32_t number;

		if (!attr || !a->thing)
			continue;
		if (a->role == ROLE_NEW || a->role == ROLE_NEW_FD)
			pool_put(&caller->dice, a->thing, attr->data);
		if (a->role != ROLE_NUMBER_OUT || attr->len < sizeof(number) ||
		    !arena_has(&caller->arena, attr->data))
			continue;
		memcpy(&number, (void *)(uintptr_t)attr->data, sizeof(number));
		pool_put(&caller->dice, a->thing, number);
	}
}

int call_method(struct caller *caller, const struct method *method)
{
	struct message message = { .hdr = { .object_id = method->object,
					    .method_id = method->method } };
	int err;

	arena_clear(&caller->arena);
	for (const struct attribute *a = method->attribute; a->role; a++)
		if (a->optional ? dice_once_in(&caller->dice, 2) : !lies(caller, 40))
			add_attribute(caller, &message, a);
	err = send_message(caller, &message);
	if (!err)
		remember_new(caller, method, &message);
	arena_check(&caller->arena, method->name);
	return err;
}
