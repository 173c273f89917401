// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * libodp: the same program for devices with implicit regions, with explicit ones only, and with
 * neither. It asks for a key and looks at nothing else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <odp.h>

#include "loop.h"

#define LENGTH 100000

static const char *name_of(uint32_t level)
{
	return level == ODP_IMPLICIT ? "implicit" : level == ODP_EXPLICIT ? "explicit" : "pinned";
}

static struct odp_key get(struct odp_domain *domain, void *at, int access)
{
	struct odp_key key;
	int err = odp_get(domain, at, LENGTH, access, &key);

	if (!err)
		return key;
	fprintf(stderr, "a key for %d bytes: %s\n", LENGTH, strerror(-err));
	exit(1);
}

int main(int argc, char **argv)
{
	/* An argument forbids levels: a mask of enum odp_level. */
	const struct odp_domain_attr attr = { .levels = argc > 1 ? atoi(argv[1]) : 0 };
	char *from = malloc(LENGTH), *to = malloc(LENGTH);
	struct odp_key source, target;
	struct odp_domain *domain;
	struct loop loop;
	int err;

	loop_open(&loop);
	err = odp_domain_open(loop.pd, &attr, &domain);
	if (err) {
		fprintf(stderr, "a domain: %s\n", strerror(-err));
		return 1;
	}
	memset(from, 'x', LENGTH);
	source = get(domain, from, 0);
	target = get(domain, to, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE);
	loop_move(&loop, IBV_WR_RDMA_WRITE, from, source.lkey, to, target.rkey, LENGTH);
	printf("%d bytes with %s regions: %s\n", LENGTH, name_of(target.level),
	       memcmp(from, to, LENGTH) ? "different" : "the same");
	odp_put(domain, &source);
	odp_put(domain, &target);

	odp_domain_close(domain);
	loop_close(&loop);
	free(from);
	free(to);
	return 0;
}
