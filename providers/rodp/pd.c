// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Protection domains, thread domains, and parent domains, which join one of each. To the
 * kernel a parent domain is its protection domain.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rodp.h"

/*
 * IBV_PARENT_DOMAIN_INIT_ATTR_ALLOW_CC_UNPROTECTED_ALLOC, for devices that a confidential guest
 * shuts out of its memory. Here the CPU copies. Not every header has the name.
 */
#define ALLOWED_ANYWAY	 (RODP_RDMA_CORE >= 64 ? 1 << 2 : 0)

#define OBJECT_ALIGNMENT 64 /* bytes: locks and counters share no line of a cache with others' */

struct rodp_td {
	struct ibv_td td;
	unsigned int users; /* parent domains, atomic */
};

struct rodp_pd {
	struct ibv_pd pd;
	unsigned int users; /* parent domains that are made of it, atomic */
	struct rodp_pd *real; /* a parent domain's own; else NULL */
	struct rodp_td *td; /* a parent domain's own, or NULL */
	/* A parent domain's allocators (both or none), and what they are called with. */
	void *(*alloc)(struct ibv_pd *pd, void *context, size_t size, size_t alignment,
		       uint64_t type);
	void (*free)(struct ibv_pd *pd, void *context, void *ptr, uint64_t type);
	void *alloc_context;
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
 * attr->td may be NULL. Allocators give the memory of what the provider itself keeps of an object;
 * the memory of the queues is the kernel's.
 */
struct ibv_pd *rodp_alloc_parent_domain(struct ibv_context *context,
					struct ibv_parent_domain_init_attr *attr)
{
	struct rodp_pd *parent;

	if (!attr->pd) {
		errno = EINVAL;
		return NULL;
	}
	if (attr->comp_mask & ~(IBV_PARENT_DOMAIN_INIT_ATTR_ALLOCATORS |
				IBV_PARENT_DOMAIN_INIT_ATTR_PD_CONTEXT | ALLOWED_ANYWAY)) {
		errno = EOPNOTSUPP;
		return NULL;
	}
	if ((attr->comp_mask & IBV_PARENT_DOMAIN_INIT_ATTR_ALLOCATORS) &&
	    (!attr->alloc || !attr->free)) {
		errno = EINVAL;
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
	if (attr->comp_mask & IBV_PARENT_DOMAIN_INIT_ATTR_ALLOCATORS) {
		parent->alloc = attr->alloc;
		parent->free = attr->free;
	}
	if (attr->comp_mask & IBV_PARENT_DOMAIN_INIT_ATTR_PD_CONTEXT)
		parent->alloc_context = attr->pd_context;
	parent->pd.context = context;
	parent->pd.handle = parent->real->pd.handle;
	return &parent->pd;
}

bool rodp_pd_is_parent(struct ibv_pd *pd)
{
	return to_rodp_pd(pd)->real;
}

/* Zeroed memory of an object, of the parent domain's allocator if there is one. NULL: errno says why. */
void *rodp_object_alloc(struct ibv_pd *pd, size_t size, enum rodp_resource type,
			struct ibv_pd **owner)
{
	struct rodp_pd *parent = pd ? to_rodp_pd(pd) : NULL;
	void *object = IBV_ALLOCATOR_USE_DEFAULT;

	*owner = NULL;
	if (parent && parent->alloc)
		object = parent->alloc(pd, parent->alloc_context, size, OBJECT_ALIGNMENT, type);
	if (object == IBV_ALLOCATOR_USE_DEFAULT)
		return calloc(1, size);
	if (!object) {
		errno = ENOMEM;
		return NULL;
	}
	count(&parent->users, 1);
	*owner = pd;
	return memset(object, 0, size);
}

void rodp_object_free(void *object, enum rodp_resource type, struct ibv_pd *owner)
{
	struct rodp_pd *parent;

	if (!owner) {
		free(object);
		return;
	}
	parent = to_rodp_pd(owner);
	parent->free(owner, parent->alloc_context, object, type);
	count(&parent->users, -1);
}

static int dealloc_parent(struct rodp_pd *parent)
{
	if (is_used(&parent->users))
		return EBUSY;
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
