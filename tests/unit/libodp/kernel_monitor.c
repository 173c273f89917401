// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel_monitor.h"
#include "odp_monitor.h"

#define SLOTS 16
#define BYTES 4096

int test_open(const char *path, int flags, ...);
int test_ioctl(int fd, unsigned long request, ...);

static uint32_t slots;
static bool going_on; /* pages are being taken away */
static struct odp_monitor_header *header;

static struct {
	bool used;
	uint64_t first, last;
} watches[SLOTS];

static struct odp_monitor_slot *slot(uint32_t i)
{
	return (struct odp_monitor_slot *)((char *)header + header->slots) + i;
}

void kernel_monitor_have(uint32_t n)
{
	slots = n;
}

int test_open(const char *path, int flags, ...)
{
	int fd;

	(void)flags;
	if (strcmp(path, "/dev/odp-monitor"))
		abort();
	errno = ENOENT;
	if (!slots)
		return -1;
	fd = memfd_create("monitor", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, BYTES))
		abort();
	if (header)
		munmap(header, BYTES);
	header = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	memset(watches, 0, sizeof(watches));
	header->slots = 512;
	return fd;
}

static int setup(struct odp_monitor_setup *setup)
{
	setup->bytes = BYTES;
	return 0;
}

static int watch(struct odp_monitor_watch *watch)
{
	uint32_t i;

	for (i = 0; i < slots && watches[i].used; i++)
		;
	if (i == slots)
		return ENOSPC;
	watches[i].used = true;
	watches[i].first = watch->addr;
	watches[i].last = watch->addr + watch->len - 1;
	slot(i)->proof = ((slot(i)->proof + 2) & ~1ull) | going_on;
	watch->slot = i;
	return 0;
}

static int unwatch(const struct odp_monitor_unwatch *unwatch)
{
	if (!watches[unwatch->slot].used)
		abort();
	watches[unwatch->slot].used = false;
	return 0;
}

/* Each call is made twice: the first time something else was to be done. */
int test_ioctl(int fd, unsigned long request, ...)
{
	static bool again;
	va_list args;
	void *arg;

	(void)fd;
	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	again = !again;
	errno = EINTR;
	if (again)
		return -1;
	errno = request == ODP_MONITOR_SETUP   ? setup(arg)
		: request == ODP_MONITOR_WATCH ? watch(arg)
					       : unwatch(arg);
	return errno ? -1 : 0;
}

uint32_t kernel_monitor_watches(void)
{
	uint32_t i, n = 0;

	for (i = 0; i < SLOTS; i++)
		n += watches[i].used;
	return n;
}

void kernel_monitor_begin(const void *at, size_t len)
{
	const uint64_t first = (uintptr_t)at, last = first + len - 1;
	uint32_t i;

	going_on = true;
	for (i = 0; i < slots; i++)
		if (watches[i].used && watches[i].first <= last && watches[i].last >= first)
			slot(i)->proof = (slot(i)->proof + 2) | 1;
}

void kernel_monitor_end(void)
{
	uint32_t i;

	going_on = false;
	for (i = 0; i < slots; i++)
		slot(i)->proof &= ~1ull;
}
