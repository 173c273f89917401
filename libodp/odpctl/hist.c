// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* odpctl hist: how long messages waited for pages. */
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "odpctl.h"

#define BAR 40 /* characters */

static uint64_t count_of(const struct odp_latency *latency)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < ODP_LATENCY_BUCKETS; i++)
		sum += latency->bucket[i];
	return sum;
}

/* The bound below which so many of a hundred waits are. */
static uint64_t percentile(const struct odp_latency *latency, unsigned int percent)
{
	const uint64_t wanted = (count_of(latency) * percent + 99) / 100;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < ODP_LATENCY_BUCKETS; i++) {
		sum += latency->bucket[i];
		if (sum >= wanted)
			break;
	}
	return 2ull << i;
}

static void print_bucket(const struct odp_latency *latency, size_t i, uint64_t most)
{
	const uint64_t n = latency->bucket[i];
	int length = most ? (n * BAR + most - 1) / most : 0;

	printf("  %8s - %-8s %8s  %s", say_ns(i ? 1ull << i : 0), say_ns(2ull << i), say_count(n),
	       term_colour(CYAN));
	while (length-- > 0)
		fputs("█", stdout);
	printf("%s\n", term_colour(PLAIN));
}

static void print_text(const char *name, const struct odp_latency *latency)
{
	const uint64_t count = count_of(latency);
	uint64_t most = 0;
	size_t i, first, last;

	printf("%s%s%s: %s waits for pages", term_colour(BOLD), name, term_colour(PLAIN),
	       say_count(count));
	if (!count) {
		printf("\n");
		return;
	}
	printf(", mean %s, 50 %% below %s, 99 %% below %s\n", say_ns(latency->sum_ns / count),
	       say_ns(percentile(latency, 50)), say_ns(percentile(latency, 99)));
	for (first = 0; !latency->bucket[first]; first++)
		;
	for (last = ODP_LATENCY_BUCKETS - 1; !latency->bucket[last]; last--)
		;
	for (i = first; i <= last; i++)
		most = latency->bucket[i] > most ? latency->bucket[i] : most;
	for (i = first; i <= last; i++)
		print_bucket(latency, i, most);
}

static void print_json(const char *name, const struct odp_latency *latency)
{
	struct json_object *all = json_object_new_object(), *list = json_object_new_array();
	size_t i;

	for (i = 0; i < ODP_LATENCY_BUCKETS; i++)
		json_object_array_add(list, json_object_new_uint64(latency->bucket[i]));
	json_add_text(all, "device", name);
	json_add_number(all, "count", count_of(latency));
	json_add_number(all, "sum_ns", latency->sum_ns);
	json_object_object_add(all, "buckets", list);
	json_print(all);
}

/* What came between two looks. */
static struct odp_latency since(const struct odp_latency *then, const struct odp_latency *now)
{
	struct odp_latency latency = { .sum_ns = now->sum_ns - then->sum_ns };
	size_t i;

	for (i = 0; i < ODP_LATENCY_BUCKETS; i++)
		latency.bucket[i] = now->bucket[i] - then->bucket[i];
	return latency;
}

static int show(struct ibv_context *ctx, bool json, unsigned int seconds)
{
	const char *name = ibv_get_device_name(ctx->device);
	struct odp_latency now, then = {};
	int err = odp_latency(ctx, ODP_LATENCY_DEVICE, &now);

	if (!err && seconds) {
		then = now;
		sleep(seconds);
		err = odp_latency(ctx, ODP_LATENCY_DEVICE, &now);
	}
	if (err)
		return say_error("%s tells nothing of waits: %s", name, strerror(-err));
	now = since(&then, &now);
	(json ? print_json : print_text)(name, &now);
	return 0;
}

static int run(const struct args *args)
{
	struct ibv_context *ctx = device_open(args->what);
	int status;

	if (!ctx)
		return 1;
	status = show(ctx, args->json, args->seconds);
	ibv_close_device(ctx);
	return status;
}

static const struct argp_option options[] = { OPTION_JSON, OPTION_SECONDS, {} };

const struct command command_hist = {
	"hist", "[DEV]", "how long messages waited for pages", options, run,
};
