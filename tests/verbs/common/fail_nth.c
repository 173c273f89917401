// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Allocations that fail, see fail_nth.h. */
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "fail_nth.h"
#include "vt.h"

#define OWN	"/proc/thread-self/fail-nth"
#define DEBUGFS "/sys/kernel/debug/"

/* A network namespace has a /sys of its own; process 1 has the one with debugfs. */
static int open_knob(const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), DEBUGFS "%s", name);
	fd = open(path, O_WRONLY);
	if (fd >= 0)
		return fd;
	snprintf(path, sizeof(path), "/proc/1/root" DEBUGFS "%s", name);
	return open(path, O_WRONLY);
}

static void set_knob(const char *name, const char *value)
{
	int fd = open_knob(name);

	if (fd < 0)
		vt_skip("no " DEBUGFS "%s: %m", name);
	if (write(fd, value, strlen(value)) < 0)
		vt_fail("writing %s to " DEBUGFS "%s: %m", value, name);
	close(fd);
}

void vt_fail_nth_begin(void)
{
	if (access(OWN, W_OK))
		vt_skip("this kernel cannot let allocations fail (" OWN ": %m)");
	set_knob("failslab/ignore-gfp-wait", "N");
	set_knob("failslab/verbose", "0");
	set_knob("fail_page_alloc/ignore-gfp-wait", "N");
	set_knob("fail_page_alloc/ignore-gfp-highmem", "N");
	set_knob("fail_page_alloc/min-order", "0");
	set_knob("fail_page_alloc/verbose", "0");
}

/* The file stays open: opening one allocates. */
static int own_fd(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open(OWN, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		vt_fail(OWN ": %m");
	return fd;
}

static void put_number(int fd, unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	if (pwrite(fd, text, len, 0) != len)
		vt_fail("writing to fail-nth: %m");
}

/* 0: what was asked for has failed. */
static unsigned int get_number(int fd)
{
	char text[16] = {};

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		vt_fail("reading fail-nth: %m");
	return strtoul(text, NULL, 10);
}

void vt_fail_nth_arm(unsigned int n)
{
	put_number(own_fd(), n);
}

/* What reading and writing allocate would count: the number is read first, and only then is it believed. */
bool vt_fail_nth_disarm(void)
{
	unsigned int left = get_number(own_fd());

	put_number(own_fd(), 0);
	return !left;
}

unsigned int vt_fail_nth_left(void)
{
	return get_number(own_fd());
}

/* ---- threads that serve faults ---- */

static int open_worker(const char *tid)
{
	char path[300], comm[32] = {};
	FILE *in;

	snprintf(path, sizeof(path), "/proc/self/task/%s/comm", tid);
	in = fopen(path, "r");
	if (!in)
		return -1;
	if (!fgets(comm, sizeof(comm), in))
		comm[0] = 0;
	fclose(in);
	if (strncmp(comm, "rodp-fault", 10))
		return -1;
	snprintf(path, sizeof(path), "/proc/self/task/%s/fail-nth", tid);
	return open(path, O_RDWR | O_CLOEXEC);
}

/* Calls step for the file of each of them; returns how many said true. */
static unsigned int for_workers(bool (*step)(int fd, unsigned int n), unsigned int n)
{
	DIR *dir = opendir("/proc/self/task");
	unsigned int sum = 0;
	struct dirent *entry;
	int fd;

	vt_check(dir);
	while ((entry = readdir(dir))) {
		fd = open_worker(entry->d_name);
		if (fd < 0)
			continue;
		sum += step(fd, n);
		close(fd);
	}
	closedir(dir);
	return sum;
}

static bool arm_one(int fd, unsigned int n)
{
	put_number(fd, n);
	return true;
}

static bool disarm_one(int fd, unsigned int n)
{
	unsigned int left = get_number(fd);

	put_number(fd, n);
	return !left;
}

unsigned int vt_fail_nth_arm_workers(unsigned int n)
{
	return for_workers(arm_one, n);
}

bool vt_fail_nth_disarm_workers(void)
{
	return for_workers(disarm_one, 0);
}
