// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Observing, for those without privileges: the methods of RODP_OBJECT_ODP, see
 * uapi/rodp_abi.h. ib_core checks the sizes of attributes, finds objects among those of
 * the file descriptor only, and keeps them until the method returns.
 */
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <rdma/uverbs_types.h>
#define UVERBS_MODULE_NAME rodp
#include <rdma/uverbs_named_ioctl.h>

#include "mem/count.h"
#include "mem/on_demand.h"
#include "odp/mirror.h"
#include "odp/residency.h"
#include "uapi/rodp_abi.h"
#include "verbs/verbs.h"

/* The on-demand MR of an attribute, if the caller may look into its mirror. NULL: not given. */
static struct rodp_mr *observe_attr_mr(const struct uverbs_attr_bundle *attrs, u16 attr)
{
	struct ib_mr *ib = uverbs_attr_get_obj(attrs, attr);
	struct rodp_mr *mr;

	if (IS_ERR(ib))
		return PTR_ERR(ib) == -ENOENT ? NULL : ERR_CAST(ib);
	mr = to_rodp_mr(ib);
	if (!rodp_mr_is_on_demand(mr))
		return ERR_PTR(-EOPNOTSUPP);
	return rodp_mirror_is_mine(mr->odp.mirror) ? mr : ERR_PTR(-EACCES);
}

static struct rodp_mirror_set *observe_attr_mirrors(const struct uverbs_attr_bundle *attrs)
{
	struct ib_ucontext *ib = ib_uverbs_get_ucontext(attrs);

	return IS_ERR(ib) ? ERR_CAST(ib) : &to_rodp_ucontext(ib)->mirrors;
}

/* A range of VA that somebody asks about. */
struct observe_question {
	u64 va, end; /* not empty, does not wrap */
	u64 next; /* where the answer ends */
	u8 *page; /* the answer */
	size_t count; /* of pages in it */
};

static int observe_get_question(struct observe_question *question,
				const struct uverbs_attr_bundle *attrs)
{
	u64 length;
	int room, err;

	err = uverbs_copy_from(&question->va, attrs, RODP_ATTR_RESIDENCY_VA);
	if (err)
		return err;
	err = uverbs_copy_from(&length, attrs, RODP_ATTR_RESIDENCY_LENGTH);
	if (err)
		return err;
	if (!length || check_add_overflow(question->va, length, &question->end))
		return -EINVAL;
	room = uverbs_attr_get_len(attrs, RODP_ATTR_RESIDENCY_PAGES);
	if (room < 0)
		return room;
	/* Pages of the range, cut at the room; the last page may end at 2^64. */
	question->count = min_t(
		u64, room, ((question->end - 1) >> PAGE_SHIFT) - (question->va >> PAGE_SHIFT) + 1);
	question->next = min_t(u64, question->end - 1,
			       (question->va | ~PAGE_MASK) +
				       ((u64)(question->count - 1) << PAGE_SHIFT)) +
			 1;
	return 0;
}

/* The range lies within the MR. */
static bool observe_mr_spans(const struct rodp_mr *mr, const struct observe_question *question)
{
	return question->va >= mr->odp.va && question->end - mr->odp.va <= mr->length;
}

static int observe_answer(struct observe_question *question, struct rodp_mirror *mirror,
			  const struct uverbs_attr_bundle *attrs)
{
	int err;

	question->page = kvzalloc(question->count, GFP_KERNEL_ACCOUNT);
	if (!question->page)
		return -ENOMEM;
	if (mirror)
		rodp_mirror_residency(mirror, question->va & PAGE_MASK, question->page,
				      question->count);
	err = uverbs_copy_to(attrs, RODP_ATTR_RESIDENCY_PAGES, question->page, question->count);
	kvfree(question->page);
	if (err)
		return err;
	return uverbs_copy_to(attrs, RODP_ATTR_RESIDENCY_NEXT, &question->next,
			      sizeof(question->next));
}

/* The memory of another process, with a reference, for one who may read anybody's. */
static struct mm_struct *observe_mm_of(u32 nr)
{
	struct task_struct *task;
	struct mm_struct *mm;
	struct pid *pid;

	if (!capable(CAP_SYS_PTRACE))
		return ERR_PTR(-EACCES);
	pid = find_get_pid(nr);
	task = get_pid_task(pid, PIDTYPE_PID);
	mm = task ? get_task_mm(task) : NULL;
	put_pid(pid);
	if (task)
		put_task_struct(task);
	return mm ? mm : ERR_PTR(-ESRCH);
}

/* The mirror of process PID or, without that attribute, the caller's. NULL: there is none. */
static struct rodp_mirror *observe_attr_mirror(const struct uverbs_attr_bundle *attrs,
					       struct rodp_mirror_set *set)
{
	struct rodp_mirror *mirror;
	struct mm_struct *mm;
	u32 pid;

	if (!uverbs_attr_is_valid(attrs, RODP_ATTR_RESIDENCY_PID))
		return rodp_mirror_find(set, current->mm);
	if (uverbs_copy_from(&pid, attrs, RODP_ATTR_RESIDENCY_PID))
		return ERR_PTR(-EFAULT);
	mm = observe_mm_of(pid);
	if (IS_ERR(mm))
		return ERR_CAST(mm);
	mirror = rodp_mirror_find(set, mm);
	mmput(mm);
	return mirror;
}

/* Of whatever a process has through this file descriptor. */
static int observe_process(struct observe_question *question,
			   const struct uverbs_attr_bundle *attrs)
{
	struct rodp_mirror_set *set = observe_attr_mirrors(attrs);
	struct rodp_mirror *mirror;
	int err;

	if (IS_ERR(set))
		return PTR_ERR(set);
	mirror = observe_attr_mirror(attrs, set);
	if (IS_ERR(mirror))
		return PTR_ERR(mirror);
	err = observe_answer(question, mirror, attrs);
	if (mirror)
		rodp_mirror_put(set, mirror);
	return err;
}

static int UVERBS_HANDLER(RODP_METHOD_RESIDENCY)(struct uverbs_attr_bundle *attrs)
{
	struct rodp_mr *mr = observe_attr_mr(attrs, RODP_ATTR_RESIDENCY_MR);
	struct observe_question question;
	int err;

	if (IS_ERR(mr))
		return PTR_ERR(mr);
	err = observe_get_question(&question, attrs);
	if (err)
		return err;
	if (!mr)
		return observe_process(&question, attrs);
	if (uverbs_attr_is_valid(attrs, RODP_ATTR_RESIDENCY_PID))
		return -EINVAL;
	if (!observe_mr_spans(mr, &question))
		return -EINVAL;
	return observe_answer(&question, mr->odp.mirror, attrs);
}

static int UVERBS_HANDLER(RODP_METHOD_MR_STATS)(struct uverbs_attr_bundle *attrs)
{
	struct rodp_mr *mr = observe_attr_mr(attrs, RODP_ATTR_MR_STATS_MR);
	struct rodp_mr_stats stats;

	if (IS_ERR_OR_NULL(mr))
		return mr ? PTR_ERR(mr) : -EINVAL;
	rodp_mr_count(mr, &stats);
	return uverbs_copy_to_struct_or_zero(attrs, RODP_ATTR_MR_STATS_STATS, &stats,
					     sizeof(stats));
}

/* Zeros when the process has nothing on demand. */
static int observe_latency_own(const struct uverbs_attr_bundle *attrs, struct rodp_latency *latency)
{
	struct rodp_mirror_set *set = observe_attr_mirrors(attrs);
	struct rodp_mirror *mirror;

	if (IS_ERR(set))
		return PTR_ERR(set);
	*latency = (struct rodp_latency){};
	mirror = rodp_mirror_find(set, current->mm);
	if (!mirror)
		return 0;
	rodp_mirror_latency(mirror, latency);
	rodp_mirror_put(set, mirror);
	return 0;
}

static int observe_latency_device(const struct uverbs_attr_bundle *attrs,
				  struct rodp_latency *latency)
{
	struct ib_ucontext *ib = ib_uverbs_get_ucontext(attrs);

	if (IS_ERR(ib))
		return PTR_ERR(ib);
	rodp_stats_read_latency(to_rodp_dev(ib->device)->stats, latency);
	return 0;
}

static int UVERBS_HANDLER(RODP_METHOD_LATENCY)(struct uverbs_attr_bundle *attrs)
{
	struct rodp_latency latency;
	u64 scope;
	int err;

	err = uverbs_copy_from(&scope, attrs, RODP_ATTR_LATENCY_SCOPE);
	if (err)
		return err;
	if (scope == RODP_LATENCY_DEVICE)
		err = observe_latency_device(attrs, &latency);
	else if (scope == RODP_LATENCY_OWN)
		err = observe_latency_own(attrs, &latency);
	else
		err = -EINVAL;
	if (err)
		return err;
	return uverbs_copy_to_struct_or_zero(attrs, RODP_ATTR_LATENCY_LATENCY, &latency,
					     sizeof(latency));
}

/* The core refuses structures of other sizes than these, but for longer ones that end in zeros. */
DECLARE_UVERBS_NAMED_METHOD(
	RODP_METHOD_RESIDENCY,
	UVERBS_ATTR_IDR(RODP_ATTR_RESIDENCY_MR, UVERBS_OBJECT_MR, UVERBS_ACCESS_READ, UA_OPTIONAL),
	UVERBS_ATTR_PTR_IN(RODP_ATTR_RESIDENCY_VA, UVERBS_ATTR_TYPE(u64), UA_MANDATORY),
	UVERBS_ATTR_PTR_IN(RODP_ATTR_RESIDENCY_LENGTH, UVERBS_ATTR_TYPE(u64), UA_MANDATORY),
	UVERBS_ATTR_PTR_OUT(RODP_ATTR_RESIDENCY_PAGES, UVERBS_ATTR_MIN_SIZE(1), UA_MANDATORY),
	UVERBS_ATTR_PTR_OUT(RODP_ATTR_RESIDENCY_NEXT, UVERBS_ATTR_TYPE(u64), UA_MANDATORY),
	UVERBS_ATTR_PTR_IN(RODP_ATTR_RESIDENCY_PID, UVERBS_ATTR_TYPE(u32), UA_OPTIONAL));

DECLARE_UVERBS_NAMED_METHOD(
	RODP_METHOD_MR_STATS,
	UVERBS_ATTR_IDR(RODP_ATTR_MR_STATS_MR, UVERBS_OBJECT_MR, UVERBS_ACCESS_READ, UA_MANDATORY),
	UVERBS_ATTR_PTR_OUT(RODP_ATTR_MR_STATS_STATS,
			    UVERBS_ATTR_STRUCT(struct rodp_mr_stats, page_prefetch), UA_MANDATORY));

DECLARE_UVERBS_NAMED_METHOD(RODP_METHOD_LATENCY,
			    UVERBS_ATTR_PTR_IN(RODP_ATTR_LATENCY_SCOPE, UVERBS_ATTR_TYPE(u64),
					       UA_MANDATORY),
			    UVERBS_ATTR_PTR_OUT(RODP_ATTR_LATENCY_LATENCY,
						UVERBS_ATTR_STRUCT(struct rodp_latency, bucket),
						UA_MANDATORY));

DECLARE_UVERBS_GLOBAL_METHODS(RODP_OBJECT_ODP, &UVERBS_METHOD(RODP_METHOD_RESIDENCY),
			      &UVERBS_METHOD(RODP_METHOD_MR_STATS),
			      &UVERBS_METHOD(RODP_METHOD_LATENCY));

const struct uapi_definition rodp_uapi_defs[] = {
	UAPI_DEF_CHAIN_OBJ_TREE_NAMED(RODP_OBJECT_ODP),
	UAPI_DEF_CHAIN(rodp_dm_defs),
	UAPI_DEF_CHAIN(rodp_import_defs),
	UAPI_DEF_CHAIN(rodp_export_defs),
	{},
};
