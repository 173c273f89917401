/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Locks and RCU of one thread: who holds what is known, and asked. */
#ifndef MODEL_ENV_LOCK_H
#define MODEL_ENV_LOCK_H

#include "base.h"

typedef struct {
	bool held;
} spinlock_t;

struct mutex {
	bool held;
};

struct lock_class_key {
	int unused;
};

struct completion {
	bool done;
};

struct rcu_head {
	int unused;
};

/* Locks that are held; 0 between two events. */
extern int env_locks;

static inline void env_lock(bool *held)
{
	env_require(!*held, "a lock is waited for whose holder cannot go on");
	*held = true;
	env_locks++;
}

static inline bool env_trylock(bool *held)
{
	if (*held)
		return false;
	env_lock(held);
	return true;
}

static inline void env_unlock(bool *held)
{
	env_require(*held, "a lock is released that is not held");
	*held = false;
	env_locks--;
}

#define spin_lock_init(lock)  ((lock)->held = false)
#define spin_lock(lock)	      env_lock(&(lock)->held)
#define spin_lock_bh(lock)    env_lock(&(lock)->held)
#define spin_unlock(lock)     env_unlock(&(lock)->held)
#define spin_unlock_bh(lock)  env_unlock(&(lock)->held)
#define spin_trylock_bh(lock) env_trylock(&(lock)->held)
#define mutex_init(lock)      ((lock)->held = false)
#define mutex_lock(lock)      env_lock(&(lock)->held)
#define mutex_unlock(lock)    env_unlock(&(lock)->held)
#define mutex_is_locked(lock) ((lock)->held)

/* Locks of a CPU are nothing where BH-off excludes others, as here. */
typedef struct {
	int unused;
} local_lock_t;

#define local_lock_init(lock)	     ((void)(lock))
#define local_lock_nested_bh(lock)   lockdep_assert_in_softirq()
#define local_unlock_nested_bh(lock) lockdep_assert_in_softirq()

#define local_bh_disable() \
	do {               \
	} while (0)
#define local_bh_enable() \
	do {              \
	} while (0)

#define lockdep_assert(condition) env_require(condition, "lockdep: " #condition)
#define lockdep_is_held(lock)	  ((lock)->held)
#define lockdep_assert_held(lock) env_require((lock)->held, "lockdep: " #lock " is not held")
#define lockdep_assert_in_softirq() \
	do {                        \
	} while (0)
#define lockdep_assert_preemption_disabled() \
	do {                                 \
	} while (0)
#define lockdep_set_class(lock, key) ((void)(lock), (void)(key))

#define rcu_read_lock() \
	do {            \
	} while (0)
#define rcu_read_unlock() \
	do {              \
	} while (0)
#define rcu_read_lock_any_held() true
#define rcu_dereference(p)	 (p)
#define synchronize_rcu_expedited() \
	do {                        \
	} while (0)
#define RCU_LOCKDEP_WARN(condition, text)
#define RCU_INIT_POINTER(p, v) ((p) = (v))

static inline void init_completion(struct completion *x)
{
	x->done = false;
}

static inline void complete(struct completion *x)
{
	x->done = true;
}

static inline void wait_for_completion(struct completion *x)
{
	env_require(x->done, "a completion is waited for that nobody makes");
}

#endif
