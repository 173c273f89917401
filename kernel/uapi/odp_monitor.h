/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The ABI of /dev/odp-monitor: a process asks to be told what happens to ranges of its own
 * addresses. Everything is of fixed size, naturally aligned, in the host's byte order.
 *
 *	fd = open("/dev/odp-monitor", O_RDWR | O_CLOEXEC);
 *	ioctl(fd, ODP_MONITOR_SETUP, &setup);
 *	mmap(NULL, setup.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
 *	ioctl(fd, ODP_MONITOR_WATCH, &watch);
 *
 * A file is of the address space that opened it: another one (a child of fork(), who was sent the
 * file, whoever is there after execve()) gets EPERM, or ESRCH once the first has ended, and its
 * memory is not watched. The mapping is not inherited by fork().
 *
 * The mapping begins with a struct odp_monitor_header, which tells where in it the slots, the
 * dirty bits and the ring are. All of it but two fields of the header is written by the kernel
 * only; what the process writes there it reads back itself, and the kernel never.
 *
 * A watch is of addresses, not of what is mapped there: it lasts until ODP_MONITOR_UNWATCH,
 * whatever comes and goes in between. It has a slot. The slot's word `proof` answers without a
 * system call whether the pages are the same pages still:
 *
 *	before = proof;			(even, else something is going on: come again)
 *	... pin the pages ...
 *	if (proof == before)		the pages that were pinned are those at the addresses
 *	...
 *	if (proof == before)		they still are
 *
 * proof changes when pages of the range are unmapped or replaced (ODP_MONITOR_LOSING); it is odd
 * while that goes on, and while the kernel does not know whether it does. It is never what it was
 * before, also not when the slot is given to another watch. What makes pages read-only, fork()
 * among it, leaves it as it is. It may change although the pages are the same in the end.
 *
 * The ring is for who wants to be told: entry n is at n & (entries - 1). The process reads head
 * (acquire), the entries from tail on, writes tail (release), executes a full fence, and then
 * looks at the slots that the entries name. An entry that nobody has read yet stands for what
 * follows too: a second one that is not within it has ODP_MONITOR_MANY, and there is no third. So
 * a ring of twice as many entries as ranges never overflows. Where it does, `overflows` moves,
 * nothing else is lost: the process writes to overflows_seen what it read, and looks at the slots
 * whose dirty bit is set. It clears the bit (an atomic operation), and then looks at the slot.
 *
 * poll() says POLLIN when head is not tail or overflows is not overflows_seen.
 */
#ifndef ODP_MONITOR_H
#define ODP_MONITOR_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define ODP_MONITOR_VERSION 1

/* What happened to a range; a mask where more can have. */
#define ODP_MONITOR_UNMAPPED \
	(1u << 0) /* munmap(), mremap(), a mapping over it, the end of the process */
#define ODP_MONITOR_REPLACED \
	(1u << 1) /* discarded, truncated, copied on write, migrated, reclaimed */
#define ODP_MONITOR_PROTECTED \
	(1u << 2) /* mprotect(), userfaultfd's and soft-dirty write protection, NUMA hints */
/*
 * Private memory: fork(), which makes it read-only until either side writes. Shared memory of a
 * file, which fork() leaves alone: written back.
 */
#define ODP_MONITOR_FORKED (1u << 3)
#define ODP_MONITOR_KINDS  4
#define ODP_MONITOR_ANY	   ((1u << ODP_MONITOR_KINDS) - 1)
/* Those that change `proof`. */
#define ODP_MONITOR_LOSING (ODP_MONITOR_UNMAPPED | ODP_MONITOR_REPLACED)

struct odp_monitor_header {
	__u32 version; /* ODP_MONITOR_VERSION */
	__u32 ranges; /* how many slots */
	__u32 entries; /* of the ring; a power of two, or 0 */
	__u32 dead; /* 1: the address space has ended */
	__aligned_u64 slots; /* offsets in the mapping */
	__aligned_u64 dirty; /* words of 32 bits; slot n is bit n % 32 of word n / 32 */
	__aligned_u64 ring;
	__aligned_u64 reserved0[3];
	/* The kernel's. */
	__aligned_u64 head; /* where the next entry will be */
	__aligned_u64 overflows; /* events that found no place */
	__aligned_u64 reserved1[6];
	/* The process's. */
	__aligned_u64 tail; /* the next entry that it will read */
	__aligned_u64 overflows_seen;
	__aligned_u64 reserved2[6];
};

struct odp_monitor_slot {
	__aligned_u64 proof;
	__aligned_u64 cookie; /* the watch's */
	__u32 count
		[ODP_MONITOR_KINDS]; /* by number of the bit; they wrap, and are the slot's, not the watch's */
	__aligned_u64 reserved[4];
};

struct odp_monitor_entry {
	__aligned_u64 seq; /* the entry's own number: where head was */
	__aligned_u64 cookie;
	__aligned_u64 first, last; /* addresses; the part of the range that is concerned */
	__u32 slot;
	__u32 kinds; /* one bit; with ODP_MONITOR_MANY: those that may have happened */
	__u32 flags; /* ODP_MONITOR_MANY */
	__u32 reserved0;
	__aligned_u64 reserved[2];
};

/* More than one thing happened; the slot's counts tell what. first and last are the range's. */
#define ODP_MONITOR_MANY (1u << 0)

/*
 * Calls. Fields called reserved and flags must be 0 (EINVAL). Later versions make the structures
 * longer: a longer one with zeros in what the kernel does not know is accepted (else E2BIG), of a
 * shorter one the rest is taken for 0. EPERM, ESRCH: see above. EFAULT.
 */

/*
 * Once a file, first. EBUSY: it was done. EINVAL: ranges is 0, entries no power of two and not 0.
 * ENOSPC: more than module parameters monitor_ranges, or user_monitors and user_monitor_ranges for
 * all of one user's, allow, or more than 2^20 entries. ENOMEM: also by the memory cgroup.
 */
struct odp_monitor_setup {
	__u32 ranges;
	__u32 entries;
	__u32 flags;
	__u32 reserved;
	__aligned_u64 bytes; /* out: what to map */
};

/*
 * Watches the pages that [addr, addr + len) touches. In force when it returns. ENXIO: before
 * ODP_MONITOR_SETUP. EINVAL: len is 0, the range wraps, or kinds has other bits. ENOSPC: all slots
 * are taken.
 */
struct odp_monitor_watch {
	__aligned_u64 addr;
	__aligned_u64 len;
	__aligned_u64 cookie; /* anything; comes back in entries */
	__u32 kinds; /* that make entries and dirty bits; 0: none, proof and count move nevertheless */
	__u32 flags;
	__u32 slot; /* out */
	__u32 reserved;
};

/*
 * Ends a watch. Entries from `head` on are not of it any more. ENOENT: no such slot, it is not in
 * use, or its cookie is another. ENXIO.
 */
struct odp_monitor_unwatch {
	__aligned_u64 cookie;
	__u32 slot;
	__u32 flags;
	__aligned_u64 head; /* out */
};

#define ODP_MONITOR_IOCTL   0xdb

#define ODP_MONITOR_SETUP   _IOWR(ODP_MONITOR_IOCTL, 0, struct odp_monitor_setup)
#define ODP_MONITOR_WATCH   _IOWR(ODP_MONITOR_IOCTL, 1, struct odp_monitor_watch)
#define ODP_MONITOR_UNWATCH _IOWR(ODP_MONITOR_IOCTL, 2, struct odp_monitor_unwatch)

#endif
