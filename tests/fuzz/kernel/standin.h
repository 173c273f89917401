/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * What the driver's pure files need of the kernel, in user space, for one thread. Every kernel
 * header that they include leads here (run.sh makes those files). What the kernel checks with
 * lockdep is checked: who asserts a lock must hold it, and nobody takes one twice.
 */
#ifndef RODP_FUZZ_STANDIN_H
#define RODP_FUZZ_STANDIN_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <linux/types.h>
#include <asm/byteorder.h>

#include "fuzz.h"

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;
typedef unsigned int gfp_t;

#define __user
#define __rcu
#define __force
#define __packed			__attribute__((packed))
#define likely(x)			(x)
#define unlikely(x)			(x)
#define cpu_to_be16			__cpu_to_be16
#define cpu_to_be32			__cpu_to_be32
#define cpu_to_be64			__cpu_to_be64
#define be16_to_cpu			__be16_to_cpu
#define be32_to_cpu			__be32_to_cpu
#define be64_to_cpu			__be64_to_cpu
#define U32_MAX				UINT32_MAX
#define U64_MAX				UINT64_MAX
#define PAGE_SHIFT			12
#define PAGE_SIZE			(1UL << PAGE_SHIFT)
#define ARRAY_SIZE(array)		(sizeof(array) / sizeof((array)[0]))
#define ALIGN(x, a)			(((x) + (a)-1) & ~((__typeof__(x))(a)-1))
#define min(a, b)			((a) < (b) ? (a) : (b))
#define max(a, b)			((a) > (b) ? (a) : (b))
#define min_t(type, a, b)		min((type)(a), (type)(b))
#define max_t(type, a, b)		max((type)(a), (type)(b))
#define offset_in_page(p)		((unsigned long)(p) & (PAGE_SIZE - 1))
#define DIV_ROUND_UP_ULL(a, b)		(((a) + (b)-1) / (b))
#define offsetofend(type, member)	(offsetof(type, member) + sizeof(((type *)0)->member))
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#define swap(a, b)                       \
	do {                             \
		__typeof__(a) swap_ = a; \
		a = b;                   \
		b = swap_;               \
	} while (0)
#define check_add_overflow(a, b, sum) __builtin_add_overflow(a, b, sum)
#define DECLARE_FLEX_ARRAY(type, name) \
	struct {                       \
		struct {               \
		} empty_##name;        \
		type name[];           \
	}
#define WARN_ON(condition)	fuzz_check(!(condition))
#define BUILD_BUG_ON(condition) _Static_assert(!(condition), #condition)
#define module_param(name, type, mode)
#define MODULE_PARM_DESC(name, text)

#define IS_ERR(ptr)  ((uintptr_t)(ptr) >= (uintptr_t)-4095)
#define PTR_ERR(ptr) ((long)(ptr))
#define ERR_PTR(err) ((void *)(long)(err))

/*
 * Memory that somebody else may write at any time. What is read of it has another value at the next
 * look: so who looks twice and relies on the first look is found.
 */
void fuzz_shared_read(const volatile void *at, size_t bytes);
/* Before the kernel writes there: what others do just then. */
void fuzz_shared_write(const volatile void *at);

#define READ_ONCE(x)                                                         \
	({                                                                   \
		__typeof__(x) once_ = *(const volatile __typeof__(x) *)&(x); \
		fuzz_shared_read(&(x), sizeof(x));                           \
		once_;                                                       \
	})
#define WRITE_ONCE(x, value)                               \
	do {                                               \
		fuzz_shared_write(&(x));                   \
		*(volatile __typeof__(x) *)&(x) = (value); \
	} while (0)
#define smp_load_acquire(p)	    READ_ONCE(*(p))
#define smp_store_release(p, value) WRITE_ONCE(*(p), value)
#define smp_mb()
#define smp_wmb()
#define smp_rmb()
#define smp_mb__after_atomic()
#define cpu_relax()
#define cond_resched()
#define xchg(p, value)                         \
	({                                     \
		__typeof__(*(p)) xchg_ = *(p); \
		*(p) = (value);                \
		xchg_;                         \
	})
#define cmpxchg(p, old, new)                  \
	({                                    \
		__typeof__(*(p)) was_ = *(p); \
		if (was_ == (old))            \
			*(p) = (new);         \
		was_;                         \
	})

/* A copy out of shared memory is a look, too. */
static inline void *fuzz_memcpy(void *to, const void *from, size_t bytes)
{
	__builtin_memcpy(to, from, bytes);
	fuzz_shared_read(from, bytes);
	return to;
}
#undef memcpy
#define memcpy(to, from, bytes) fuzz_memcpy(to, from, bytes)

#include "lock.h"
#include "memory.h"
#include "xarray.h"
#include "rbtree.h"

#define hweight64(x) ((unsigned int)__builtin_popcountll(x))

static inline bool fuzz_bit(const unsigned long *bits, unsigned int i)
{
	return bits[i / 64] >> (i % 64) & 1;
}

static inline unsigned int find_next_bit(const unsigned long *bits, unsigned int end,
					 unsigned int i)
{
	while (i < end && !fuzz_bit(bits, i))
		i++;
	return i;
}

static inline unsigned int find_last_bit(const unsigned long *bits, unsigned int end)
{
	for (unsigned int i = end; i--;)
		if (fuzz_bit(bits, i))
			return i;
	return end;
}

static inline void set_bit(int bit, unsigned long *bits)
{
	*bits |= 1UL << bit;
}

static inline bool test_and_clear_bit(int bit, unsigned long *bits)
{
	const bool was = *bits >> bit & 1;

	*bits &= ~(1UL << bit);
	return was;
}

/* A clock that moves, and numbers that a target can choose. */
u64 ktime_get_real_ns(void);
u32 get_random_u32_below(u32 end);
u8 get_random_u8(void);

/* Work items: whoever queues one has it pending, and the target runs it. */
struct work_struct {
	void (*function)(struct work_struct *work);
	bool pending;
};

struct delayed_work {
	struct work_struct work;
};

struct hrtimer {
	u64 expires;
};

struct workqueue_struct;
struct sk_buff;
struct sk_buff_head {
	struct sk_buff *next;
};
struct in6_addr_standin;
struct dst_cache {
	void *cache;
};
struct net;
struct net_device;
struct vm_area_struct;

typedef void (*work_func_t)(struct work_struct *work);

#define INIT_WORK(work, fn)	(*(work) = (struct work_struct){ .function = (fn) })
#define queue_work(queue, work) ((work)->pending = true)
#define cancel_work_sync(work)	((work)->pending = false)

static inline void fuzz_run_work(struct work_struct *work)
{
	if (!work->pending)
		return;
	work->pending = false;
	work->function(work);
}

#endif
