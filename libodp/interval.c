// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* A treap: a search tree by address that is a heap by random priority, hence balanced. */
#include "interval.h"

static uint32_t next_random(struct odp_intervals *set)
{
	set->random = set->random * 6364136223846793005ull + 1442695040888963407ull;
	return set->random >> 32;
}

static void update(struct odp_interval *node)
{
	node->last_below = node->last;
	if (node->left && node->left->last_below > node->last_below)
		node->last_below = node->left->last_below;
	if (node->right && node->right->last_below > node->last_below)
		node->last_below = node->right->last_below;
}

/* Equal intervals are told apart by their addresses in memory, so that each has one place. */
static bool before(const struct odp_interval *a, const struct odp_interval *b)
{
	return a->first != b->first ? a->first < b->first : (uintptr_t)a < (uintptr_t)b;
}

static void split(struct odp_interval *tree, const struct odp_interval *at,
		  struct odp_interval **low, struct odp_interval **high)
{
	if (!tree) {
		*low = *high = NULL;
	} else if (before(tree, at)) {
		split(tree->right, at, &tree->right, high);
		*low = tree;
		update(tree);
	} else {
		split(tree->left, at, low, &tree->left);
		*high = tree;
		update(tree);
	}
}

static struct odp_interval *join(struct odp_interval *low, struct odp_interval *high)
{
	if (!low || !high)
		return low ? low : high;
	if (low->priority > high->priority) {
		low->right = join(low->right, high);
		update(low);
		return low;
	}
	high->left = join(low, high->left);
	update(high);
	return high;
}

static struct odp_interval *add(struct odp_interval *tree, struct odp_interval *node)
{
	if (!tree || node->priority > tree->priority) {
		split(tree, node, &node->left, &node->right);
		tree = node;
	} else if (before(node, tree)) {
		tree->left = add(tree->left, node);
	} else {
		tree->right = add(tree->right, node);
	}
	update(tree);
	return tree;
}

static struct odp_interval *drop(struct odp_interval *tree, struct odp_interval *node)
{
	if (tree == node)
		return join(tree->left, tree->right);
	if (before(node, tree))
		tree->left = drop(tree->left, node);
	else
		tree->right = drop(tree->right, node);
	update(tree);
	return tree;
}

void odp_interval_add(struct odp_intervals *set, struct odp_interval *node)
{
	node->left = node->right = NULL;
	node->priority = next_random(set);
	set->root = add(set->root, node);
}

void odp_interval_remove(struct odp_intervals *set, struct odp_interval *node)
{
	set->root = drop(set->root, node);
}

static struct odp_interval *find(struct odp_interval *tree, uint64_t first, uint64_t last,
				 bool (*visit)(struct odp_interval *node, void *arg), void *arg)
{
	struct odp_interval *found;

	if (!tree || tree->last_below < first)
		return NULL;
	found = find(tree->left, first, last, visit, arg);
	if (found)
		return found;
	if (tree->first > last)
		return NULL;
	if (tree->last >= first && visit(tree, arg))
		return tree;
	return find(tree->right, first, last, visit, arg);
}

struct odp_interval *odp_interval_find(const struct odp_intervals *set, uint64_t first,
				       uint64_t last,
				       bool (*visit)(struct odp_interval *node, void *arg),
				       void *arg)
{
	return find(set->root, first, last, visit, arg);
}
