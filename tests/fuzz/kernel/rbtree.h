/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The kernel's interface of augmented search trees, over a tree that is not balanced: what is in it
 * and in which order is what its users rely on.
 */
#ifndef RODP_FUZZ_RBTREE_H
#define RODP_FUZZ_RBTREE_H

struct rb_node {
	struct rb_node *parent, *rb_left, *rb_right;
};

struct rb_root {
	struct rb_node *rb_node;
};

struct rb_augment_callbacks {
	void (*propagate)(struct rb_node *node, struct rb_node *stop);
};

#define RB_ROOT			     ((struct rb_root){ NULL })
#define rb_entry(node, type, member) container_of(node, type, member)
#define rb_parent(node)		     ((node)->parent)

#define RB_DECLARE_CALLBACKS(storage, name, type, member, sum, compute)           \
	storage void name##_propagate(struct rb_node *node, struct rb_node *stop) \
	{                                                                         \
		for (; node != stop; node = node->parent)                         \
			compute(rb_entry(node, type, member), true);              \
	}                                                                         \
	storage const struct rb_augment_callbacks name = { .propagate = name##_propagate };

static inline void rb_link_node(struct rb_node *node, struct rb_node *parent, struct rb_node **link)
{
	*node = (struct rb_node){ .parent = parent };
	*link = node;
}

static inline void rb_insert_augmented(struct rb_node *node, struct rb_root *root,
				       const struct rb_augment_callbacks *augment)
{
	(void)root;
	augment->propagate(node, NULL);
}

static inline struct rb_node *rb_next(const struct rb_node *node)
{
	struct rb_node *at = node->rb_right;

	if (at) {
		while (at->rb_left)
			at = at->rb_left;
		return at;
	}
	while (node->parent && node == node->parent->rb_right)
		node = node->parent;
	return node->parent;
}

static inline struct rb_node *rb_prev(const struct rb_node *node)
{
	struct rb_node *at = node->rb_left;

	if (at) {
		while (at->rb_right)
			at = at->rb_right;
		return at;
	}
	while (node->parent && node == node->parent->rb_left)
		node = node->parent;
	return node->parent;
}

/* new, or nothing, takes the place of old below old's parent. */
static inline void rbtree_replace(struct rb_root *root, struct rb_node *old, struct rb_node *new)
{
	if (!old->parent)
		root->rb_node = new;
	else if (old->parent->rb_left == old)
		old->parent->rb_left = new;
	else
		old->parent->rb_right = new;
	if (new)
		new->parent = old->parent;
}

static inline void rb_erase_augmented(struct rb_node *node, struct rb_root *root,
				      const struct rb_augment_callbacks *augment)
{
	struct rb_node *heir = node->rb_right, *from;

	if (!node->rb_left || !heir) {
		rbtree_replace(root, node, heir ? heir : node->rb_left);
		augment->propagate(node->parent, NULL);
		return;
	}
	while (heir->rb_left)
		heir = heir->rb_left;
	from = heir->parent == node ? heir : heir->parent;
	rbtree_replace(root, heir, heir->rb_right);
	heir->rb_left = node->rb_left;
	heir->rb_right = node->rb_right;
	rbtree_replace(root, node, heir);
	heir->rb_left->parent = heir;
	if (heir->rb_right)
		heir->rb_right->parent = heir;
	augment->propagate(from, NULL);
}

#endif
