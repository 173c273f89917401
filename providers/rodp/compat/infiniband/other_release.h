/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * <infiniband/verbs.h> for a library of another release than that header's: what the two have
 * of different lengths. Public structures grow at their end and are passed with a mask or a size,
 * so the header's do, but for these:
 *
 *   verbs_context   grows at its start, and the library counts from there
 *   verbs_qp        has members behind a public structure
 *   ibv_dmah, ibv_mr_init_attr  an older header does not have
 *
 * RODP_VERBS_CONTEXT_START, RODP_VERBS_QP_COMP_MASK: bytes, as ../../layout/facts.list has them
 * for the release RODP_RDMA_CORE. RODP_OTHER_RELEASE: the header's release.
 */
#ifndef RODP_COMPAT_OTHER_RELEASE_H
#define RODP_COMPAT_OTHER_RELEASE_H

#include <stddef.h>
#include <stdint.h>

/* The header's inline functions keep the header's structure. */
#define verbs_context verbs_context_of_header
#include <infiniband/verbs.h>
#undef verbs_context

struct verbs_context {
	uint64_t start[RODP_VERBS_CONTEXT_START / sizeof(uint64_t)];
	struct ibv_context context;
};

struct verbs_xrcd;

struct verbs_qp {
	union {
		struct ibv_qp qp;
		/* Of this, an older library has only what lies before comp_mask. */
		struct ibv_qp_ex qp_ex;
		struct {
			uint8_t before[RODP_VERBS_QP_COMP_MASK];
			uint32_t comp_mask;
			struct verbs_xrcd *xrcd;
		};
	};
};

#if RODP_RDMA_CORE >= 59 && RODP_OTHER_RELEASE < 59
struct ibv_dmah_init_attr;

struct ibv_dmah {
	struct ibv_context *context;
};

enum {
	IBV_REG_MR_MASK_IOVA = 1,
	IBV_REG_MR_MASK_ADDR = 2
};

/* Its beginning: what these two bits are about. */
struct ibv_mr_init_attr {
	size_t length;
	int access;
	uint64_t comp_mask;
	uint64_t iova;
	void *addr;
};
#endif

#endif
