// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Control groups (version 2). Need root. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vt.h"

#define ROOT "/sys/fs/cgroup"

static bool put(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);
	bool good = fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);

	if (fd >= 0)
		close(fd);
	return good;
}

void vt_cgroup_control(const char *controller)
{
	char word[64];

	snprintf(word, sizeof(word), "+%s", controller);
	if (!put(ROOT "/cgroup.subtree_control", word))
		vt_skip("no %s controller in " ROOT ": %m", controller);
}

void vt_cgroup_make(const char *name)
{
	char path[256];

	vt_cgroup_control("memory");
	snprintf(path, sizeof(path), ROOT "/%s", name);
	if (mkdir(path, 0755) && errno != EEXIST)
		vt_skip("mkdir %s: %m", path);
}

void vt_cgroup_set(const char *name, const char *file, const char *value)
{
	char path[256];

	snprintf(path, sizeof(path), ROOT "/%s/%s", name, file);
	if (!put(path, value))
		vt_fail("writing %s to %s: %m", value, path);
}

void vt_cgroup_enter(const char *name)
{
	vt_cgroup_set(name, "cgroup.procs", "0");
}

int64_t vt_cgroup_get(const char *name, const char *file, const char *key)
{
	char path[256], word[64];
	int64_t found = -1;
	long long value;
	FILE *in;

	snprintf(path, sizeof(path), ROOT "/%s/%s", name, file);
	in = fopen(path, "r");
	if (!in)
		vt_fail("%s: %m", path);
	if (!key && fscanf(in, "%lld", &value) == 1)
		found = value;
	while (key && found < 0 && fscanf(in, "%63s %lld", word, &value) == 2) {
		if (!strcmp(word, key))
			found = value;
	}
	fclose(in);
	return found;
}

void vt_cgroup_end(const char *name)
{
	char path[256];
	int i;

	snprintf(path, sizeof(path), ROOT "/%s", name);
	for (i = 0; i < 500 && rmdir(path) && errno == EBUSY; i++)
		vt_sleep_ms(10);
}
