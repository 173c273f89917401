// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Swap space on a disk, and pushing pages out to it. Needs root. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vt.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

static const char *swap_path;

static void swap_off(void)
{
	swapoff(swap_path);
}

/* The exit status of a shell command about swap_path, which is its $0. */
static int run(const char *command)
{
	int status;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		vt_fail("fork: %m");
	if (!pid) {
		execl("/bin/sh", "sh", "-c", command, swap_path, NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/*
 * The scratch disk of the lab; else a file. A compressed RAM disk would not do: it
 * keeps the page's bytes where a lost dirty bit cannot hurt them.
 */
void vt_swap_on(void)
{
	const char *disk = getenv("LAB_SCRATCH");
	static const char *const file = "/var/tmp/vt-swap";

	swap_path = disk && *disk ? disk : file;
	if (swap_path == file && run("dd if=/dev/zero of=$0 bs=1M count=64 2>/dev/null"))
		vt_skip("no room for a swap file");
	if (run("PATH=$PATH:/sbin:/usr/sbin mkswap $0 >/dev/null 2>&1"))
		vt_skip("mkswap %s does not work", swap_path);
	if (swapon(swap_path, 0))
		vt_skip("swapon %s: %m", swap_path);
	atexit(swap_off);
}

/* Pages of the range that are swapped out or gone: not in the process's page table. */
size_t vt_pages_out(const uint8_t *at, size_t len)
{
	uint64_t entry;
	size_t i, out = 0;
	int fd;

	fd = open("/proc/self/pagemap", O_RDONLY);
	if (fd < 0)
		vt_fail("/proc/self/pagemap: %m");
	for (i = 0; i < len / 4096; i++) {
		if (pread(fd, &entry, 8, ((uintptr_t)at / 4096 + i) * 8) != 8)
			vt_fail("/proc/self/pagemap: %m");
		out += !(entry >> 63);
	}
	close(fd);
	return out;
}

/* Pushes the range out. Returns how many pages went. */
size_t vt_page_out(uint8_t *at, size_t len)
{
	int i;

	for (i = 0; i < 20; i++) {
		if (madvise(at, len, MADV_PAGEOUT))
			vt_skip("MADV_PAGEOUT: %m");
		if (vt_pages_out(at, len) == len / 4096)
			break;
		vt_sleep_ms(10);
	}
	return vt_pages_out(at, len);
}
