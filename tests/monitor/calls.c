// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The calls of /dev/odp-monitor: each errno, sizes of older and later versions, bounds of a file, of
 * a user and of a memory cgroup; random calls; a process that writes into all of the shared memory
 * while events come. Begins as root, and goes on as a user without privileges.
 */
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mon.h"

#define NOBODY 65534

static void become_nobody(void)
{
	vt_check(!setgroups(0, NULL) && !setgid(NOBODY) && !setuid(NOBODY));
}

static void test_device(void)
{
	struct stat stat_;

	vt_case("the device is everybody's");
	vt_check(!stat(MON_PATH, &stat_) && S_ISCHR(stat_.st_mode));
	vt_check((stat_.st_mode & 0777) == 0666);
}

static int setup_with(uint32_t ranges, uint32_t entries, uint32_t flags, uint32_t reserved)
{
	struct odp_monitor_setup setup = { ranges, entries, flags, reserved, 0 };
	const int fd = mon_open(), err = mon_ioctl(fd, ODP_MONITOR_SETUP, &setup);

	vt_check(!close(fd));
	return err;
}

static void test_setup(void)
{
	uint64_t bytes;
	uint32_t slot;
	int fd;

	vt_case("setup");
	mon_expect(setup_with(1, 0, 0, 0), 0);
	mon_expect(setup_with(1, 1, 0, 0), 0);
	mon_expect(setup_with(0, 8, 0, 0), -EINVAL);
	mon_expect(setup_with(8, 7, 0, 0), -EINVAL);
	mon_expect(setup_with(8, 8, 1, 0), -EINVAL);
	mon_expect(setup_with(8, 8, 0, 1), -EINVAL);
	mon_expect(setup_with(UINT32_MAX, 8, 0, 0), -ENOSPC);
	mon_expect(setup_with(8, 1u << 31, 0, 0), -ENOSPC);
	mon_expect(setup_with(16385, 8, 0, 0), -ENOSPC);
	fd = mon_open();
	mon_expect(mon_watch(fd, &fd, 1, 0, 0, &slot), -ENXIO);
	mon_expect(mon_unwatch(fd, 0, 0), -ENXIO);
	vt_check(mmap(NULL, MON_PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED &&
		 errno == ENXIO);
	vt_check(!mon_poll(fd, 0, NULL));
	mon_expect(mon_setup(fd, 8, 8, &bytes), 0);
	mon_expect(mon_setup(fd, 8, 8, &bytes), -EBUSY);
	vt_check(!close(fd));
}

static void test_map(void)
{
	uint64_t bytes;
	uint8_t *at;
	const int fd = mon_open();

	vt_case("mmap");
	mon_expect(mon_setup(fd, 1000, 256, &bytes), 0);
	vt_check(mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED && errno == EINVAL);
	vt_check(mmap(NULL, bytes + MON_PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
	vt_check(mmap(NULL, bytes - MON_PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
	vt_check(mmap(NULL, MON_PAGE, PROT_READ, MAP_SHARED, fd, MON_PAGE) == MAP_FAILED);
	at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	vt_check(at != MAP_FAILED);
	vt_check(mremap(at, bytes, bytes + MON_PAGE, MREMAP_MAYMOVE) == MAP_FAILED);
	vt_check(!munmap(at, bytes) && !close(fd));
}

static int watch_with(int fd, uint64_t addr, uint64_t len, uint32_t kinds, uint32_t flags,
		      uint32_t reserved)
{
	struct odp_monitor_watch watch = { addr, len, 1, kinds, flags, 0, reserved };

	return mon_ioctl(fd, ODP_MONITOR_WATCH, &watch);
}

static void test_watch(void)
{
	struct mon mon;
	uint32_t slot[3], i;

	vt_case("watch and unwatch");
	mon_make(&mon, 3, 8);
	mon_expect(watch_with(mon.fd, 4096, 0, 0, 0, 0), -EINVAL);
	mon_expect(watch_with(mon.fd, -4096ull, 8192, 0, 0, 0), -EINVAL);
	mon_expect(watch_with(mon.fd, 4096, -1ull, 0, 0, 0), -EINVAL);
	mon_expect(watch_with(mon.fd, 4096, 4096, ODP_MONITOR_ANY + 1, 0, 0), -EINVAL);
	mon_expect(watch_with(mon.fd, 4096, 4096, 0, 1, 0), -EINVAL);
	mon_expect(watch_with(mon.fd, 4096, 4096, 0, 0, 1), -EINVAL);
	/* Nothing need be mapped; the last page, and all of it, are ranges too. */
	mon_expect(mon_watch(mon.fd, (void *)-4096l, 4096, 1, 0, &slot[0]), 0);
	mon_expect(mon_watch(mon.fd, NULL, -1ull, 2, 0, &slot[1]), 0);
	mon_expect(mon_watch(mon.fd, &slot, sizeof(slot), 3, 0, &slot[2]), 0);
	mon_expect(mon_watch(mon.fd, &slot, 1, 4, 0, &i), -ENOSPC);
	for (i = 0; i < 3; i++)
		vt_check(mon.slot[slot[i]].cookie == i + 1);
	mon_expect(mon_unwatch(mon.fd, slot[0], 2), -ENOENT);
	mon_expect(mon_unwatch(mon.fd, 3, 1), -ENOENT);
	mon_expect(mon_unwatch(mon.fd, UINT32_MAX, 1), -ENOENT);
	mon_expect(mon_unwatch(mon.fd, slot[0], 1), 0);
	mon_expect(mon_unwatch(mon.fd, slot[0], 1), -ENOENT);
	vt_check(mon_proof(&mon, slot[0]) & 1);
	mon_expect(mon_watch(mon.fd, &slot, 1, 4, 0, &i), 0);
	vt_check(i == slot[0]);
	mon_end(&mon);
}

/* The call with a structure of another length. */
static int sized(int fd, unsigned long request, size_t bytes, const void *data)
{
	uint8_t room[256] = {};

	memcpy(room, data, _IOC_SIZE(request));
	return mon_ioctl(fd, _IOC(_IOC_DIR(request), _IOC_TYPE(request), _IOC_NR(request), bytes),
			 room);
}

static void test_sizes(void)
{
	struct odp_monitor_setup setup = { .ranges = 1 };
	struct odp_monitor_watch watch = { .addr = 4096, .len = 1 };
	struct {
		struct odp_monitor_watch watch;
		uint64_t more;
	} longer = { .watch = watch, .more = 1 };
	const int fd = mon_open();

	vt_case("sizes of other versions");
	mon_expect(sized(fd, ODP_MONITOR_SETUP, 16, &setup), -ENOTTY);
	mon_expect(sized(fd, ODP_MONITOR_SETUP, 0, &setup), -ENOTTY);
	mon_expect(sized(fd, ODP_MONITOR_SETUP, 128, &setup), 0);
	mon_expect(sized(fd, ODP_MONITOR_WATCH, 200, &watch), 0);
	mon_expect(mon_ioctl(fd, _IOWR(ODP_MONITOR_IOCTL, 1, longer), &longer), -E2BIG);
	longer.more = 0;
	mon_expect(mon_ioctl(fd, _IOWR(ODP_MONITOR_IOCTL, 1, longer), &longer), -ENOSPC);
	mon_expect(mon_ioctl(fd, _IOW(ODP_MONITOR_IOCTL, 1, watch), &watch), -ENOTTY);
	mon_expect(mon_ioctl(fd, _IOWR(ODP_MONITOR_IOCTL, 3, watch), &watch), -ENOTTY);
	mon_expect(mon_ioctl(fd, _IOWR('x', 1, watch), &watch), -ENOTTY);
	vt_check(!close(fd));
}

static void test_fault(void)
{
	struct odp_monitor_watch *watch;
	struct mon mon;
	uint32_t slot;

	vt_case("structures that are not there, or cannot be written");
	mon_make(&mon, 1, 0);
	mon_expect(mon_ioctl(mon.fd, ODP_MONITOR_WATCH, NULL), -EFAULT);
	mon_expect(mon_ioctl(mon.fd, ODP_MONITOR_UNWATCH, (void *)-4096l), -EFAULT);
	watch = mmap(NULL, MON_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	vt_check(watch != MAP_FAILED);
	*watch = (struct odp_monitor_watch){ .addr = 4096, .len = 1 };
	vt_check(!mprotect(watch, MON_PAGE, PROT_READ));
	mon_expect(mon_ioctl(mon.fd, ODP_MONITOR_WATCH, watch), -EFAULT);
	/* The only slot was given back. */
	mon_expect(mon_watch(mon.fd, &mon, 1, 0, 0, &slot), 0);
	vt_check(!munmap(watch, MON_PAGE));
	mon_end(&mon);
}

/* As many as fit, whatever it is that ends it. */
static unsigned int fill(int *fd, unsigned int most, uint32_t ranges, int *err)
{
	unsigned int n;
	uint64_t bytes;

	for (n = 0, *err = 0; n < most && !*err; n += !*err) {
		fd[n] = mon_open();
		*err = mon_setup(fd[n], ranges, 0, &bytes);
		if (*err)
			close(fd[n]);
	}
	return n;
}

static void empty(const int *fd, unsigned int n)
{
	while (n--)
		vt_check(!close(fd[n]));
}

static void parameter(const char *name, unsigned int value)
{
	char path[100];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/odp_monitor/parameters/%s", name);
	file = fopen(path, "w");
	vt_check(file && fprintf(file, "%u\n", value) > 0 && !fclose(file));
}

static int fds[100];

static void as_user(void)
{
	int err;
	unsigned int n;

	become_nobody();
	n = fill(fds, 100, 1, &err);
	if (n != 5 || err != -ENOSPC)
		_exit(1);
	close(fds[0]);
	n = fill(fds, 1, 1, &err); /* what was given back is there again */
	if (n != 1 || err)
		_exit(2);
	empty(fds, 5);
	n = fill(fds, 100, 40, &err);
	if (n != 2 || err != -ENOSPC)
		_exit(3);
	empty(fds, 2);
	_exit(fill(fds, 1, 100, &err) == 1 ? 0 : 4);
}

static void test_user(void)
{
	int err;

	vt_case("bounds of a user");
	parameter("user_monitors", 5);
	parameter("user_monitor_ranges", 100);
	mon_expect(vt_fork_run(as_user, "a user"), 0);
	/* Who may have more than his share has it. */
	vt_check(fill(fds, 20, 50, &err) == 20);
	empty(fds, 20);
	parameter("user_monitors", 1024);
	parameter("user_monitor_ranges", 1048576);
}

static void in_cgroup(void)
{
	int err;

	vt_cgroup_enter("monitor");
	/* More than 3 MiB each: the cgroup has 24. */
	_exit(fill(fds, 20, 16384, &err) < 8 && err == -ENOMEM ? 0 : 1);
}

/* What a monitor costs is its process's, and nobody is killed where that is too much. */
static void test_cgroup(void)
{
	int64_t before;
	pid_t pid;

	vt_case("memory is charged");
	vt_cgroup_make("monitor");
	vt_cgroup_set("monitor", "memory.max", "25165824");
	before = vt_cgroup_get("monitor", "memory.events", "max");
	pid = vt_fork();
	if (!pid)
		in_cgroup();
	mon_expect(vt_reap(pid, 30000, "a process in a small cgroup"), 0);
	vt_check(vt_cgroup_get("monitor", "memory.events", "max") > before);
	vt_cgroup_end("monitor");
}

/* ---- without privileges ---- */

static bool scribbling;

static void *scribble(void *arg)
{
	struct mon *mon = arg;
	uint64_t *const word = (uint64_t *)mon->header, seed = vt_options.seed;

	while (__atomic_load_n(&scribbling, __ATOMIC_ACQUIRE)) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		__atomic_store_n(&word[(seed >> 20) % (mon->bytes / 8)], seed, __ATOMIC_RELAXED);
		__atomic_store_n(&mon->header->tail, seed >> (seed >> 58), __ATOMIC_RELAXED);
		mon_poll(mon->fd, 0, NULL);
	}
	return NULL;
}

/* Nonsense everywhere, tails before and behind the head, while events come. Then another file works. */
static void test_scribble(void)
{
	struct mon bad, good;
	struct odp_monitor_entry entry;
	uint32_t slot, i;
	pthread_t thread;
	uint8_t *at = mon_map(64 * MON_PAGE);

	vt_case("a process that writes into what the kernel writes");
	mon_make(&bad, 64, 16);
	mon_make(&good, 1, 2);
	for (i = 0; i < 64; i++)
		mon_expect(mon_watch(bad.fd, at + i * MON_PAGE, MON_PAGE, i, ODP_MONITOR_ANY,
				     &slot),
			   0);
	scribbling = true;
	vt_check(!pthread_create(&thread, NULL, scribble, &bad));
	for (i = 0; i < 3000; i++) {
		vt_check(!madvise(at + i % 60 * MON_PAGE, 4 * MON_PAGE, MADV_DONTNEED));
		if (!(i % 50))
			mon_expect(mon_unwatch(bad.fd, i / 50, i / 50), 0);
	}
	__atomic_store_n(&scribbling, false, __ATOMIC_RELEASE);
	vt_check(!pthread_join(thread, NULL));
	mon_expect(mon_watch(good.fd, at, MON_PAGE, 9, ODP_MONITOR_ANY, &slot), 0);
	vt_check(!madvise(at, MON_PAGE, MADV_DONTNEED));
	vt_check(mon_take(&good, &entry) && entry.cookie == 9 &&
		 entry.kinds == ODP_MONITOR_REPLACED);
	vt_check(!munmap(bad.header, bad.bytes) && !close(bad.fd));
	vt_check(!munmap(at, 64 * MON_PAGE));
	mon_end(&good);
}

/* A word of a structure: anything, little, or nothing, so that some calls are right. */
static uint64_t random_word(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	switch (*seed >> 33 & 3) {
	case 0:
		return *seed;
	case 1:
		return *seed >> 60;
	case 2:
		return *seed >> 48 << 12;
	default:
		return 0;
	}
}

/* Mostly a call that there is, with its own length; else any number, direction and length. */
static unsigned long random_request(uint64_t *seed)
{
	static const unsigned long request[] = { ODP_MONITOR_SETUP, ODP_MONITOR_WATCH,
						 ODP_MONITOR_UNWATCH };

	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	if (*seed >> 40 & 3)
		return request[(*seed >> 33) % 3];
	return _IOC(*seed >> 62, ODP_MONITOR_IOCTL, *seed >> 44 & 3, *seed >> 48 & 0x3fff);
}

static void test_random(void)
{
	static uint64_t data[2048];
	uint64_t seed = vt_options.seed, ok = 0;
	struct mon mon;
	unsigned int i, j;

	vt_case("random calls");
	mon_make(&mon, 16, 16);
	for (i = 0; i < 20000; i++) {
		for (j = 0; j < 6; j++)
			data[j] = random_word(&seed);
		/* The cookies, of a watch and of who ends it: few, so that they meet. */
		data[0] &= i & 1 ? 3 : -1ull;
		data[2] &= 3;
		ok += !mon_ioctl(mon.fd, random_request(&seed), i % 16 ? data : NULL);
	}
	vt_note("%lu of 20000 random calls succeeded", (unsigned long)ok);
	vt_check(ok > 100 && ok < 10000);
	mon_end(&mon);
}

int main(int argc, char **argv)
{
	vt_init(argc, argv);
	if (geteuid())
		vt_skip("limits are set by root only");
	test_device();
	test_user();
	test_cgroup();
	become_nobody();
	test_setup();
	test_map();
	test_watch();
	test_sizes();
	test_fault();
	test_scribble();
	test_random();
	return vt_pass();
}
