// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Child processes, and what is said to them. Every wait has a bound. */
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vt.h"

pid_t vt_fork(void)
{
	pid_t parent = getpid(), pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		vt_fail("fork: %m");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
	}
	return pid;
}

pid_t vt_fork_with_socket(int *socket)
{
	int pair[2];
	pid_t pid;

	vt_check(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	pid = vt_fork();
	*socket = pair[!pid];
	close(pair[!!pid]);
	return pid;
}

int vt_fork_run(void (*child)(void), const char *what)
{
	pid_t pid = vt_fork();
	int status;

	if (!pid) {
		child();
		exit(0);
	}
	vt_check(waitpid(pid, &status, 0) == pid);
	if (!WIFEXITED(status))
		vt_fail("%s ended by signal %d", what, WTERMSIG(status));
	return WEXITSTATUS(status);
}

int vt_reap(pid_t pid, unsigned int ms, const char *what)
{
	uint64_t end_ns = vt_now_ns() + ms * 1000000ull;
	int status;
	pid_t got;

	while (!(got = waitpid(pid, &status, WNOHANG))) {
		if (vt_now_ns() > end_ns)
			vt_fail("%s: process %d is still there after %u ms", what, pid, ms);
		vt_sleep_ms(1);
	}
	if (got != pid)
		vt_fail("%s: waitpid: %m", what);
	return status;
}

/* Whether a thread of this process has this name. */
static bool has_thread(const char *name)
{
	DIR *dir = opendir("/proc/self/task");
	char path[300], comm[32];
	struct dirent *entry;
	bool found = false;
	FILE *in;

	vt_check(dir);
	while (!found && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", entry->d_name);
		in = fopen(path, "r");
		if (!in)
			continue;
		found = fgets(comm, sizeof(comm), in) && !strncmp(comm, name, strlen(name));
		fclose(in);
	}
	closedir(dir);
	return found;
}

bool vt_faults_itself(const struct vt_device *dev)
{
	unsigned int major, minor;
	struct utsname kernel;
	bool itself = has_thread("rodp-fault");

	vt_check(!uname(&kernel) && sscanf(kernel.release, "%u.%u", &major, &minor) == 2);
	if (!vt_is_rodp(dev))
		return true;
	if (!itself && major * 1000 + minor >= 6010)
		vt_fail("Linux %s lends user workers, and this process has none", kernel.release);
	return itself;
}

void vt_tell(int socket, const void *data, size_t len, int fd)
{
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {};
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	}
	if (sendmsg(socket, &msg, MSG_NOSIGNAL) != (ssize_t)len)
		vt_fail("telling the other process: %m");
}

void vt_hear(int socket, void *data, size_t len, int *fd)
{
	struct pollfd pollfd = { .fd = socket, .events = POLLIN };
	struct iovec iov = { .iov_base = data, .iov_len = len };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	if (poll(&pollfd, 1, vt_options.wait_ms) != 1)
		vt_fail("the other process says nothing within %u ms", vt_options.wait_ms);
	if (recvmsg(socket, &msg, MSG_WAITALL) != (ssize_t)len)
		vt_fail("the other process ended before it said anything");
	if (fd) {
		vt_check(msg.msg_controllen >= CMSG_LEN(sizeof(int)));
		memcpy(fd, CMSG_DATA(&control.head), sizeof(*fd));
	}
}
