/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The grammar: what there is to call, by write(2) and by ioctl(2), and how a call is made of it. A call
 * is right, or it has lies: a number at the edge, a handle of another kind, a length, an address,
 * an attribute that is not there or stands twice, driver data that is short, long or anything.
 */
#ifndef FUZZ_CALL_H
#define FUZZ_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "pool.h"
#include "value.h"

/* A number in a structure. */
struct field {
	uint16_t offset, bytes;
	enum value value;
	uint64_t arg;
};

#define FIELDS 16

/* A command of write(2), which ioctl(2) takes, too. */
struct command {
	const char *name;
	uint32_t number;
	bool extended;
	bool answers; /* its structure begins with the address of the response; not of extended ones */
	uint16_t in, out; /* bytes of the structures */
	uint16_t driver_in, driver_out; /* bytes of the driver's */
	enum thing makes; /* its handle comes first in the response */
	enum thing also; /* a number that comes later, at also_at */
	uint16_t also_at;
	bool absent; /* the device has none such: it never succeeds */
	struct field field[FIELDS];
	/* Makes some fields fit together. */
	void (*shape)(struct dice *dice, void *in);
};

extern const struct command commands[];
extern const unsigned int command_count;

enum role {
	ROLE_NONE,
	ROLE_IN, /* a number, in the attribute itself if it is at most 8 bytes */
	ROLE_OUT,
	ROLE_NEW, /* an object, whose handle comes back */
	ROLE_OBJECT, /* one that there is; also one that is destroyed */
	ROLE_FD, /* a file that there is */
	ROLE_NEW_FD,
	ROLE_CAP, /* struct ib_uverbs_qp_cap */
	ROLE_SGES, /* struct ib_uverbs_sge */
	ROLE_NUMBER_OUT, /* a number that is remembered as a `thing` */
};

struct attribute {
	uint16_t id;
	enum role role;
	uint16_t bytes; /* of numbers and of what comes out */
	enum thing thing;
	enum value value;
	uint64_t arg;
	bool optional;
};

#define ATTRIBUTES 16

struct method {
	const char *name;
	uint16_t object, method;
	bool makes; /* something: it must succeed now and then */
	bool absent;
	struct attribute attribute[ATTRIBUTES];
};

extern const struct method methods[];
extern const unsigned int method_count;

/* A thread that calls. */
struct caller {
	int fd; /* of uverbs */
	struct dice dice;
	struct arena arena;
	bool honest; /* no lies */
};

/* 0 or an errno. */
int call_command(struct caller *caller, const struct command *command);
/* The same by write(2), whatever the dice say. */
int call_by_write(struct caller *caller, const struct command *command);
int call_method(struct caller *caller, const struct method *method);

#endif
