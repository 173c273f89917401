/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Tracepoints, in /sys/kernel/tracing/events/rodp. A disabled one costs a jump over it.
 *
 * Addresses are VAs of the process that registered the memory, sizes are bytes, times are ns.
 * `mirror` identifies the address space and is printed hashed.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM rodp

#if !defined(RODP_BASE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define RODP_BASE_TRACE_H

#include <linux/ktime.h>
#include <linux/mmu_notifier.h>
#include <linux/tracepoint.h>

TRACE_DEFINE_ENUM(MMU_NOTIFY_UNMAP);
TRACE_DEFINE_ENUM(MMU_NOTIFY_CLEAR);
TRACE_DEFINE_ENUM(MMU_NOTIFY_PROTECTION_VMA);
TRACE_DEFINE_ENUM(MMU_NOTIFY_PROTECTION_PAGE);
TRACE_DEFINE_ENUM(MMU_NOTIFY_SOFT_DIRTY);
TRACE_DEFINE_ENUM(MMU_NOTIFY_RELEASE);
TRACE_DEFINE_ENUM(MMU_NOTIFY_MIGRATE);

/* clang-format off */

#define rodp_show_event(event)                                        \
	__print_symbolic(event,                                       \
			 { MMU_NOTIFY_UNMAP, "unmap" },               \
			 { MMU_NOTIFY_CLEAR, "clear" },               \
			 { MMU_NOTIFY_PROTECTION_VMA, "protect_vma" }, \
			 { MMU_NOTIFY_PROTECTION_PAGE, "protect_page" }, \
			 { MMU_NOTIFY_SOFT_DIRTY, "soft_dirty" },     \
			 { MMU_NOTIFY_RELEASE, "release" },           \
			 { MMU_NOTIFY_MIGRATE, "migrate" })

/* A fault job is about to be queued for [va, va + bytes). */
TRACE_EVENT(rodp_fault_begin,
	TP_PROTO(const void *mirror, u64 va, u64 bytes, bool write),
	TP_ARGS(mirror, va, bytes, write),
	TP_STRUCT__entry(
		__field(const void *, mirror)
		__field(u64, va)
		__field(u64, bytes)
		__field(bool, write)
	),
	TP_fast_assign(
		__entry->mirror = mirror;
		__entry->va = va;
		__entry->bytes = bytes;
		__entry->write = write;
	),
	TP_printk("mirror=%p va=0x%llx bytes=%llu write=%d", __entry->mirror, __entry->va,
		  __entry->bytes, __entry->write)
);

/*
 * A fault job is over, ns after it was queued: everything below va is mapped, and error says why
 * the page at va is not. owner is the process whose memory it is, as the initial PID namespace
 * numbers it: where the kernel lends no threads, the thread of the event is a kernel thread.
 */
TRACE_EVENT(rodp_fault_end,
	TP_PROTO(const void *mirror, pid_t owner, u64 va, int err, u64 since),
	TP_ARGS(mirror, owner, va, err, since),
	TP_STRUCT__entry(
		__field(const void *, mirror)
		__field(pid_t, owner)
		__field(u64, va)
		__field(u64, ns)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->mirror = mirror;
		__entry->owner = owner;
		__entry->va = va;
		__entry->ns = ktime_get_ns() - since;
		__entry->error = err;
	),
	TP_printk("mirror=%p owner=%d va=0x%llx error=%d ns=%llu", __entry->mirror,
		  __entry->owner, __entry->va, __entry->error, __entry->ns)
);

/* A fault job came no further for a second: everything below va is mapped. */
TRACE_EVENT(rodp_fault_late,
	TP_PROTO(const void *mirror, u64 va, u64 since),
	TP_ARGS(mirror, va, since),
	TP_STRUCT__entry(
		__field(const void *, mirror)
		__field(u64, va)
		__field(u64, ns)
	),
	TP_fast_assign(
		__entry->mirror = mirror;
		__entry->va = va;
		__entry->ns = ktime_get_ns() - since;
	),
	TP_printk("mirror=%p va=0x%llx ns=%llu", __entry->mirror, __entry->va, __entry->ns)
);

/*
 * The mm changed [start, end), seen from one leaf: the range is the mm's, and goes beyond
 * the leaf; dropped is the leaf's alone.
 */
TRACE_EVENT(rodp_invalidate,
	TP_PROTO(const void *mirror, const struct mmu_notifier_range *range, u64 leaf,
		 unsigned int dropped),
	TP_ARGS(mirror, range, leaf, dropped),
	TP_STRUCT__entry(
		__field(const void *, mirror)
		__field(u64, leaf)
		__field(u64, start)
		__field(u64, end)
		__field(unsigned int, event)
		__field(unsigned int, dropped)
	),
	TP_fast_assign(
		__entry->mirror = mirror;
		__entry->leaf = leaf;
		__entry->start = range->start;
		__entry->end = range->end;
		__entry->event = range->event;
		__entry->dropped = dropped;
	),
	TP_printk("mirror=%p event=%s start=0x%llx end=0x%llx leaf=0x%llx dropped=%u",
		  __entry->mirror, rodp_show_event(__entry->event), __entry->start, __entry->end,
		  __entry->leaf, __entry->dropped)
);

/* A lane missed at (key, iova) and is parked; up to `bytes` from there on are requested. */
TRACE_EVENT(rodp_qp_park,
	TP_PROTO(u32 qpn, bool send, u32 key, u64 iova, u64 bytes, bool write),
	TP_ARGS(qpn, send, key, iova, bytes, write),
	TP_STRUCT__entry(
		__field(u64, iova)
		__field(u64, bytes)
		__field(u32, qpn)
		__field(u32, key)
		__field(bool, send)
		__field(bool, write)
	),
	TP_fast_assign(
		__entry->iova = iova;
		__entry->bytes = bytes;
		__entry->qpn = qpn;
		__entry->key = key;
		__entry->send = send;
		__entry->write = write;
	),
	TP_printk("qpn=%u lane=%s key=0x%x iova=0x%llx bytes=%llu write=%d", __entry->qpn,
		  __entry->send ? "send" : "recv", __entry->key, __entry->iova, __entry->bytes,
		  __entry->write)
);

/* A parked lane continues, ns after it was parked. */
TRACE_EVENT(rodp_qp_resume,
	TP_PROTO(u32 qpn, bool send, int err, u64 since),
	TP_ARGS(qpn, send, err, since),
	TP_STRUCT__entry(
		__field(u64, ns)
		__field(u32, qpn)
		__field(int, error)
		__field(bool, send)
	),
	TP_fast_assign(
		__entry->ns = ktime_get_ns() - since;
		__entry->qpn = qpn;
		__entry->error = err;
		__entry->send = send;
	),
	TP_printk("qpn=%u lane=%s error=%d ns=%llu", __entry->qpn,
		  __entry->send ? "send" : "recv", __entry->error, __entry->ns)
);

/* clang-format on */

#endif

/* Found as base/trace.h from the directory of Kbuild. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH base
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
