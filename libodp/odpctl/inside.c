// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Files of another root directory, whose owner is not trusted: links are followed as programs in it follow
 * them, so never to a file of this host; nothing but plain files is opened; names that a shell could take for more
 * are passed over.
 */
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "doctor.h"

#define ENTRIES_MOST 65536 /* of a directory: there is none with more libraries */

int inside_open(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	return syscall(SYS_openat2, root, path, &how, sizeof(how));
}

/* A descriptor of a plain file, or -1. What is none is not opened: a pipe waits, a device may do something. */
static int open_plain(int root, const char *path)
{
	const int place = inside_open(root, path, O_PATH);
	struct stat status;
	char name[32];
	int fd = -1;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", place);
	if (place >= 0 && !fstat(place, &status) && S_ISREG(status.st_mode))
		fd = open(name, O_RDONLY | O_CLOEXEC);
	if (place >= 0)
		close(place);
	return fd;
}

bool inside_has(int root, const char *path)
{
	const int fd = open_plain(root, path);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

char *inside_read(int root, const char *path, size_t *length)
{
	const int fd = open_plain(root, path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char *text;

	if (!file) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	text = doctor_read_file(file, length);
	fclose(file);
	return text;
}

/* It is printed as part of a command. */
static bool is_harmless(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._+-";

	return *name != '.' && !name[strspn(name, allowed)];
}

bool inside_find(int root, const char *dir, const char *pattern,
		 bool (*take)(int root, const char *path, void *data), void *data)
{
	const int fd = inside_open(root, dir, O_RDONLY | O_DIRECTORY);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool taken = false;
	char path[512];
	unsigned int i;

	for (i = 0; list && !taken && i < ENTRIES_MOST && (entry = readdir(list)); i++) {
		if (!is_harmless(entry->d_name) || fnmatch(pattern, entry->d_name, 0))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		taken = take(root, path, data);
	}
	if (list)
		closedir(list);
	else if (fd >= 0)
		close(fd);
	return taken;
}
