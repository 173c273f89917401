// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Whose a monitor is: fork, exec, exit, a file that is sent to another process, a file that is
 * closed while the ring is mapped, threads in poll() and epoll. As a user without privileges.
 */
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mon.h"

#define NOBODY 65534

static struct mon mon;
static uint8_t *at;
static uint32_t slot;

static void begin(void)
{
	mon_make(&mon, 16, 32);
	at = mon_map(16 * MON_PAGE);
	mon_expect(mon_watch(mon.fd, at, 16 * MON_PAGE, 7, ODP_MONITOR_ANY, &slot), 0);
}

static void end(void)
{
	vt_check(!munmap(at, 16 * MON_PAGE));
	mon_end(&mon);
}

/* One entry of that kind and of these pages, and no other. */
static void told(uint32_t kind, unsigned int first, unsigned int n)
{
	struct odp_monitor_entry entry;

	vt_check(mon_poll(mon.fd, 0, NULL));
	vt_check(mon_take(&mon, &entry));
	vt_check(entry.cookie == 7 && entry.slot == slot && entry.kinds == kind && !entry.flags);
	vt_check(entry.first == (uintptr_t)at + first * MON_PAGE);
	vt_check(entry.last == (uintptr_t)at + (first + n) * MON_PAGE - 1);
	vt_check(!mon_take(&mon, &entry) && !mon_poll(mon.fd, 0, NULL));
}

static void test_kinds(void)
{
	uint64_t proof;

	vt_case("each kind, with its addresses");
	begin();
	proof = mon_proof(&mon, slot);
	vt_check(!(proof & 1));
	vt_check(!mprotect(at + MON_PAGE, MON_PAGE, PROT_READ));
	told(ODP_MONITOR_PROTECTED, 1, 1);
	vt_check(mon_proof(&mon, slot) == proof);
	vt_check(!madvise(at + 3 * MON_PAGE, 2 * MON_PAGE, MADV_DONTNEED));
	told(ODP_MONITOR_REPLACED, 3, 2);
	vt_check(mon_proof(&mon, slot) == proof + 2);
	vt_check(!munmap(at + 8 * MON_PAGE, MON_PAGE));
	told(ODP_MONITOR_UNMAPPED, 8, 1);
	vt_check(mon_proof(&mon, slot) == proof + 4);
	/* What lies beside it, and what is mapped where nothing was. */
	vt_check(mmap(at + 8 * MON_PAGE, MON_PAGE, PROT_READ,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at + 8 * MON_PAGE);
	vt_check(!mon_poll(mon.fd, 0, NULL) && mon_proof(&mon, slot) == proof + 4);
	end();
}

/* A child: what it does with the parent's file and addresses. Its status tells the line that failed. */
#define CHILD_CHECK(condition)                     \
	do {                                       \
		if (!(condition))                  \
			_exit(1 + __LINE__ % 255); \
	} while (0)

static void child_tries_file(int fd)
{
	uint64_t bytes;
	uint32_t any;
	short events;

	CHILD_CHECK(mon_watch(fd, &any, 1, 7, 0, &any) == -EPERM);
	CHILD_CHECK(mon_unwatch(fd, slot, 7) == -EPERM);
	CHILD_CHECK(mon_setup(fd, 1, 0, &bytes) == -EPERM);
	CHILD_CHECK(mmap(NULL, mon.bytes, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
	CHILD_CHECK(errno == EPERM);
	CHILD_CHECK(mon_poll(fd, 0, &events) && (events & POLLERR));
}

static int mapped(const void *addr)
{
	unsigned char in;

	return !mincore((void *)addr, MON_PAGE, &in);
}

static int wait_status(pid_t pid)
{
	int status;

	vt_check(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_fork(void)
{
	uint64_t proof;
	uint32_t before;
	pid_t pid;

	vt_case("a child has nothing of it, and nothing of the child's is told");
	begin();
	proof = mon_proof(&mon, slot);
	pid = vt_fork();
	if (!pid) {
		CHILD_CHECK(!mapped(mon.header));
		child_tries_file(mon.fd);
		CHILD_CHECK(!munmap(at, 16 * MON_PAGE));
		_exit(0);
	}
	mon_expect(wait_status(pid), 0);
	told(ODP_MONITOR_FORKED, 0, 16);
	vt_check(mon_proof(&mon, slot) == proof);
	vt_check(mon_count(&mon, slot, ODP_MONITOR_LOSING) == 0);
	/* While a child has the pages, a write copies: that replaces. */
	pid = vt_fork();
	if (!pid) {
		pause();
		_exit(0);
	}
	before = mon_count(&mon, slot, ODP_MONITOR_REPLACED);
	mon_touch(at, MON_PAGE);
	vt_check(mon_count(&mon, slot, ODP_MONITOR_REPLACED) == before + 1);
	vt_check(mon_proof(&mon, slot) != proof);
	kill(pid, SIGKILL);
	vt_check(waitpid(pid, NULL, 0) == pid);
	end();
}

/* A process of its own, with a monitor, whose file it sends; it ends when it is told to. */
static void owner(int socket)
{
	char word;

	begin();
	vt_tell(socket, "x", 1, mon.fd);
	vt_hear(socket, &word, 1, NULL);
	_exit(0);
}

static void test_sent(void)
{
	uint32_t any;
	int socket, fd;
	short events;
	char word;
	pid_t pid;

	vt_case("a file that was sent to another process, and outlives its owner");
	mon.bytes = MON_PAGE;
	pid = vt_fork_with_socket(&socket);
	if (!pid)
		owner(socket);
	vt_hear(socket, &word, 1, &fd);
	mon_expect(mon_watch(fd, &any, 1, 7, 0, &any), -EPERM);
	vt_check(mmap(NULL, MON_PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED &&
		 errno == EPERM);
	vt_check(mon_poll(fd, 0, &events) && (events & POLLERR));
	vt_tell(socket, "x", 1, -1);
	mon_expect(wait_status(pid), 0);
	mon_expect(mon_watch(fd, &any, 1, 7, 0, &any), -ESRCH);
	vt_check(mmap(NULL, MON_PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED &&
		 errno == ESRCH);
	vt_check(!close(fd) && !close(socket));
}

/* After execve() the file is there, and the address space another one. */
static void test_exec(const char *program)
{
	char number[20];
	pid_t pid;

	vt_case("exec");
	pid = vt_fork();
	if (!pid) {
		begin();
		CHILD_CHECK(!fcntl(mon.fd, F_SETFD, 0));
		snprintf(number, sizeof(number), "%d", mon.fd);
		setenv("MONITOR_FILE", number, 1);
		execl(program, program, NULL);
		_exit(1);
	}
	mon_expect(wait_status(pid), 0);
}

static int after_exec(const char *file)
{
	const int fd = atoi(file);
	uint32_t any;

	CHILD_CHECK(mon_watch(fd, &any, 1, 7, 0, &any) == -ESRCH);
	CHILD_CHECK(!close(fd));
	close(mon_open());
	return 0;
}

/* The mapping keeps it: it is told on, until it is unmapped. */
static void test_closed(void)
{
	vt_case("a file that is closed while it is mapped");
	begin();
	vt_check(!close(mon.fd));
	vt_check(!madvise(at, MON_PAGE, MADV_DONTNEED));
	vt_check(mon.header->head == 1 && mon_count(&mon, slot, ODP_MONITOR_REPLACED) == 1);
	vt_check(!munmap(mon.header, mon.bytes) && !munmap(at, 16 * MON_PAGE));
}

/* The other way round: watched without a mapping, and mapped again later. */
static void test_unmapped(void)
{
	struct odp_monitor_header *again;

	vt_case("a mapping that goes and comes");
	begin();
	vt_check(!munmap(mon.header, mon.bytes));
	vt_check(!madvise(at, MON_PAGE, MADV_DONTNEED));
	again = mmap(NULL, mon.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, mon.fd, 0);
	vt_check(again != MAP_FAILED && again->head == 1);
	mon.header = again;
	end();
}

static void *discard_later(void *arg)
{
	(void)arg;
	usleep(50000);
	vt_check(!madvise(at, MON_PAGE, MADV_DONTNEED));
	return NULL;
}

static void test_poll(void)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	struct odp_monitor_entry entry;
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	pthread_t thread;
	int i;

	vt_case("who sleeps in poll and epoll is woken");
	begin();
	vt_check(epoll >= 0 && !epoll_ctl(epoll, EPOLL_CTL_ADD, mon.fd, &event));
	for (i = 0; i < 4; i++) {
		vt_check(!pthread_create(&thread, NULL, discard_later, NULL));
		if (i & 1)
			vt_check(epoll_wait(epoll, &event, 1, 20000) == 1 &&
				 event.events == EPOLLIN);
		else
			vt_check(mon_poll(mon.fd, 20000, NULL));
		vt_check(!pthread_join(thread, NULL));
		vt_check(mon_take(&mon, &entry) && !mon_take(&mon, &entry));
		mon_touch(at, MON_PAGE);
		/* The edge of an even round. */
		epoll_wait(epoll, &event, 1, 0);
	}
	vt_check(!close(epoll));
	end();
}

/* Processes that end in the middle of everything, and leave nothing: the file, its mapping, its watches. */
static void test_exits(void)
{
	pid_t pid;
	int i;

	vt_case("processes that are killed");
	for (i = 0; i < 20; i++) {
		pid = vt_fork();
		if (!pid) {
			begin();
			for (;;)
				madvise(at, 16 * MON_PAGE, MADV_DONTNEED);
		}
		usleep(i * 3000);
		kill(pid, SIGKILL);
		vt_check(waitpid(pid, NULL, 0) == pid);
	}
}

/* Threads are of the address space, and so is who shares it without being a thread. */
static void *watch_one(void *arg)
{
	uint32_t mine;

	(void)arg;
	mon_expect(mon_watch(mon.fd, at, MON_PAGE, 8, 0, &mine), 0);
	mon_expect(mon_unwatch(mon.fd, mine, 8), 0);
	return NULL;
}

static void test_thread(void)
{
	pthread_t thread;

	vt_case("threads");
	begin();
	vt_check(!pthread_create(&thread, NULL, watch_one, NULL) && !pthread_join(thread, NULL));
	end();
}

int main(int argc, char **argv)
{
	if (getenv("MONITOR_FILE"))
		return after_exec(getenv("MONITOR_FILE"));
	vt_init(argc, argv);
	if (!geteuid())
		vt_check(!setgroups(0, NULL) && !setgid(NOBODY) && !setuid(NOBODY));
	test_kinds();
	test_fork();
	test_sent();
	test_exec("/proc/self/exe");
	test_closed();
	test_unmapped();
	test_poll();
	test_exits();
	test_thread();
	return vt_pass();
}
