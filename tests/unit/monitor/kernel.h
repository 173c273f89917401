/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * What kernel/monitor/book.c and layout.c need of the kernel, in user space, for threads: atomics are
 * the compiler's. The interval tree is a list that is searched from its beginning. Included ahead of
 * every file; kernel headers that they include are empty (CMakeLists.txt).
 */
#ifndef UNIT_MONITOR_KERNEL_H
#define UNIT_MONITOR_KERNEL_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <linux/types.h>

typedef __u8 u8;
typedef __u32 u32;
typedef __u64 u64;

#define PAGE_SIZE			4096ul
#define U64_MAX				UINT64_MAX
#define ALIGN(x, a)			(((x) + (a)-1) & ~((__typeof__(x))(a)-1))
#define PAGE_ALIGN(x)			ALIGN(x, PAGE_SIZE)
#define DIV_ROUND_UP(n, d)		(((n) + (d)-1) / (d))
#define min_t(type, a, b)		((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define max_t(type, a, b)		((type)(a) > (type)(b) ? (type)(a) : (type)(b))
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#define BUILD_BUG_ON(condition)		_Static_assert(!(condition), #condition)

#define WARN_ON_ONCE(condition)                                                         \
	({                                                                              \
		if (condition) {                                                        \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                        \
		}                                                                       \
		false;                                                                  \
	})

#define READ_ONCE(x)		    __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, value)	    __atomic_store_n(&(x), value, __ATOMIC_RELAXED)
#define smp_store_release(p, value) __atomic_store_n(p, value, __ATOMIC_RELEASE)
#define smp_mb__after_atomic()	    __atomic_thread_fence(__ATOMIC_SEQ_CST)

typedef struct {
	int counter;
} atomic_t;

static inline void atomic_or(int bits, atomic_t *word)
{
	__atomic_fetch_or(&word->counter, bits, __ATOMIC_RELAXED);
}

/* ---- lists ---- */

struct list_head {
	struct list_head *next, *prev;
};

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list->prev = list;
}

static inline void list_add_tail(struct list_head *node, struct list_head *list)
{
	node->prev = list->prev;
	node->next = list;
	list->prev->next = node;
	list->prev = node;
}

static inline void list_del_init(struct list_head *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	INIT_LIST_HEAD(node);
}

static inline void list_move_tail(struct list_head *node, struct list_head *list)
{
	list_del_init(node);
	list_add_tail(node, list);
}

#define list_move list_move_tail
#define list_first_entry_or_null(list, type, member) \
	((list)->next == (list) ? NULL : container_of((list)->next, type, member))
#define list_for_each_entry_safe(pos, n, list, member)                    \
	for (pos = container_of((list)->next, __typeof__(*pos), member),  \
	    n = container_of(pos->member.next, __typeof__(*pos), member); \
	     &pos->member != (list);                                      \
	     pos = n, n = container_of(n->member.next, __typeof__(*n), member))

/* ---- the interval tree ---- */

struct interval_tree_node {
	unsigned long start, last;
	struct interval_tree_node *next;
};

struct rb_root_cached {
	struct interval_tree_node *first;
};

#define RB_ROOT_CACHED ((struct rb_root_cached){ NULL })

static inline void interval_tree_insert(struct interval_tree_node *node,
					struct rb_root_cached *root)
{
	node->next = root->first;
	root->first = node;
}

static inline void interval_tree_remove(struct interval_tree_node *node,
					struct rb_root_cached *root)
{
	struct interval_tree_node **at;

	for (at = &root->first; *at != node; at = &(*at)->next)
		;
	*at = node->next;
}

static inline struct interval_tree_node *interval_tree_overlap(struct interval_tree_node *node,
							       unsigned long start,
							       unsigned long last)
{
	while (node && (node->start > last || node->last < start))
		node = node->next;
	return node;
}

#define interval_tree_iter_first(root, start, last) \
	interval_tree_overlap((root)->first, start, last)
#define interval_tree_iter_next(node, start, last) interval_tree_overlap((node)->next, start, last)

#endif
