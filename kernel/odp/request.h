/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Requests of a mirror, for mirror.c and job.c; fault.h is the contract for those who make them. */
#ifndef RODP_ODP_REQUEST_H
#define RODP_ODP_REQUEST_H

struct rodp_mirror;

/* Part of making a mirror: it has no request and no job yet. */
void rodp_requests_init(struct rodp_mirror *mirror);

/*
 * For job.c: a job is over; see to it that the starved get theirs, if there are any. Called with
 * fault_lock held; the caller has a reference to the mirror.
 */
void rodp_requests_feed(struct rodp_mirror *mirror);

#endif
