// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Regions, see memory.h. */
#include "memory.h"

#include "mem/access.h"
#include "mem/on_demand.h"
#include "odp/fault.h"
#include "trace.h"
#include "trouble.h"

struct region {
	struct rodp_mr mr;
	u8 *bytes;
};

/* Who waits for a page. */
struct fault {
	struct env_event event;
	struct rodp_fault_waiter *waiter; /* NULL: free */
	int err;
};

#define MEMORY_FAULTS 16

/* A byte that is absent until a time: whoever touches it meanwhile misses there. */
struct hole {
	const struct rodp_mr *mr;
	u64 iova;
	u64 until;
	int err; /* with which faults end meanwhile; 0: they end with the hole */
};

/* How long memory is short, ns, and how soon a fault says so. */
#define MEMORY_SHORT(fault) (2 * (u64)(fault) + 5000000)
#define MEMORY_NONE	    1000

#define MEMORY_HOLES	    8

static struct {
	struct region region[MEMORY_REGIONS];
	u32 regions;
	bool on_demand;
	struct fault fault[MEMORY_FAULTS];
	struct hole hole[MEMORY_HOLES];
	u32 holes; /* that there were; the oldest are forgotten */
	u64 until; /* how long the access that missed last is to wait, */
	int err; /* and with what result */
} memory;

const struct rodp_mr_ops rodp_on_demand_ops;
static const struct rodp_mr_ops memory_fixed_ops;

static void fault_over(struct env_event *event)
{
	struct fault *fault = container_of(event, struct fault, event);
	struct rodp_fault_waiter *waiter = fault->waiter;

	fault->waiter = NULL;
	waiter->err = fault->err;
	queue_work_on(waiter->cpu, waiter->wq, waiter->resume);
}

void memory_begin(bool on_demand)
{
	u32 i;

	memset(&memory, 0, sizeof(memory));
	memory.on_demand = on_demand;
	for (i = 0; i < MEMORY_FAULTS; i++)
		memory.fault[i].event.fire = fault_over;
}

u32 memory_faults(void)
{
	u32 i, n = 0;

	for (i = 0; i < MEMORY_FAULTS; i++)
		n += !!memory.fault[i].waiter;
	return n;
}

/* A key says which region, and has a variant. */
#define MEMORY_KEY(n) (((n) + 1) << 8 | 0x5a)

struct rodp_mr *memory_region(struct ib_pd *pd, void *bytes, u64 iova, u64 length, u32 access)
{
	u32 n = memory.regions++;
	struct region *region = &memory.region[n];

	region->bytes = bytes;
	region->mr = (struct rodp_mr){
		.ib = { .pd = pd, .lkey = MEMORY_KEY(n), .rkey = MEMORY_KEY(n) },
		.ops = memory.on_demand ? &rodp_on_demand_ops : &memory_fixed_ops,
		.key = MEMORY_KEY(n),
		.iova = iova,
		.length = length,
		.access = access,
		.ref.count = 1,
	};
	return &region->mr;
}

struct rodp_mr *rodp_mr_get(struct rodp_dev *dev, struct ib_pd *pd, u32 key, u32 access, u64 iova,
			    u64 bytes)
{
	u32 n = (key >> 8) - 1;
	struct rodp_mr *mr = &memory.region[n].mr;

	if (n >= memory.regions || mr->key != key || mr->ib.pd != pd ||
	    (mr->access & access) != access || iova < mr->iova || bytes > mr->length ||
	    iova - mr->iova > mr->length - bytes)
		return NULL;
	mr->ref.count++;
	return mr;
}

void rodp_mr_put(struct rodp_mr *mr)
{
	env_require(mr->ref.count > 1, "a region is put that nobody has");
	mr->ref.count--;
}

static u8 *memory_at(struct rodp_mr *mr, u64 iova, size_t bytes)
{
	struct region *region = container_of(mr, struct region, mr);

	env_require(mr->ref.count > 1, "a region is used that nobody has");
	env_require(iova >= mr->iova && iova - mr->iova + bytes <= mr->length,
		    "an access leaves its region");
	return region->bytes + (iova - mr->iova);
}

/* How many of these bytes are there but for old holes. */
static size_t memory_before_holes(const struct rodp_mr *mr, u64 iova, size_t bytes)
{
	const struct hole *hole;

	for (hole = memory.hole; hole < memory.hole + MEMORY_HOLES; hole++) {
		if (hole->until <= env_now || hole->mr != mr || hole->iova - iova >= bytes)
			continue;
		bytes = hole->iova - iova;
		memory.until = hole->err ? env_now + MEMORY_NONE : hole->until;
		memory.err = hole->err;
	}
	return bytes;
}

/* How many of these bytes are there. */
static size_t memory_present(struct rodp_mr *mr, u64 iova, size_t bytes)
{
	const struct trouble *trouble;
	size_t present;

	if (!rodp_mr_is_on_demand(mr))
		return bytes;
	trouble = trouble_next(CLASS_ACCESS);
	present = memory_before_holes(mr, iova, bytes);
	if (likely(!trouble) || trouble->a % bytes >= present)
		return present;
	present = trouble->a % bytes;
	memory.until = env_now + trouble->b;
	memory.err = trouble->kind == TROUBLE_STARVED ? -ENOMEM : 0;
	memory.hole[memory.holes++ % MEMORY_HOLES] = (struct hole){
		.mr = mr,
		.iova = iova + present,
		.until = memory.until + (memory.err ? MEMORY_SHORT(trouble->b) : 0),
		.err = memory.err,
	};
	return present;
}

ssize_t rodp_mr_read(struct rodp_mr *mr, u64 iova, void *dst, size_t bytes)
{
	const u8 *src = memory_at(mr, iova, bytes);

	bytes = memory_present(mr, iova, bytes);
	memcpy(dst, src, bytes);
	return bytes;
}

size_t rodp_mr_write(struct rodp_mr *mr, u64 iova, const void *src, size_t bytes)
{
	u8 *dst = memory_at(mr, iova, bytes);

	bytes = memory_present(mr, iova, bytes);
	memcpy(dst, src, bytes);
	return bytes;
}

struct rodp_copied rodp_mr_copy(struct rodp_mr *dst, u64 dst_iova, struct rodp_mr *src,
				u64 src_iova, size_t bytes)
{
	u8 *to = memory_at(dst, dst_iova, bytes);
	const u8 *from = memory_at(src, src_iova, bytes);
	struct rodp_copied copied = { .done = memory_present(dst, dst_iova, bytes) };
	size_t there = copied.done ? memory_present(src, src_iova, copied.done) : 0;

	if (there < copied.done) {
		copied.src_missed = true;
		copied.done = there;
	}
	memcpy(to, from, copied.done);
	return copied;
}

ssize_t rodp_mr_write_back(struct rodp_mr *mr, u64 iova, size_t bytes)
{
	return memory_present(mr, iova, bytes);
}

bool rodp_mr_aligned(const struct rodp_mr *mr, u64 iova)
{
	return true;
}

bool rodp_mr_atomic(struct rodp_mr *mr, u64 iova, enum rodp_atomic_op op, u64 compare, u64 swap_add,
		    u64 *original)
{
	u8 *at = memory_at(mr, iova, sizeof(u64));
	u64 value;

	if (memory_present(mr, iova, sizeof(u64)) < sizeof(u64))
		return false;
	memcpy(&value, at, sizeof(value));
	*original = value;
	if (op == RODP_ATOMIC_FETCH_ADD)
		value += swap_add;
	else if (op == RODP_ATOMIC_STORE || value == compare)
		value = swap_add;
	memcpy(at, &value, sizeof(value));
	return true;
}

/* ---- faults ---- */

void rodp_fault_waiter_init(struct rodp_fault_waiter *waiter, struct workqueue_struct *wq,
			    struct work_struct *resume)
{
	*waiter = (struct rodp_fault_waiter){ .wq = wq, .cpu = WORK_CPU_UNBOUND, .resume = resume };
}

static struct fault *fault_of(const struct rodp_fault_waiter *waiter)
{
	u32 i;

	for (i = 0; i < MEMORY_FAULTS; i++)
		if (memory.fault[i].waiter == waiter)
			return &memory.fault[i];
	return NULL;
}

void rodp_fault_detach(struct rodp_fault_waiter *waiter)
{
	struct fault *fault = fault_of(waiter);

	if (!fault)
		return;
	fault->waiter = NULL;
	env_event_cancel(&fault->event);
}

int rodp_mr_fault(struct rodp_mr *mr, u64 iova, u64 bytes, bool write,
		  struct rodp_fault_waiter *waiter)
{
	struct fault *fault;

	env_require(memory.until, "a fault is asked for that no access missed");
	env_require(bytes && iova >= mr->iova && iova - mr->iova + bytes <= mr->length,
		    "a fault leaves its region");
	rodp_fault_detach(waiter);
	fault = fault_of(NULL);
	env_require(fault, "too many faults are under way");
	trace("a fault at byte %llu of region %u, for %llu bytes, %s %llu ns",
	      (unsigned long long)(iova - mr->iova), (mr->key >> 8) - 1, (unsigned long long)bytes,
	      memory.err ? "without memory after" : "until", (unsigned long long)memory.until);
	fault->waiter = waiter;
	fault->err = memory.err;
	waiter->since = env_now;
	env_event_add(&fault->event, memory.until);
	return 0;
}
