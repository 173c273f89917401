/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * What the programs that test /dev/odp-monitor share ("mon"), on top of tests/verbs' vt. They need
 * no RDMA device. Whatever is not expected ends the program, unless a function says otherwise.
 */
#ifndef MON_H
#define MON_H

#include "odp_monitor.h"
#include "vt.h"

#define MON_PATH "/dev/odp-monitor"
#define MON_PAGE 4096ul

struct mon {
	int fd;
	size_t bytes;
	struct odp_monitor_header *header;
	struct odp_monitor_slot *slot;
	uint32_t *dirty;
	struct odp_monitor_entry *ring;
};

/* A file without a monitor. */
int mon_open(void);
/* 0 or -errno. */
int mon_ioctl(int fd, unsigned long request, void *arg);
int mon_setup(int fd, uint32_t ranges, uint32_t entries, uint64_t *bytes);
int mon_watch(int fd, const void *at, size_t len, uint64_t cookie, uint32_t kinds, uint32_t *slot);
int mon_unwatch(int fd, uint32_t slot, uint64_t cookie);
bool mon_poll(int fd, int ms, short *events);

/* One that is set up and mapped. */
void mon_make(struct mon *mon, uint32_t ranges, uint32_t entries);
void mon_end(struct mon *mon);

uint64_t mon_proof(const struct mon *mon, uint32_t slot);
/* How often one of these kinds was counted; wraps. */
uint32_t mon_count(const struct mon *mon, uint32_t slot, uint32_t kinds);
/* Takes the next entry of the ring. False: there is none. */
bool mon_take(struct mon *mon, struct odp_monitor_entry *entry);
/* After an overflow: clears a word of 32 dirty bits, and tells them. */
uint32_t mon_take_dirty(struct mon *mon, uint32_t word);

/* Anonymous private memory in small pages, each of them written. */
uint8_t *mon_map(size_t len);
void mon_touch(uint8_t *at, size_t len);

#define mon_expect(call, result) mon_expect_at(__FILE__, __LINE__, #call, call, result)
void mon_expect_at(const char *file, int line, const char *call, long is, long expected);

#endif
