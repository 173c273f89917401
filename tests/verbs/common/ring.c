// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Rings as a process maps them, see ring.h. */
#include "ring.h"

#define MARK_SEND    0x5e4d0f0072696e67ull
#define MARK_RECEIVE 0x4ec51fe072696e67ull

#define MAX_RINGS    64

unsigned int vt_rings_find(struct vt_ring *rings, unsigned int most, unsigned int least)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long start, end;
	unsigned int count = 0;
	char line[512];

	vt_check(maps);
	while (count < most && fgets(line, sizeof(line), maps))
		if (strstr(line, "uverbs") && sscanf(line, "%lx-%lx rw", &start, &end) == 2)
			rings[count++] = (struct vt_ring){ (uint32_t *)start, (end - start) / 4 };
	fclose(maps);
	if (count < least)
		vt_fail("%u rings are mapped, not %u at least", count, least);
	return count;
}

/* Whether the first slot of the ring is the work request of this number: all begin with it. */
static bool is_marked(const struct vt_ring *ring, uint64_t mark)
{
	const uint64_t *wr_id = (void *)((uint8_t *)ring->at + RODP_RING_DATA);

	return 4 * ring->words > RODP_RING_DATA + sizeof(*wr_id) && *wr_id == mark;
}

static struct rodp_ring_hdr *find_marked(uint64_t mark)
{
	struct vt_ring rings[MAX_RINGS];
	unsigned int count = vt_rings_find(rings, MAX_RINGS, 1), i;

	for (i = 0; i < count; i++)
		if (is_marked(&rings[i], mark))
			return (struct rodp_ring_hdr *)rings[i].at;
	vt_fail("no mapping of the device has the work request that was posted");
}

struct rodp_ring_hdr *vt_send_ring(struct vt_end *end)
{
	struct vt_op op = { .opcode = IBV_WR_SEND, .wr_id = MARK_SEND };

	if (end->qp->qp_type == IBV_QPT_UD)
		op.to.ah = vt_ah(end, &end->dev->gid, end->dev->gid_index);
	vt_post(end, &op);
	vt_expect(end, MARK_SEND, IBV_WC_WR_FLUSH_ERR);
	if (op.to.ah)
		vt_check(!ibv_destroy_ah(op.to.ah));
	return find_marked(MARK_SEND);
}

struct rodp_ring_hdr *vt_receive_ring(struct vt_end *end)
{
	vt_recv(end, MARK_RECEIVE, NULL, 0);
	vt_expect(end, MARK_RECEIVE, IBV_WC_WR_FLUSH_ERR);
	return find_marked(MARK_RECEIVE);
}

struct rodp_send_wqe *vt_send_slot(struct rodp_ring_hdr *ring, uint32_t n, uint32_t stride,
				   uint32_t entries)
{
	return (void *)((uint8_t *)ring + RODP_RING_DATA + (size_t)(n & (entries - 1)) * stride);
}
