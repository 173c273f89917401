// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ask.h"
#include "map.h"

#define MAX_HANDLES 65536 /* of regions that are looked through */
#define MAX_ROOM    65535 /* pages of one question */

/* A copy of another process's descriptor. */
static int copy_fd(int pidfd, const char *number)
{
	return syscall(SYS_pidfd_getfd, pidfd, atoi(number), 0);
}

static bool is_device(int dir, const char *name)
{
	static const char prefix[] = "/dev/infiniband/uverbs";
	char link[64] = "";

	return readlinkat(dir, name, link, sizeof(link) - 1) > 0 &&
	       !strncmp(link, prefix, sizeof(prefix) - 1);
}

static int copy_fds(struct target *target, int pidfd, DIR *dir)
{
	const struct dirent *entry;
	int fd, err = 0;

	while ((entry = readdir(dir)) && target->fds < MAX_FDS) {
		if (!is_device(dirfd(dir), entry->d_name))
			continue;
		fd = copy_fd(pidfd, entry->d_name);
		if (fd < 0)
			err = errno;
		else if (odp_ask_answers(fd))
			target->fd[target->fds++] = fd;
		else
			close(fd);
	}
	if (target->fds)
		return 0;
	if (err)
		return say_error(
			"process %u's RDMA device is not to be had: %s; run odpctl as root",
			target->pid, strerror(err));
	return say_error("process %u has no rodp device open", target->pid);
}

static int open_process(struct target *target)
{
	char path[32];
	int pidfd = syscall(SYS_pidfd_open, target->pid, 0), status;
	DIR *dir;

	if (pidfd < 0)
		return say_error("process %u: %s", target->pid, strerror(errno));
	snprintf(path, sizeof(path), "/proc/%u/fd", target->pid);
	dir = opendir(path);
	if (dir)
		status = copy_fds(target, pidfd, dir);
	else
		status = say_error("%s: %s; run odpctl as root", path, strerror(errno));
	if (dir)
		closedir(dir);
	close(pidfd);
	return status;
}

/* The region's number in the kernel leads to its key, and the key to its addresses. */
static int find_lkey(struct target *target, const char *device, uint32_t mrn, uint32_t *lkey)
{
	struct odp_mr_info *mr = NULL;
	ssize_t n = odp_list_mrs(device, NULL, 0), i;

	if (n < 0)
		return say_error("the regions of %s: %s", device, strerror(-n));
	mr = calloc(n + 1, sizeof(*mr));
	n = mr ? odp_list_mrs(device, mr, n) : 0;
	for (i = 0; i < n && mr[i].mrn != mrn; i++)
		;
	target->pid = i < n ? mr[i].pid : 0;
	*lkey = i < n ? mr[i].lkey : 0;
	free(mr);
	if (!target->pid)
		return say_error("%s has no region %u of a process; odpctl mr lists them", device,
				 mrn);
	return *lkey ? 0 : say_error("keys of regions are shown to root only");
}

static int find_span(struct target *target, uint32_t lkey)
{
	struct odp_ask_mr mr;
	uint32_t handle;
	unsigned int i;

	for (i = 0; i < target->fds; i++) {
		for (handle = 0; handle < MAX_HANDLES; handle++) {
			if (odp_ask_mr(target->fd[i], handle, &mr) || mr.lkey != lkey)
				continue;
			target->first = mr.iova;
			if (mr.length < UINT64_MAX - mr.iova)
				target->last = mr.iova + mr.length - 1;
			return 0;
		}
	}
	return say_error("the region is gone");
}

static int open_region(struct target *target, const char *what, const char *slash)
{
	char device[IBV_SYSFS_NAME_MAX];
	uint32_t lkey = 0;

	snprintf(device, sizeof(device), "%.*s", (int)(slash - what), what);
	if (find_lkey(target, device, strtoul(slash + 1, NULL, 10), &lkey) || open_process(target))
		return 1;
	return find_span(target, lkey);
}

int target_open(struct target *target, const char *what)
{
	const char *slash = strchr(what, '/');
	int status;

	*target = (struct target){ .last = UINT64_MAX };
	if (slash) {
		status = open_region(target, what, slash);
	} else {
		target->pid = strtoul(what, NULL, 10);
		status = target->pid ? open_process(target)
				     : say_error("'%s' is neither a PID nor DEV/MRN", what);
	}
	if (status)
		target_close(target);
	return status;
}

void target_close(struct target *target)
{
	while (target->fds)
		close(target->fd[--target->fds]);
}

/* Devices that do not know the process add nothing. */
static void ask_device(const struct target *target, int fd, struct area *area)
{
	static uint8_t page[MAX_ROOM];
	const uint64_t size = sysconf(_SC_PAGESIZE);
	uint64_t next;
	size_t done, room, i;

	for (done = 0; done < area->pages; done += room) {
		room = area->pages - done < MAX_ROOM ? area->pages - done : MAX_ROOM;
		if (odp_ask_residency(fd, target->pid, area->first + done * size, room * size, page,
				      room, &next))
			return;
		for (i = 0; i < room; i++)
			area->page[done + i] |= page[i];
	}
}

static bool has_pages(const struct area *area)
{
	size_t i;

	for (i = 0; i < area->pages; i++)
		if (area->page[i] & ODP_PAGE_PRESENT)
			return true;
	return false;
}

/* Keeps the area if there is something in it. */
static int add_area(const struct target *target, struct areas *areas, struct area *area)
{
	struct area *grown;
	unsigned int i;

	area->pages = (area->last - area->first) / sysconf(_SC_PAGESIZE) + 1;
	area->page = calloc(area->pages, 1);
	grown = realloc(areas->area, (areas->n + 1) * sizeof(*grown));
	areas->area = grown ? grown : areas->area;
	if (!area->page || !grown) {
		free(area->page);
		return say_error("no memory for a map of %zu pages", area->pages);
	}
	for (i = 0; i < target->fds; i++)
		ask_device(target, target->fd[i], area);
	if (has_pages(area))
		grown[areas->n++] = *area;
	else
		free(area->page);
	return 0;
}

int target_look(const struct target *target, struct areas *areas)
{
	char path[32], line[512];
	int status = 0;
	FILE *maps;

	*areas = (struct areas){};
	snprintf(path, sizeof(path), "/proc/%u/maps", target->pid);
	maps = fopen(path, "re");
	if (!maps)
		return say_error("%s: %s", path, strerror(errno));
	while (!status && fgets(line, sizeof(line), maps)) {
		struct area area = {};

		if (!maps_read_line(line, target->first, target->last, &area))
			continue;
		say_clean(area.name);
		status = add_area(target, areas, &area);
	}
	fclose(maps);
	if (status)
		areas_free(areas);
	return status;
}

void areas_free(struct areas *areas)
{
	while (areas->n)
		free(areas->area[--areas->n].page);
	free(areas->area);
	areas->area = NULL;
}
