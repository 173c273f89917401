// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* odpctl watch: paging as it happens, a line an event. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "json.h"
#include "odpctl.h"

static void print_text(const char *name, const struct odp_event *event)
{
	printf("%lu.%03lu  %s  faults %lu  prefetched %lu  invalidated %lu\n",
	       (unsigned long)(event->at_ns / 1000000000),
	       (unsigned long)(event->at_ns / 1000000 % 1000), name, (unsigned long)event->faults,
	       (unsigned long)event->prefetched, (unsigned long)event->invalidations);
}

static void print_json(const char *name, const struct odp_event *event)
{
	struct json_object *one = json_object_new_object();

	json_add_text(one, "device", name);
	json_add_number(one, "at_ns", event->at_ns);
	json_add_number(one, "faults", event->faults);
	json_add_number(one, "prefetched", event->prefetched);
	json_add_number(one, "invalidations", event->invalidations);
	json_print_line(one);
}

/* Until the device goes, `count` events came (0: for ever), or nobody listens. */
static int follow(struct odp_watch *watch, const char *name, bool json, unsigned long count)
{
	struct pollfd fd = { .fd = odp_watch_fd(watch), .events = POLLIN };
	struct odp_event event;
	unsigned long n = 0;
	int got;

	while (!count || n < count) {
		if (poll(&fd, 1, -1) < 0 && errno != EINTR)
			return say_error("poll(): %s", strerror(errno));
		got = odp_watch_read(watch, &event);
		if (got < 0)
			return say_error("%s is gone", name);
		if (!got)
			continue;
		(json ? print_json : print_text)(name, &event);
		n++;
		if (fflush(stdout))
			return 1;
	}
	return 0;
}

static int show(struct ibv_context *ctx, bool json, unsigned int interval, unsigned long count)
{
	const char *name = ibv_get_device_name(ctx->device);
	struct odp_watch *watch;
	int status = odp_watch_open(ctx, NULL, interval, &watch);

	if (status)
		return say_error("%s cannot be watched: %s", name, strerror(-status));
	status = follow(watch, name, json, count);
	odp_watch_close(watch);
	return status;
}

static int run(const struct args *args)
{
	struct ibv_context *ctx = device_open(args->what);
	int status;

	if (!ctx)
		return 1;
	status = show(ctx, args->json, args->interval, args->count);
	ibv_close_device(ctx);
	return status;
}

static const struct argp_option options[] = { OPTION_JSON, OPTION_INTERVAL, OPTION_COUNT, {} };

const struct command command_watch = {
	"watch", "[DEV]", "paging as it happens, a line an event", options, run,
};
