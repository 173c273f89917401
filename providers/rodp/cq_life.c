// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Making, resizing and ending completion queues. */
#include <errno.h>

#include "cq.h"
#include "rodp.h"

enum {
	/* Everything but what some NICs add: flow tag, tag matching. */
	SUPPORTED_WC_FLAGS = IBV_WC_STANDARD_FLAGS | IBV_WC_EX_WITH_CVLAN,
	TIMESTAMP_WC_FLAGS = IBV_WC_EX_WITH_COMPLETION_TIMESTAMP |
			     IBV_WC_EX_WITH_COMPLETION_TIMESTAMP_WALLCLOCK,
};

static int check_attr(struct ibv_context *context, const struct ibv_cq_init_attr_ex *attr)
{
	uint64_t wc_flags = SUPPORTED_WC_FLAGS;

	if (to_rodp_context(context)->timestamp_mask)
		wc_flags |= TIMESTAMP_WC_FLAGS;

	if (attr->wc_flags & ~wc_flags)
		return EOPNOTSUPP;
	if (attr->comp_mask & ~(IBV_CQ_INIT_ATTR_MASK_FLAGS | IBV_CQ_INIT_ATTR_MASK_PD))
		return EOPNOTSUPP;
	if ((attr->comp_mask & IBV_CQ_INIT_ATTR_MASK_PD) && !rodp_pd_is_parent(attr->parent_domain))
		return EINVAL;
	if ((attr->comp_mask & IBV_CQ_INIT_ATTR_MASK_FLAGS) &&
	    (attr->flags & ~IBV_CREATE_CQ_ATTR_SINGLE_THREADED))
		return EOPNOTSUPP;
	return 0;
}

static int create_in_kernel(struct rodp_cq *cq, struct ibv_context *context,
			    struct ibv_cq_init_attr_ex *attr, struct rodp_ring_resp *ring)
{
	struct {
		struct ib_uverbs_ex_create_cq_resp ibv_resp;
		struct rodp_create_cq_resp drv;
	} resp = {};
	int err;

#if RODP_RDMA_CORE >= 59
	err = ibv_cmd_create_cq_ex(context, attr, NULL, &cq->vcq, NULL, 0, &resp.ibv_resp,
				   sizeof(resp), 0);
#else
	err = ibv_cmd_create_cq_ex(context, attr, &cq->vcq, NULL, 0, &resp.ibv_resp, sizeof(resp),
				   0);
#endif
	*ring = resp.drv.ring;
	return err;
}

/* Returns NULL with errno set. */
static struct rodp_cq *create(struct ibv_context *context, struct ibv_cq_init_attr_ex *attr)
{
	const bool has_pd = attr->comp_mask & IBV_CQ_INIT_ATTR_MASK_PD;
	struct ibv_cq_init_attr_ex cmd = *attr;
	struct rodp_ring_resp ring;
	struct ibv_pd *owner;
	struct rodp_cq *cq;
	int err;

	cq = rodp_object_alloc(has_pd ? attr->parent_domain : NULL, sizeof(*cq), RODP_RESOURCE_CQ,
			       &owner);
	if (!cq)
		return NULL;
	cq->owner = owner;

	cmd.comp_mask &= ~IBV_CQ_INIT_ATTR_MASK_PD; /* is the provider's only */
	err = create_in_kernel(cq, context, &cmd, &ring);
	if (err)
		goto err_free;

	err = rodp_ring_map(&cq->ring, context, &ring, sizeof(struct rodp_cqe));
	if (err)
		goto err_destroy;

	pthread_spin_init(&cq->lock, PTHREAD_PROCESS_PRIVATE);
	cq->cons = rodp_ring_acquire(&cq->ring.hdr->cons);
	cq->prod = cq->cons;
	cq->single_threaded = (attr->comp_mask & IBV_CQ_INIT_ATTR_MASK_FLAGS) &&
			      (attr->flags & IBV_CREATE_CQ_ATTR_SINGLE_THREADED);
	return cq;

err_destroy:
	ibv_cmd_destroy_cq(&cq->vcq.cq);
err_free:
	rodp_object_free(cq, RODP_RESOURCE_CQ, owner);
	errno = err;
	return NULL;
}

struct ibv_cq *rodp_create_cq(struct ibv_context *context, int cqe,
			      struct ibv_comp_channel *channel, int comp_vector)
{
	struct ibv_cq_init_attr_ex attr = {
		.cqe = cqe,
		.channel = channel,
		.comp_vector = comp_vector,
	};
	struct rodp_cq *cq;

	cq = create(context, &attr);
	return cq ? &cq->vcq.cq : NULL;
}

struct ibv_cq_ex *rodp_create_cq_ex(struct ibv_context *context, struct ibv_cq_init_attr_ex *attr)
{
	struct rodp_cq *cq;
	int err;

	err = check_attr(context, attr);
	if (err) {
		errno = err;
		return NULL;
	}

	cq = create(context, attr);
	if (!cq)
		return NULL;
	rodp_cq_set_ex_ops(cq, attr->wc_flags);
	return &cq->vcq.cq_ex;
}

/* One step of resizing. *ring: of PREPARE, where the new one is. 0 or an errno. */
static int resize_in_kernel(struct ibv_cq *cq, int cqe, enum rodp_resize_step step,
			    struct rodp_ring_resp *ring)
{
	struct {
		struct ibv_resize_cq ibv_cmd;
		struct rodp_resize_cq_req drv;
	} cmd = { .drv.step = step };
	struct {
		struct ib_uverbs_resize_cq_resp ibv_resp;
		struct rodp_resize_cq_resp drv;
	} resp = {};
	int err;

	err = ibv_cmd_resize_cq(cq, cqe, &cmd.ibv_cmd, sizeof(cmd), &resp.ibv_resp, sizeof(resp));
	*ring = resp.drv.ring;
	return err;
}

/*
 * The new ring is mapped first. Then the kernel carries the completions that were not polled yet
 * over into it, whose counters are its own. If anything fails, the old ring is the CQ's as before.
 * cq->lock is held.
 */
static int resize(struct rodp_cq *cq, int cqe)
{
	struct ibv_cq *ibcq = &cq->vcq.cq;
	struct rodp_ring_resp resp;
	struct rodp_ring ring;
	int err;

	err = resize_in_kernel(ibcq, cqe, RODP_RESIZE_PREPARE, &resp);
	if (err)
		return err;
	err = rodp_ring_map(&ring, ibcq->context, &resp, sizeof(struct rodp_cqe));
	if (err)
		return err;
	err = resize_in_kernel(ibcq, cqe, RODP_RESIZE_COMMIT, &resp);
	if (err) {
		rodp_ring_unmap(&ring);
		return err;
	}
	rodp_ring_unmap(&cq->ring);
	cq->ring = ring;
	cq->cons = rodp_ring_acquire(&cq->ring.hdr->cons);
	cq->prod = cq->cons;
	return 0;
}

int rodp_resize_cq(struct ibv_cq *ibcq, int cqe)
{
	struct rodp_cq *cq = to_rodp_cq(ibcq);
	int err;

	rodp_cq_lock(cq);
	err = resize(cq, cqe);
	rodp_cq_unlock(cq);

	return err;
}

int rodp_destroy_cq(struct ibv_cq *ibcq)
{
	struct rodp_cq *cq = to_rodp_cq(ibcq);
	int err;

	err = ibv_cmd_destroy_cq(ibcq);
	if (err)
		return err;

	pthread_spin_destroy(&cq->lock);
	rodp_ring_unmap(&cq->ring);
	rodp_object_free(cq, RODP_RESOURCE_CQ, cq->owner);
	return 0;
}
