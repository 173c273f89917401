// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Messages between two processes of one host by process_vm_writev(), one copy a message and no device: what a WRITE on one host
 * competes with. A futex tells of each: the writer wakes the other process after every message. In a stream it goes on at
 * once, until CMA_WINDOW messages have not been seen yet, and is woken only when it sleeps; in a ping-pong it waits for the
 * answer.
 */
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "message.h"

#define CMA_WINDOW 128 /* perftest's send queue */

static const char doc[] =
	"Sends messages by process_vm_writev() and a futex, and prints MiB/s or us.";

/* A counter that one side writes, and the other waits for. */
struct cma_word {
	_Atomic uint32_t value;
	_Atomic uint32_t awaited; /* somebody sleeps, or is about to */
};

/* Shared by both. */
struct cma_box {
	struct cma_word sent; /* messages that are in the second process's memory */
	struct cma_word seen; /* those that it has looked at, or answered */
};

/* One side: @data is at the same address in both processes, in memory of its own. */
struct cma_side {
	pid_t other;
	uint8_t *data;
	size_t bytes;
	struct cma_box *box;
};

static void cma_wake(struct cma_word *word)
{
	if (syscall(SYS_futex, &word->value, FUTEX_WAKE, 1, NULL, NULL, 0) < 0)
		message_fail("futex");
}

/* Until the counter has reached @value. Returns what it is then. */
static uint32_t cma_await(struct cma_word *word, uint32_t value)
{
	uint32_t now = atomic_load(&word->value);

	if ((int32_t)(now - value) >= 0)
		return now;
	atomic_store(&word->awaited, 1);
	while ((int32_t)((now = atomic_load(&word->value)) - value) < 0)
		syscall(SYS_futex, &word->value, FUTEX_WAIT, now, NULL, NULL, 0);
	atomic_store(&word->awaited, 0);
	return now;
}

/* Message @number of this side's memory into the other's, which is told by @word. */
static void cma_write(struct cma_side *side, uint32_t number, struct cma_word *word)
{
	struct iovec piece = { .iov_base = side->data, .iov_len = side->bytes };

	message_stamp(side->data, side->bytes, number);
	if (process_vm_writev(side->other, &piece, 1, &piece, 1, 0) != (ssize_t)side->bytes)
		message_fail("process_vm_writev");
	atomic_store(&word->value, number);
	cma_wake(word);
}

static void cma_send(struct cma_side *side, const struct options *options)
{
	uint32_t behind = options->pingpong ? 0 : CMA_WINDOW - 1, i;
	uint64_t start = message_now_ns();

	for (i = 1; i <= options->count; i++) {
		cma_write(side, i, &side->box->sent);
		if (i > behind)
			cma_await(&side->box->seen, i - behind);
		if (options->pingpong)
			message_check(side->data, side->bytes, i);
	}
	cma_await(&side->box->seen, options->count);
	message_report(options, start);
}

/* A stream's messages overwrite each other; the last one stays. */
static void cma_receive(struct cma_side *side, const struct options *options)
{
	uint32_t seen = 0;

	while (seen < options->count) {
		seen = cma_await(&side->box->sent, seen + 1);
		if (options->pingpong || seen == options->count)
			message_check(side->data, side->bytes, seen);
		if (options->pingpong) {
			cma_write(side, seen, &side->box->seen);
			continue;
		}
		atomic_store(&side->box->seen.value, seen);
		if (atomic_load(&side->box->seen.awaited))
			cma_wake(&side->box->seen);
	}
}

/* Yama lets others write into a process that has said so. */
static void cma_open(void)
{
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
}

static void cma_end(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child || status)
		message_fail("the receiver failed");
}

int main(int argc, char **argv)
{
	struct options options = options_read(argc, argv, doc);
	struct cma_side side = { .bytes = options.bytes, .data = message_alloc(options.bytes) };
	pid_t child;

	side.box = mmap(NULL, sizeof(*side.box), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	if (side.box == MAP_FAILED)
		message_fail("memory");
	cma_open();
	child = fork();
	if (child < 0)
		message_fail("fork");
	side.other = child ? child : getppid();
	if (!child) {
		cma_open();
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		cma_receive(&side, &options);
		return EXIT_SUCCESS;
	}
	cma_send(&side, &options);
	cma_end(child);
	return EXIT_SUCCESS;
}
