// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Arguments and environment. */
#include <getopt.h>

#include "vt.h"

struct vt_options vt_options = {
	.gid_index = -1,
	.peer_gid_index = -1,
	.seed = 20260731,
	.wait_ms = 20000,
	.timeout = 17,
};

enum {
	OPT_DEV = 1,
	OPT_PEER_DEV,
	OPT_GID,
	OPT_PEER_GID,
	OPT_ADDRESS,
	OPT_PEER_ADDRESS,
	OPT_MTU,
	OPT_MEMORY,
	OPT_SEED,
	OPT_ROUNDS,
	OPT_SECONDS,
	OPT_WAIT,
	OPT_TIMEOUT,
	OPT_LOSSY,
	OPT_VERBOSE,
	OPT_HELP,
};

static const struct option long_options[] = {
	{ "dev", required_argument, NULL, OPT_DEV },
	{ "peer-dev", required_argument, NULL, OPT_PEER_DEV },
	{ "gid-index", required_argument, NULL, OPT_GID },
	{ "peer-gid-index", required_argument, NULL, OPT_PEER_GID },
	{ "address", required_argument, NULL, OPT_ADDRESS },
	{ "peer-address", required_argument, NULL, OPT_PEER_ADDRESS },
	{ "mtu", required_argument, NULL, OPT_MTU },
	{ "memory", required_argument, NULL, OPT_MEMORY },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "rounds", required_argument, NULL, OPT_ROUNDS },
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "wait-ms", required_argument, NULL, OPT_WAIT },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "lossy", no_argument, NULL, OPT_LOSSY },
	{ "verbose", no_argument, NULL, OPT_VERBOSE },
	{ "help", no_argument, NULL, OPT_HELP },
	{},
};

static void usage(const char *program, int status)
{
	printf("usage: %s [OPTION...]\n"
	       "  --dev=NAME              the device under test (RDMA_DEV)\n"
	       "  --peer-dev=NAME         the other end's (RDMA_PEER_DEV); default: the same\n"
	       "  --gid-index=N           RDMA_GID_INDEX; default: the first RoCE v2 GID\n"
	       "  --peer-gid-index=N      RDMA_PEER_GID_INDEX\n"
	       "  --address=ADDRESS       the RoCE v2 GID of this IP address instead\n"
	       "  --peer-address=ADDRESS\n"
	       "  --mtu=BYTES             path MTU; default: the port's\n"
	       "  --memory=KIND[:KIND]    pinned or odp, of --dev and of --peer-dev\n"
	       "                          default: every pair that the devices can do\n"
	       "  --seed=N --rounds=N --seconds=N\n"
	       "  --wait-ms=N             how long a completion may take (20000)\n"
	       "  --timeout=CODE          of QPs whose test has no opinion: 4.096 us << CODE (17)\n"
	       "  --lossy                 packets get lost, also those that tell of an error\n"
	       "  --verbose               print every case\n",
	       program);
	exit(status);
}

static int env_number(const char *name, int fallback)
{
	const char *value = getenv(name);

	return value && *value ? atoi(value) : fallback;
}

static enum vt_memory memory_kind(const char *word, size_t len)
{
	if (len == 3 && !strncmp(word, "odp", len))
		return VT_ODP;
	if (len == 6 && !strncmp(word, "pinned", len))
		return VT_PINNED;
	fprintf(stderr, "--memory: pinned, odp, or two of them with a colon\n");
	exit(1);
}

/* One bit for the pair of memory kinds. */
static unsigned int memory_pair(const char *words)
{
	const char *colon = strchr(words, ':');
	enum vt_memory a, b;

	a = memory_kind(words, colon ? (size_t)(colon - words) : strlen(words));
	b = colon ? memory_kind(colon + 1, strlen(colon + 1)) : a;
	return 1u << (2 * a + b);
}

static void take_option(int option, const char *program)
{
	switch (option) {
	case OPT_DEV:
		vt_options.dev = optarg;
		vt_options.peer_dev = optarg;
		break;
	case OPT_PEER_DEV:
		vt_options.peer_dev = optarg;
		break;
	case OPT_GID:
		vt_options.gid_index = atoi(optarg);
		vt_options.peer_gid_index = vt_options.gid_index;
		break;
	case OPT_PEER_GID:
		vt_options.peer_gid_index = atoi(optarg);
		break;
	case OPT_ADDRESS:
		vt_options.address = optarg;
		break;
	case OPT_PEER_ADDRESS:
		vt_options.peer_address = optarg;
		break;
	case OPT_MTU:
		vt_options.mtu = atoi(optarg);
		break;
	case OPT_MEMORY:
		vt_options.memory |= memory_pair(optarg);
		break;
	case OPT_SEED:
		vt_options.seed = strtoull(optarg, NULL, 0);
		break;
	case OPT_ROUNDS:
		vt_options.rounds = atoi(optarg);
		break;
	case OPT_SECONDS:
		vt_options.seconds = atoi(optarg);
		break;
	case OPT_WAIT:
		vt_options.wait_ms = atoi(optarg);
		break;
	case OPT_TIMEOUT:
		vt_options.timeout = atoi(optarg);
		break;
	case OPT_LOSSY:
		vt_options.lossy = true;
		break;
	case OPT_VERBOSE:
		vt_options.verbose = true;
		break;
	default:
		usage(program, option == OPT_HELP ? 0 : 1);
	}
}

void vt_init(int argc, char **argv)
{
	int option;

	vt_options.dev = getenv("RDMA_DEV");
	vt_options.peer_dev = getenv("RDMA_PEER_DEV");
	vt_options.gid_index = env_number("RDMA_GID_INDEX", -1);
	vt_options.peer_gid_index = env_number("RDMA_PEER_GID_INDEX", -1);

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		take_option(option, argv[0]);
	if (!vt_options.peer_dev)
		vt_options.peer_dev = vt_options.dev;
}
