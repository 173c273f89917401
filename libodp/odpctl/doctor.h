/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * What the files of odpctl doctor share: doctor.c has the list of what is looked at, kernel.c what is
 * about the kernel and its module, container.c another root directory, inside.c how its files are reached,
 * finding.c the words.
 */
#ifndef ODPCTL_DOCTOR_H
#define ODPCTL_DOCTOR_H

#include "json.h"
#include "odpctl.h"

struct doctor {
	char device[IBV_SYSFS_NAME_MAX]; /* of rodp, "" if there is none */
	char netdev[32];
	unsigned int missing;
	char mend[1024];
	struct json_object *json; /* findings so far; NULL: they are printed */
};

enum finding {
	GOOD,
	NOTE, /* works, but could be better */
	UNKNOWN, /* nothing here says */
	MISSING,
};

/* ---- finding.c ---- */

/* The command that mends what is being looked at. */
void doctor_set_mend(struct doctor *doctor, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* What was looked at, what was found and, unless it is good, the command. Counts what is missing. */
void doctor_tell(struct doctor *doctor, const char *what, enum finding finding);
/* Nothing more is looked at. Returns the exit status. */
int doctor_end(struct doctor *doctor);
/* The first line of a file, or "". */
void doctor_read_line(char *text, size_t room, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The first entry of a directory that fits, copied to name. */
bool doctor_find_entry(const char *dir, bool (*fits)(const char *name), char *name, size_t room);
/* All of a file or of what a command prints, up to a bound; free() it. NULL: it cannot be read. */
char *doctor_read_file(FILE *file, size_t *length);
char *doctor_read_all(const char *path, size_t *length);
char *doctor_read_command(const char *command, size_t *length);
/* This program came in a package: then what is missing is in its siblings. */
bool doctor_is_packaged(void);

/* ---- kernel.c ---- */

enum finding doctor_look_kernel(struct doctor *doctor);
enum finding doctor_look_lockdown(struct doctor *doctor);
enum finding doctor_look_module(struct doctor *doctor);
enum finding doctor_look_loaded(struct doctor *doctor);

/* ---- inside.c: root is a descriptor of a root directory, paths begin at it ---- */

/* As open(), and never outside of it. Returns -1 with errno set. */
int inside_open(int root, const char *path, int flags);
/* Whether there is a plain file that can be read. */
bool inside_has(int root, const char *path);
/* As doctor_read_all(), of a plain file. */
char *inside_read(int root, const char *path, size_t *length);
/*
 * Calls take() with the entries of a directory whose name fits a pattern of fnmatch() and has nothing
 * in it that a shell would notice, until it is true. Returns whether it was.
 */
bool inside_find(int root, const char *dir, const char *pattern,
		 bool (*take)(int root, const char *path, void *data), void *data);

/* ---- container.c ---- */

/* What programs in args->container lack. Returns the exit status. */
int container_look(const struct args *args);

#endif
