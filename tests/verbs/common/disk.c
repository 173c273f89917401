// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* A file on a file system on the lab's scratch disk. Needs root. */
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "vt.h"

#define PLACE "/tmp/vt-disk"
#define PIECE (1ul << 20)

static const char *disk_path(void)
{
	const char *disk = getenv("LAB_SCRATCH");

	if (!disk || !*disk)
		vt_skip("no disk: LAB_SCRATCH is not set");
	return disk;
}

static void drop(int fd)
{
	vt_check(!fsync(fd) && !posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
}

void vt_disk_make(size_t len)
{
	char *piece = malloc(PIECE);
	size_t at;
	int fd;

	vt_run("PATH=$PATH:/sbin:/usr/sbin; mkfs.ext4 -q -F %s 512M && mkdir -p " PLACE
	       " && mount %s " PLACE,
	       disk_path(), disk_path());
	fd = open(PLACE "/file", O_CREAT | O_WRONLY, 0644);
	vt_check(fd >= 0 && piece);
	for (at = 0; at < len; at += PIECE) {
		memset(piece, at / PIECE, PIECE);
		vt_check(write(fd, piece, PIECE) == (ssize_t)PIECE);
	}
	drop(fd);
	close(fd);
	free(piece);
}

uint8_t *vt_disk_map(size_t len)
{
	int fd = open(PLACE "/file", O_RDONLY);
	uint8_t *at;

	vt_check(fd >= 0);
	drop(fd);
	at = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	vt_check(at != MAP_FAILED);
	close(fd);
	return at;
}

const char *vt_disk_number(void)
{
	static char text[32];
	struct stat is;

	vt_check(!stat(disk_path(), &is));
	snprintf(text, sizeof(text), "%u:%u", major(is.st_rdev), minor(is.st_rdev));
	return text;
}

int vt_disk_open(void)
{
	int fd = open(PLACE "/file", O_WRONLY | O_CLOEXEC);

	vt_check(fd >= 0);
	return fd;
}

void vt_disk_freeze(bool on)
{
	int fd = open(PLACE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, on ? FIFREEZE : FITHAW, 0))
		vt_fail("%s the file system: %m", on ? "freezing" : "thawing");
	close(fd);
}

void vt_disk_end(void)
{
	umount(PLACE);
}
