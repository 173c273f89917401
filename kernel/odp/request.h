/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Requests of a mirror, for mirror.c; fault.h is the contract for those who make them. */
#ifndef RODP_ODP_REQUEST_H
#define RODP_ODP_REQUEST_H

struct rodp_mirror;

/* Part of making a mirror: it has no request and no job yet. */
void rodp_requests_init(struct rodp_mirror *mirror);

#endif
