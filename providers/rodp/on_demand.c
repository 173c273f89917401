// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Whether it is switched on is read once, at the first registration: the environment, else the
 * configuration file. What was done with registrations is counted, and written at the end to the
 * file that RODP_ON_DEMAND_REPORT names.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* secure_getenv(), program_invocation_short_name */
#endif
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "on_demand.h"
#include "rodp.h"

#ifndef RODP_CONFIG
#define RODP_CONFIG "/etc/rodp/on_demand.conf"
#endif

#define RODP_ACCESS_FLUSH_PERSISTENT (1 << 9) /* which rdma-core 44 has no name for */

/* What a registration became, and why. */
enum fate {
	FATE_ON_DEMAND, /* it was turned */
	FATE_DEVICE, /* pinned: the device cannot do all operations with on-demand memory */
	FATE_HUGETLB, /* pinned, as all that follow: the program speaks of huge pages */
	FATE_PERSISTENT, /* of FLUSH to persistence, which wants memory of another kind */
	FATE_UNMAPPED, /* nothing is mapped there, which the program shall hear */
	FATE_REFUSED, /* the kernel refused the other */
	FATES,
};

static const char *const fate_names[FATES] = { "on demand",  "device",	   "huge pages",
					       "persistent", "not mapped", "refused" };

static struct {
	uint64_t regions, bytes; /* atomic */
} fates[FATES];

static pthread_once_t switch_once = PTHREAD_ONCE_INIT;
static bool switched_on;
/* Our own copy: programs write over their environment. NULL: nobody wants to know. */
static char *report_path;

/* 1, 0, or -1: it is neither. */
static int switch_word(const char *word)
{
	static const char *const on[] = { "1", "yes", "on" }, *const off[] = { "0", "no", "off" };
	size_t i;

	for (i = 0; i < 3; i++) {
		if (!strcasecmp(word, on[i]))
			return 1;
		if (!strcasecmp(word, off[i]))
			return 0;
	}
	return -1;
}

/* "on_demand = yes", "no", or names of programs. Other lines are not ours. -1: none of ours. */
static int switch_line(char *line)
{
	char *rest = NULL, *word, *value = strchr(line, '=');
	int is;

	line[strcspn(line, "#\n")] = 0;
	if (!value || *line == 0 || strchr(line, '=') != value)
		return -1;
	*value++ = 0;
	word = strtok_r(line, " \t", &rest);
	if (!word || strcmp(word, "on_demand"))
		return -1;
	for (word = strtok_r(value, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
		is = switch_word(word);
		if (is >= 0 || !strcmp(word, program_invocation_short_name))
			return is != 0;
	}
	return 0;
}

/* The last line counts. */
static bool switch_file(void)
{
	FILE *file = fopen(RODP_CONFIG, "re");
	char *line = NULL;
	size_t room = 0;
	bool on = false;
	int is;

	while (file && getline(&line, &room, file) > 0) {
		is = switch_line(line);
		on = is < 0 ? on : is;
	}
	free(line);
	if (file)
		fclose(file);
	return on;
}

/* What the parent did is the parent's to tell. */
static void child_begins(void)
{
	memset(fates, 0, sizeof(fates));
}

static void switch_read(void)
{
	const char *word = secure_getenv("RODP_ON_DEMAND");
	const char *report = secure_getenv("RODP_ON_DEMAND_REPORT");
	const int is = word && *word ? switch_word(word) : -1;

	if (is < 0 && word && *word)
		fprintf(stderr, "rodp: RODP_ON_DEMAND is '%s', neither 1 nor 0\n", word);
	switched_on = is < 0 ? switch_file() : is;
	report_path = report ? strdup(report) : NULL;
	pthread_atfork(NULL, NULL, child_begins);
}

bool rodp_on_demand_is_on(void)
{
	pthread_once(&switch_once, switch_read);
	return switched_on;
}

/*
 * By the kernel's list of mappings; nothing else happens to them. It takes a length that wraps once
 * rounded up for 0, and finds nothing missing.
 */
static bool is_mapped(const void *addr, size_t length)
{
	const uintptr_t page = sysconf(_SC_PAGESIZE), first = (uintptr_t)addr & -page;
	const uintptr_t end = (uintptr_t)addr + length;
	const int err = errno;
	const bool is = end > first && end <= -page && !msync((void *)first, end - first, MS_ASYNC);

	errno = err;
	return is;
}

static enum fate fate_of(const struct rodp_context *context, const void *addr, size_t length,
			 int access)
{
	if (!context->on_demand)
		return FATE_DEVICE;
	if (access & IBV_ACCESS_HUGETLB)
		return FATE_HUGETLB;
	if (access & RODP_ACCESS_FLUSH_PERSISTENT)
		return FATE_PERSISTENT;
	return is_mapped(addr, length) ? FATE_ON_DEMAND : FATE_UNMAPPED;
}

static void count(enum fate fate, size_t length)
{
	__atomic_add_fetch(&fates[fate].regions, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&fates[fate].bytes, length, __ATOMIC_RELAXED);
}

int rodp_on_demand_access(struct ibv_context *context, const void *addr, size_t length, int access)
{
	enum fate fate;

	if ((access & IBV_ACCESS_ON_DEMAND) || !rodp_on_demand_is_on())
		return access;
	fate = fate_of(to_rodp_context(context), addr, length, access);
	if (fate == FATE_ON_DEMAND)
		return access | IBV_ACCESS_ON_DEMAND;
	count(fate, length);
	return access;
}

bool rodp_on_demand_again(size_t length, int access, int given, int err)
{
	if (given == access)
		return false;
	count(err ? FATE_REFUSED : FATE_ON_DEMAND, length);
	return err;
}

/* One line a process, in one write: others append to the same file. */
static void __attribute__((destructor)) report(void)
{
	char line[1024]; /* 100 bytes a reason, and a name that may be of any length */
	int i, fd, n;

	if (!report_path || !switched_on)
		return;
	n = snprintf(line, sizeof(line), "rodp: %d %.64s:", getpid(),
		     program_invocation_short_name);
	for (i = 0; i < FATES; i++)
		n += snprintf(line + n, sizeof(line) - n, "%s %s %lu (%lu bytes)", i ? "," : "",
			      fate_names[i], (unsigned long)fates[i].regions,
			      (unsigned long)fates[i].bytes);
	line[n++] = '\n';
	fd = strcmp(report_path, "-")
		     ? open(report_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666)
		     : dup(STDERR_FILENO);
	if (fd < 0 || write(fd, line, n) != n)
		fprintf(stderr, "rodp: %s: %s\n", report_path, strerror(errno));
	if (fd >= 0)
		close(fd);
}
