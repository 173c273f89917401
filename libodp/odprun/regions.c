// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <stdlib.h>

#include "regions.h"

#define FIRST_PLACES 64

static const struct region nothing = { .fate = FATE_FAILED };

static size_t home_of(const struct regions *regions, uint64_t name)
{
	return (name * 0x9e3779b97f4a7c15ull >> 32) & (regions->places - 1);
}

/* Its place, or the free one where it would be. There is a free one. */
static size_t place_of(const struct regions *regions, uint64_t name)
{
	size_t at = home_of(regions, name);

	while (regions->place[at].used && regions->place[at].name != name)
		at = (at + 1) & (regions->places - 1);
	return at;
}

/* At most three quarters are taken. */
static bool make_room(struct regions *regions)
{
	struct regions grown = { .places = regions->places ? 2 * regions->places : FIRST_PLACES };
	size_t i;

	if (4 * (regions->n + 1) <= 3 * regions->places)
		return true;
	grown.place = calloc(grown.places, sizeof(*grown.place));
	if (!grown.place)
		return false;
	for (i = 0; i < regions->places; i++)
		if (regions->place[i].used)
			grown.place[place_of(&grown, regions->place[i].name)] = regions->place[i];
	grown.n = regions->n;
	free(regions->place);
	*regions = grown;
	return true;
}

struct region regions_put(struct regions *regions, struct region region)
{
	struct region was = nothing;
	size_t at;

	if (!make_room(regions))
		return nothing;
	at = place_of(regions, region.name);
	if (regions->place[at].used)
		was = regions->place[at];
	else
		regions->n++;
	region.used = true;
	regions->place[at] = region;
	return was;
}

void regions_clear(struct regions *regions)
{
	free(regions->place);
	*regions = (struct regions){};
}

/* Those behind it move up, so that none is cut off from its home. */
static void close_gap(struct regions *regions, size_t gap)
{
	const size_t mask = regions->places - 1;
	size_t at, home;

	for (at = (gap + 1) & mask; regions->place[at].used; at = (at + 1) & mask) {
		home = home_of(regions, regions->place[at].name);
		if (((at - home) & mask) < ((at - gap) & mask))
			continue;
		regions->place[gap] = regions->place[at];
		gap = at;
	}
	regions->place[gap].used = false;
}

struct region regions_take(struct regions *regions, uint64_t name)
{
	struct region was;
	size_t at;

	if (!regions->places)
		return nothing;
	at = place_of(regions, name);
	if (!regions->place[at].used)
		return nothing;
	was = regions->place[at];
	regions->n--;
	close_gap(regions, at);
	return was;
}
