// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Signals come while a process registers its only on-demand region, time and again: what the kernel has to wait for
 * then can be interrupted. The signal is handled, the registration goes on, and none fails.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vt.h"

enum {
	PAGE = 4096,
	MAPPINGS =
		2000, /* the kernel takes a lock for each of them, and looks for signals before */
	ROUNDS = 300,
	APART = 3, /* signals, in times that a registration takes */
	LEAST = 20 /* signals that meet a registration, of which each would have failed */
};

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
	(void)number;
	signals++;
}

/* Each page by itself: its neighbours have other rights. */
static uint8_t *map_many(void)
{
	uint8_t *at = mmap(NULL, (size_t)MAPPINGS * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	vt_check(at != MAP_FAILED);
	for (i = 1; i < MAPPINGS; i += 2)
		vt_check(!mprotect(at + (size_t)i * PAGE, PAGE, PROT_READ));
	return at;
}

/* ns that it took. */
static uint64_t register_once(struct vt_device *dev, uint8_t *at)
{
	uint64_t begin_ns = vt_now_ns();
	struct ibv_mr *mr = ibv_reg_mr(dev->pd, at, PAGE, VT_ACCESS_ALL | IBV_ACCESS_ON_DEMAND);

	if (!mr)
		vt_fail("registering while signals come: %m");
	begin_ns = vt_now_ns() - begin_ns;
	vt_check(!ibv_dereg_mr(mr));
	return begin_ns;
}

static uint64_t usual_ns(struct vt_device *dev, uint8_t *at)
{
	uint64_t best = UINT64_MAX, ns;
	int i;

	for (i = 0; i < 10; i++) {
		ns = register_once(dev, at);
		best = ns < best ? ns : best;
	}
	return best;
}

static _Noreturn void send_signals(pid_t to, uint64_t ns)
{
	const struct timespec pause = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

	while (!kill(to, SIGUSR1))
		nanosleep(&pause, NULL);
	_exit(0);
}

static void test_signals(struct vt_device *dev, uint8_t *at)
{
	const uint64_t usual = usual_ns(dev, at);
	const pid_t parent = getpid();
	int i, met = 0, before;
	pid_t child;

	vt_case("%d registrations", ROUNDS);
	child = vt_fork();
	if (!child)
		send_signals(parent, APART * usual);
	for (i = 0; i < ROUNDS; i++) {
		before = signals;
		register_once(dev, at);
		met += signals != before;
	}
	kill(child, SIGKILL);
	vt_reap(child, vt_options.wait_ms, "who sends signals");
	vt_note("a registration takes %lu us; %d of %d met a signal", (unsigned long)usual / 1000,
		met, ROUNDS);
	if (met < LEAST)
		vt_fail("only %d registrations met a signal: that proves nothing", met);
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = count_signal, .sa_flags = SA_RESTART };
	struct vt_device *a, *b;
	uint8_t *at;

	vt_start(argc, argv, &a, &b);
	vt_need_odp(b, 0);
	if (vt_is_rxe(b))
		vt_skip("is about rodp's registration");
	at = map_many();
	vt_check(!sigaction(SIGUSR1, &action, NULL));
	test_signals(b, at);
	munmap(at, (size_t)MAPPINGS * PAGE);
	return vt_finish(a, b);
}
