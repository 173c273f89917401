/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* What the two sides of fuzz_provider tell each other; their headers have structures of the same names. */
#ifndef RODP_FUZZ_PROVIDER_H
#define RODP_FUZZ_PROVIDER_H

#include <stdbool.h>
#include <stdint.h>

#include "uapi/rodp_abi.h"

#define SEEN_MAX 64 /* bytes of data, or entries */

/* A send work request as the driver took it. */
struct seen {
	int status; /* enum ib_wc_status */
	uint64_t wr_id;
	uint32_t length, num_sge, imm, srqn;
	uint8_t opcode, flags;
	bool is_inline;
	/* By opcode: as struct rodp_send_wqe has them. */
	uint64_t remote_addr, compare_add, swap;
	uint32_t rkey, flush;
	struct {
		uint64_t addr, length;
		uint32_t mr_lkey, mw_rkey, new_rkey, access;
	} bind;
	struct {
		uint32_t qpn, qkey, ah_num;
	} ud;
	struct rodp_sge sge[SEEN_MAX];
	uint8_t data[1024];
};

void kernel_sees_send(const struct rodp_send_wqe *slot, uint32_t max_sge, uint32_t max_inline,
		      struct seen *seen);
/* Status: 0 or -errno. */
void kernel_sees_receive(const struct rodp_recv_wqe *slot, uint32_t max_sge, struct seen *seen);

#endif
