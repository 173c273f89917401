// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* odpctl caps: what a device can do with on-demand memory. */
#include <string.h>

#include "json.h"
#include "odpctl.h"

static const char *const transports[ODP_TRANSPORTS] = { "RC", "UC", "UD", "XRC" };

static const struct {
	const char *name;
	uint32_t op;
} ops[] = {
	{ "send", ODP_SEND },	      { "recv", ODP_RECV },
	{ "srq_recv", ODP_SRQ_RECV }, { "write", ODP_WRITE },
	{ "read", ODP_READ },	      { "atomic", ODP_ATOMIC },
	{ "flush", ODP_FLUSH },	      { "atomic_write", ODP_ATOMIC_WRITE },
};

#define OPS (sizeof(ops) / sizeof(ops[0]))

/* Columns of the terminal for an operation: the whole table keeps within 80. */
static int width(size_t op)
{
	return strlen(ops[op].name) + 2;
}

static void print_switch(const char *what, bool is)
{
	printf("  %-18s %s%s%s\n", what, term_colour(is ? GREEN : DIM), is ? "yes" : "no",
	       term_colour(PLAIN));
}

static void print_table(const struct odp_caps *caps)
{
	unsigned int i;
	size_t op;

	printf("\n  %s%-5s", term_colour(BOLD), "");
	for (op = 0; op < OPS; op++)
		printf("%*s", width(op), ops[op].name);
	printf("%s\n", term_colour(PLAIN));
	for (i = 0; i < ODP_TRANSPORTS; i++) {
		printf("  %-5s", transports[i]);
		for (op = 0; op < OPS; op++) {
			const bool is = caps->ops[i] & ops[op].op;

			printf("%s%*s%s", term_colour(is ? GREEN : DIM), width(op),
			       is ? "yes" : "-", term_colour(PLAIN));
		}
		printf("\n");
	}
}

static void print_text(const char *name, const struct odp_caps *caps)
{
	printf("%s%s%s\n", term_colour(BOLD), name, term_colour(PLAIN));
	print_switch("explicit regions", caps->explicit_odp);
	print_switch("implicit regions", caps->implicit_odp);
	print_switch("prefetch", caps->prefetch);
	print_switch("dma-bufs", caps->dmabuf);
	print_switch("tells of its pages", caps->observes);
	print_table(caps);
}

static struct json_object *operations_json(const struct odp_caps *caps)
{
	struct json_object *all = json_object_new_object(), *list;
	unsigned int i;
	size_t op;

	for (i = 0; i < ODP_TRANSPORTS; i++) {
		list = json_object_new_array();
		for (op = 0; op < OPS; op++)
			if (caps->ops[i] & ops[op].op)
				json_object_array_add(list, json_object_new_string(ops[op].name));
		json_object_object_add(all, transports[i], list);
	}
	return all;
}

static void print_json(const char *name, const struct odp_caps *caps)
{
	struct json_object *all = json_object_new_object();

	json_add_text(all, "device", name);
	json_add_bool(all, "explicit", caps->explicit_odp);
	json_add_bool(all, "implicit", caps->implicit_odp);
	json_add_bool(all, "prefetch", caps->prefetch);
	json_add_bool(all, "dmabuf", caps->dmabuf);
	json_add_bool(all, "observes", caps->observes);
	json_object_object_add(all, "operations", operations_json(caps));
	json_print(all);
}

static int run(const struct args *args)
{
	struct ibv_context *ctx = device_open(args->what);
	struct odp_caps caps;
	int err;

	if (!ctx)
		return 1;
	err = odp_query_caps(ctx, &caps);
	if (err)
		say_error("%s does not say what it can: %s", ibv_get_device_name(ctx->device),
			  strerror(-err));
	else
		(args->json ? print_json : print_text)(ibv_get_device_name(ctx->device), &caps);
	ibv_close_device(ctx);
	return !!err;
}

static const struct argp_option options[] = { OPTION_JSON, {} };

const struct command command_caps = {
	"caps", "[DEV]", "what a device can do with on-demand memory", options, run,
};
