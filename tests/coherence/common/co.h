/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The coherence matrix ("co"): what its rows share.
 *
 * A row is one way in which the mm changes pages. A cell is a row with one kind of
 * on-demand region (explicit or implicit) and one column, which is a way in which
 * the device touches memory. Each cell runs in a process of its own.
 *
 * A cell's region has two parts. The first, the hot one, has device traffic all
 * the while that the event goes on; the rest, the still one, has none then. The
 * model says for every word what it must be, so that afterwards both are compared
 * byte for byte. Lengths and offsets are in bytes, times in milliseconds.
 *
 * As with vt.h, nothing returns an error: what was not expected ends the process.
 */
#ifndef CO_H
#define CO_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "vt.h"

#define CO_PAGE	 4096
#define CO_BLOCK (4 * CO_PAGE) /* what one operation moves; also what the driver copies a hold */
#define CO_HUGE	 (2ul << 20)

enum co_memory {
	CO_EXPLICIT,
	CO_IMPLICIT,
	CO_MEMORIES
};

enum co_column {
	CO_LOCAL_READ, /* the device gathers a message from the region, by lkey */
	CO_LOCAL_WRITE, /* it scatters one into the region, by lkey */
	CO_REMOTE_READ, /* a peer READs the region, by rkey */
	CO_REMOTE_WRITE, /* a peer WRITEs it */
	CO_ATOMIC, /* a peer's FETCH_ADD and CMP_SWP */
	CO_COLUMNS
};

/* What an event makes of the content. */
enum co_fate {
	CO_KEPT, /* nothing */
	CO_REBORN, /* model.reborn's words in every page */
	CO_REBORN_STILL, /* the same, in the still part only */
	CO_EITHER, /* each page one or the other, unless it was written since */
};

/* What an event takes away until the row's restore. */
#define CO_READ	 1u
#define CO_WRITE 2u

struct co_cell;

struct co_row {
	const char *name;
	size_t len; /* of the region; default 128 KiB */
	unsigned int rounds; /* default 2 */
	enum co_fate fate;
	unsigned int denies; /* CO_READ, CO_WRITE */
	/*
	 * A device counter that the event must move; "none": no invalidation may
	 * arrive at all. NULL: the row looks itself.
	 */
	const char *counter;
	/* The pages of before the event stay visible through alias, and may not change after it. */
	bool watch;

	/* Sets region.at to region.len bytes (region.c has the usual ways). */
	void (*map)(struct co_cell *cell);
	void (*event)(struct co_cell *cell);
	/* What goes on after the event, once the traffic was everywhere; it is everywhere again then. */
	void (*later)(struct co_cell *cell);
	/* Makes all of the region accessible again, and the CPU able to read and write it. */
	void (*restore)(struct co_cell *cell);
	/* After the content was verified; traffic is at rest. */
	void (*check)(struct co_cell *cell);
	/* Instead of the usual stages. */
	void (*run)(struct co_cell *cell);
};

/* What each word of the region must be. Word i of stamp s is co_stamp(s, i). */
struct co_model {
	uint64_t *word; /* of the whole region */
	uint32_t stamp; /* the last one used */
	uint32_t reborn; /* the stamp of reborn pages; 0: zeros */
	size_t torn; /* where a write was under way that failed, */
	uint32_t torn_stamp; /* and its stamp; 0: none */
};

struct co_region {
	uint8_t *at; /* 2 MiB aligned, nothing else in its 2 MiB or beside it */
	size_t len;
	uint8_t *alias; /* the same pages once more, or NULL */
	int fd; /* of the file behind, or -1 */
};

/* When an operation ran, in relation to the event. */
enum co_phase {
	CO_BEFORE,
	CO_DURING,
	CO_AFTER
};

struct co_traffic {
	pthread_t thread;
	atomic_int phase; /* enum co_phase */
	atomic_bool stop, ended;
	atomic_uint laps; /* times that the hot part was done in full */
	unsigned char *known; /* a page each, see traffic.c */
};

struct co_cell {
	const struct co_row *row;
	enum co_memory memory;
	enum co_column column;
	unsigned int round;
	struct co_region region;
	struct vt_device *owner, *peer;
	struct vt_conn conn; /* a: the owner's end, b: the peer's */
	struct ibv_mr *mr;
	struct vt_buf plain; /* of the peer, pinned, a block */
	struct co_model model;
	struct co_traffic traffic;
	void *data; /* the row's own */
};

/* ---- rows/table.c ---- */

struct co_entry {
	const char *group;
	const struct co_row *row;
};

extern const struct co_entry co_table[]; /* an empty one at the end */

/* ---- cell.c: the stages ---- */

/* Runs the cell and ends the process. */
_Noreturn void co_cell_run(struct co_cell *cell);
/* Registers the region, connects. The row's map has been called. */
void co_cell_open(struct co_cell *cell);
void co_cell_close(struct co_cell *cell);
/* New content everywhere, put there or read by the device, verified by the CPU. */
void co_cell_sync(struct co_cell *cell);
/* New content by the CPU, through the alias where there is one. */
void co_cell_fill(struct co_cell *cell, size_t from, size_t to);
/* Compares the region as the CPU sees it with the model. */
void co_cell_verify(struct co_cell *cell, size_t from, size_t to, const char *what);
/* The device does the column to the whole region, and what it reads is right. */
void co_cell_touch(struct co_cell *cell);
/* The device must be refused; the connection is renewed. */
void co_cell_refused(struct co_cell *cell, const char *what);
size_t co_hot(const struct co_cell *cell);
bool co_writes(const struct co_cell *cell);
/* Whether the row takes the column's access away. */
bool co_denied(const struct co_cell *cell);

/* ---- column.c: the operations ---- */

const char *co_memory_name(enum co_memory memory);
const char *co_column_name(enum co_column column);
/*
 * One operation of the cell's column on a block; variant chooses between the two
 * opcodes of a local column. Data comes from, or goes to, cell->plain. Returns the status.
 */
enum ibv_wc_status co_operate(struct co_cell *cell, size_t offset, unsigned int variant);
/* One atomic on the word at offset; *old is what it found. */
enum ibv_wc_status co_fetch_add(struct co_cell *cell, size_t offset, uint64_t add, uint64_t *old);
enum ibv_wc_status co_cmp_swp(struct co_cell *cell, size_t offset, uint64_t compare, uint64_t swap,
			      uint64_t *old);
/* After an operation that failed. */
void co_reconnect(struct co_cell *cell);
/* Fails unless the status is what an access to memory that is not there ends with. */
void co_check_refusal(enum ibv_wc_status status);

/* ---- traffic.c ---- */

void co_traffic_start(struct co_cell *cell);
/* Returns when every hot page was done from here on, or the traffic was refused. */
void co_traffic_lap(struct co_cell *cell);
/* Returns when the traffic was refused. */
void co_traffic_refused(struct co_cell *cell);
void co_traffic_stop(struct co_cell *cell);

/* ---- stamp.c ---- */

uint64_t co_stamp(uint32_t stamp, size_t word);
void co_stamp_fill(void *at, uint32_t stamp, size_t from, size_t to);
/* Compares [from, to) of the region, at being its first byte, with the model. */
void co_model_verify(const struct co_cell *cell, const uint8_t *at, size_t from, size_t to,
		     const char *what);
/* The model takes a stamp in [from, to). */
void co_model_set(struct co_cell *cell, uint32_t stamp, size_t from, size_t to);

/* ---- region.c ---- */

void co_map_anon(struct co_cell *cell); /* private, anonymous, small pages */
void co_map_anon_huge(
	struct co_cell *cell); /* private, anonymous, a huge page where there is one */
void co_map_memfd(struct co_cell *cell); /* shared, with alias */
void co_map_disk(struct co_cell *cell); /* a file on a disk, shared, with alias */
void co_map_dax(struct co_cell *cell); /* a file in persistent memory, shared, with alias */
void co_map_fd(struct co_cell *cell, int fd); /* the file shared, with alias */
/* Maps the region's file at its place again. */
void co_map_again(struct co_cell *cell);

/* ---- pages.c: what the mm says of pages ---- */

/* The entry of /proc/self/pagemap. */
uint64_t co_pagemap(const void *at);
/* Frame number, 0 if there is none. */
uint64_t co_pfn(const void *at);
#define CO_SOFT_DIRTY (1ull << 55)
/* Frame numbers of a range, for co_moved(). */
uint64_t *co_pfns(const void *at, size_t len);
/* How many pages have another frame than that, and do have one. */
size_t co_moved(const void *at, size_t len, const uint64_t *pfns);
/* A field of the mapping in /proc/self/smaps, KiB. */
uint64_t co_smaps(const void *at, const char *field);

/* ---- guest.c: the machine's knobs ---- */

/* Writes to a file of the kernel's; skips when there is none. */
void co_set(const char *path, const char *format, ...) VT_PRINTF(2, 3);
/* The same, but returns whether it was taken. */
bool co_try(const char *path, const char *format, ...) VT_PRINTF(2, 3);
/* A number in a file of the kernel's, -1 when there is none. */
int64_t co_get(const char *path);
/* Calls done every few ms until it is true; false after ms. */
bool co_until(bool (*done)(struct co_cell *cell), struct co_cell *cell, unsigned int ms);
bool co_kernel_at_least(int major, int minor);
/* A cgroup for the calling process, with a memory controller; its directory. */
const char *co_cgroup(void);
/* For the runner of the cells: undoes what a cell that failed may have left. */
void co_guest_clean(void);
/* Skips unless the guest has two NUMA nodes with memory. */
void co_need_numa(void);

/* ---- events.c: the device's counters ---- */

/* A counter as it is now. */
int64_t co_counter(const struct vt_device *dev, const char *counter);
/* The sum of all kinds of invalidations. */
int64_t co_invalidations(const struct vt_device *dev);
/* Waits until the counter is above before; fails naming the row's event. */
void co_expect_moved(const struct vt_device *dev, const char *counter, int64_t before);

#endif
