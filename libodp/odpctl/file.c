// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "odpctl.h"

FILE *file_create(const char *path, mode_t mode)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (file)
		return file;
	say_error("%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return NULL;
}

int file_close(FILE *file, const char *path)
{
	/* What was written before may have failed without a word. */
	const bool bad = fflush(file) || ferror(file);
	const int err = errno;

	if (!fclose(file) && !bad)
		return 0;
	return say_error("%s: %s", path, strerror(bad ? err : errno));
}
