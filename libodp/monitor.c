// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "monitor.h"
#include "odp_monitor.h"

/* Regions that a domain can prove at a time: a fraction of what the kernel gives one user. */
#define RANGES 4096

/* How often somebody comes again who finds that pages are being changed. */
#define QUIET_TRIES 64

static int call(int fd, unsigned long request, void *arg)
{
	int done;

	do {
		done = ioctl(fd, request, arg);
	} while (done < 0 && errno == EINTR);
	return done < 0 ? -errno : 0;
}

static int set_up(struct odp_monitor *monitor)
{
	struct odp_monitor_setup setup = { .ranges = RANGES };
	const struct odp_monitor_header *header;
	int err = call(monitor->fd, ODP_MONITOR_SETUP, &setup);

	if (err)
		return err;
	header = mmap(NULL, setup.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, monitor->fd, 0);
	if (header == MAP_FAILED)
		return -errno;
	monitor->shared = (void *)header;
	monitor->bytes = setup.bytes;
	monitor->slots = header->slots;
	return 0;
}

int odp_monitor_open(struct odp_monitor *monitor)
{
	int err;

	monitor->fd = open("/dev/odp-monitor", O_RDWR | O_CLOEXEC);
	if (monitor->fd < 0)
		return -errno;
	err = set_up(monitor);
	if (err) {
		close(monitor->fd);
		monitor->fd = -1;
	}
	return err;
}

void odp_monitor_close(struct odp_monitor *monitor, bool home)
{
	if (monitor->fd < 0)
		return;
	/* A child may have something else at these addresses. */
	if (home)
		munmap(monitor->shared, monitor->bytes);
	close(monitor->fd);
	monitor->fd = -1;
}

int odp_monitor_watch(const struct odp_monitor *monitor, uint64_t first, uint64_t last,
		      uint32_t *slot)
{
	struct odp_monitor_watch watch = { .addr = first, .len = last - first + 1 };
	int err = call(monitor->fd, ODP_MONITOR_WATCH, &watch);

	if (!err)
		*slot = watch.slot;
	return err;
}

void odp_monitor_unwatch(const struct odp_monitor *monitor, uint32_t slot)
{
	struct odp_monitor_unwatch unwatch = { .slot = slot };

	call(monitor->fd, ODP_MONITOR_UNWATCH, &unwatch);
}

uint64_t odp_monitor_proof(const struct odp_monitor *monitor, uint32_t slot)
{
	const struct odp_monitor_slot *slots = (const void *)((const char *)monitor->shared +
							      monitor->slots);

	return __atomic_load_n(&slots[slot].proof, __ATOMIC_ACQUIRE);
}

uint64_t odp_monitor_quiet_proof(const struct odp_monitor *monitor, uint32_t slot)
{
	uint64_t proof = odp_monitor_proof(monitor, slot);
	int i;

	for (i = 0; i < QUIET_TRIES && (proof & 1); i++) {
		sched_yield();
		proof = odp_monitor_proof(monitor, slot);
	}
	return proof;
}
