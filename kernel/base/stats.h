/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Device counters: one per-CPU array a device, shown to users as hw_counters.
 *
 * The array has a reference count of its own, because a fault that user space blocks may end
 * after its device is gone (see odp/fault.h).
 */
#ifndef RODP_BASE_STATS_H
#define RODP_BASE_STATS_H

#include <linux/kref.h>
#include <linux/percpu.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "uapi/rodp_abi.h"

/* RODP_STATS(X) expands X(symbol, name shown to users) for each counter, in the order shown. */
#define RODP_STATS(X)                                     \
	X(SENT_PKTS, "sent_pkts")                         \
	X(RCVD_PKTS, "rcvd_pkts")                         \
	X(SENT_BYTES, "sent_bytes")                       \
	X(RCVD_BYTES, "rcvd_bytes")                       \
	X(DOORBELLS, "doorbells")                         \
	X(FLUSHED_BYTES, "flushed_bytes")                 \
	X(DUPLICATE_REQ, "duplicate_request")             \
	X(OUT_OF_SEQ, "out_of_seq_request")               \
	X(KEPT_EARLY, "kept_early")                       \
	X(SENT_RNR_NAK, "send_rnr_err")                   \
	X(RCVD_RNR_NAK, "rcvd_rnr_err")                   \
	X(SENT_SEQ_NAK, "send_seq_err")                   \
	X(RCVD_SEQ_NAK, "rcvd_seq_err")                   \
	X(RETRANSMITS, "retransmits")                     \
	X(PROBES, "loss_probes")                          \
	X(TIMEOUTS, "local_ack_timeout_err")              \
	X(RETRY_EXCEEDED, "retry_exceeded_err")           \
	X(RNR_EXCEEDED, "retry_rnr_exceeded_err")         \
	X(SEND_ERRORS, "send_err")                        \
	X(BAD_ICRC, "rcvd_icrc_err")                      \
	X(BAD_HEADER, "rcvd_header_err")                  \
	X(BAD_OPCODE, "rcvd_opcode_err")                  \
	X(NO_QP, "rcvd_qpn_err")                          \
	X(WRONG_PEER, "rcvd_peer_err")                    \
	X(BAD_PKEY, "pkey_violations")                    \
	X(BAD_QKEY, "qkey_violations")                    \
	X(WRONG_STATE, "rcvd_state_err")                  \
	X(BAD_LENGTH, "rcvd_length_err")                  \
	X(OUT_OF_BUFFER, "out_of_buffer")                 \
	X(UC_REFUSED, "uc_request_err")                   \
	X(STALE_ANSWERS, "stale_response")                \
	X(MCAST_UNWANTED, "mcast_unwanted")               \
	X(BACKLOG_DROPS, "backlog_drops")                 \
	X(ECN_MARKED, "np_ecn_marked_roce_packets")       \
	X(CNP_SENT, "np_cnp_sent")                        \
	X(CNP_HANDLED, "rp_cnp_handled")                  \
	X(CNP_IGNORED, "rp_cnp_ignored")                  \
	X(ODP_FAULTS, "odp_faults")                       \
	X(ODP_FAULTS_COALESCED, "odp_faults_coalesced")   \
	X(ODP_FAULTS_FAILED, "odp_faults_failed")         \
	X(ODP_FAULTS_STARVED, "odp_faults_starved")       \
	X(ODP_FAULTS_LATE, "odp_faults_late")             \
	X(ODP_LATE_OVER, "odp_faults_late_over")          \
	X(ODP_FAULT_RETRIES, "odp_fault_retries")         \
	X(ODP_PAGES_MAPPED, "odp_pages_mapped")           \
	X(ODP_PREFETCHES, "odp_prefetches")               \
	X(ODP_PAGES_PREFETCHED, "odp_pages_prefetched")   \
	X(ODP_PARKS, "odp_parks")                         \
	X(ODP_PARKED_NS, "odp_parked_ns")                 \
	X(ODP_INV_UNMAP, "odp_inval_unmap")               \
	X(ODP_INV_CLEAR, "odp_inval_clear")               \
	X(ODP_INV_PROTECT_VMA, "odp_inval_protect_vma")   \
	X(ODP_INV_PROTECT_PAGE, "odp_inval_protect_page") \
	X(ODP_INV_SOFT_DIRTY, "odp_inval_soft_dirty")     \
	X(ODP_INV_MIGRATE, "odp_inval_migrate")           \
	X(ODP_INV_RELEASE, "odp_inval_release")           \
	X(ODP_INV_NONBLOCK, "odp_inval_nonblock")         \
	X(ODP_PAGES_INVALIDATED, "odp_pages_invalidated") \
	X(ODP_PAGES_DIRTIED, "odp_pages_dirtied")         \
	X(ODP_YOUNG, "odp_young")                         \
	X(ODP_LEAVES_MADE, "odp_leaves_made")             \
	X(ODP_LEAVES_FREED, "odp_leaves_freed")           \
	X(ODP_LEAVES_SHRUNK, "odp_leaves_shrunk")

enum rodp_stat {
#define RODP_STAT_ENUM(sym, name) RODP_STAT_##sym,
	RODP_STATS(RODP_STAT_ENUM)
#undef RODP_STAT_ENUM
	RODP_STAT_COUNT,
	/* Where a packet is judged: nothing is wrong with it, nothing is counted. */
	RODP_STAT_NONE = RODP_STAT_COUNT,
};

struct rodp_stats {
	struct kref ref;
	u64 __percpu *value; /* RODP_STAT_COUNT of them */
	struct rodp_latency __percpu *latency; /* of faults with a waiter */
};

/**
 * rodp_stats_create() - Make counters that are all 0
 *
 * Context: Process, sleeps.
 * Return: the counters with one reference, or NULL: no memory.
 */
struct rodp_stats *rodp_stats_create(void);

/**
 * rodp_stats_put() - Drop a reference
 * @stats: the counters, freed with the last reference
 *
 * Context: Process.
 */
void rodp_stats_put(struct rodp_stats *stats);

/**
 * rodp_stats_read() - Read a counter
 * @stats: the counters
 * @stat: which one
 *
 * Adds up all CPUs; what is counted meanwhile may be missing.
 *
 * Context: Any.
 * Return: its value.
 */
u64 rodp_stats_read(const struct rodp_stats *stats, enum rodp_stat stat);

/**
 * rodp_stats_name() - The name of a counter that users see
 * @stat: which one
 *
 * Context: Any.
 * Return: the name.
 */
const char *rodp_stats_name(enum rodp_stat stat);

/**
 * rodp_stats_read_latency() - Read the histogram of faults
 * @stats: the counters
 * @latency: becomes the sum of all CPUs, as rodp_stats_read()
 *
 * Context: Any.
 */
void rodp_stats_read_latency(const struct rodp_stats *stats, struct rodp_latency *latency);

/**
 * rodp_stats_get() - Take a reference
 * @stats: the counters; the caller has a reference
 *
 * Context: Any.
 * Return: @stats.
 */
static inline struct rodp_stats *rodp_stats_get(struct rodp_stats *stats)
{
	kref_get(&stats->ref);
	return stats;
}

/**
 * rodp_stats_add() - Add to a counter
 * @stats: the counters
 * @stat: which one
 * @n: how much
 *
 * Context: Any.
 */
static inline void rodp_stats_add(struct rodp_stats *stats, enum rodp_stat stat, u64 n)
{
	this_cpu_add(stats->value[stat], n);
}

/**
 * rodp_stats_inc() - Add 1 to a counter
 * @stats: the counters
 * @stat: which one
 *
 * Context: Any.
 */
static inline void rodp_stats_inc(struct rodp_stats *stats, enum rodp_stat stat)
{
	this_cpu_inc(stats->value[stat]);
}

/* The bucket of struct rodp_latency for a time in ns. */
static inline unsigned int rodp_latency_bucket(u64 ns)
{
	return min_t(unsigned int, ilog2(ns | 1), RODP_LATENCY_BUCKETS - 1);
}

/* Add a time in ns to a histogram, which the caller has locked. */
static inline void rodp_latency_add(struct rodp_latency *latency, u64 ns)
{
	latency->sum_ns += ns;
	latency->bucket[rodp_latency_bucket(ns)]++;
}

/* Count a fault with a waiter that took ns. Any context. */
static inline void rodp_stats_latency(struct rodp_stats *stats, u64 ns)
{
	this_cpu_add(stats->latency->sum_ns, ns);
	this_cpu_inc(stats->latency->bucket[rodp_latency_bucket(ns)]);
}

#endif
