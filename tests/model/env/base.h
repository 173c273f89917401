/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Types, macros, atomics, memory: what every file of a kernel takes for granted. */
#ifndef MODEL_ENV_BASE_H
#define MODEL_ENV_BASE_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "odp/entries_env.h"
#include "wire/env.h"

typedef __s64 s64;
typedef unsigned int gfp_t;
typedef int kuid_t;

#define __percpu
#define __rcu
#define __force
#define __user
#define noinline		__attribute__((noinline))
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)

#define U8_MAX			UINT8_MAX
#define U32_MAX			UINT32_MAX
#define U64_MAX			UINT64_MAX

#define NSEC_PER_USEC		1000ull
#define NSEC_PER_MSEC		1000000L
#define SZ_64K			0x10000
#define SZ_16M			0x1000000

#define GFP_KERNEL		0u
#define GFP_ATOMIC		1u
#define GFP_KERNEL_ACCOUNT	0u
#define __GFP_RETRY_MAYFAIL	0u
#define __GFP_NOWARN		0u

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define BIT(n)			(1ul << (n))
#define ALIGN(x, a)		(((x) + (a)-1) & ~((__typeof__(x))(a)-1))
#define IS_ALIGNED(x, a)	(((x) & ((__typeof__(x))(a)-1)) == 0)
#define BUILD_BUG_ON(condition) _Static_assert(!(condition), #condition)
#define DECLARE_FLEX_ARRAY(type, name) \
	struct {                       \
		struct {               \
		} empty_##name;        \
		type name[];           \
	}
#define container_of(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

#define min(a, b)                       \
	({                              \
		__typeof__(a) a_ = (a); \
		__typeof__(b) b_ = (b); \
		a_ < b_ ? a_ : b_;      \
	})
#define max(a, b)                       \
	({                              \
		__typeof__(a) a_ = (a); \
		__typeof__(b) b_ = (b); \
		a_ > b_ ? a_ : b_;      \
	})
#define min_t(type, a, b) min((type)(a), (type)(b))
#define max_t(type, a, b) max((type)(a), (type)(b))
#define max3(a, b, c)	  max((__typeof__(a))max(a, b), (__typeof__(a))(c))
#define swap(a, b)                         \
	do {                               \
		__typeof__(a) swap_ = (a); \
		(a) = (b);                 \
		(b) = swap_;               \
	} while (0)

#define READ_ONCE_PTR(p) (*(const volatile __typeof__(*(p)) *)(p))

/* One thread: what is stored is seen. */
#define smp_mb()		__asm__ __volatile__("" ::: "memory")
#define smp_mb__after_atomic()	smp_mb()
#define smp_wmb()		smp_mb()
#define wmb()			smp_mb()
#define smp_load_acquire(p)	READ_ONCE_PTR(p)
#define smp_store_release(p, v) WRITE_ONCE(*(p), v)

#define xchg(p, v)                            \
	({                                    \
		__typeof__(*(p)) old_ = *(p); \
		*(p) = (v);                   \
		old_;                         \
	})
#define cmpxchg64(p, o, n) cmpxchg(p, o, n)
#define cmpxchg(p, o, n)                      \
	({                                    \
		__typeof__(*(p)) old_ = *(p); \
		if (old_ == (o))              \
			*(p) = (n);           \
		old_;                         \
	})
#define try_cmpxchg(p, o, n)               \
	({                                 \
		bool same_ = *(p) == *(o); \
		if (same_)                 \
			*(p) = (n);        \
		else                       \
			*(o) = *(p);       \
		same_;                     \
	})

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	s64 counter;
} atomic64_t;

typedef struct {
	int count;
} refcount_t;

struct kref {
	refcount_t refcount;
};

#define ATOMIC64_INIT(v) \
	{                \
		(v)      \
	}

static inline int atomic_add_return(int n, atomic_t *v)
{
	return v->counter += n;
}

static inline int atomic_read(const atomic_t *v)
{
	return v->counter;
}

static inline void atomic_set(atomic_t *v, int n)
{
	v->counter = n;
}

static inline void atomic_add(int n, atomic_t *v)
{
	v->counter += n;
}

static inline void atomic_inc(atomic_t *v)
{
	v->counter++;
}

static inline int atomic_xchg(atomic_t *v, int n)
{
	return xchg(&v->counter, n);
}

static inline void atomic_sub(int n, atomic_t *v)
{
	v->counter -= n;
}

static inline int atomic_inc_return(atomic_t *v)
{
	return ++v->counter;
}

static inline void atomic_dec(atomic_t *v)
{
	v->counter--;
}

static inline int atomic_dec_return_release(atomic_t *v)
{
	return --v->counter;
}

static inline s64 atomic64_inc_return(atomic64_t *v)
{
	return ++v->counter;
}

static inline void refcount_set(refcount_t *ref, int n)
{
	ref->count = n;
}

static inline void refcount_inc(refcount_t *ref)
{
	ref->count++;
}

static inline bool refcount_inc_not_zero(refcount_t *ref)
{
	return ref->count && ref->count++;
}

static inline bool refcount_dec_and_test(refcount_t *ref)
{
	return --ref->count == 0;
}

static inline void kref_get(struct kref *ref)
{
	refcount_inc(&ref->refcount);
}

static inline void set_bit(int n, unsigned long *word)
{
	*word |= BIT(n);
}

static inline bool test_and_clear_bit(int n, unsigned long *word)
{
	bool was = *word & BIT(n);

	*word &= ~BIT(n);
	return was;
}

static inline unsigned int ilog2(u64 n)
{
	return 63 - __builtin_clzll(n);
}

/**
 * env_broken() - a rule of the kernel's was broken: the run fails
 * @what: the rule
 *
 * Does not return.
 */
void env_broken(const char *what) __attribute__((noreturn));

#define env_require(condition, what)        \
	do {                                \
		if (unlikely(!(condition))) \
			env_broken(what);   \
	} while (0)

#define WARN_ON(condition)                                  \
	({                                                  \
		bool bad_ = (condition);                    \
		env_require(!bad_, "WARN_ON: " #condition); \
		bad_;                                       \
	})
#define WARN_ON_ONCE(condition) WARN_ON(condition)

#define ERR_PTR(err)		((void *)(long)(err))
#define PTR_ERR(p)		((long)(p))
#define IS_ERR(p)		((unsigned long)(p) >= (unsigned long)-4095)

/* Memory: what is allocated is counted, so that a leak is seen. */
extern long env_allocations;

static inline void *env_alloc(size_t bytes)
{
	env_allocations++;
	return calloc(1, bytes);
}

static inline void env_free(const void *p)
{
	if (p)
		env_allocations--;
	free((void *)p);
}

/* There is no memory for who cannot wait. */
extern bool env_short;

#define kzalloc(bytes, gfp) env_alloc(bytes)
#define kcalloc(n, bytes, gfp) \
	(env_short && ((gfp)&GFP_ATOMIC) ? NULL : env_alloc((size_t)(n) * (bytes)))
#define kvcalloc(n, bytes, gfp) env_alloc((size_t)(n) * (bytes))
#define kfree(p)		env_free(p)
#define kvfree(p)		env_free(p)

/* CPUs: two, of which one runs at a time. */
#define ENV_CPUS 2

extern int env_cpu;

/* There is one task. */
struct task_struct {
	int unused;
};

extern struct task_struct env_task;

#define current		       (&env_task)

#define smp_processor_id()     env_cpu
#define raw_smp_processor_id() env_cpu
#define preempt_disable() \
	do {              \
	} while (0)
#define preempt_enable() \
	do {             \
	} while (0)
#define cond_resched() \
	do {           \
	} while (0)
#define local_softirq_pending()	   0
#define NET_RX_SOFTIRQ		   3
#define for_each_possible_cpu(cpu) for (cpu = 0; cpu < ENV_CPUS; cpu++)

static inline bool cpu_online(int cpu)
{
	return cpu < ENV_CPUS;
}

#define DEFINE_PER_CPU(type, name) __typeof__(type) name[ENV_CPUS]
#define this_cpu_ptr(p)		   (&(*(p))[env_cpu])
#define per_cpu(var, cpu)	   (var)[cpu]
#define this_cpu_add(var, n)	   ((var) += (n))
#define this_cpu_inc(var)	   ((var)++)

/* Of modules and tracing nothing is needed. */
#define module_param(name, type, mode)
#define MODULE_PARM_DESC(name, text)
#define EXPORT_SYMBOL_GPL(name)
#define TRACE_DEFINE_ENUM(name)
#define TP_PROTO(...) __VA_ARGS__
#define TRACE_EVENT(name, proto, ...)          \
	static inline void trace_##name(proto) \
	{                                      \
	}

#define CAP_NET_RAW    0
#define capable(cap)   true
#define uid_eq(a, b)   ((a) == (b))
#define current_uid()  0
#define task_uid(task) ((void)(task), 0)

struct task_struct;
struct mmu_notifier_range;
struct sock;

/* Pages of the kernel's: nothing here has any. */
#define __va(phys)	  ((void *)(uintptr_t)(phys))
#define offset_in_page(p) ((uintptr_t)(p) & (PAGE_SIZE - 1))

#endif
