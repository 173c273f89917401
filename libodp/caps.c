// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Capabilities. */
#include <errno.h>
#include <string.h>

#include "ask.h"
#include "odp.h"

#define ALL_OPS ((ODP_ATOMIC_WRITE << 1) - 1)

/* Our bits are the kernel's. (libibverbs 44 has no names for the last two.) */
#define SAME(name) ((int)ODP_##name == (int)IBV_ODP_SUPPORT_##name)
_Static_assert(SAME(SEND) && SAME(RECV) && SAME(WRITE) && SAME(READ) && SAME(ATOMIC) &&
		       SAME(SRQ_RECV),
	       "enum odp_op");

/*
 * There is no bit for it. A provider or driver without ibv_advise_mr() says EOPNOTSUPP before it
 * looks at anything; one that has it finds no region of key 0, or finds one and does nothing
 * much.
 */
static bool probe_prefetch(struct ibv_pd *pd)
{
	struct ibv_sge nothing = {};
	int err = ibv_advise_mr(pd, IBV_ADVISE_MR_ADVICE_PREFETCH_NO_FAULT, 0, &nothing, 1);

	return err != EOPNOTSUPP && err != ENOSYS;
}

/*
 * Nor for dma-bufs. Who has them finds that the descriptor is none, which nobody else says; lack
 * of memory is no answer.
 */
static int probe_dmabuf(struct ibv_pd *pd)
{
	struct ibv_mr *mr;

	errno = 0;
	mr = ibv_reg_dmabuf_mr(pd, 0, 4096, 0, -1, IBV_ACCESS_LOCAL_WRITE);
	if (mr) {
		ibv_dereg_mr(mr);
		return 0;
	}
	return errno == ENOMEM ? -ENOMEM : errno == EBADF;
}

static int probe(struct ibv_context *ctx, struct odp_caps *caps)
{
	struct ibv_pd *pd;
	int dmabuf;

	errno = ENOMEM;
	pd = ibv_alloc_pd(ctx);
	if (!pd)
		return -errno;
	if (caps->explicit_odp)
		caps->prefetch = probe_prefetch(pd);
	dmabuf = probe_dmabuf(pd);
	ibv_dealloc_pd(pd);
	caps->dmabuf = dmabuf > 0;
	return dmabuf < 0 ? dmabuf : 0;
}

static int query_odp(struct ibv_context *ctx, struct odp_caps *caps)
{
	struct ibv_device_attr_ex attr = {};
	int err = ibv_query_device_ex(ctx, NULL, &attr);

	memset(caps, 0, sizeof(*caps));
	if (err)
		return err < 0 ? err : -err;
	caps->explicit_odp = !!(attr.odp_caps.general_caps & IBV_ODP_SUPPORT);
	caps->implicit_odp = !!(attr.odp_caps.general_caps & IBV_ODP_SUPPORT_IMPLICIT);
	caps->ops[ODP_RC] = attr.odp_caps.per_transport_caps.rc_odp_caps & ALL_OPS;
	caps->ops[ODP_UC] = attr.odp_caps.per_transport_caps.uc_odp_caps & ALL_OPS;
	caps->ops[ODP_UD] = attr.odp_caps.per_transport_caps.ud_odp_caps & ALL_OPS;
	caps->ops[ODP_XRC] = attr.xrc_odp_caps & ALL_OPS;
	return 0;
}

int odp_query_caps(struct ibv_context *ctx, struct odp_caps *caps)
{
	int err = query_odp(ctx, caps);

	if (!err)
		err = probe(ctx, caps);
	if (!err && caps->explicit_odp)
		caps->observes = odp_ask_answers(ctx->cmd_fd);
	return err;
}

bool odp_can(struct ibv_context *ctx, enum odp_transport transport, int ops)
{
	struct odp_caps caps;

	if ((unsigned int)transport >= ODP_TRANSPORTS || ops <= 0 || (ops & ~ALL_OPS))
		return false;
	return !query_odp(ctx, &caps) && caps.explicit_odp &&
	       (caps.ops[transport] & ops) == (uint32_t)ops;
}

bool odp_can_implicit(struct ibv_context *ctx)
{
	struct odp_caps caps;

	return !query_odp(ctx, &caps) && caps.implicit_odp;
}

bool odp_can_prefetch(struct ibv_context *ctx)
{
	struct odp_caps caps;

	return !odp_query_caps(ctx, &caps) && caps.prefetch;
}

bool odp_can_dmabuf(struct ibv_context *ctx)
{
	struct odp_caps caps;

	return !odp_query_caps(ctx, &caps) && caps.dmabuf;
}
