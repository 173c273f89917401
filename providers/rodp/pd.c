// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Protection domains, thread domains, and parent domains, which join one of each. To the
 * kernel a parent domain is its protection domain.
 */
#include <errno.h>
#include <stdlib.h>

#include "rodp.h"

struct rodp_td {
	struct ibv_td td;
	unsigned int users; /* parent domains, atomic */
};

struct rodp_pd {
	struct ibv_pd pd;
	unsigned int users; /* parent domains that are made of it, atomic */
	struct rodp_pd *real; /* a parent domain's own; else NULL */
	struct rodp_td *td; /* a parent domain's own, or NULL */
};

static struct rodp_pd *to_rodp_pd(struct ibv_pd *pd)
{
	return container_of(pd, struct rodp_pd, pd);
}

static void count(unsigned int *users, int by)
{
	__atomic_add_fetch(users, by, __ATOMIC_ACQ_REL);
}

static bool is_used(unsigned int *users)
{
	return __atomic_load_n(users, __ATOMIC_ACQUIRE);
}

struct ibv_pd *rodp_alloc_pd(struct ibv_context *context)
{
	struct ib_uverbs_alloc_pd_resp resp = {};
	struct ibv_alloc_pd cmd = {};
	struct rodp_pd *pd;
	int err;

	pd = calloc(1, sizeof(*pd));
	if (!pd)
		return NULL;

	err = ibv_cmd_alloc_pd(context, &pd->pd, &cmd, sizeof(cmd), &resp, sizeof(resp));
	if (err) {
		free(pd);
		errno = err;
		return NULL;
	}
	return &pd->pd;
}

/*
 * attr->td may be NULL. Allocators are refused: the queues' memory is the kernel's, so that
 * they would never be called.
 */
struct ibv_pd *rodp_alloc_parent_domain(struct ibv_context *context,
					struct ibv_parent_domain_init_attr *attr)
{
	struct rodp_pd *parent;

	if (!attr->pd) {
		errno = EINVAL;
		return NULL;
	}
	if (attr->comp_mask & ~IBV_PARENT_DOMAIN_INIT_ATTR_PD_CONTEXT) {
		errno = EOPNOTSUPP;
		return NULL;
	}
	parent = calloc(1, sizeof(*parent));
	if (!parent)
		return NULL;

	parent->real = to_rodp_pd(attr->pd);
	if (parent->real->real) /* of a parent domain: its protection domain */
		parent->real = parent->real->real;
	count(&parent->real->users, 1);
	if (attr->td) {
		parent->td = container_of(attr->td, struct rodp_td, td);
		count(&parent->td->users, 1);
	}
	parent->pd.context = context;
	parent->pd.handle = parent->real->pd.handle;
	return &parent->pd;
}

static int dealloc_parent(struct rodp_pd *parent)
{
	count(&parent->real->users, -1);
	if (parent->td)
		count(&parent->td->users, -1);
	free(parent);
	return 0;
}

int rodp_dealloc_pd(struct ibv_pd *ibpd)
{
	struct rodp_pd *pd = to_rodp_pd(ibpd);
	int err;

	if (pd->real)
		return dealloc_parent(pd);
	if (is_used(&pd->users))
		return EBUSY;
	err = ibv_cmd_dealloc_pd(ibpd);
	if (!err)
		free(pd);
	return err;
}

/* Of another process that has the same file. Returns NULL with errno set. */
struct ibv_pd *rodp_import_pd(struct ibv_context *context, uint32_t handle)
{
	struct rodp_pd *pd;
	int err;

	err = rodp_find_pd(context, handle);
	if (err) {
		errno = err;
		return NULL;
	}
	pd = calloc(1, sizeof(*pd));
	if (!pd)
		return NULL;
	pd->pd.context = context;
	pd->pd.handle = handle;
	return &pd->pd;
}

/* Only what is here: the domain is its owner's. One that parent domains lean on stays with them. */
void rodp_unimport_pd(struct ibv_pd *ibpd)
{
	struct rodp_pd *pd = to_rodp_pd(ibpd);

	if (!is_used(&pd->users))
		free(pd);
}

struct ibv_td *rodp_alloc_td(struct ibv_context *context, struct ibv_td_init_attr *attr)
{
	struct rodp_td *td;

	if (attr->comp_mask) {
		errno = EOPNOTSUPP;
		return NULL;
	}
	td = calloc(1, sizeof(*td));
	if (!td)
		return NULL;
	td->td.context = context;
	return &td->td;
}

int rodp_dealloc_td(struct ibv_td *ibtd)
{
	struct rodp_td *td = container_of(ibtd, struct rodp_td, td);

	if (is_used(&td->users))
		return EBUSY;
	free(td);
	return 0;
}
