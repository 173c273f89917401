/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Locks, RCU, counters and completions for one thread: what would deadlock or wait for ever fails. */
#ifndef RODP_FUZZ_LOCK_H
#define RODP_FUZZ_LOCK_H

typedef struct {
	bool held;
} spinlock_t;

struct mutex {
	bool held;
};

#define fuzz_lock(lock)                    \
	do {                               \
		fuzz_check(!(lock)->held); \
		(lock)->held = true;       \
	} while (0)
#define fuzz_unlock(lock)                 \
	do {                              \
		fuzz_check((lock)->held); \
		(lock)->held = false;     \
	} while (0)

#define spin_lock_init(lock)	  ((lock)->held = false)
#define spin_lock(lock)		  fuzz_lock(lock)
#define spin_unlock(lock)	  fuzz_unlock(lock)
#define spin_lock_bh(lock)	  fuzz_lock(lock)
#define spin_unlock_bh(lock)	  fuzz_unlock(lock)
#define mutex_init(lock)	  ((lock)->held = false)
#define mutex_lock(lock)	  fuzz_lock(lock)
#define mutex_unlock(lock)	  fuzz_unlock(lock)
#define mutex_is_locked(lock)	  ((lock)->held)
#define lockdep_is_held(lock)	  ((lock)->held)
#define lockdep_assert(condition) fuzz_check(condition)
#define lockdep_assert_held(lock) fuzz_check((lock)->held)

extern int fuzz_rcu_depth;
#define rcu_read_lock()			  (fuzz_rcu_depth++)
#define rcu_read_unlock()		  (fuzz_rcu_depth--)
#define rcu_read_lock_held()		  (fuzz_rcu_depth > 0)
#define rcu_read_lock_any_held()	  (fuzz_rcu_depth > 0)
#define RCU_LOCKDEP_WARN(condition, text) fuzz_check(!(condition))
#define synchronize_rcu_expedited()	  fuzz_check(!fuzz_rcu_depth)
#define synchronize_rcu()		  fuzz_check(!fuzz_rcu_depth)

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	s64 counter;
} atomic64_t;

#define atomic_read(v)			    ((v)->counter)
#define atomic_read_acquire(v)		    ((v)->counter)
#define atomic_set_release(v, n)	    ((v)->counter = (n))
#define atomic_inc(v)			    ((v)->counter++)
#define atomic_dec(v)			    ((v)->counter--)
#define atomic_inc_return(v)		    (++(v)->counter)
#define atomic_dec_return_release(v)	    (--(v)->counter)
#define atomic64_inc_return(v)		    (++(v)->counter)
#define atomic_inc_unless_negative(v)	    ((v)->counter < 0 ? false : ((v)->counter++, true))
#define atomic_cmpxchg_acquire(v, old, new) cmpxchg(&(v)->counter, old, new)

typedef struct {
	int n;
} refcount_t;

#define refcount_set(ref, value) ((ref)->n = (value))
#define refcount_read(ref)	 ((ref)->n)

static inline bool refcount_inc_not_zero(refcount_t *ref)
{
	if (!ref->n)
		return false;
	ref->n++;
	return true;
}

static inline bool refcount_dec_and_test(refcount_t *ref)
{
	fuzz_check(ref->n > 0);
	return !--ref->n;
}

struct completion {
	bool done;
};

#define init_completion(done_)	   ((done_)->done = false)
#define reinit_completion(done_)   ((done_)->done = false)
#define wait_for_completion(done_) fuzz_check((done_)->done)

static inline void complete(struct completion *completion)
{
	completion->done = true;
}

#endif
