// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Keys of regions, of regions for fast registration and of memory windows, made, bound, invalidated
 * and destroyed in any order, beside a model that keeps what each one opens. A key opens its own
 * bytes, to who may, and nothing else does.
 */
#include "standin.h"
#include "shared.h"

#include "mem/fast.h"
#include "mem/grant.h"
#include "mem/key.h"
#include "mem/mr.h"
#include "mem/window.h"

#define OBJECTS	  6 /* of each kind */
#define PDS	  2
#define QPS	  2
#define KEY_LAST  ((1u << 24) - 1)
#define FAST_LIST 4 /* pages */

struct area {
	u64 start, bytes;
};

struct fuzz_mr {
	struct rodp_mr *mr; /* NULL: there is none */
	bool is_fast, in_force;
	u32 key;
	int pd;
	u32 access;
	struct area area, listed;
	int windows; /* that are bound */
};

struct fuzz_window {
	struct rodp_window *window;
	bool type2, bound;
	u32 key, access;
	int pd, qp, mr;
	u64 va;
	struct area area;
};

static struct rodp_dev dev;
static struct ib_pd pd[PDS] = { { &dev.ib }, { &dev.ib } };
static struct fuzz_mr mrs[OBJECTS];
static struct fuzz_window windows[OBJECTS];
static int released, others;

static const uint8_t *data;
static size_t size;

static u64 take(size_t bytes)
{
	return fuzz_take(&data, &size, bytes);
}

static void plain_release(struct rodp_mr *mr)
{
	(void)mr;
	released++;
}

static const struct rodp_mr_ops plain_ops = { .name = "plain", .release = plain_release };
static const struct rodp_mr_ops bare_ops = { .name = "bare" };

/* Mostly small numbers, so that they meet; now and then the ends of what there is. */
static u64 take_address(void)
{
	const u8 kind = take(1);

	return kind & 0x80 ? U64_MAX - take(1) * (kind & 0x40 ? 1 : 4096) : (kind & 0x7f) * 512ull;
}

static struct area take_area(void)
{
	const u64 start = take_address();
	const u8 kind = take(1);

	return (struct area){ start, kind == 0xff ? U64_MAX : 1 + (kind & 0x7f) * 256ull };
}

static u32 take_access(void)
{
	return take(2) & (IB_ACCESS_LOCAL_WRITE | IB_ACCESS_REMOTE_WRITE | IB_ACCESS_REMOTE_READ |
			  IB_ACCESS_REMOTE_ATOMIC | IB_ACCESS_MW_BIND | IB_ZERO_BASED |
			  IB_ACCESS_FLUSH_GLOBAL);
}

/* What an access asks for. */
struct wish {
	u32 key, access;
	int pd, qp;
	struct area area;
};

/* The bytes that an object has, or a part of them. */
static struct area take_part(struct area area)
{
	const u64 skip = take(1) * 64ull, less = take(1) * 64ull;

	if (skip + less >= area.bytes)
		return area;
	return (struct area){ area.start + skip, area.bytes - skip - less };
}

static u32 take_wrong_key(u32 key)
{
	switch (take(1) & 3) {
	case 0:
		return take(1) & 1; /* of index 0: nobody has one */
	case 1:
		return key ^ take(1);
	case 2:
		return key ^ 0x10000;
	}
	return take(4);
}

/* In most cases it is what some object allows but for one thing. */
static struct wish take_wish(void)
{
	const u8 kind = take(1), lie = take(1) % 16;
	const struct fuzz_mr *m = &mrs[(kind & 0x7f) % OBJECTS];
	const struct fuzz_window *w = &windows[(kind & 0x7f) % OBJECTS];
	struct wish wish = { m->key, m->access, m->pd, w->qp, m->area };

	if (kind & 0x80)
		wish = (struct wish){ w->key, w->access, w->pd, w->qp, { w->va, w->area.bytes } };
	wish.access &= take(1) | take(1) << 8;
	wish.area = take_part(wish.area);
	if (lie == 1 || lie == 2)
		wish.key = take_wrong_key(wish.key);
	else if (lie == 3)
		wish.access |= take_access();
	else if (lie == 4)
		wish.pd ^= 1;
	else if (lie == 5)
		wish.qp ^= 1;
	else if (lie == 6)
		wish.area = take_area();
	else if (lie == 7)
		wish.area.bytes += 1 + take(1);
	/* Who wants no byte asks for no key. */
	wish.area.bytes += !wish.area.bytes;
	return wish;
}

static bool within(const struct area *area, u64 start, u64 bytes)
{
	const __uint128_t end = (__uint128_t)start + bytes;

	return start >= area->start && end <= (__uint128_t)area->start + area->bytes;
}

static int mr_of(u32 key)
{
	for (int i = 0; i < OBJECTS; i++)
		if (mrs[i].mr && mrs[i].in_force && mrs[i].key == key)
			return i;
	return -1;
}

/* Indices that share a place among the recent ones, and the ends of what there is. */
static void set_choice(void)
{
	static const u32 choices[] = {
		0, 254, 255, 255, 511, 511, KEY_LAST - 2, KEY_LAST - 1,
	};

	fuzz_choice = choices[take(1) & 7];
}

static void make_fast(struct fuzz_mr *m)
{
	const u32 pages = take(1) & 7;
	struct rodp_mr *mr = rodp_fast_create(&dev, &pd[m->pd], pages);

	if (IS_ERR(mr)) {
		fuzz_check(!pages || PTR_ERR(mr) == -ENOMEM || PTR_ERR(mr) == -EBUSY);
		return;
	}
	fuzz_check(pages && rodp_mr_is_fast(mr));
	m->mr = mr;
	m->is_fast = true;
	m->key = mr->ib.lkey;
}

static void make_plain(struct fuzz_mr *m)
{
	const bool bare = take(1) & 1;
	struct rodp_mr *mr;
	int err;

	m->area = take_area();
	m->access = take_access();
	if (!bare)
		m->access = (m->access | IB_ACCESS_MW_BIND | IB_ACCESS_LOCAL_WRITE) &
			    ~(u32)IB_ZERO_BASED;
	mr = rodp_mr_begin(bare ? &bare_ops : &plain_ops, &pd[m->pd], m->area.start, m->area.bytes,
			   m->access);
	if (IS_ERR(mr)) {
		fuzz_check(PTR_ERR(mr) == -ENOMEM || m->area.start > U64_MAX - m->area.bytes);
		return;
	}
	fuzz_check(m->area.bytes <= U64_MAX - m->area.start);
	err = take(1) < 8 ? -EFAULT : 0;
	mr = rodp_mr_finish(&dev, mr, err);
	if (IS_ERR(mr)) {
		fuzz_check(err ? PTR_ERR(mr) == err
			       : PTR_ERR(mr) == -ENOMEM || PTR_ERR(mr) == -EBUSY);
		return;
	}
	fuzz_check(!err && mr->ib.rkey == mr->ib.lkey);
	m->mr = mr;
	m->in_force = true;
	m->key = mr->ib.lkey;
}

static void make_mr(struct fuzz_mr *m)
{
	if (m->mr)
		return;
	*m = (struct fuzz_mr){ .pd = take(1) % PDS };
	set_choice();
	if (take(1) & 1)
		make_fast(m);
	else
		make_plain(m);
	/* No key has index 0, and no two are kin. */
	for (int i = 0; m->mr && i < OBJECTS; i++) {
		fuzz_check(m->key >> 8);
		fuzz_check(&mrs[i] == m || !mrs[i].mr || !rodp_key_is_kin(mrs[i].key, m->key));
	}
}

static void end_mr(struct fuzz_mr *m)
{
	int before = released;

	if (!m->mr)
		return;
	before += m->mr->ops == &plain_ops;
	if (m->windows) {
		fuzz_check(rodp_mr_destroy(&dev, m->mr) == -EBUSY);
		return;
	}
	fuzz_check(!rodp_mr_destroy(&dev, m->mr));
	fuzz_check(released == before);
	m->mr = NULL;
}

static void change_mr(struct fuzz_mr *m)
{
	if (!m->mr || m->is_fast)
		return;
	fuzz_check(rodp_mr_close(m->mr) == !m->windows);
	if (m->windows)
		return;
	fuzz_check(!rodp_mr_bind(m->mr));
	if (take(1) & 1) {
		rodp_mr_reopen(m->mr);
		return;
	}
	m->pd = take(1) % PDS;
	m->access = take_access();
	rodp_mr_change(m->mr, &pd[m->pd], m->access);
}

/* A kernel consumer lists pages, and names the bounds that they have. */
static void list_fast(struct fuzz_mr *m)
{
	u32 n = take(1) & 7, i;

	if (!m->is_fast || !m->mr)
		return;
	rodp_fast_begin_list(m->mr);
	for (i = 0; i < n; i++)
		fuzz_check(rodp_fast_add_page(m->mr, i) ==
			   (i < m->mr->pages.fast.max ? 0 : -ENOMEM));
	m->listed = (struct area){ take_address() & 0xffffff, 4096 };
	m->mr->ib.iova = m->listed.start;
	m->mr->ib.length = m->listed.bytes;
}

static struct fuzz_mr *fast_of(u32 key, int of)
{
	for (int i = 0; i < OBJECTS; i++)
		if (mrs[i].mr && mrs[i].is_fast && mrs[i].pd == of &&
		    rodp_key_is_kin(mrs[i].mr->ib.lkey, key))
			return &mrs[i];
	return NULL;
}

static void register_fast(void)
{
	const u32 rights = IB_ACCESS_LOCAL_WRITE | IB_ACCESS_REMOTE_WRITE | IB_ACCESS_REMOTE_READ |
			   IB_ACCESS_REMOTE_ATOMIC | IB_ACCESS_OPTIONAL;
	const struct wish wish = take_wish();
	const u32 access = take(4) & (take(1) < 16 ? ~0u : rights);
	struct fuzz_mr *m = fast_of(wish.key, wish.pd);
	const bool good = m && !m->in_force && m->mr->pages.fast.listed && !(access & ~rights);

	fuzz_check(rodp_fast_register(&dev, &pd[wish.pd], wish.key, access) ==
		   (good ? 0 : -EINVAL));
	if (!good)
		return;
	m->in_force = true;
	m->key = wish.key;
	m->access = access;
	m->area = m->listed;
}

/* Not by the key that it had, and not by one that a key has when it is not in force. */
static void check_shut(const struct fuzz_mr *m)
{
	const u32 keys[] = { m->key, 0, 1 };
	struct rodp_grant grant;

	for (int i = 0; i < 3; i++)
		fuzz_check(
			!rodp_grant_get(&grant, &dev, &pd[m->pd], 0, keys[i], 0, m->area.start, 1));
}

static void invalidate_fast(void)
{
	const struct wish wish = take_wish();
	struct fuzz_mr *m = fast_of(wish.key, wish.pd);
	const bool good = m && m->in_force && m->key == wish.key;

	fuzz_check(rodp_fast_invalidate(&dev, &pd[wish.pd], wish.key) == (good ? 0 : -EINVAL));
	if (!good)
		return;
	m->in_force = false;
	check_shut(m);
}

/* What the model says of an access by a region's key. */
static int mr_allows(const struct wish *wish)
{
	const int i = mr_of(wish->key);

	if (i < 0 || mrs[i].pd != wish->pd || (mrs[i].access & wish->access) != wish->access ||
	    !within(&mrs[i].area, wish->area.start, wish->area.bytes))
		return -1;
	return i;
}

static int window_of(u32 key)
{
	for (int i = 0; i < OBJECTS; i++)
		if (windows[i].window && windows[i].key == key)
			return i;
	return -1;
}

static int window_allows(const struct wish *wish)
{
	const int i = window_of(wish->key);
	const struct fuzz_window *w = &windows[i < 0 ? 0 : i];
	const struct area area = { w->va, w->area.bytes };

	if (i < 0 || !w->bound || w->pd != wish->pd || (w->type2 && w->qp != wish->qp) ||
	    (w->access & wish->access) != wish->access ||
	    !within(&area, wish->area.start, wish->area.bytes))
		return -1;
	return i;
}

static void check_window_grant(const struct rodp_grant *grant, const struct fuzz_window *w,
			       const struct wish *wish)
{
	fuzz_check(grant->window == w->window && grant->mr == mrs[w->mr].mr);
	fuzz_check(grant->iova == w->area.start + (wish->area.start - w->va));
	/* What a window opens is its region's. */
	fuzz_check(rodp_mr_covers(grant->mr, grant->iova, wish->area.bytes));
}

static void use(void)
{
	const struct wish wish = take_wish();
	const int m = mr_allows(&wish), w = window_allows(&wish);
	struct rodp_grant grant;
	const bool got = rodp_grant_get(&grant, &dev, &pd[wish.pd], wish.qp, wish.key, wish.access,
					wish.area.start, wish.area.bytes);

	fuzz_check(got == (m >= 0 || w >= 0));
	if (!got)
		return;
	if (m >= 0)
		fuzz_check(grant.mr == mrs[m].mr && !grant.window && grant.iova == wish.area.start);
	else
		check_window_grant(&grant, &windows[w], &wish);
	rodp_grant_put(&grant);
}

static void make_window(struct fuzz_window *w)
{
	struct rodp_window *window;

	if (w->window)
		return;
	*w = (struct fuzz_window){ .pd = take(1) % PDS, .type2 = take(1) & 1 };
	set_choice();
	window = rodp_window_create(&dev, &pd[w->pd], w->type2);
	if (IS_ERR(window))
		return;
	w->window = window;
	w->key = window->key;
	fuzz_check(w->key >> 8);
}

static void unbind(struct fuzz_window *w)
{
	if (w->bound)
		mrs[w->mr].windows--;
	w->bound = false;
}

static void end_window(struct fuzz_window *w)
{
	if (!w->window)
		return;
	rodp_window_destroy(w->window);
	unbind(w);
	w->window = NULL;
}

static u32 needs(u32 access)
{
	const u32 writes = IB_ACCESS_REMOTE_WRITE | IB_ACCESS_REMOTE_ATOMIC;

	return IB_ACCESS_MW_BIND | (access & writes ? IB_ACCESS_LOCAL_WRITE : 0) |
	       (access & IB_ACCESS_FLUSH_GLOBAL);
}

/* Whether the model lets it: *m becomes the region, -1: it unbinds. */
static bool may_bind(int w, const struct wish *wish, const struct rodp_bind *bind, int *m)
{
	const struct fuzz_window *window = &windows[w < 0 ? 0 : w];
	struct wish region = *wish;

	*m = -1;
	if (w < 0 || window->pd != wish->pd || !rodp_key_is_kin(window->key, bind->new_rkey) ||
	    (bind->access & IB_ACCESS_MW_BIND) ||
	    (!window->type2 && (bind->access & IB_ZERO_BASED)))
		return false;
	if (window->type2 && (window->bound || !bind->length))
		return false;
	if (!bind->length)
		return true;
	region.access = needs(bind->access);
	*m = mr_allows(&region);
	return *m >= 0 && !(mrs[*m].access & IB_ZERO_BASED);
}

static void note_bound(struct fuzz_window *w, const struct wish *wish, const struct rodp_bind *bind,
		       int m)
{
	unbind(w);
	*w = (struct fuzz_window){
		.window = w->window,
		.type2 = w->type2,
		.bound = m >= 0,
		.key = bind->new_rkey,
		.access = bind->access & ~(IB_ZERO_BASED | IB_ACCESS_LOCAL_WRITE),
		.pd = wish->pd,
		.qp = wish->qp,
		.mr = m,
		.va = bind->access & IB_ZERO_BASED ? 0 : bind->addr,
		.area = { bind->addr, bind->length },
	};
	if (m >= 0)
		mrs[m].windows++;
}

static void bind_window(void)
{
	const struct wish wish = take_wish();
	const u32 old = windows[take(1) % OBJECTS].key, lie = take(1);
	const struct rodp_bind bind = {
		.addr = wish.area.start,
		.length = lie & 7 ? wish.area.bytes : 0,
		.mr_lkey = wish.key,
		.mw_rkey = lie >> 4 == 1 ? take_wrong_key(old) : old,
		.new_rkey = lie >> 4 == 2 ? take_wrong_key(old) : (old & ~0xffu) | take(1),
		.access = take_access() & (lie >> 4 == 3 ? ~0u : ~(u32)IB_ACCESS_MW_BIND),
	};
	const int w = window_of(bind.mw_rkey);
	int m;
	const bool good = may_bind(w, &wish, &bind, &m);

	fuzz_check(rodp_window_bind(&dev, &pd[wish.pd], wish.qp, &bind) == (good ? 0 : -EINVAL));
	if (good)
		note_bound(&windows[w], &wish, &bind, m);
}

static void invalidate_window(void)
{
	const struct wish wish = take_wish();
	const int w = window_of(wish.key);
	const bool good = w >= 0 && windows[w].type2 && windows[w].pd == wish.pd &&
			  (!windows[w].bound || windows[w].qp == wish.qp);
	const int err = rodp_window_invalidate(&dev, &pd[wish.pd], wish.qp, wish.key);

	fuzz_check(good ? !err : err == -EINVAL || err == -ENOENT);
	if (good)
		unbind(&windows[w]);
}

static void step(void)
{
	const u8 what = take(1), i = (what >> 4) % OBJECTS;

	fuzz_memory_left = take(1) < 8 ? take(1) & 3 : UINT_MAX;
	switch (what % 11) {
	case 0:
		return make_mr(&mrs[i]);
	case 1:
		return end_mr(&mrs[i]);
	case 2:
		return change_mr(&mrs[i]);
	case 3:
		return list_fast(&mrs[i]);
	case 4:
		return register_fast();
	case 5:
		return invalidate_fast();
	case 6:
		return make_window(&windows[i]);
	case 7:
		return end_window(&windows[i]);
	case 8:
		return bind_window();
	case 9:
		return invalidate_window();
	}
	use();
}

static void end_all(void)
{
	fuzz_memory_left = UINT_MAX;
	for (int i = 0; i < OBJECTS; i++)
		end_window(&windows[i]);
	for (int i = 0; i < OBJECTS; i++)
		end_mr(&mrs[i]);
	fuzz_check(xa_empty(&dev.mrs) && dev.keys.counter == others);
	for (int i = 0; i < RODP_RECENT; i++)
		fuzz_check(!dev.recent_mrs.object[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	data = bytes;
	size = n;
	memset(mrs, 0, sizeof(mrs));
	memset(windows, 0, sizeof(windows));
	fuzz_memory_left = 0;
	fuzz_check(rodp_mr_module_init() == -ENOMEM);
	fuzz_memory_left = UINT_MAX;
	fuzz_check(!rodp_mr_module_init());
	/* Others have so many keys of the device. */
	others = take(1) < 32 ? RODP_MAX_MR - 2 : 0;
	dev.keys.counter = others;
	while (size)
		step();
	end_all();
	rodp_mr_module_exit();
	return 0;
}
