// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* A port's counters, from sysfs: one file each, whose name is the counter's. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "odp.h"

/* Of the directory of a device; false: it is no number. */
static bool read_value(DIR *dir, const char *name, uint64_t *value)
{
	char text[32] = "", *end = text;
	int fd = openat(dirfd(dir), name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (read(fd, text, sizeof(text) - 1) > 0)
		*value = strtoull(text, &end, 10);
	close(fd);
	return end != text;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct odp_counter *)a)->name, ((const struct odp_counter *)b)->name);
}

/* All of a directory, sorted. How many there are. */
static size_t read_all(DIR *dir, struct odp_counter *counter, size_t room)
{
	const struct dirent *entry;
	struct odp_counter one = {};
	size_t n = 0;

	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || strlen(entry->d_name) >= sizeof(one.name) ||
		    !strcmp(entry->d_name, "lifespan") ||
		    !read_value(dir, entry->d_name, &one.value))
			continue;
		strcpy(one.name, entry->d_name);
		if (n < room)
			counter[n] = one;
		n++;
	}
	qsort(counter, n < room ? n : room, sizeof(*counter), by_name);
	return n;
}

ssize_t odp_device_counters(struct ibv_context *ctx, uint8_t port, struct odp_counter *counter,
			    size_t room)
{
	char path[IBV_SYSFS_PATH_MAX + 64];
	ssize_t n;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/ports/%u/hw_counters", ctx->device->ibdev_path, port);
	dir = opendir(path);
	if (!dir)
		return -errno;
	n = read_all(dir, counter, room);
	closedir(dir);
	return n;
}
