// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Workers, see worker.h. On kernels that lend no threads of a process: kernel threads, which behave as
 * those would towards the driver, and take over the owner's identity towards the kernel.
 */
#include "compat/worker.h"

#ifdef RODP_HAVE_USER_WORKER
#include <linux/sched.h>
#include <uapi/linux/sched.h>
#include <uapi/linux/sched/types.h>

/* Whether the children of `current`, which is of the deadline class, are ordinary tasks. */
static void thread_set_reset_on_fork(bool reset)
{
	const struct sched_dl_entity *dl = &current->dl;
	const struct sched_attr attr = {
		.size = sizeof(attr),
		.sched_policy = SCHED_DEADLINE,
		.sched_flags = dl->flags | (reset ? SCHED_FLAG_RESET_ON_FORK : 0),
		.sched_runtime = dl->dl_runtime,
		.sched_deadline = dl->dl_deadline,
		.sched_period = dl->dl_period,
	};

	/* Nothing else is changed: that needs no admission, and cannot be refused. */
	WARN_ON_ONCE(sched_setattr_nocheck(current, &attr));
}

/* A task of the deadline class has its bandwidth for itself, and cannot make another like it. */
static struct vhost_task *thread_make(bool (*turn)(void *), void (*killed)(void *), void *arg,
				      const char *name)
{
	const bool deadline = current->policy == SCHED_DEADLINE && !current->sched_reset_on_fork;
	struct vhost_task *task;

	if (deadline)
		thread_set_reset_on_fork(true);
	task = vhost_task_create(turn, killed, arg, name);
	if (deadline)
		thread_set_reset_on_fork(false);
	return task;
}

struct rodp_thread *rodp_thread_create(bool (*turn)(void *), void (*killed)(void *), void *arg,
				       const char *name)
{
	struct vhost_task *task = thread_make(turn, killed, arg, name);

	/* Older ones do not say why. */
	if (!task)
		return ERR_PTR(signal_pending(current) ? -ERESTARTNOINTR : -EAGAIN);
	return (struct rodp_thread *)task;
}

#else
#include <linux/cgroup.h>
#include <linux/completion.h>
#include <linux/cpuset.h>
#include <linux/kthread.h>
#include <linux/memcontrol.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>

struct rodp_thread {
	bool (*turn)(void *arg);
	void (*killed)(void *arg);
	void *arg;
	struct task_struct *task; /* referenced */
	struct completion exited;
	struct mutex ending; /* whichever comes first, the stop or the signal */
	bool stopped; /* under ending; read without it by the thread */
	bool dead; /* under ending: a signal came first */
};

/* ---- the thread ---- */

static void thread_end(struct rodp_thread *thread)
{
	mutex_lock(&thread->ending);
	if (!thread->stopped) {
		thread->dead = true;
		thread->killed(thread->arg);
	}
	mutex_unlock(&thread->ending);
}

static int thread_main(void *data)
{
	struct rodp_thread *thread = data;

	allow_signal(SIGKILL);
	while (!fatal_signal_pending(current)) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (READ_ONCE(thread->stopped))
			break;
		if (!thread->turn(thread->arg))
			schedule();
	}
	__set_current_state(TASK_RUNNING);
	thread_end(thread);
	/* The module may go as soon as this is complete: not from here. */
	kthread_complete_and_exit(&thread->exited, 0);
}

struct rodp_thread *rodp_thread_create(bool (*turn)(void *), void (*killed)(void *), void *arg,
				       const char *name)
{
	struct rodp_thread *thread = kzalloc(sizeof(*thread), GFP_KERNEL_ACCOUNT);
	struct task_struct *task;

	if (!thread)
		return ERR_PTR(-ENOMEM);
	thread->turn = turn;
	thread->killed = killed;
	thread->arg = arg;
	init_completion(&thread->exited);
	mutex_init(&thread->ending);
	task = kthread_create(thread_main, thread, "%s", name);
	if (IS_ERR(task)) {
		kfree(thread);
		return ERR_CAST(task);
	}
	thread->task = get_task_struct(task);
	return thread;
}

void rodp_thread_start(struct rodp_thread *thread)
{
	wake_up_process(thread->task);
}

void rodp_thread_wake(struct rodp_thread *thread)
{
	wake_up_process(thread->task);
}

void rodp_thread_kill(struct rodp_thread *thread)
{
	send_sig(SIGKILL, thread->task, 1);
}

void rodp_thread_stop(struct rodp_thread *thread)
{
	mutex_lock(&thread->ending);
	if (!thread->dead) {
		WRITE_ONCE(thread->stopped, true);
		wake_up_process(thread->task);
	}
	mutex_unlock(&thread->ending);
	wait_for_completion(&thread->exited);
	put_task_struct(thread->task);
	kfree(thread);
}

/* ---- the memory policy: a copy by value, since references to one cannot be given back here ---- */

#ifdef CONFIG_NUMA
static void owner_note_policy(struct rodp_owner *owner)
{
	task_lock(current);
	owner->has_policy = current->mempolicy;
	if (owner->has_policy)
		owner->policy = *current->mempolicy;
	task_unlock(current);
	/* Nobody puts it: whoever looks at policies of a thread needs an mm, and there is none. */
	atomic_set(&owner->policy.refcnt, 1);
}

static void identity_set_policy(struct rodp_identity *identity, const struct rodp_owner *owner)
{
	identity->policy = owner->policy;
	task_lock(current);
	current->mempolicy = owner->has_policy ? &identity->policy : NULL;
	task_unlock(current);
}

static void identity_drop_policy(void)
{
	task_lock(current);
	current->mempolicy = NULL;
	task_unlock(current);
}
#else
static void owner_note_policy(struct rodp_owner *owner)
{
}

static void identity_set_policy(struct rodp_identity *identity, const struct rodp_owner *owner)
{
}

static void identity_drop_policy(void)
{
}
#endif

/* ---- the cpuset's nodes ---- */

#ifdef CONFIG_CPUSETS
static void identity_set_mems(struct rodp_identity *identity, const struct rodp_owner *owner)
{
	nodemask_t mems = identity->old_mems = current->mems_allowed;
	struct task_struct *task;

	rcu_read_lock();
	task = pid_task(owner->pid, PIDTYPE_TGID);
	if (task) {
		task_lock(task);
		mems = task->mems_allowed;
		task_unlock(task);
	}
	rcu_read_unlock();
	set_mems_allowed(mems);
}

static void identity_drop_mems(const struct rodp_identity *identity)
{
	set_mems_allowed(identity->old_mems);
}
#else
static void identity_set_mems(struct rodp_identity *identity, const struct rodp_owner *owner)
{
}

static void identity_drop_mems(const struct rodp_identity *identity)
{
}
#endif

/* ---- memory and io cgroup ---- */

#if defined(CONFIG_MEMCG) && defined(CONFIG_BLK_CGROUP)
static void identity_set_io(const struct rodp_identity *identity)
{
	struct cgroup_subsys_state *css;

	if (!identity->memcg)
		return;
	css = cgroup_get_e_css(identity->memcg->css.cgroup, &io_cgrp_subsys);
	kthread_associate_blkcg(css);
	css_put(css);
}

static void identity_drop_io(void)
{
	kthread_associate_blkcg(NULL);
}
#else
static void identity_set_io(const struct rodp_identity *identity)
{
}

static void identity_drop_io(void)
{
}
#endif

/* ---- credentials ---- */

/* The process's, with a reference; as they were at first when it is gone. */
static const struct cred *owner_cred(const struct rodp_owner *owner)
{
	const struct cred *cred = NULL;
	struct task_struct *task;

	rcu_read_lock();
	task = pid_task(owner->pid, PIDTYPE_TGID);
	if (task)
		cred = get_task_cred(task);
	rcu_read_unlock();
	return cred ? cred : get_cred(owner->cred);
}

/* ---- the owner ---- */

void rodp_owner_init(struct rodp_owner *owner)
{
	*owner = (struct rodp_owner){
		.mm = current->mm,
		.pid = get_task_pid(current, PIDTYPE_TGID),
		.cred = get_current_cred(),
	};
	spin_lock_init(&owner->lock);
	mmgrab(owner->mm);
	owner_note_policy(owner);
}

void rodp_owner_fini(struct rodp_owner *owner)
{
	put_pid(owner->pid);
	put_cred(owner->cred);
	mmdrop(owner->mm);
}

/* Both numbers change together: else a look between could take a process for dead. */
static bool owner_hold(struct rodp_owner *owner)
{
	bool held;

	spin_lock_bh(&owner->lock);
	held = mmget_not_zero(owner->mm);
	owner->holds += held;
	spin_unlock_bh(&owner->lock);
	return held;
}

static void owner_let_go(struct rodp_owner *owner)
{
	spin_lock_bh(&owner->lock);
	owner->holds--;
	/* Not mmput(): the last one tears the mm down, and with it waits for callbacks. */
	mmput_async(owner->mm);
	spin_unlock_bh(&owner->lock);
}

bool rodp_owner_is_gone(struct rodp_owner *owner)
{
	bool gone;

	spin_lock_bh(&owner->lock);
	gone = owner->holds && atomic_read(&owner->mm->mm_users) <= owner->holds;
	spin_unlock_bh(&owner->lock);
	return gone;
}

bool rodp_owner_enter(struct rodp_owner *owner, struct rodp_identity *identity)
{
	if (!owner_hold(owner))
		return false;
	identity->memcg = get_mem_cgroup_from_mm(owner->mm);
	identity->old_memcg = set_active_memcg(identity->memcg);
	identity_set_io(identity);
	identity_set_mems(identity, owner);
	identity_set_policy(identity, owner);
	rodp_identity_set_cred(identity, owner_cred(owner));
	return true;
}

void rodp_owner_leave(struct rodp_owner *owner, struct rodp_identity *identity)
{
	rodp_identity_drop_cred(identity);
	identity_drop_policy();
	identity_drop_mems(identity);
	identity_drop_io();
	set_active_memcg(identity->old_memcg);
	mem_cgroup_put(identity->memcg);
	owner_let_go(owner);
}

#endif
