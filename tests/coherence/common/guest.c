// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The machine's knobs. Rows set what they need; the guest is thrown away afterwards. */
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "co.h"

/* Process 1's: in a network namespace, /sys is without it. */
#define CGROUP_ROOT "/proc/1/root/sys/fs/cgroup"
#define CGROUP	    CGROUP_ROOT "/coherence"

static bool write_text(const char *path, const char *format, va_list args)
{
	char text[256];
	int fd, len;
	bool ok;

	len = vsnprintf(text, sizeof(text), format, args);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return false;
	ok = write(fd, text, len) == len;
	close(fd);
	return ok;
}

bool co_try(const char *path, const char *format, ...)
{
	va_list args;
	bool ok;

	va_start(args, format);
	ok = write_text(path, format, args);
	va_end(args);
	return ok;
}

void co_set(const char *path, const char *format, ...)
{
	va_list args;
	bool ok;

	va_start(args, format);
	ok = write_text(path, format, args);
	va_end(args);
	if (!ok)
		vt_skip("writing to %s: %m", path);
}

int64_t co_get(const char *path)
{
	long long value;
	FILE *file;
	int n;

	file = fopen(path, "r");
	if (!file)
		return -1;
	n = fscanf(file, "%lld", &value);
	fclose(file);
	return n == 1 ? value : -1;
}

bool co_until(bool (*done)(struct co_cell *cell), struct co_cell *cell, unsigned int ms)
{
	const uint64_t end_ns = vt_now_ns() + ms * 1000000ull;

	while (!done(cell)) {
		if (vt_now_ns() > end_ns)
			return false;
		vt_sleep_ms(5);
	}
	return true;
}

bool co_kernel_at_least(int major, int minor)
{
	struct utsname name;
	int have_major, have_minor;

	if (uname(&name) || sscanf(name.release, "%d.%d", &have_major, &have_minor) != 2)
		vt_fail("uname");
	return have_major > major || (have_major == major && have_minor >= minor);
}

const char *co_cgroup(void)
{
	co_try(CGROUP_ROOT "/cgroup.subtree_control", "+memory");
	if (mkdir(CGROUP, 0755) && errno != EEXIST)
		vt_skip("making %s: %m", CGROUP);
	co_set(CGROUP "/cgroup.procs", "%d", getpid());
	if (access(CGROUP "/memory.reclaim", W_OK))
		vt_skip("no memory controller in %s", CGROUP);
	return CGROUP;
}

static void thaw(const char *dir)
{
	int fd = dir ? open(dir, O_RDONLY | O_DIRECTORY) : -1;

	if (fd < 0)
		return;
	ioctl(fd, FITHAW, 0); /* fails when it is not frozen, as it should be */
	close(fd);
}

void co_guest_clean(void)
{
	int i;

	thaw(getenv("CO_DISK"));

	/* A process that is gone may stay in its cgroup for a moment. */
	for (i = 0; i < 100 && rmdir(CGROUP) && errno == EBUSY; i++)
		vt_sleep_ms(10);
}

void co_need_numa(void)
{
	if (access("/sys/devices/system/node/node1/meminfo", R_OK))
		vt_skip("the guest has one NUMA node (give it --numa 2)");
}
