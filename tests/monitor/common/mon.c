// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* See mon.h. */
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mon.h"

int mon_open(void)
{
	const int fd = open(MON_PATH, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		vt_fail("%s does not open: %s; is odp_monitor.ko loaded?", MON_PATH,
			strerror(errno));
	return fd;
}

int mon_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) ? -errno : 0;
}

int mon_setup(int fd, uint32_t ranges, uint32_t entries, uint64_t *bytes)
{
	struct odp_monitor_setup setup = { .ranges = ranges, .entries = entries };
	const int err = mon_ioctl(fd, ODP_MONITOR_SETUP, &setup);

	*bytes = setup.bytes;
	return err;
}

int mon_watch(int fd, const void *at, size_t len, uint64_t cookie, uint32_t kinds, uint32_t *slot)
{
	struct odp_monitor_watch watch = {
		.addr = (uintptr_t)at,
		.len = len,
		.cookie = cookie,
		.kinds = kinds,
	};
	const int err = mon_ioctl(fd, ODP_MONITOR_WATCH, &watch);

	if (!err)
		*slot = watch.slot;
	return err;
}

int mon_unwatch(int fd, uint32_t slot, uint64_t cookie)
{
	struct odp_monitor_unwatch unwatch = { .slot = slot, .cookie = cookie };

	return mon_ioctl(fd, ODP_MONITOR_UNWATCH, &unwatch);
}

bool mon_poll(int fd, int ms, short *events)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	const int ready = poll(&poller, 1, ms);

	vt_check(ready >= 0);
	if (events)
		*events = poller.revents;
	return ready;
}

void mon_make(struct mon *mon, uint32_t ranges, uint32_t entries)
{
	uint64_t bytes;
	void *shared;

	mon->fd = mon_open();
	mon_expect(mon_setup(mon->fd, ranges, entries, &bytes), 0);
	shared = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, mon->fd, 0);
	vt_check(shared != MAP_FAILED);
	mon->bytes = bytes;
	mon->header = shared;
	vt_check(mon->header->version == ODP_MONITOR_VERSION);
	vt_check(mon->header->ranges == ranges && mon->header->entries == entries);
	mon->slot = shared + mon->header->slots;
	mon->dirty = shared + mon->header->dirty;
	mon->ring = shared + mon->header->ring;
}

void mon_end(struct mon *mon)
{
	vt_check(!munmap(mon->header, mon->bytes));
	vt_check(!close(mon->fd));
}

uint64_t mon_proof(const struct mon *mon, uint32_t slot)
{
	return __atomic_load_n(&mon->slot[slot].proof, __ATOMIC_ACQUIRE);
}

uint32_t mon_count(const struct mon *mon, uint32_t slot, uint32_t kinds)
{
	uint32_t sum = 0, i;

	for (i = 0; i < ODP_MONITOR_KINDS; i++)
		if (kinds >> i & 1)
			sum += __atomic_load_n(&mon->slot[slot].count[i], __ATOMIC_RELAXED);
	return sum;
}

bool mon_take(struct mon *mon, struct odp_monitor_entry *entry)
{
	const uint64_t tail = mon->header->tail;

	if (tail == __atomic_load_n(&mon->header->head, __ATOMIC_ACQUIRE))
		return false;
	*entry = mon->ring[tail & (mon->header->entries - 1)];
	vt_check(entry->seq == tail);
	__atomic_store_n(&mon->header->tail, tail + 1, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return true;
}

uint32_t mon_take_dirty(struct mon *mon, uint32_t word)
{
	return __atomic_exchange_n(&mon->dirty[word], 0, __ATOMIC_SEQ_CST);
}

uint8_t *mon_map(size_t len)
{
	uint8_t *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	vt_check(at != MAP_FAILED);
	vt_small_pages(at, len);
	mon_touch(at, len);
	return at;
}

void mon_touch(uint8_t *at, size_t len)
{
	size_t i;

	for (i = 0; i < len; i += MON_PAGE)
		*(volatile uint8_t *)(at + i) = 1;
}

void mon_expect_at(const char *file, int line, const char *call, long is, long expected)
{
	if (is != expected)
		vt_fail("%s:%d: %s is %ld (%s), not %ld (%s)", file, line, call, is,
			is < 0 ? strerror(-is) : "", expected,
			expected < 0 ? strerror(-expected) : "");
}
