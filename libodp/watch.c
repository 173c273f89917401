// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Fault events. The kernel has no way to push them to somebody without privileges, so a thread
 * looks at counters and makes an eventfd readable when they moved.
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "odp.h"

#define DEFAULT_INTERVAL_MS 10
#define MAX_INTERVAL_MS	    3600000
#define NS_PER_SEC	    1000000000ull

struct odp_watch {
	struct ibv_context *ctx;
	bool of_mr; /* or of the device */
	struct ibv_mr mr; /* a copy, which outlives the region */
	unsigned int interval_ms;
	int fd;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake; /* to end */
	/* Below: under the lock. */
	bool end;
	int err; /* nothing more will come */
	struct odp_event seen, told; /* totals */
};

static uint64_t counter_of(const struct odp_counter *counter, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(counter[i].name, name))
			return counter[i].value;
	return 0;
}

static int look_device(struct ibv_context *ctx, struct odp_event *total)
{
	struct odp_counter counter[256];
	ssize_t n = odp_device_counters(ctx, 1, counter, 256);

	if (n < 0)
		return n;
	n = n < 256 ? n : 256;
	total->prefetched = counter_of(counter, n, "odp_pages_prefetched");
	total->faults = counter_of(counter, n, "odp_pages_mapped") - total->prefetched;
	total->invalidations = counter_of(counter, n, "odp_pages_invalidated");
	return 0;
}

static int look_mr(struct ibv_mr *mr, struct odp_event *total)
{
	struct odp_mr_stats stats;
	int err = odp_mr_stats(mr, &stats);

	if (err)
		return err;
	total->faults = stats.page_faults;
	total->prefetched = stats.page_prefetch;
	total->invalidations = stats.page_invalidations;
	return 0;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SEC + now.tv_nsec;
}

static int look(struct odp_watch *watch, struct odp_event *total)
{
	total->at_ns = now_ns();
	return watch->of_mr ? look_mr(&watch->mr, total) : look_device(watch->ctx, total);
}

static bool differ(const struct odp_event *a, const struct odp_event *b)
{
	return a->faults != b->faults || a->prefetched != b->prefetched ||
	       a->invalidations != b->invalidations;
}

static void make_readable(const struct odp_watch *watch)
{
	const uint64_t one = 1;
	ssize_t done = write(watch->fd, &one, sizeof(one));

	(void)done; /* full: it is readable */
}

static void take_in(struct odp_watch *watch, int err, const struct odp_event *total)
{
	if (err)
		watch->err = -ENODEV;
	else if (!differ(total, &watch->seen))
		return;
	else
		watch->seen = *total;
	make_readable(watch);
}

static void sleep_interval(struct odp_watch *watch)
{
	const uint64_t until = now_ns() + watch->interval_ms * 1000000ull;
	const struct timespec time = { .tv_sec = until / NS_PER_SEC,
				       .tv_nsec = until % NS_PER_SEC };

	while (!watch->end && !pthread_cond_timedwait(&watch->wake, &watch->lock, &time))
		;
}

static void *run(void *arg)
{
	struct odp_watch *watch = arg;
	struct odp_event total = {};
	int err;

	pthread_mutex_lock(&watch->lock);
	for (sleep_interval(watch); !watch->end && !watch->err; sleep_interval(watch)) {
		pthread_mutex_unlock(&watch->lock);
		err = look(watch, &total);
		pthread_mutex_lock(&watch->lock);
		take_in(watch, err, &total);
	}
	pthread_mutex_unlock(&watch->lock);
	return NULL;
}

static int start(struct odp_watch *watch)
{
	pthread_condattr_t attr;
	int err;

	pthread_mutex_init(&watch->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&watch->wake, &attr);
	pthread_condattr_destroy(&attr);
	err = -pthread_create(&watch->thread, NULL, run, watch);
	if (err) {
		pthread_cond_destroy(&watch->wake);
		pthread_mutex_destroy(&watch->lock);
	}
	return err;
}

/* What the device says first, or why it does not; a device without paging has no counters of it. */
static int first_look(struct odp_watch *watch)
{
	struct odp_caps caps;
	int err = odp_query_caps(watch->ctx, &caps);

	if (!err && !caps.observes)
		err = -EOPNOTSUPP;
	if (!err)
		err = look(watch, &watch->seen);
	watch->told = watch->seen;
	return err;
}

int odp_watch_open(struct ibv_context *ctx, struct ibv_mr *mr, unsigned int interval_ms,
		   struct odp_watch **result)
{
	struct odp_watch *watch;
	int err;

	if (interval_ms > MAX_INTERVAL_MS)
		return -EINVAL;
	watch = calloc(1, sizeof(*watch));
	if (!watch)
		return -ENOMEM;
	watch->ctx = ctx;
	watch->of_mr = mr;
	if (mr)
		watch->mr = *mr;
	watch->interval_ms = interval_ms ? interval_ms : DEFAULT_INTERVAL_MS;
	err = first_look(watch);
	if (err)
		goto err_free;
	watch->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	err = watch->fd < 0 ? -errno : start(watch);
	if (err)
		goto err_close;
	*result = watch;
	return 0;

err_close:
	if (watch->fd >= 0)
		close(watch->fd);
err_free:
	free(watch);
	return err;
}

int odp_watch_fd(const struct odp_watch *watch)
{
	return watch->fd;
}

/* What came between is taken first, so that the end is not heard before it. */
static int tell(struct odp_watch *watch, struct odp_event *event)
{
	if (!differ(&watch->seen, &watch->told))
		return watch->err;
	*event = (struct odp_event){
		.faults = watch->seen.faults - watch->told.faults,
		.prefetched = watch->seen.prefetched - watch->told.prefetched,
		.invalidations = watch->seen.invalidations - watch->told.invalidations,
		.at_ns = watch->seen.at_ns,
	};
	watch->told = watch->seen;
	return 1;
}

int odp_watch_read(struct odp_watch *watch, struct odp_event *event)
{
	uint64_t count;
	ssize_t done;
	int result;

	pthread_mutex_lock(&watch->lock);
	done = read(watch->fd, &count, sizeof(count));
	(void)done; /* empty: nothing to empty */
	result = tell(watch, event);
	if (watch->err)
		make_readable(watch); /* for ever: an end is not forgotten */
	pthread_mutex_unlock(&watch->lock);
	return result;
}

void odp_watch_close(struct odp_watch *watch)
{
	pthread_mutex_lock(&watch->lock);
	watch->end = true;
	pthread_cond_signal(&watch->wake);
	pthread_mutex_unlock(&watch->lock);
	pthread_join(watch->thread, NULL);
	pthread_cond_destroy(&watch->wake);
	pthread_mutex_destroy(&watch->lock);
	close(watch->fd);
	free(watch);
}
