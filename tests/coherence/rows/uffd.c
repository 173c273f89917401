// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* userfaultfd: pages that a thread of the process gives. */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rows.h"

#define REBORN 0x7e57

struct handler {
	struct co_cell *cell;
	int fd;
	pthread_t thread;
	atomic_uint faults;
};

static void give_page(const struct handler *handler, uint64_t address)
{
	static uint64_t page[CO_PAGE / 8] __attribute__((aligned(CO_PAGE)));
	const size_t offset = address - (uintptr_t)handler->cell->region.at;
	struct uffdio_copy copy = {
		.dst = address,
		.src = (uintptr_t)page,
		.len = CO_PAGE,
	};

	co_stamp_fill(page, REBORN, offset, offset + CO_PAGE);
	if (ioctl(handler->fd, UFFDIO_COPY, &copy) && errno != EEXIST && errno != EAGAIN)
		vt_fail("UFFDIO_COPY: %m");
}

static void map_page(const struct handler *handler, uint64_t address)
{
	struct uffdio_continue go = { .range = { .start = address, .len = CO_PAGE } };

	if (ioctl(handler->fd, UFFDIO_CONTINUE, &go) && errno != EEXIST && errno != EAGAIN)
		vt_fail("UFFDIO_CONTINUE: %m");
}

static void protect(const struct handler *handler, uint64_t address, uint64_t len, bool on)
{
	struct uffdio_writeprotect arg = {
		.range = { .start = address, .len = len },
		.mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	while (ioctl(handler->fd, UFFDIO_WRITEPROTECT, &arg)) {
		if (errno != EAGAIN)
			vt_fail("UFFDIO_WRITEPROTECT: %m");
	}
}

static void *serve(void *arg)
{
	struct handler *handler = arg;
	struct uffd_msg msg;

	while (read(handler->fd, &msg, sizeof(msg)) == sizeof(msg)) {
		const uint64_t flags = msg.arg.pagefault.flags;
		const uint64_t address = msg.arg.pagefault.address & ~(CO_PAGE - 1ull);

		if (msg.event != UFFD_EVENT_PAGEFAULT)
			continue;
		atomic_fetch_add(&handler->faults, 1);
		if (flags & UFFD_PAGEFAULT_FLAG_WP)
			protect(handler, address, CO_PAGE, false);
		else if (flags & UFFD_PAGEFAULT_FLAG_MINOR)
			map_page(handler, address);
		else
			give_page(handler, address);
	}
	return NULL;
}

static void start_handler(struct co_cell *cell, uint64_t mode, uint64_t features)
{
	struct handler *handler = calloc(1, sizeof(*handler));
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	struct uffdio_register reg = {
		.range = { .start = (uintptr_t)cell->region.at, .len = cell->region.len },
		.mode = mode,
	};

	vt_check(handler);
	handler->cell = cell;
	handler->fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (handler->fd < 0)
		vt_skip("userfaultfd: %m");
	if (ioctl(handler->fd, UFFDIO_API, &api))
		vt_skip("userfaultfd cannot do that here: %m");
	if (ioctl(handler->fd, UFFDIO_REGISTER, &reg))
		vt_skip("UFFDIO_REGISTER: %m");
	cell->data = handler;
	if (pthread_create(&handler->thread, NULL, serve, handler))
		vt_fail("starting the handler's thread");
}

static unsigned int faults(const struct co_cell *cell)
{
	return atomic_load(&((struct handler *)cell->data)->faults);
}

static void drop(struct co_cell *cell)
{
	if (madvise(cell->region.at, cell->region.len, MADV_DONTNEED))
		vt_fail("madvise(MADV_DONTNEED): %m");
}

/* The device faults into the handler. */
static void drop_and_look(struct co_cell *cell)
{
	unsigned int before = faults(cell);

	drop(cell);
	co_traffic_lap(cell);
	if (faults(cell) == before)
		vt_fail("no fault of the device reached the handler");
}

static void map_missing(struct co_cell *cell)
{
	co_map_anon(cell);
	start_handler(cell, UFFDIO_REGISTER_MODE_MISSING, 0);
	/* Where the device writes first, it must find what the handler gives. */
	co_model_set(cell, REBORN, 0, cell->region.len);
}

static void event_missing(struct co_cell *cell)
{
	cell->model.reborn = REBORN;
	drop_and_look(cell);
}

const struct co_row co_row_uffd_missing = {
	.name = "uffd-missing",
	.map = map_missing,
	.event = event_missing,
	.fate = CO_REBORN,
	.counter = "odp_inval_clear",
};

static void map_minor(struct co_cell *cell)
{
	co_map_memfd(cell);
	memset(cell->region.alias, 0, cell->region.len);
	start_handler(cell, UFFDIO_REGISTER_MODE_MINOR, UFFD_FEATURE_MINOR_SHMEM);
}

const struct co_row co_row_uffd_minor = {
	.name = "uffd-minor",
	.map = map_minor,
	.event = drop_and_look,
	.counter = "odp_inval_clear",
};

static void map_wp(struct co_cell *cell)
{
	co_map_anon(cell);
	start_handler(cell, UFFDIO_REGISTER_MODE_WP, UFFD_FEATURE_PAGEFAULT_FLAG_WP);
}

/* Writes come to the handler, which lets them; reads do not. */
static void event_wp(struct co_cell *cell)
{
	const struct handler *handler = cell->data;
	unsigned int before = faults(cell);

	protect(handler, (uintptr_t)cell->region.at, cell->region.len, true);
	co_traffic_lap(cell);
	if (co_writes(cell) && faults(cell) == before)
		vt_fail("no write of the device reached the handler");
	if (!co_writes(cell) && faults(cell) != before)
		vt_fail("a read of the device was taken for a write");
}

const struct co_row co_row_uffd_wp = {
	.name = "uffd-wp",
	.map = map_wp,
	.event = event_wp,
	.counter = "odp_inval_protect_vma",
};
