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
static int probe_prefetch(struct ibv_context *ctx)
{
	struct ibv_sge nothing = {};
	struct ibv_pd *pd = ibv_alloc_pd(ctx);
	int err;

	if (!pd)
		return errno ? -errno : -ENOMEM;
	err = ibv_advise_mr(pd, IBV_ADVISE_MR_ADVICE_PREFETCH_NO_FAULT, 0, &nothing, 1);
	ibv_dealloc_pd(pd);
	return err != EOPNOTSUPP && err != ENOSYS;
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

	if (err || !caps->explicit_odp)
		return err;
	err = probe_prefetch(ctx);
	if (err < 0)
		return err;
	caps->prefetch = err;
	caps->observes = odp_ask_answers(ctx->cmd_fd);
	return 0;
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
