/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Threads that work in the name of a process.
 *
 * RODP_HAVE_USER_WORKER (probe): the kernel lends drivers threads of the current process. A worker is
 * one of them, in all but its code, and the kernel charges it, places it, stops it and kills it as
 * any thread of that process.
 *
 * Without it a worker is a kernel thread, which for each piece of work takes over the owner's
 * identity: credentials, memory cgroup, io cgroup, the nodes of the cpuset, memory policy. The rest
 * stays the kernel's: hugetlb cgroup, fault counts, pressure, CPU time. It holds the users of the mm
 * meanwhile, and somebody must look from time to time whether the process is gone
 * (rodp_owner_is_gone()), and kill it then (rodp_thread_kill()).
 */
#ifndef RODP_COMPAT_WORKER_H
#define RODP_COMPAT_WORKER_H

#include <linux/cred.h>
#include <linux/err.h>
#include <linux/mempolicy.h>
#include <linux/mm_types.h>
#include <linux/nodemask.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>

/**
 * struct rodp_owner - In whose name threads work
 * @mm: the process's, with a reference to the struct, not to its users
 */
struct rodp_owner {
	struct mm_struct *mm;

	/* private: */
#ifndef RODP_HAVE_USER_WORKER
	const struct cred *cred; /* when this began; for when the process is not found any more */
	spinlock_t lock;
	int holds; /* lock: references to the users of mm that workers have now */
	struct pid *pid; /* of the process */
#ifdef CONFIG_NUMA
	bool has_policy;
	struct mempolicy policy; /* a copy */
#endif
#endif
};

/* What a worker takes over from the owner for one piece of work, and what it had before. */
struct rodp_identity {
	const struct cred *cred, *old_cred; /* the former referenced */
#ifndef RODP_HAVE_USER_WORKER
	struct mem_cgroup *memcg, *old_memcg;
	nodemask_t old_mems;
#ifdef CONFIG_NUMA
	struct mempolicy policy;
#endif
#endif
};

/*
 * Credentials: a fault may allocate blocks of a file, and file systems ask who does (quota, blocks
 * reserved for root, a FUSE server). cred: with a reference, which becomes the identity's.
 */
static inline void rodp_identity_set_cred(struct rodp_identity *identity, const struct cred *cred)
{
	identity->cred = cred;
	identity->old_cred = override_creds(cred);
}

static inline void rodp_identity_drop_cred(struct rodp_identity *identity)
{
	revert_creds(identity->old_cred);
	put_cred(identity->cred);
}

/* A thread; opaque. */
struct rodp_thread;

#ifdef RODP_HAVE_USER_WORKER
#include <linux/sched/mm.h>
#include <linux/sched/vhost_task.h>

/*
 * Makes the current process the owner.
 * Context: process. rodp_owner_fini() ends it.
 */
static inline void rodp_owner_init(struct rodp_owner *owner)
{
	owner->mm = current->mm;
	mmgrab(owner->mm);
}

static inline void rodp_owner_fini(struct rodp_owner *owner)
{
	mmdrop(owner->mm);
}

/*
 * In a thread of the owner's, before it works on the mm, until rodp_owner_leave(). false: the mm has
 * no users any more, and there is nothing to leave. What worked may see a fatal signal.
 */
static inline bool rodp_owner_enter(struct rodp_owner *owner, struct rodp_identity *identity)
{
	const struct cred *cred;

	if (WARN_ON_ONCE(current->mm != owner->mm))
		return false;
	/* A thread has those of the moment when it was made: the process may have given some up since. */
	rcu_read_lock();
	cred = get_task_cred(current->group_leader);
	rcu_read_unlock();
	rodp_identity_set_cred(identity, cred);
	return true;
}

static inline void rodp_owner_leave(struct rodp_owner *owner, struct rodp_identity *identity)
{
	rodp_identity_drop_cred(identity);
}

/*
 * Whether the process is gone and only our threads hold its mm, which the kernel does not tell them.
 * To be asked by others than the threads, now and then.
 */
static inline bool rodp_owner_is_gone(struct rodp_owner *owner)
{
	return false;
}

/*
 * A thread in the name of the owner, to be started; `current` is a thread of the owner. It calls
 * turn(arg) again and again, in TASK_INTERRUPTIBLE, and sleeps until it is woken whenever that returns
 * false. It ends by rodp_thread_stop() or by a fatal signal, and calls killed(arg) before the latter.
 * It is scheduled as `current` is, but of the deadline class it is no member.
 * Context: process, sleeps. ERR_PTR(): -EAGAIN and -ENOMEM, as of fork(2); -ERESTARTNOINTR: a
 * signal is pending.
 */
struct rodp_thread *rodp_thread_create(bool (*turn)(void *), void (*killed)(void *), void *arg,
				       const char *name);

static inline void rodp_thread_start(struct rodp_thread *thread)
{
	vhost_task_start((struct vhost_task *)thread);
}

/* Any context. */
static inline void rodp_thread_wake(struct rodp_thread *thread)
{
	vhost_task_wake((struct vhost_task *)thread);
}

/*
 * Ends and frees a thread that was started, also one that was killed: waits until it has left its
 * turn and killed(). Sleeps, and for as long as the process is stopped.
 */
static inline void rodp_thread_stop(struct rodp_thread *thread)
{
	vhost_task_stop((struct vhost_task *)thread);
}

/* As SIGKILL does to a thread of the process. Any context but hard interrupt. */
static inline void rodp_thread_kill(struct rodp_thread *thread)
{
}

/*
 * In a thread: whether its process has only such threads left. It would stay for ever: its own
 * threads have ended, but did not end the process.
 */
static inline bool rodp_thread_is_alone(void)
{
	const struct task_struct *task;
	bool alone = true;

	rcu_read_lock();
	for_each_thread(current, task) if (!(READ_ONCE(task->flags) &
					     (PF_USER_WORKER | PF_EXITING))) alone = false;
	rcu_read_unlock();
	return alone;
}

#else

void rodp_owner_init(struct rodp_owner *owner);
void rodp_owner_fini(struct rodp_owner *owner);
bool rodp_owner_enter(struct rodp_owner *owner, struct rodp_identity *identity);
void rodp_owner_leave(struct rodp_owner *owner, struct rodp_identity *identity);
bool rodp_owner_is_gone(struct rodp_owner *owner);
struct rodp_thread *rodp_thread_create(bool (*turn)(void *), void (*killed)(void *), void *arg,
				       const char *name);
void rodp_thread_start(struct rodp_thread *thread);
void rodp_thread_wake(struct rodp_thread *thread);
void rodp_thread_stop(struct rodp_thread *thread);
void rodp_thread_kill(struct rodp_thread *thread);

static inline bool rodp_thread_is_alone(void)
{
	return false;
}

#endif

#endif
