// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * libodprun.so: in each process of an odprun, in front of the C library. libibverbs reaches the
 * kernel by ioctl(2), however it was loaded and whichever provider it is: so that is where
 * registrations are seen, and turned.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <rdma/ib_user_ioctl_cmds.h>
#include <rdma/ib_user_verbs.h>

#include "counts.h"
#include "regions.h"

#define MAX_DEVICES 64

typedef int ioctl_fn(int fd, unsigned long request, ...);

static ioctl_fn *next_ioctl;
static struct counts own_counts; /* where nobody asked for a report */
static struct counts *counts = &own_counts;
static unsigned int transports = 1 << ODP_RC;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Below: under the lock. */
static struct regions regions;
static bool counted; /* this process is */
static struct device {
	dev_t number;
	struct odp_caps caps;
} devices[MAX_DEVICES];
static size_t device_count;

/* ---- The process ---- */

static void fork_begins(void)
{
	pthread_mutex_lock(&lock);
}

static void fork_ends(void)
{
	pthread_mutex_unlock(&lock);
}

/* Regions are the parent's. */
static void child_begins(void)
{
	regions_clear(&regions);
	counted = false;
	pthread_mutex_unlock(&lock);
}

static void process_begins(void)
{
	const char *mask = secure_getenv(TRANSPORTS_ENV);
	struct counts *shared = counts_map(secure_getenv(COUNTS_ENV));

	next_ioctl = (ioctl_fn *)dlsym(RTLD_NEXT, "ioctl");
	if (shared)
		counts = shared;
	if (mask)
		transports = strtoul(mask, NULL, 10);
	pthread_atfork(fork_begins, fork_ends, child_begins);
}

/* Constructors of other libraries, which may run before ours, may register. */
static void __attribute__((constructor)) begin_once(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, process_begins);
}

/* What was not deregistered goes with the process, but where exit() is called from a handler of a signal. */
static void __attribute__((destructor)) process_ends(void)
{
	size_t i;

	if (pthread_mutex_trylock(&lock))
		return;
	for (i = 0; i < regions.places; i++)
		if (regions.place[i].used)
			counts_deregister(counts, regions.place[i].fate, regions.place[i].length);
	regions_clear(&regions);
	pthread_mutex_unlock(&lock);
}

/* ---- The device ---- */

static struct ib_uverbs_attr attr_make(uint16_t id, uint16_t len, uint64_t data)
{
	return (struct ib_uverbs_attr){
		.attr_id = id, .len = len, .flags = UVERBS_ATTR_F_MANDATORY, .data = data
	};
}

/* What ibv_query_device_ex() asks, without libibverbs. False, and all zeros: no answer. */
static bool ask_caps(int fd, uint32_t driver, struct odp_caps *caps)
{
	struct ib_uverbs_ex_query_device_resp is = {};
	struct {
		struct ib_uverbs_ioctl_hdr head;
		struct ib_uverbs_attr attr[3];
	} ask = {
		.head = {
			.length = sizeof(ask),
			.object_id = UVERBS_OBJECT_DEVICE,
			.method_id = UVERBS_METHOD_INVOKE_WRITE,
			.num_attrs = 3,
			.driver_id = driver,
		},
		.attr = {
			attr_make(UVERBS_ATTR_CORE_IN, sizeof(struct ib_uverbs_ex_query_device), 0),
			attr_make(UVERBS_ATTR_CORE_OUT, sizeof(is), (uintptr_t)&is),
			attr_make(UVERBS_ATTR_WRITE_CMD, sizeof(uint64_t),
				  IB_USER_VERBS_CMD_FLAG_EXTENDED | IB_USER_VERBS_EX_CMD_QUERY_DEVICE),
		},
	};

	*caps = (struct odp_caps){};
	if (next_ioctl(fd, RDMA_VERBS_IOCTL, &ask))
		return false;
	caps->explicit_odp = !!(is.odp_caps.general_caps & IBV_ODP_SUPPORT);
	caps->ops[ODP_RC] = is.odp_caps.per_transport_caps.rc_odp_caps;
	caps->ops[ODP_UC] = is.odp_caps.per_transport_caps.uc_odp_caps;
	caps->ops[ODP_UD] = is.odp_caps.per_transport_caps.ud_odp_caps;
	caps->ops[ODP_XRC] = is.xrc_odp_caps;
	return true;
}

/* Asked once a device; what has no place, or did not answer, is asked each time. */
static struct odp_caps caps_of(int fd, uint32_t driver)
{
	struct odp_caps caps;
	struct stat stat;
	size_t i;

	if (fstat(fd, &stat))
		return (struct odp_caps){};
	pthread_mutex_lock(&lock);
	for (i = 0; i < device_count && devices[i].number != stat.st_rdev; i++)
		;
	if (i == device_count) {
		if (ask_caps(fd, driver, &caps) && i < MAX_DEVICES)
			devices[device_count++] = (struct device){ stat.st_rdev, caps };
	} else {
		caps = devices[i].caps;
	}
	pthread_mutex_unlock(&lock);
	return caps;
}

/* ---- Regions ---- */

static void note_register(int fd, uint32_t handle, enum fate fate, uint64_t length)
{
	struct region was;

	length = length == UINT64_MAX ? 0 : length; /* implicit: no bytes of it are anybody's */
	pthread_mutex_lock(&lock);
	if (!counted)
		__atomic_add_fetch(&counts->processes, 1, __ATOMIC_RELAXED);
	counted = true;
	if (fate != FATE_FAILED) {
		was = regions_put(&regions,
				  (struct region){ region_name(fd, handle), length, fate, true });
		counts_deregister(counts, was.fate, was.length);
	}
	counts_register(counts, fate, length);
	pthread_mutex_unlock(&lock);
}

static void note_deregister(int fd, uint32_t handle)
{
	struct region was;

	pthread_mutex_lock(&lock);
	was = regions_take(&regions, region_name(fd, handle));
	counts_deregister(counts, was.fate, was.length);
	pthread_mutex_unlock(&lock);
}

/* FATE_FAILED: none that is known. */
static enum fate fate_of(int fd, uint32_t handle)
{
	const uint64_t name = region_name(fd, handle);
	struct region is;

	pthread_mutex_lock(&lock);
	is = regions_take(&regions, name);
	if (is.fate != FATE_FAILED)
		regions_put(&regions, is);
	pthread_mutex_unlock(&lock);
	return is.fate;
}

static enum fate plan(int fd, const struct request *request)
{
	struct odp_caps caps;

	if (request->kind == REQUEST_DMABUF)
		return FATE_DMABUF;
	if (request->access & IBV_ACCESS_ON_DEMAND)
		return FATE_ASKED;
	if (!request->rights)
		return FATE_REFUSED;
	caps = caps_of(fd, request->driver);
	return rule_apply(&caps, transports, request);
}

/* The message is the caller's, and is as it was afterwards. */
static int call_turned(int fd, struct ib_uverbs_ioctl_hdr *message, const struct request *request)
{
	int status;

	*request->rights |= IBV_ACCESS_ON_DEMAND;
	status = next_ioctl(fd, RDMA_VERBS_IOCTL, message);
	*request->rights = request->access;
	return status;
}

static int do_register(int fd, struct ib_uverbs_ioctl_hdr *message, const struct request *request)
{
	enum fate fate = plan(fd, request);
	int status = -1;

	if (fate == FATE_TURNED) {
		status = call_turned(fd, message, request);
		fate = status ? FATE_REFUSED : fate;
	}
	if (status)
		status = next_ioctl(fd, RDMA_VERBS_IOCTL, message);
	note_register(fd, status ? 0 : *request->made, status ? FATE_FAILED : fate,
		      request->length);
	return status;
}

/* New memory under an old handle; or new rights of memory that stays of its kind. */
static int do_change(int fd, struct ib_uverbs_ioctl_hdr *message, const struct request *request)
{
	const bool memory = request->flags & IBV_REREG_MR_CHANGE_TRANSLATION;
	const bool rights = request->flags & IBV_REREG_MR_CHANGE_ACCESS;
	enum fate fate = memory && rights ? plan(fd, request) : fate_of(fd, request->handle);
	int status = -1;

	if (rights && fate == FATE_TURNED) {
		status = call_turned(fd, message, request);
		fate = status ? FATE_REFUSED : fate;
	}
	if (status)
		status = next_ioctl(fd, RDMA_VERBS_IOCTL, message);
	if (!status && memory)
		note_register(fd, request->handle, fate == FATE_FAILED ? FATE_REFUSED : fate,
			      request->length);
	return status;
}

static int do_message(int fd, struct ib_uverbs_ioctl_hdr *message)
{
	const int err = errno;
	struct request request = request_read(message);
	int status;

	switch (request.kind) {
	case REQUEST_REGISTER:
	case REQUEST_DMABUF:
		status = do_register(fd, message, &request);
		break;
	case REQUEST_CHANGE:
		status = do_change(fd, message, &request);
		break;
	default:
		status = next_ioctl(fd, RDMA_VERBS_IOCTL, message);
	}
	if (status)
		return status;
	if (request.kind == REQUEST_DEREGISTER)
		note_deregister(fd, request.handle);
	errno = err; /* what was tried and failed before is nobody's business */
	return status;
}

/* In place of the C library's. */
__attribute__((visibility("default"))) int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	begin_once();
	return request == RDMA_VERBS_IOCTL && arg ? do_message(fd, arg)
						  : next_ioctl(fd, request, arg);
}
