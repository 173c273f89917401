// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * fork(): parent and child share pages until one of them writes. The child is the
 * observer: what it sees may not change any more, whatever the device goes on
 * writing for its parent.
 */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rows.h"

struct child {
	pid_t pid;
	int go; /* a byte here lets the child look again */
};

static void child_write(struct co_cell *cell)
{
	memset(cell->region.at, 0xc5, cell->region.len);
}

static _Noreturn void child_main(struct co_cell *cell, int wait_fd, bool writes)
{
	const size_t len = cell->region.len;
	uint8_t *before;
	char byte;

	if (writes)
		child_write(cell);
	before = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (before == MAP_FAILED)
		_exit(3);
	memcpy(before, cell->region.at, len);
	if (read(wait_fd, &byte, 1) != 1)
		_exit(3);
	_exit(memcmp(before, cell->region.at, len) ? 2 : 0);
}

static void start_child(struct co_cell *cell, bool writes)
{
	struct child *child = calloc(1, sizeof(*child));
	int fds[2];

	vt_check(child && !pipe(fds));
	child->pid = fork();
	if (child->pid < 0)
		vt_fail("fork: %m");
	if (!child->pid)
		child_main(cell, fds[0], writes);
	close(fds[0]);
	child->go = fds[1];
	cell->data = child;
}

static void check_child(struct co_cell *cell)
{
	struct child *child = cell->data;
	int status;

	if (write(child->go, "", 1) != 1 || waitpid(child->pid, &status, 0) != child->pid)
		vt_fail("the child: %m");
	close(child->go);
	free(child);
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 3)
		vt_fail("the child ended with status 0x%x", status);
	if (WEXITSTATUS(status))
		vt_fail("round %u: the child's pages changed after the fork", cell->round);
}

static void event_fork(struct co_cell *cell)
{
	start_child(cell, false);
}

const struct co_row co_row_fork = {
	.name = "fork",
	.rounds = 4,
	.map = co_map_anon,
	.event = event_fork,
	.check = check_child,
	.counter = "odp_inval_protect_page",
};

static void event_child_writes(struct co_cell *cell)
{
	start_child(cell, true);
}

const struct co_row co_row_cow_child = {
	.name = "cow-child",
	.rounds = 4,
	.map = co_map_anon,
	.event = event_child_writes,
	.check = check_child,
	.counter = "odp_inval_protect_page",
};

/* The CPU copies the still pages; the device must follow to the copies. */
static void event_parent_writes(struct co_cell *cell)
{
	const size_t hot = co_hot(cell), len = cell->region.len;

	start_child(cell, false);
	cell->model.reborn = ++cell->model.stamp;
	co_stamp_fill(cell->region.at + hot, cell->model.reborn, hot, len);
}

const struct co_row co_row_cow_parent = {
	.name = "cow-parent",
	.rounds = 4,
	.map = co_map_anon,
	.event = event_parent_writes,
	.check = check_child,
	.fate = CO_REBORN_STILL,
	.counter = "odp_inval_clear",
};
