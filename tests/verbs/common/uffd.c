// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Memory whose faults a thread of this process answers (userfaultfd). Needs root. */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vt.h"

struct vt_uffd {
	int fd;
	int stop[2]; /* closing the write end ends the thread */
	pthread_t thread;
	enum vt_uffd_mode mode;
	uint8_t *at;
	size_t len;
	uint64_t seed;
	unsigned int delay_ms;
	atomic_uint answered;
};

static const uint64_t features[] = {
	[VT_UFFD_MISSING] = 0,
	[VT_UFFD_MINOR] = UFFD_FEATURE_MINOR_SHMEM,
	[VT_UFFD_WP] = UFFD_FEATURE_PAGEFAULT_FLAG_WP,
};

static const uint64_t register_modes[] = {
	[VT_UFFD_MISSING] = UFFDIO_REGISTER_MODE_MISSING,
	[VT_UFFD_MINOR] = UFFDIO_REGISTER_MODE_MINOR,
	[VT_UFFD_WP] = UFFDIO_REGISTER_MODE_WP,
};

int vt_uffd_open(enum vt_uffd_mode mode, uint8_t *at, size_t len)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features[mode] };
	struct uffdio_register range = {
		.range = { .start = (uintptr_t)at, .len = len },
		.mode = register_modes[mode],
	};
	int fd;

	fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		vt_skip("userfaultfd: %m");
	if (ioctl(fd, UFFDIO_API, &api))
		vt_skip("userfaultfd without the feature 0x%lx: %m", (long)features[mode]);
	if (ioctl(fd, UFFDIO_REGISTER, &range))
		vt_fail("UFFDIO_REGISTER, mode 0x%lx: %m", (long)register_modes[mode]);
	return fd;
}

void vt_uffd_protect(int fd, uint8_t *at, size_t len, bool protect)
{
	struct uffdio_writeprotect range = {
		.range = { .start = (uintptr_t)at, .len = len },
		.mode = protect ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	if (ioctl(fd, UFFDIO_WRITEPROTECT, &range))
		vt_fail("UFFDIO_WRITEPROTECT: %m");
}

void vt_uffd_zero(int fd, uint8_t *at, size_t len)
{
	struct uffdio_zeropage zero = { .range = { .start = (uintptr_t)at, .len = len } };

	if (ioctl(fd, UFFDIO_ZEROPAGE, &zero))
		vt_fail("UFFDIO_ZEROPAGE: %m");
}

unsigned int vt_uffd_wait_fault(int fd, unsigned int ms)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	struct uffd_msg msg;
	unsigned int n = 0;

	if (poll(&pollfd, 1, ms) <= 0)
		return 0;
	while (read(fd, &msg, sizeof(msg)) == sizeof(msg))
		n += msg.event == UFFD_EVENT_PAGEFAULT;
	return n;
}

static void answer_missing(struct vt_uffd *uffd, uint8_t *page)
{
	static __thread uint8_t content[4096];
	struct uffdio_copy copy = {
		.dst = (uintptr_t)page,
		.src = (uintptr_t)content,
		.len = sizeof(content),
	};

	vt_fill(content, sizeof(content), uffd->seed, page - uffd->at);
	/* EEXIST: another fault of the same page was answered meanwhile, and nobody was woken. */
	if (ioctl(uffd->fd, UFFDIO_COPY, &copy) && errno != EEXIST && errno != EAGAIN)
		vt_fail("UFFDIO_COPY: %m");
	if (copy.copy != (long)sizeof(content))
		ioctl(uffd->fd, UFFDIO_WAKE,
		      &(struct uffdio_range){ .start = copy.dst, .len = copy.len });
}

static void answer_minor(struct vt_uffd *uffd, uint8_t *page)
{
	struct uffdio_continue more = { .range = { .start = (uintptr_t)page, .len = 4096 } };

	if (ioctl(uffd->fd, UFFDIO_CONTINUE, &more) && errno != EEXIST && errno != EAGAIN)
		vt_fail("UFFDIO_CONTINUE: %m");
	if (more.mapped != 4096)
		ioctl(uffd->fd, UFFDIO_WAKE, &more.range);
}

static void answer(struct vt_uffd *uffd, const struct uffd_msg *msg)
{
	uint8_t *page = (uint8_t *)(uintptr_t)(msg->arg.pagefault.address & ~4095ull);
	const uint64_t flags = msg->arg.pagefault.flags;

	if (msg->event != UFFD_EVENT_PAGEFAULT)
		vt_fail("userfaultfd event %u", msg->event);
	if (page < uffd->at || page >= uffd->at + uffd->len)
		vt_fail("a fault outside the range, at %p", (void *)page);
	if (uffd->delay_ms)
		vt_sleep_ms(uffd->delay_ms);
	/* Counted first: whoever sees the page must find it counted. */
	atomic_fetch_add(&uffd->answered, 1);
	if (flags & UFFD_PAGEFAULT_FLAG_WP)
		vt_uffd_protect(uffd->fd, page, 4096, false);
	else if (flags & UFFD_PAGEFAULT_FLAG_MINOR)
		answer_minor(uffd, page);
	else
		answer_missing(uffd, page);
}

static void *handler(void *arg)
{
	struct vt_uffd *uffd = arg;
	struct pollfd fds[] = { { .fd = uffd->fd, .events = POLLIN },
				{ .fd = uffd->stop[0], .events = POLLIN } };
	struct uffd_msg msg;

	for (;;) {
		if (poll(fds, 2, -1) < 0)
			vt_fail("poll: %m");
		if (fds[1].revents)
			return NULL;
		while (read(uffd->fd, &msg, sizeof(msg)) == sizeof(msg))
			answer(uffd, &msg);
	}
}

struct vt_uffd *vt_uffd_answer(enum vt_uffd_mode mode, uint8_t *at, size_t len, uint64_t seed,
			       unsigned int delay_ms)
{
	struct vt_uffd *uffd = calloc(1, sizeof(*uffd));

	vt_check(uffd);
	uffd->mode = mode;
	uffd->at = at;
	uffd->len = len;
	uffd->seed = seed;
	uffd->delay_ms = delay_ms;
	uffd->fd = vt_uffd_open(mode, at, len);
	vt_check(!pipe(uffd->stop));
	vt_check(!pthread_create(&uffd->thread, NULL, handler, uffd));
	return uffd;
}

int vt_uffd_fd(const struct vt_uffd *uffd)
{
	return uffd->fd;
}

unsigned int vt_uffd_answered(struct vt_uffd *uffd)
{
	return atomic_load(&uffd->answered);
}

void vt_uffd_end(struct vt_uffd *uffd)
{
	close(uffd->stop[1]);
	vt_check(!pthread_join(uffd->thread, NULL));
	close(uffd->stop[0]);
	close(uffd->fd);
	free(uffd);
}
