// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* What targets and shots share, see range.h. */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "forge.h"
#include "injector/range.h"

uint32_t range_below(struct range *range, uint32_t n)
{
	return (vt_random(&range->random) >> 16) % n;
}

bool range_once_in(struct range *range, uint32_t n)
{
	return !range_below(range, n);
}

static void open_device(struct range *range, int i)
{
	struct vt_device *dev = range->devs[i];

	range->index[i][0] = dev->gid_index;
	range->gid[i][0] = dev->gid;
	range->index[i][1] = vt_gid6(dev);
	vt_use_gid(dev, range->index[i][1]);
	range->gid[i][1] = dev->gid;
	vt_ground_make(&range->ground[i], dev);
}

void range_open(struct range *range)
{
	static const int families[] = { AF_INET, AF_INET6 };
	int i;

	range->devs[0] = vt_open_a();
	range->devs[1] = vt_open_b();
	for (i = 0; i < 2; i++) {
		open_device(range, i);
		range->to_b[i] = vt_forge_open_in(NULL, families[i]);
		range->to_a[i] = vt_forge_open_in(getenv("RDMA_PEER_NETNS"), families[i]);
	}
}

void range_close(struct range *range)
{
	int i;

	for (i = 0; i < 2; i++) {
		close(range->to_a[i]);
		close(range->to_b[i]);
		vt_ground_free(&range->ground[i]);
		vt_close(range->devs[i]);
	}
}

void range_verify(const struct range *range)
{
	vt_ground_verify(&range->ground[0], "at end a");
	vt_ground_verify(&range->ground[1], "at end b");
}

bool range_is_one(const struct range *range)
{
	return !strcmp(range->devs[0]->name, range->devs[1]->name);
}

void range_use_family(struct range *range, bool ipv6)
{
	vt_use_gid(range->devs[0], range->index[0][ipv6]);
	vt_use_gid(range->devs[1], range->index[1][ipv6]);
}
