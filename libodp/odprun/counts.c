// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "counts.h"

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW)

struct counts *counts_make(char *path, size_t room)
{
	const int fd = memfd_create("odprun", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, sizeof(struct counts)) || fcntl(fd, F_ADD_SEALS, SEALS))
		return NULL;
	snprintf(path, room, "/proc/%d/fd/%d", getpid(), fd);
	return counts_map(path);
}

/* A process that outlives its odprun may find another's file under that name. */
static bool is_ours(int fd)
{
	const int seals = fcntl(fd, F_GET_SEALS);
	struct stat stat;

	return seals >= 0 && (seals & SEALS) == SEALS && !fstat(fd, &stat) &&
	       stat.st_size == sizeof(struct counts);
}

struct counts *counts_map(const char *path)
{
	const int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *at = MAP_FAILED;

	if (fd < 0)
		return NULL;
	if (is_ours(fd))
		at = mmap(NULL, sizeof(struct counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return at == MAP_FAILED ? NULL : at;
}

static void raise_to(uint64_t *most, uint64_t is)
{
	uint64_t was = __atomic_load_n(most, __ATOMIC_RELAXED);

	while (was < is && !__atomic_compare_exchange_n(most, &was, is, true, __ATOMIC_RELAXED,
							__ATOMIC_RELAXED))
		;
}

static void add(uint64_t *now, uint64_t *most, uint64_t bytes)
{
	raise_to(most, __atomic_add_fetch(now, bytes, __ATOMIC_RELAXED));
}

void counts_register(struct counts *counts, enum fate fate, uint64_t length)
{
	__atomic_add_fetch(&counts->fate[fate].regions, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&counts->fate[fate].bytes, length, __ATOMIC_RELAXED);
	if (fate_is_pinned(fate))
		add(&counts->pinned, &counts->pinned_most, length);
	if (fate_is_pinned(fate) || fate == FATE_TURNED)
		add(&counts->memory, &counts->memory_most, length);
}

void counts_deregister(struct counts *counts, enum fate fate, uint64_t length)
{
	if (fate_is_pinned(fate))
		__atomic_sub_fetch(&counts->pinned, length, __ATOMIC_RELAXED);
	if (fate_is_pinned(fate) || fate == FATE_TURNED)
		__atomic_sub_fetch(&counts->memory, length, __ATOMIC_RELAXED);
}
