// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Memory to be attacked, see ground.h. */
#include <sys/mman.h>

#include "ground.h"
#include "vt.h"

/* The parts that have a region; between them, and around them, guards. */
enum part {
	OPEN = 1,
	CLOSED = 3,
	STALE = 5,
	FOREIGN = 7,
	PARTS = 9
};

#define SEED 0x67726f756e64ull

static uint8_t *part(const struct vt_ground *ground, int n)
{
	return ground->map + n * VT_GROUND_PART;
}

static struct ibv_mr *reg(struct ibv_pd *pd, uint8_t *at, int access)
{
	struct ibv_mr *mr = ibv_reg_mr(pd, at, VT_GROUND_PART, access);

	if (!mr)
		vt_fail("registering %lu bytes, access 0x%x: %m", VT_GROUND_PART, access);
	return mr;
}

static void fill(struct vt_ground *ground)
{
	int n;

	for (n = 0; n < PARTS; n++)
		if (n != OPEN)
			vt_fill(part(ground, n), VT_GROUND_PART, SEED, n * VT_GROUND_PART);
}

void vt_ground_make(struct vt_ground *ground, struct vt_device *dev)
{
	struct ibv_mr *stale;

	*ground = (struct vt_ground){};
	ground->map = mmap(NULL, PARTS * VT_GROUND_PART, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ground->map == MAP_FAILED)
		vt_fail("mapping %lu bytes: %m", PARTS * VT_GROUND_PART);
	fill(ground);
	ground->open = reg(dev->pd, part(ground, OPEN), VT_ACCESS_ALL);
	if (vt_has_odp(dev, 0))
		ground->paged = reg(dev->pd, part(ground, OPEN),
				    VT_ACCESS_ALL | IBV_ACCESS_ON_DEMAND);
	ground->closed = reg(dev->pd, part(ground, CLOSED), IBV_ACCESS_LOCAL_WRITE);
	ground->other_pd = ibv_alloc_pd(dev->ctx);
	vt_check(ground->other_pd);
	ground->foreign = reg(ground->other_pd, part(ground, FOREIGN), VT_ACCESS_ALL);
	stale = reg(dev->pd, part(ground, STALE), VT_ACCESS_ALL);
	ground->stale_key = stale->rkey;
	vt_check(!ibv_dereg_mr(stale));
}

void vt_ground_free(struct vt_ground *ground)
{
	vt_check(!ibv_dereg_mr(ground->open));
	vt_check(!ground->paged || !ibv_dereg_mr(ground->paged));
	vt_check(!ibv_dereg_mr(ground->closed));
	vt_check(!ibv_dereg_mr(ground->foreign));
	vt_check(!ibv_dealloc_pd(ground->other_pd));
	munmap(ground->map, PARTS * VT_GROUND_PART);
}

void vt_ground_verify(const struct vt_ground *ground, const char *what)
{
	static const char *const names[PARTS] = {
		"before the region", NULL,
		"behind the region", "without remote rights",
		"between regions",   "of a region that is gone",
		"between regions",   "of another PD",
		"behind all",
	};
	char text[128];
	int n;

	for (n = 0; n < PARTS; n++) {
		if (n == OPEN)
			continue;
		snprintf(text, sizeof(text), "%s: memory %s", what, names[n]);
		vt_verify(part(ground, n), VT_GROUND_PART, SEED, n * VT_GROUND_PART, text);
	}
}

uint8_t *vt_ground_open(const struct vt_ground *ground)
{
	return part(ground, OPEN);
}

struct ibv_sge vt_ground_sge(const struct vt_ground *ground, size_t offset, uint32_t len)
{
	return (struct ibv_sge){
		.addr = (uintptr_t)part(ground, OPEN) + offset,
		.length = len,
		.lkey = ground->open->lkey,
	};
}
