/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * One modern kernel API for the driver, whatever kernel it is built for.
 *
 * Included by the build ahead of every file. The driver is written against the
 * newest kernel; what an older one lacks is supplied here, and the few things
 * that no name can hide are macros called RODP_*. What the kernel has is found
 * out by compile probes (probe.sh), never by its version. Nothing else in the
 * driver knows that kernels differ. README lists what is here.
 */
#ifndef RODP_COMPAT_H
#define RODP_COMPAT_H

#ifndef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#endif

#include "rodp_config.h"

#include <linux/dma-buf.h>
#include <linux/hrtimer.h>
#include <linux/local_lock.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <net/inet_dscp.h>
#include <net/udp_tunnel.h>
#include <rdma/ib_umem.h>
#include <rdma/ib_verbs.h>
#include <rdma/uverbs_ioctl.h>

/* ---- time and deferred work ---- */

#ifndef RODP_HAVE_HRTIMER_SETUP
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = function;
}
#endif

#ifndef RODP_HAVE_WQ_PERCPU
#define WQ_PERCPU 0
#endif

/* Flags of a work queue in softirqs, or else of workers that are sooner there than others. */
#if defined(RODP_HAVE_WQ_BH_PERCPU)
#define RODP_WQ_BH	 (WQ_BH | WQ_PERCPU)
#define RODP_WQ_BH_YIELD 0
#elif defined(RODP_HAVE_WQ_BH)
#define RODP_WQ_BH	 WQ_BH
#define RODP_WQ_BH_YIELD 0
#else
#define RODP_WQ_BH	 (WQ_PERCPU | WQ_MEM_RECLAIM | WQ_HIGHPRI)
#define RODP_WQ_BH_YIELD 1
#endif

/* ---- locks ---- */

/*
 * Data of a CPU that is used with BH disabled: on a kernel with PREEMPT_RT tasks with BH disabled
 * share a CPU, and this lock keeps them apart; on others it is nothing. Without the lock the kernel is
 * so old that disabling BH excludes them on PREEMPT_RT too.
 */
#ifndef RODP_HAVE_LOCAL_LOCK_NESTED_BH
#define local_lock_nested_bh(lock)   lockdep_assert_in_softirq()
#define local_unlock_nested_bh(lock) lockdep_assert_in_softirq()
#endif

/* ---- memory ---- */

#ifdef RODP_HAVE_YOUNG_BOOL
typedef bool rodp_young_t;
#else
typedef int rodp_young_t;
#endif

#ifndef RODP_HAVE_VM_FLAGS_SET
static inline void vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags |= flags;
}
#endif

#ifndef RODP_HAVE_SHRINKER_ALLOC
/* Here the name is given at registration: kept behind the shrinker until then. */
struct rodp_named_shrinker {
	struct shrinker shrinker;
	const char *name;
};

/* @name: lives as long as the shrinker; no format directives. */
static inline struct shrinker *shrinker_alloc(unsigned int flags, const char *name)
{
	struct rodp_named_shrinker *named = kzalloc(sizeof(*named), GFP_KERNEL);

	if (!named)
		return NULL;
	named->shrinker.flags = flags;
	named->shrinker.seeks = DEFAULT_SEEKS;
	named->name = name;
	return &named->shrinker;
}

/* When memory is too short to register, the shrinker is never called. */
static inline void shrinker_register(struct shrinker *shrinker)
{
	struct rodp_named_shrinker *named = container_of(shrinker, struct rodp_named_shrinker,
							 shrinker);

	if (register_shrinker(shrinker, "%s", named->name))
		pr_warn_once("no memory to register a shrinker\n");
}

static inline void shrinker_free(struct shrinker *shrinker)
{
	if (!shrinker)
		return;
	unregister_shrinker(shrinker);
	kfree(container_of(shrinker, struct rodp_named_shrinker, shrinker));
}
#endif

/* ---- dma-bufs ---- */

/* In the one file that uses them: the namespace of their symbols. */
#ifdef RODP_HAVE_IMPORT_NS_WORD
#define RODP_IMPORT_DMA_BUF MODULE_IMPORT_NS(DMA_BUF)
#else
#define RODP_IMPORT_DMA_BUF MODULE_IMPORT_NS("DMA_BUF")
#endif

#ifndef RODP_HAVE_VMAP_UNLOCKED
#define dma_buf_vmap_unlocked	dma_buf_vmap
#define dma_buf_vunmap_unlocked dma_buf_vunmap
#endif

/* ---- network ---- */

/* Sets the type of service of an IPv4 route key from the byte on the wire. */
static inline void rodp_flowi4_set_tos(struct flowi4 *fl, u8 tos)
{
#ifdef RODP_HAVE_FLOWI4_DSCP
	fl->flowi4_dscp = inet_dsfield_to_dscp(tos);
#else
	fl->flowi4_tos = tos & INET_DSCP_MASK;
#endif
}

#ifndef RODP_HAVE_UDP_TUNNEL_SK
static inline void rodp_setup_udp_tunnel_sock(struct net *net, struct sock *sk,
					      struct udp_tunnel_sock_cfg *cfg)
{
	setup_udp_tunnel_sock(net, sk->sk_socket, cfg);
}
#define setup_udp_tunnel_sock rodp_setup_udp_tunnel_sock

static inline void rodp_udp_tunnel_sock_release(struct sock *sk)
{
	udp_tunnel_sock_release(sk->sk_socket);
}
#define udp_tunnel_sock_release rodp_udp_tunnel_sock_release
#endif

/* ---- RDMA: what the core knows ---- */

#ifndef RODP_HAVE_FLUSH_VERBS
/*
 * This core refuses the access flags of FLUSH, so that it cannot be offered: its
 * capabilities and rights are nothing. The rest are the numbers of the user API.
 */
#define IB_DEVICE_FLUSH_GLOBAL	   0ull
#define IB_DEVICE_FLUSH_PERSISTENT 0ull
#define IB_DEVICE_ATOMIC_WRITE	   (1ull << 40)
#define IB_ACCESS_FLUSH_GLOBAL	   0
#define IB_ACCESS_FLUSH_PERSISTENT 0
#define IB_WR_FLUSH		   14
#define IB_WR_ATOMIC_WRITE	   15
#define IB_WC_FLUSH		   8
#define IB_WC_ATOMIC_WRITE	   9
#endif

#ifndef RODP_HAVE_ODP_FLUSH_CAPS
#ifdef RODP_HAVE_FLUSH_VERBS
#define IB_ODP_SUPPORT_FLUSH (1 << 6)
#else
#define IB_ODP_SUPPORT_FLUSH 0
#endif
#define IB_ODP_SUPPORT_ATOMIC_WRITE (1 << 7)
#endif

/* ---- RDMA: devices ---- */

#ifndef RODP_HAVE_MARK_NAME_ASSIGNED
static inline void ib_mark_name_assigned_by_user(struct ib_device *dev)
{
}
#endif

/* ---- RDMA: operations whose form changed ---- */

/*
 * RODP_<OP>_OP(name, fn) defines name(), which has the form that this kernel's
 * struct ib_device_ops wants and calls fn(), which has the modern form:
 *
 *	int fn(struct ib_cq *, const struct ib_cq_init_attr *, struct uverbs_attr_bundle *);
 *	int fn(struct ib_cq *, unsigned int cqe, struct ib_udata *);
 *	struct ib_mr *fn(struct ib_pd *, u64 start, u64 length, u64 virt_addr, int access,
 *			 struct ib_dmah *, struct ib_udata *);
 *	struct ib_mr *fn(struct ib_pd *, u64 offset, u64 length, u64 virt_addr, int fd,
 *			 int access);
 */
#ifdef RODP_HAVE_CREATE_CQ_ATTRS
#define RODP_CREATE_CQ_OP(name, fn)                                           \
	static int name(struct ib_cq *cq, const struct ib_cq_init_attr *attr, \
			struct uverbs_attr_bundle *attrs)                     \
	{                                                                     \
		return fn(cq, attr, attrs);                                   \
	}
#else
#define RODP_CREATE_CQ_OP(name, fn)                                           \
	static int name(struct ib_cq *cq, const struct ib_cq_init_attr *attr, \
			struct ib_udata *udata)                               \
	{                                                                     \
		return fn(cq, attr, rodp_udata_to_attrs(udata));              \
	}

static inline struct uverbs_attr_bundle *rodp_udata_to_attrs(struct ib_udata *udata)
{
	return udata ? container_of(udata, struct uverbs_attr_bundle, driver_udata) : NULL;
}
#endif

#ifdef RODP_HAVE_RESIZE_USER_CQ
#define RODP_RESIZE_CQ_OP(name, fn)                                                 \
	static int name(struct ib_cq *cq, unsigned int cqe, struct ib_udata *udata) \
	{                                                                           \
		return fn(cq, cqe, udata);                                          \
	}
#else
#define RODP_RESIZE_CQ_OP(name, fn)                                        \
	static int name(struct ib_cq *cq, int cqe, struct ib_udata *udata) \
	{                                                                  \
		return cqe > 0 ? fn(cq, cqe, udata) : -EINVAL;             \
	}
#define resize_user_cq resize_cq
#endif

struct ib_dmah;

#ifdef RODP_HAVE_REG_USER_MR_DMAH
#define RODP_REG_USER_MR_OP(name, fn)                                                       \
	static struct ib_mr *name(struct ib_pd *pd, u64 start, u64 length, u64 virt_addr,   \
				  int access, struct ib_dmah *dmah, struct ib_udata *udata) \
	{                                                                                   \
		return fn(pd, start, length, virt_addr, access, dmah, udata);               \
	}
#else
#define RODP_REG_USER_MR_OP(name, fn)                                                     \
	static struct ib_mr *name(struct ib_pd *pd, u64 start, u64 length, u64 virt_addr, \
				  int access, struct ib_udata *udata)                     \
	{                                                                                 \
		return fn(pd, start, length, virt_addr, access, NULL, udata);             \
	}
#endif

#if defined(RODP_HAVE_REG_DMABUF_DMAH)
#define RODP_REG_DMABUF_OP(name, fn)                                                               \
	static struct ib_mr *name(struct ib_pd *pd, u64 offset, u64 length, u64 virt_addr, int fd, \
				  int access, struct ib_dmah *dmah,                                \
				  struct uverbs_attr_bundle *attrs)                                \
	{                                                                                          \
		return fn(pd, offset, length, virt_addr, fd, access);                              \
	}
#elif defined(RODP_HAVE_REG_DMABUF_ATTRS)
#define RODP_REG_DMABUF_OP(name, fn)                                                               \
	static struct ib_mr *name(struct ib_pd *pd, u64 offset, u64 length, u64 virt_addr, int fd, \
				  int access, struct uverbs_attr_bundle *attrs)                    \
	{                                                                                          \
		return fn(pd, offset, length, virt_addr, fd, access);                              \
	}
#else
#define RODP_REG_DMABUF_OP(name, fn)                                                               \
	static struct ib_mr *name(struct ib_pd *pd, u64 offset, u64 length, u64 virt_addr, int fd, \
				  int access, struct ib_udata *udata)                              \
	{                                                                                          \
		return fn(pd, offset, length, virt_addr, fd, access);                              \
	}
#endif

/* Lines in struct ib_device_ops, where there are such operations. */
#ifdef RODP_HAVE_FILL_RES_SRQ
#define RODP_FILL_RES_SRQ(fn) .fill_res_srq_entry = fn,
#else
#define RODP_FILL_RES_SRQ(fn)
#endif

#ifdef RODP_HAVE_DMAH
struct rodp_dmah {
	struct ib_dmah ib;
};

static inline bool rodp_dmah_has_ph(const struct ib_dmah *dmah)
{
	return dmah->valid_fields & BIT(IB_DMAH_PH_EXISTS);
}

#define RODP_DMAH_OPS(alloc, dealloc)                     \
	.alloc_dmah = (alloc), .dealloc_dmah = (dealloc), \
	INIT_RDMA_OBJ_SIZE(ib_dmah, rodp_dmah, ib),
#else
static inline bool rodp_dmah_has_ph(const struct ib_dmah *dmah)
{
	return false;
}

#define RODP_DMAH_OPS(alloc, dealloc)
#endif

#ifdef RODP_HAVE_QUERY_PORT_SPEED
#define RODP_QUERY_PORT_SPEED(fn) .query_port_speed = fn,
#else
#define RODP_QUERY_PORT_SPEED(fn)
#endif

/* Without it a GID outlives its address where the core does not watch: nothing can be sent by it. */
#ifndef RODP_HAVE_DEL_NETDEV_GIDS
static inline void roce_del_all_netdev_gids(struct ib_device *dev, u32 port,
					    struct net_device *ndev)
{
}
#endif

/* ---- RDMA: user memory and the driver's part of requests ---- */

#ifndef RODP_HAVE_UMEM_GET_VA
static inline struct ib_umem *ib_umem_get_va(struct ib_device *dev, unsigned long addr, size_t size,
					     int access)
{
	return ib_umem_get(dev, addr, size, access);
}
#endif

/* In a struct ib_device_ops: every operation uses the helpers below. */
#ifdef RODP_HAVE_ROBUST_UDATA
#define RODP_ROBUST_UDATA .uverbs_robust_udata = 1,
#else
#define RODP_ROBUST_UDATA
#endif

#ifndef RODP_HAVE_UDATA_HELPERS
/* A shorter request is filled up with zeros, a longer one must end in zeros. */
static inline int rodp_udata_in(struct ib_udata *udata, void *req, size_t bytes, size_t least)
{
	size_t given = udata ? udata->inlen : 0;
	size_t common = min(bytes, given);

	if (given < least)
		return -EINVAL;
	if (given > bytes && !ib_is_udata_cleared(udata, bytes, given - bytes))
		return -EOPNOTSUPP;
	if (common && ib_copy_from_udata(req, udata, common))
		return -EFAULT;
	if (bytes > common)
		memset(req + common, 0, bytes - common);
	return 0;
}

/* A shorter buffer gets the beginning, the rest of a longer one gets zeros. */
static inline int rodp_udata_out(struct ib_udata *udata, const void *rep, size_t bytes)
{
	size_t room = udata ? udata->outlen : 0;
	size_t common = min(bytes, room);

	if (common && copy_to_user(udata->outbuf, rep, common))
		return -EFAULT;
	if (room > common && clear_user(udata->outbuf + common, room - common))
		return -EFAULT;
	return 0;
}

#define ib_copy_validate_udata_in(udata, req, end_member) \
	rodp_udata_in(udata, &(req), sizeof(req), offsetofend(typeof(req), end_member))
#define ib_respond_udata(udata, rep) rodp_udata_out(udata, &(rep), sizeof(rep))

static inline int ib_is_udata_in_empty(struct ib_udata *udata)
{
	return rodp_udata_in(udata, NULL, 0, 0);
}

static inline int ib_respond_empty_udata(struct ib_udata *udata)
{
	return rodp_udata_out(udata, NULL, 0);
}

static inline int ib_no_udata_io(struct ib_udata *udata)
{
	int err = ib_is_udata_in_empty(udata);

	if (err)
		return err;
	return ib_respond_empty_udata(udata);
}
#endif

#endif
