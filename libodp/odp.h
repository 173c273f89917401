/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * libodp: RDMA on memory that nobody pinned, on any provider of libibverbs.
 *
 * Calls return 0 (or what they say) or a negative errno, those that return bool have no errors;
 * errno itself says nothing. Whatever a call uses is in its arguments. Calls may run at the same
 * time in any threads unless they say otherwise. Lengths are bytes, addresses are virtual addresses
 * of the calling process, times are nanoseconds. Reserved fields must be 0 in structures that the
 * caller fills in, and are 0 in those that the library does.
 *
 * libodp(3) is the map of the manual, and says what later versions may change.
 */
#ifndef ODP_H
#define ODP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <infiniband/verbs.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Versions: libodp(3) ---- */

#define ODP_VERSION_MAJOR 1
#define ODP_VERSION_MINOR 0
#define ODP_VERSION_PATCH 0

/* A version as one number, of which a later one is larger. */
#define ODP_VERSION_OF(major, minor, patch) ((major)*1000000 + (minor)*1000 + (patch))
/* That of this header. */
#define ODP_VERSION ODP_VERSION_OF(ODP_VERSION_MAJOR, ODP_VERSION_MINOR, ODP_VERSION_PATCH)

/* That of the library that the program runs with. */
unsigned int odp_version(void);

/* ---- Capabilities: odp_can(3) ---- */

enum odp_transport {
	ODP_RC,
	ODP_UC,
	ODP_UD,
	ODP_XRC,
};

#define ODP_TRANSPORTS 4

/* What a message does with on-demand memory. A mask of them is an int. */
enum odp_op {
	ODP_SEND = 1 << 0, /* the sender's buffer */
	ODP_RECV = 1 << 1, /* a receive queue's buffer */
	ODP_WRITE = 1 << 2, /* either end of it, as of all that follow */
	ODP_READ = 1 << 3,
	ODP_ATOMIC = 1 << 4,
	ODP_SRQ_RECV = 1 << 5, /* a shared receive queue's buffer */
	ODP_FLUSH = 1 << 6,
	ODP_ATOMIC_WRITE = 1 << 7,
};

/* Everything that a device says of on-demand paging. */
struct odp_caps {
	uint32_t explicit_odp; /* 1: regions of bounds, IBV_ACCESS_ON_DEMAND */
	uint32_t implicit_odp; /* 1: regions of the whole address space */
	uint32_t prefetch; /* 1: ibv_advise_mr() */
	uint32_t observes; /* 1: odp_residency(), odp_mr_stats(), odp_latency() (a rodp device) */
	uint32_t ops[ODP_TRANSPORTS]; /* masks of enum odp_op */
	uint32_t dmabuf; /* 1: odp_get_dmabuf() */
	uint32_t reserved32;
	uint64_t reserved[3];
};

/* Asks the device: some system calls. -ENOMEM, and what the device answers. */
int odp_query_caps(struct ibv_context *ctx, struct odp_caps *caps);

/*
 * True: on-demand memory works with all of ops over the transport. False: it does not, or the
 * device does not answer (odp_query_caps() says why), or there is no such transport or operation.
 */
bool odp_can(struct ibv_context *ctx, enum odp_transport transport, int ops);
/* Regions of the whole address space; prefetch; dma-bufs. False: also if the device does not answer. */
bool odp_can_implicit(struct ibv_context *ctx);
bool odp_can_prefetch(struct ibv_context *ctx);
bool odp_can_dmabuf(struct ibv_context *ctx);

/* ---- The memory domain: odp_domain_open(3), odp_get(3) ---- */

/* The ways to a key, the best first. A mask of them is an int. */
enum odp_level {
	ODP_IMPLICIT = 1 << 0, /* one region for the whole address space */
	ODP_EXPLICIT = 1 << 1, /* on-demand regions, cached */
	ODP_PINNED = 1 << 2, /* pinned regions, cached within a bound */
	/* How keys of odp_get_dmabuf() are had, and no others: nobody allows or forbids it. */
	ODP_DMABUF = 1 << 3,
};

#define ODP_ANY_LEVEL (ODP_IMPLICIT | ODP_EXPLICIT | ODP_PINNED)

enum odp_domain_flags {
	/*
	 * The caller promises to call odp_forget() for all memory that had a key, before it is
	 * unmapped or its pages are given back by other means. Then pinned regions are used again
	 * without a look at the memory. A promise that is not kept sends data to pages that the
	 * process has lost.
	 */
	ODP_FORGETS = 1 << 0,
};

struct odp_domain_attr {
	uint32_t levels; /* enum odp_level, which are allowed; 0: all */
	uint32_t flags; /* enum odp_domain_flags */
	/*
	 * By transport, the operations that the keys are for: a level that cannot do them all is
	 * not used.
	 */
	uint32_t needs[ODP_TRANSPORTS];
	/*
	 * Most bytes that are pinned at once, in whole pages, held or cached; 0: what the process
	 * may lock (RLIMIT_MEMLOCK), or half of the host's memory where that has no limit or the
	 * process is privileged (CAP_IPC_LOCK). For moments more, while one thread still
	 * deregisters what it gave up for another.
	 */
	uint64_t pinned_max;
	/*
	 * Explicit regions begin and end at multiples of this, a power of two of at least a page;
	 * 0: 2 MiB. A key reaches what lies around the memory that was asked for.
	 */
	uint64_t grain;
	/* Most explicit regions that are kept although nobody holds them; 0: 256. */
	uint32_t explicit_max;
	uint32_t reserved32;
	uint64_t reserved[4];
};

struct odp_domain;

/*
 * A domain hands out keys in one PD, which must outlive it. attr may be NULL.
 *
 * -EOPNOTSUPP: none of the allowed levels is there with these needs. -EINVAL, -ENOMEM.
 */
int odp_domain_open(struct ibv_pd *pd, const struct odp_domain_attr *attr,
		    struct odp_domain **domain);

/*
 * Ends a domain and deregisters all that it cached. Nobody else may be using it.
 *
 * -EBUSY: a key is held, or a memory window is bound to a region of a key: the domain stays as it
 * is.
 */
int odp_domain_close(struct odp_domain *domain);

struct odp_domain_info {
	uint32_t levels; /* enum odp_level: those that this domain uses */
	uint32_t proof; /* enum odp_proof */
	uint64_t held; /* keys that are held */
	uint64_t implicit_regions, explicit_regions, pinned_regions; /* registered now */
	uint64_t pinned_bytes;
	uint64_t hits; /* calls of odp_get() that found a region */
	uint64_t registrations;
	uint64_t stale; /* pinned regions of memory that was no longer there */
	uint64_t evictions; /* regions given up for others */
	uint64_t retries; /* system calls made again after EAGAIN or EINTR */
	uint64_t pinned_max; /* the bound that holds */
	uint64_t dmabuf_regions; /* registered now */
	uint64_t reserved[6];
};

/* Why a pinned region may be used for a second odp_get(). */
enum odp_proof {
	ODP_PROOF_NONE, /* it may not: each odp_get() registers */
	ODP_PROOF_PAGES, /* its page frames are looked up, which takes CAP_SYS_ADMIN */
	ODP_PROOF_PROMISE, /* ODP_FORGETS */
	ODP_PROOF_MONITOR, /* the kernel tells what went, by /dev/odp-monitor */
};

int odp_domain_query(struct odp_domain *domain, struct odp_domain_info *info);

/* A right to memory, from odp_get() to odp_put(). A key must not be copied and put twice. */
struct odp_key {
	uint32_t lkey;
	uint32_t rkey;
	uint32_t level; /* enum odp_level: how it was had */
	uint32_t reserved32;
	struct ibv_mr *mr; /* for ibv_bind_mw() and odp_mr_stats(); it is the domain's */
	void *region; /* the domain's */
	uint64_t reserved[2];
};

/*
 * A key for [addr, addr + len), whose addresses on the wire are the process's. access: enum
 * ibv_access_flags without ON_DEMAND, ZERO_BASED and HUGETLB; the key has these rights and no
 * others. It may reach more memory than asked for: the implicit level all, the explicit one whole
 * grains, the pinned one whole pages. Whoever must keep a peer from that binds a memory window to
 * it, or forbids levels.
 *
 * With ODP_IMPLICIT and ODP_EXPLICIT the key means what is mapped there at each access; nothing
 * needs to be mapped when it is got. With ODP_PINNED it means the pages that were there when it
 * was got, and the memory must stay mapped, and not be given back, from before the call until
 * odp_put().
 *
 * -EINVAL: len is 0, the range wraps, access is not possible. -EFAULT: the memory cannot be
 * pinned (not mapped, or not writable). -ENOSPC: pinned_max, and all that is pinned is held.
 * -ENOMEM: also RLIMIT_MEMLOCK, or too many regions. -EAGAIN: the kernel kept asking to come
 * again for about a second. -ECHILD: the domain is of the parent process. And what the device
 * answers.
 */
int odp_get(struct odp_domain *domain, void *addr, size_t len, int access, struct odp_key *key);

/*
 * Gives a key back. What was posted with it must be complete. The key becomes all zeros.
 *
 * -EINVAL: it is no key, or was given back already. -ECHILD: done, but the domain is of the parent
 * process, which keeps the key.
 */
int odp_put(struct odp_domain *domain, struct odp_key *key);

/*
 * The same for n ranges, and with the same rights: key[i] is for range[i]. All, or none: then the
 * keys are all zeros, and the error is that of the first range that has none. Cheaper than n
 * calls, since those that are cached are found under one lock.
 */
int odp_get_many(struct odp_domain *domain, const struct iovec *range, size_t n, int access,
		 struct odp_key *key);
/* Gives n keys back. The first error; the others are given back nevertheless. */
int odp_put_many(struct odp_domain *domain, struct odp_key *key, size_t n);

/* A part of a dma-buf. */
struct odp_dmabuf {
	int fd; /* of the dma-buf; need not stay open after the call */
	uint32_t reserved32;
	uint64_t offset; /* bytes from its beginning */
	uint64_t len; /* bytes */
	/*
	 * The address of its first byte on the wire, any: the offset, or where it is mapped. The same
	 * distance from the beginning of a page as the offset.
	 */
	uint64_t iova;
	uint64_t reserved[4];
};

/*
 * A key for a part of a dma-buf: memory of another device (a GPU), or of whoever exported it.
 * access as for odp_get(). Given back by odp_put(). Whether the exporter may move the memory
 * meanwhile is between it and the device (mlx5 follows it, rodp has it stay); it is never
 * process memory that is pinned, and does not count in pinned_max.
 *
 * While a key is held, others of parts within that one's, with the same rights and the same
 * distance of iova and offset, are of the same region, and may reach all of it. The last odp_put()
 * deregisters: the region keeps the dma-buf, and with it the memory, from going. Who needs keys
 * often holds one of all of it for as long as it lives.
 *
 * -EOPNOTSUPP: the device has no dma-bufs, or not of this exporter. -EBADF: no descriptor.
 * -EINVAL: no dma-buf, not in it, len is 0, access or iova is not possible. -EACCES: it was opened
 * to be read. -ENOMEM, -EAGAIN, -ECHILD, and what the device answers.
 */
int odp_get_dmabuf(struct odp_domain *domain, const struct odp_dmabuf *memory, int access,
		   struct odp_key *key);

/*
 * [addr, addr + len) is about to be unmapped, or just was: no odp_get() that begins after this
 * one returned finds an explicit or pinned region that was made before. Those that nobody holds
 * are deregistered.
 *
 * -EBUSY: done, but a pinned key that reaches into the range is held, and its pages with it,
 * until odp_put(). -EINVAL, -ECHILD.
 */
int odp_forget(struct odp_domain *domain, void *addr, size_t len);

/* ---- Prefetch: odp_prefetch(3) ---- */

enum odp_prefetch_how {
	ODP_PREFETCH_READ, /* fault in, to be read */
	ODP_PREFETCH_WRITE, /* fault in, to be written */
	ODP_PREFETCH_RESIDENT, /* no fault: only what is in memory already */
};

enum odp_prefetch_flags {
	ODP_PREFETCH_WAIT = 1 << 0, /* return when it is done */
};

/*
 * Makes the device know the pages of n ranges, of any lengths and number, all within the region
 * of key or, when key is NULL, through regions of the domain (never pinned ones). Devices that
 * keep what they know by region (mlx5) are ready only for the key that was given here; rodp is
 * ready for all. Ranges of length 0 are left out. Without ODP_PREFETCH_WAIT it is a hint that may
 * come to nothing.
 *
 * The first error; the rest is done nevertheless. -EOPNOTSUPP: the device has no prefetch, the
 * domain no level without pinning, or the key is pinned or of a dma-buf. -EINVAL: also a range that the key's
 * region does not cover. -EFAULT, with ODP_PREFETCH_WAIT: memory that cannot be faulted in.
 * -ENOMEM, -EAGAIN, -ECHILD.
 */
int odp_prefetch(struct odp_domain *domain, const struct odp_key *key, const struct iovec *range,
		 size_t n, enum odp_prefetch_how how, unsigned int flags);

struct odp_stream;

/*
 * A stream keeps `window` bytes (0: 4 MiB) ahead of someone who goes through [addr, addr + len)
 * from its beginning to its end prefetched, without waiting. Calls on one stream must not run at
 * the same time. The domain and the key (which may be NULL) must outlive it. -EINVAL, -ENOMEM,
 * and as odp_prefetch().
 */
int odp_stream_open(struct odp_domain *domain, const struct odp_key *key, void *addr, size_t len,
		    enum odp_prefetch_how how, size_t window, struct odp_stream **stream);

/*
 * The work has come to `offset` bytes from the beginning, for the first time or again. Cheap (no
 * system call) until half of the window is used up. Returns the offset up to which was
 * prefetched, or -errno as odp_prefetch().
 */
ssize_t odp_stream_at(struct odp_stream *stream, size_t offset);
void odp_stream_close(struct odp_stream *stream);

/* ---- Observing: odp_mr_stats(3) ---- */

/* What happened in a region since it was registered: pages, or calls where "_handled" says so. */
struct odp_mr_stats {
	uint64_t page_faults;
	uint64_t page_faults_handled;
	uint64_t page_invalidations;
	uint64_t page_invalidations_handled;
	uint64_t page_prefetch;
	uint64_t reserved[7];
};

/*
 * Of one's own region. -EOPNOTSUPP: the region is pinned, or the device does not tell. -EACCES:
 * of another process.
 */
int odp_mr_stats(struct ibv_mr *mr, struct odp_mr_stats *stats);

struct odp_counter {
	char name[64];
	uint64_t value;
	uint64_t reserved;
};

/*
 * The counters of a port of the device, by name; those of rodp's paging begin with "odp_". Fills
 * in at most `room` of them and returns how many there are. -ENOENT: the device has none that are
 * visible from here.
 */
ssize_t odp_device_counters(struct ibv_context *ctx, uint8_t port, struct odp_counter *counter,
			    size_t room);

#define ODP_LATENCY_BUCKETS 40

/*
 * Waits for faults: bucket[n] counts those of 2^n to 2^(n+1) - 1 ns, the first 0 as well, the
 * last all that are longer.
 */
struct odp_latency {
	uint64_t sum_ns;
	uint64_t bucket[ODP_LATENCY_BUCKETS];
	uint64_t reserved[3];
};

enum odp_latency_scope {
	ODP_LATENCY_DEVICE, /* of everybody, since the device was made */
	ODP_LATENCY_OWN, /* of this process through this context */
};

/* -EOPNOTSUPP: the device does not tell. -EINVAL. */
int odp_latency(struct ibv_context *ctx, enum odp_latency_scope scope, struct odp_latency *latency);

/* A page as the device sees it. */
enum odp_page {
	ODP_PAGE_TRACKED = 1 << 0, /* the device has a place for it */
	ODP_PAGE_PRESENT = 1 << 1, /* it reads the page without a fault */
	ODP_PAGE_WRITABLE = 1 << 2, /* and writes it */
	ODP_PAGE_DIRTY = 1 << 3, /* it did, and the kernel has not been told yet */
	ODP_PAGE_ACCESSED = 1 << 4, /* it touched it lately */
};

/*
 * A byte (enum odp_page) for each page that [addr, addr + len) touches, of memory that this
 * process has on demand through this context. page has room for all of them. -EOPNOTSUPP: the
 * device does not tell. -EINVAL.
 */
int odp_residency(struct ibv_context *ctx, void *addr, size_t len, uint8_t *page);

/* A region of anybody on this host, as the kernel's resource tracking shows it. */
struct odp_mr_info {
	char device[IBV_SYSFS_NAME_MAX];
	uint32_t mrn; /* its number in the kernel */
	uint32_t pid; /* of its owner, as seen from here; 0: a kernel consumer */
	uint64_t length; /* bytes; UINT64_MAX: implicit */
	uint32_t lkey, rkey; /* 0 without CAP_NET_ADMIN */
	uint32_t level; /* enum odp_level; 0: the device does not tell */
	uint32_t has_stats; /* 1: stats is filled in */
	struct odp_mr_stats stats;
	char owner[32]; /* the kernel consumer's name, or "" */
	uint64_t reserved[8];
};

/*
 * All regions of one device (NULL: of all). Fills in at most `room` and returns how many there
 * are, or -errno.
 */
ssize_t odp_list_mrs(const char *device, struct odp_mr_info *info, size_t room);

/* ---- Fault events: odp_watch_open(3) ---- */

struct odp_watch;

/* What happened since the last odp_watch_read(). */
struct odp_event {
	uint64_t faults; /* pages faulted in */
	uint64_t prefetched; /* pages prefetched */
	uint64_t invalidations; /* pages lost */
	uint64_t at_ns; /* CLOCK_MONOTONIC: when the last of it was noticed */
	uint64_t reserved[4];
};

/*
 * Watches one's own region, or all paging of the device when mr is NULL. A thread looks at the
 * counters every interval_ms (0: 10 ms); an event is noticed that late at most, and what happened
 * meanwhile comes as one. -EOPNOTSUPP: the device does not tell. -EINVAL, -ENOMEM, -EAGAIN: no
 * thread, -EMFILE.
 */
int odp_watch_open(struct ibv_context *ctx, struct ibv_mr *mr, unsigned int interval_ms,
		   struct odp_watch **watch);
/*
 * For poll() and its like: readable while odp_watch_read() has something to say. Owned by the
 * watch.
 */
int odp_watch_fd(const struct odp_watch *watch);
/*
 * 1: *event is what happened; 0: nothing did. -ENODEV: the region or the device is gone, and
 * nothing will come.
 */
int odp_watch_read(struct odp_watch *watch, struct odp_event *event);
/* Before the region is deregistered or the device closed. */
void odp_watch_close(struct odp_watch *watch);

#ifdef __cplusplus
}
#endif

#endif
