// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rule.h"

#define ACCESS_FLUSH_PERSISTENT (1 << 9) /* which older verbs.h have no name for */

const char *const fate_names[FATES] = {
	[FATE_ASKED] = "asked for by the program",
	[FATE_TURNED] = "turned",
	[FATE_DEVICE] = "device without on-demand paging",
	[FATE_OPERATIONS] = "operation that the device cannot do on demand",
	[FATE_HUGETLB] = "huge pages",
	[FATE_PERSISTENT] = "persistent memory",
	[FATE_UNMAPPED] = "not mapped",
	[FATE_REFUSED] = "refused by the kernel",
	[FATE_DMABUF] = "dma-buf",
	[FATE_FAILED] = "failed",
};

/* What a region with these rights may be used for, on one transport. */
static uint32_t needs_of(enum odp_transport transport, uint32_t access)
{
	uint32_t needs = ODP_SEND | ODP_RECV;

	if (transport == ODP_UD)
		return needs;
	needs |= ODP_WRITE;
	if (transport == ODP_UC)
		return needs;
	needs |= ODP_READ;
	if (transport == ODP_XRC)
		needs = (needs & ~ODP_RECV) | ODP_SRQ_RECV;
	if (access & IBV_ACCESS_REMOTE_ATOMIC)
		needs |= ODP_ATOMIC;
	return needs;
}

static bool caps_meet(const struct odp_caps *caps, unsigned int transports, uint32_t access)
{
	unsigned int i;

	for (i = 0; i < ODP_TRANSPORTS; i++)
		if ((transports & 1 << i) && (needs_of(i, access) & ~caps->ops[i]))
			return false;
	return true;
}

/*
 * By the kernel's list of mappings; nothing else happens to them. It takes a length that wraps once
 * rounded up for 0, and finds nothing missing.
 */
static bool is_mapped(uint64_t addr, uint64_t length)
{
	const uint64_t page = sysconf(_SC_PAGESIZE), first = addr & -page, end = addr + length;
	const int err = errno;
	const bool is = end > first && end <= -page &&
			!msync((void *)(uintptr_t)first, end - first, MS_ASYNC);

	errno = err;
	return is;
}

enum fate rule_apply(const struct odp_caps *caps, unsigned int transports,
		     const struct request *request)
{
	if (!caps->explicit_odp)
		return FATE_DEVICE;
	if (!caps_meet(caps, transports, request->access))
		return FATE_OPERATIONS;
	if (request->access & IBV_ACCESS_HUGETLB)
		return FATE_HUGETLB;
	if (request->access & ACCESS_FLUSH_PERSISTENT)
		return FATE_PERSISTENT;
	return is_mapped(request->addr, request->length) ? FATE_TURNED : FATE_UNMAPPED;
}
