// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * odpctl doctor: what this host lacks for rodp, in the order in which it is needed, and the
 * command that mends it. What cannot be known before something else is mended is not asked.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "doctor.h"

#define ROCE_MTU 4200 /* bytes: a path MTU of 4096 and its headers */

static bool is_rodp(const char *name)
{
	char value[32];

	doctor_read_line(value, sizeof(value),
			 "/sys/class/infiniband/%s/ports/1/hw_counters/odp_faults", name);
	return *value;
}

/* rxe has counters of this name, and rodp has not. */
static bool is_rxe(const char *name)
{
	char value[32];

	doctor_read_line(value, sizeof(value),
			 "/sys/class/infiniband/%s/ports/1/hw_counters/completer_retry_err", name);
	return *value;
}

/* An interface that could carry a device. */
static bool is_ethernet(const char *name)
{
	char type[16], state[16];

	doctor_read_line(type, sizeof(type), "/sys/class/net/%s/type", name);
	doctor_read_line(state, sizeof(state), "/sys/class/net/%s/operstate", name);
	return !strcmp(type, "1") && strcmp(state, "down") != 0;
}

static enum finding look_uverbs(struct doctor *doctor)
{
	doctor_set_mend(doctor, "modprobe ib_uverbs");
	return access("/sys/class/infiniband_verbs/abi_version", F_OK) ? MISSING : GOOD;
}

static enum finding look_rdma_tool(struct doctor *doctor)
{
	doctor_set_mend(doctor, "apt install iproute2");
	return system("command -v rdma >/dev/null 2>&1 || [ -x /usr/sbin/rdma ] || [ -x /sbin/rdma ]")
		       ? MISSING
		       : GOOD;
}

static enum finding look_device(struct doctor *doctor)
{
	char rxe[IBV_SYSFS_NAME_MAX], netdev[32] = "NETDEV";

	if (doctor_find_entry("/sys/class/infiniband", is_rodp, doctor->device,
			      sizeof(doctor->device)))
		return GOOD;
	doctor_find_entry("/sys/class/net", is_ethernet, netdev, sizeof(netdev));
	/* One UDP port: both in one network namespace cannot be. */
	if (doctor_find_entry("/sys/class/infiniband", is_rxe, rxe, sizeof(rxe)))
		doctor_set_mend(doctor,
				"rdma link delete %s && rdma link add rodp0 type rodp netdev %s",
				rxe, netdev);
	else
		doctor_set_mend(doctor, "rdma link add rodp0 type rodp netdev %s", netdev);
	return MISSING;
}

static enum finding look_provider(struct doctor *doctor)
{
	struct ibv_device **list = ibv_get_device_list(NULL), **device;
	enum finding finding = MISSING;

	if (doctor_is_packaged())
		doctor_set_mend(doctor, "apt install ./ibverbs-provider-rodp_*.deb");
	else
		doctor_set_mend(
			doctor,
			"cmake --preset default && cmake --build --preset default && cmake --install build/native && ldconfig");
	for (device = list; device && *device; device++)
		if (!strcmp(ibv_get_device_name(*device), doctor->device))
			finding = GOOD;
	if (list)
		ibv_free_device_list(list);
	return finding;
}

static enum finding look_access(struct doctor *doctor)
{
	struct ibv_device **list = ibv_get_device_list(NULL), **device;
	struct ibv_context *ctx = NULL;

	for (device = list; device && *device && !ctx; device++)
		if (!strcmp(ibv_get_device_name(*device), doctor->device))
			ctx = ibv_open_device(*device);
	doctor_set_mend(doctor, "chmod 666 /dev/infiniband/uverbs*   (%s)", strerror(errno));
	if (list)
		ibv_free_device_list(list);
	if (!ctx)
		return MISSING;
	ibv_close_device(ctx);
	return GOOD;
}

static enum finding look_port(struct doctor *doctor)
{
	char state[32];

	doctor_read_line(doctor->netdev, sizeof(doctor->netdev),
			 "/sys/class/infiniband/%s/ports/1/gid_attrs/ndevs/0", doctor->device);
	doctor_read_line(state, sizeof(state), "/sys/class/infiniband/%s/ports/1/state",
			 doctor->device);
	doctor_set_mend(doctor, "ip link set %s up", *doctor->netdev ? doctor->netdev : "NETDEV");
	return strstr(state, "ACTIVE") ? GOOD : MISSING;
}

/* An address that others can reach: of IPv4, or of IPv6 and not of the link alone. */
static enum finding look_gid(struct doctor *doctor)
{
	char type[32], gid[64];
	int i;

	doctor_set_mend(doctor, "ip addr add ADDRESS/PREFIX dev %s", doctor->netdev);
	for (i = 0; i < 64; i++) {
		doctor_read_line(type, sizeof(type),
				 "/sys/class/infiniband/%s/ports/1/gid_attrs/types/%d",
				 doctor->device, i);
		doctor_read_line(gid, sizeof(gid), "/sys/class/infiniband/%s/ports/1/gids/%d",
				 doctor->device, i);
		if (!strcmp(type, "RoCE v2") && strncmp(gid, "fe80", 4) &&
		    strncmp(gid, "0000:0000:0000:0000:0000:0000", 29))
			return GOOD;
	}
	return MISSING;
}

static enum finding look_mtu(struct doctor *doctor)
{
	char mtu[16];

	doctor_read_line(mtu, sizeof(mtu), "/sys/class/net/%s/mtu", doctor->netdev);
	doctor_set_mend(
		doctor,
		"ip link set %s mtu %d   (it is %s; then messages go in packets of 4096 bytes)",
		doctor->netdev, ROCE_MTU, mtu);
	return !*mtu || atoi(mtu) >= ROCE_MTU ? GOOD : NOTE;
}

static enum finding look_memlock(struct doctor *doctor)
{
	struct rlimit limit;

	doctor_set_mend(
		doctor,
		"ulimit -l unlimited   (for programs that pin memory; on-demand memory needs none)");
	if (getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_cur >= 64 << 20 || !geteuid())
		return GOOD;
	return NOTE;
}

static const struct look {
	const char *what;
	enum finding (*look)(struct doctor *doctor);
	bool stops; /* without it, nothing more can be said */
} looks[] = {
	{ "kernel has on-demand paging for RDMA", doctor_look_kernel, false },
	{ "the kernel takes modules that it does not know", doctor_look_lockdown, false },
	{ "module rodp is loaded", doctor_look_module, true },
	{ "it is the module that is installed", doctor_look_loaded, false },
	{ "programs can reach RDMA devices (ib_uverbs)", look_uverbs, true },
	{ "the tool rdma is installed", look_rdma_tool, false },
	{ "there is a rodp device in this network namespace", look_device, true },
	{ "libibverbs has the provider for it", look_provider, true },
	{ "you may open it", look_access, false },
	{ "its port is active", look_port, false },
	{ "it has an address that others can reach", look_gid, false },
	{ "the MTU is large", look_mtu, false },
	{ "pinned memory is allowed", look_memlock, false },
};

static int run(const struct args *args)
{
	struct doctor doctor = { .json = args->json ? json_object_new_array() : NULL };
	enum finding finding;
	size_t i;

	if (args->container)
		return container_look(args);
	for (i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		finding = looks[i].look(&doctor);
		doctor_tell(&doctor, looks[i].what, finding);
		if (finding == MISSING && looks[i].stops)
			break;
	}
	return doctor_end(&doctor);
}

static const struct argp_option options[] = {
	OPTION_JSON,
	OPTION_CONTAINER,
	OPTION_PROVIDERS,
	{},
};

const struct command command_doctor = {
	"doctor", "", "what is missing here to use rodp, and what mends it", options, run,
};
