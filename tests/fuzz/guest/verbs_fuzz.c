// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A user without privileges makes every call of the verbs ABI that there is, by write(2) and by
 * ioctl(2), right and wrong, from several threads of one file: with handles of live objects, of dead
 * ones and of other kinds, lengths and numbers at their edges, addresses where nothing is, driver
 * data that is cut, longer or anything. Each process then exits, closes the file first, or is killed
 * in the midst of it. Afterwards the devices work, and the lab finds that no object is left and the
 * log is clean.
 *
 * So that this is not only a list of refusals: each method must have been called, each that makes
 * something must have done so (but few), and what the device does not have must never have succeeded.
 *
 *   --rounds N   processes, one after the other
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call.h"
#include "score.h"
#include "vt.h"

enum {
	ROUNDS = 6,
	THREADS = 3,
	CALLS = 600, /* of a thread */
	NOBODY = 65534,
	ENDS_MS = 60000, /* a process that has not ended by then hangs */
	KILL_MS = 400, /* at most; by then most threads are in the midst of their calls */
	MADE_PERCENT = 80, /* of what can be made must have been made */
	TELL_EVERY = 5 /* rounds */
};

enum ending {
	END_EXIT,
	END_CLOSE,
	END_KILLED,
	ENDINGS
};

static struct score *scores; /* commands, then methods */
static char path[64]; /* of uverbs */

static unsigned int all(void)
{
	return command_count + method_count;
}

static const char *name_of(unsigned int n)
{
	return n < command_count ? commands[n].name : methods[n - command_count].name;
}

static bool is_absent(unsigned int n)
{
	return n < command_count ? commands[n].absent : methods[n - command_count].absent;
}

static bool makes(unsigned int n)
{
	return n < command_count ? commands[n].makes : methods[n - command_count].makes;
}

static void call(struct caller *caller, unsigned int n)
{
	const int err = n < command_count ? call_command(caller, &commands[n])
					  : call_method(caller, &methods[n - command_count]);

	score_add(&scores[n], err);
}

/* ---- A process ---- */

static void caller_make(struct caller *caller, int fd, unsigned int round, unsigned int thread)
{
	*caller = (struct caller){ .fd = fd,
				   .dice = dice_of(vt_options.seed, round * 64ull + thread) };
	arena_make(&caller->arena);
}

static void *run_thread(void *arg)
{
	struct caller *caller = arg;

	for (unsigned int i = 0; i < CALLS; i++) {
		caller->honest = dice_once_in(&caller->dice, 3);
		call(caller, dice_below(&caller->dice, all()));
	}
	return NULL;
}

/* One of each, so that there is something to use: what is needed for others comes earlier in the tables. */
static void make_some(struct caller *caller)
{
	caller->honest = true;
	for (unsigned int i = 0; i < 3; i++)
		for (unsigned int n = 0; n < all(); n++)
			if (makes(n))
				call(caller, n);
}

static void run_threads(int fd, unsigned int round)
{
	static struct caller caller[THREADS];
	pthread_t thread[THREADS];

	for (unsigned int i = 0; i < THREADS; i++) {
		caller_make(&caller[i], fd, round, i);
		if (!i)
			make_some(&caller[i]);
	}
	for (unsigned int i = 0; i < THREADS; i++)
		vt_check(!pthread_create(&thread[i], NULL, run_thread, &caller[i]));
	for (unsigned int i = 0; i < THREADS; i++)
		vt_check(!pthread_join(thread[i], NULL));
}

static int open_context(unsigned int round)
{
	struct caller caller;
	int fd = open(path, O_RDWR | O_CLOEXEC), err;

	if (fd < 0)
		vt_fail("%s as user %d: %m", path, NOBODY);
	caller_make(&caller, fd, round, THREADS);
	caller.honest = true;
	/* By ioctl(2) it is refused (EBADF): there is no context yet. */
	err = call_by_write(&caller, &commands[0]);
	if (err)
		vt_fail("%s: %s", commands[0].name, strerror(err));
	arena_free(&caller.arena);
	return fd;
}

static _Noreturn void run_process(unsigned int round, enum ending ending)
{
	int fd;

	vt_check(!setgid(NOBODY) && !setuid(NOBODY));
	pool_forget();
	value_world.memory = mmap(NULL, VALUE_MEMORY, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	vt_check(value_world.memory != MAP_FAILED);
	fd = open_context(round);
	run_threads(fd, round);
	if (ending == END_CLOSE)
		close(fd);
	if (ending == END_KILLED)
		pause();
	_exit(0);
}

static void run_round(unsigned int round, struct dice *dice)
{
	const enum ending ending = round % ENDINGS;
	pid_t pid;
	int status;

	vt_case("process %u", round);
	pid = vt_fork();
	if (!pid)
		run_process(round, ending);
	if (ending == END_KILLED) {
		usleep(1000 * (1 + dice_below(dice, KILL_MS)));
		kill(pid, SIGKILL);
	}
	status = vt_reap(pid, ENDS_MS, "a process that calls at random");
	if (ending == END_KILLED && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		vt_fail("process %u: wait status %#x", round, status);
}

/* ---- All of them ---- */

static void check_scores(void)
{
	unsigned int can = 0, made = 0;

	for (unsigned int n = 0; n < all(); n++) {
		score_print(&scores[n], name_of(n));
		if (!scores[n].calls && strcmp(name_of(n), commands[0].name))
			vt_fail("%s was never called", name_of(n));
		if (is_absent(n) && scores[n].good)
			vt_fail("%s succeeded, and the device has none such", name_of(n));
		can += makes(n);
		made += makes(n) && scores[n].good;
	}
	vt_note("%u of %u kinds of objects were made, of which %u %% must be", made, can,
		MADE_PERCENT);
	if (made * 100 < can * MADE_PERCENT)
		vt_fail("the calls are not deep enough: too little was made");
}

static void look_at(const struct vt_device *dev)
{
	snprintf(path, sizeof(path), "/dev/infiniband/%s", dev->ctx->device->dev_name);
	memcpy(value_world.gid, &dev->gid, sizeof(value_world.gid));
	value_world.gid_index = dev->gid_index;
	value_world.port = 1;
}

int main(int argc, char **argv)
{
	struct vt_device *a, *b;
	struct dice dice;
	unsigned int rounds;

	vt_start(argc, argv, &a, &b);
	look_at(a);
	scores = score_make(all());
	dice = dice_of(vt_options.seed, UINT32_MAX);
	rounds = vt_options.rounds ? vt_options.rounds : ROUNDS;
	for (unsigned int round = 0; round < rounds; round++) {
		run_round(round, &dice);
		if ((round + 1) % TELL_EVERY == 0)
			vt_note("%u of %u processes", round + 1, rounds);
	}
	vt_case("afterwards");
	check_scores();
	vt_devices_work();
	return vt_finish(a, b);
}
