// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * odpctl doctor: what this host lacks for rodp, in the order in which it is needed, and the
 * command that mends it. What cannot be known before something else is mended is not asked.
 */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "json.h"
#include "odpctl.h"

#define ROCE_MTU 4200 /* bytes: a path MTU of 4096 and its headers */

struct doctor {
	char device[IBV_SYSFS_NAME_MAX]; /* of rodp, "" if there is none */
	char netdev[32];
	unsigned int missing;
	char mend[256];
};

enum finding {
	GOOD,
	NOTE, /* works, but could be better */
	UNKNOWN, /* cannot be looked at */
	MISSING,
};

/* The command that mends what is being looked at. */
static void set_mend(struct doctor *doctor, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void set_mend(struct doctor *doctor, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(doctor->mend, sizeof(doctor->mend), format, args);
	va_end(args);
}

/* The first line of a file below /sys, or "". */
static void read_line(char *text, size_t room, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void read_line(char *text, size_t room, const char *format, ...)
{
	char path[320];
	va_list args;
	FILE *file;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	*text = 0;
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(text, room, file))
		text[strcspn(text, "\n")] = 0;
	fclose(file);
}

static bool file_has(const char *path, const char *word)
{
	FILE *file = fopen(path, "re");
	char line[512];
	bool has = false;

	while (file && !has && fgets(line, sizeof(line), file))
		has = strstr(line, word);
	if (file)
		fclose(file);
	return has;
}

/* The first entry of a directory that fits, copied to name. */
static bool find_entry(const char *dir, bool (*fits)(const char *name), char *name, size_t room)
{
	DIR *list = opendir(dir);
	const struct dirent *entry;
	bool found = false;

	while (list && !found && (entry = readdir(list))) {
		found = entry->d_name[0] != '.' && fits(entry->d_name);
		if (found)
			snprintf(name, room, "%.*s", (int)room - 1, entry->d_name);
	}
	if (list)
		closedir(list);
	return found;
}

static bool is_rodp(const char *name)
{
	char value[32];

	read_line(value, sizeof(value), "/sys/class/infiniband/%s/ports/1/hw_counters/odp_faults",
		  name);
	return *value;
}

/* rxe has counters of this name, and rodp has not. */
static bool is_rxe(const char *name)
{
	char value[32];

	read_line(value, sizeof(value),
		  "/sys/class/infiniband/%s/ports/1/hw_counters/completer_retry_err", name);
	return *value;
}

/* An interface that could carry a device. */
static bool is_ethernet(const char *name)
{
	char type[16], state[16];

	read_line(type, sizeof(type), "/sys/class/net/%s/type", name);
	read_line(state, sizeof(state), "/sys/class/net/%s/operstate", name);
	return !strcmp(type, "1") && strcmp(state, "down") != 0;
}

/* This program came in a package: then what is missing is in its siblings. */
static bool is_packaged(void)
{
	char path[64];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	path[len > 0 ? len : 0] = 0;
	return !strcmp(path, "/usr/bin/odpctl");
}

static bool is_dkms_source(const char *name)
{
	return !strncmp(name, "rodp-", 5);
}

static enum finding look_kernel(struct doctor *doctor)
{
	struct utsname host;
	char path[96];

	uname(&host);
	snprintf(path, sizeof(path), "/boot/config-%s", host.release);
	set_mend(doctor,
		 "boot a kernel with CONFIG_INFINIBAND_ON_DEMAND_PAGING=y (Debian's have it)");
	if (file_has(path, "CONFIG_INFINIBAND_ON_DEMAND_PAGING=y"))
		return GOOD;
	if (!access(path, R_OK))
		return MISSING;
	set_mend(doctor, "look for CONFIG_INFINIBAND_ON_DEMAND_PAGING=y yourself; %s is not there",
		 path);
	return UNKNOWN;
}

static enum finding look_module(struct doctor *doctor)
{
	struct utsname host;
	char path[96];

	if (!access("/sys/module/rodp", F_OK))
		return GOOD;
	uname(&host);
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep", host.release);
	if (file_has(path, "/rodp.ko"))
		set_mend(doctor, "modprobe rodp");
	else if (find_entry("/usr/src", is_dkms_source, path, sizeof(path)))
		set_mend(doctor,
			 "apt install linux-headers-%s && dkms autoinstall && modprobe rodp",
			 host.release);
	else if (is_packaged())
		set_mend(doctor, "apt install ./rodp-dkms_*.deb linux-headers-%s && modprobe rodp",
			 host.release);
	else
		set_mend(doctor, "make -C kernel && make -C kernel install && modprobe rodp");
	return MISSING;
}

static enum finding look_uverbs(struct doctor *doctor)
{
	set_mend(doctor, "modprobe ib_uverbs");
	return access("/sys/class/infiniband_verbs/abi_version", F_OK) ? MISSING : GOOD;
}

static enum finding look_rdma_tool(struct doctor *doctor)
{
	set_mend(doctor, "apt install iproute2");
	return system("command -v rdma >/dev/null 2>&1 || [ -x /usr/sbin/rdma ] || [ -x /sbin/rdma ]")
		       ? MISSING
		       : GOOD;
}

static enum finding look_device(struct doctor *doctor)
{
	char rxe[IBV_SYSFS_NAME_MAX], netdev[32] = "NETDEV";

	if (find_entry("/sys/class/infiniband", is_rodp, doctor->device, sizeof(doctor->device)))
		return GOOD;
	find_entry("/sys/class/net", is_ethernet, netdev, sizeof(netdev));
	/* One UDP port: both in one network namespace cannot be. */
	if (find_entry("/sys/class/infiniband", is_rxe, rxe, sizeof(rxe)))
		set_mend(doctor, "rdma link delete %s && rdma link add rodp0 type rodp netdev %s",
			 rxe, netdev);
	else
		set_mend(doctor, "rdma link add rodp0 type rodp netdev %s", netdev);
	return MISSING;
}

static enum finding look_provider(struct doctor *doctor)
{
	struct ibv_device **list = ibv_get_device_list(NULL), **device;
	enum finding finding = MISSING;

	if (is_packaged())
		set_mend(doctor, "apt install ./ibverbs-provider-rodp_*.deb");
	else
		set_mend(
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
	set_mend(doctor, "chmod 666 /dev/infiniband/uverbs*   (%s)", strerror(errno));
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

	read_line(doctor->netdev, sizeof(doctor->netdev),
		  "/sys/class/infiniband/%s/ports/1/gid_attrs/ndevs/0", doctor->device);
	read_line(state, sizeof(state), "/sys/class/infiniband/%s/ports/1/state", doctor->device);
	set_mend(doctor, "ip link set %s up", *doctor->netdev ? doctor->netdev : "NETDEV");
	return strstr(state, "ACTIVE") ? GOOD : MISSING;
}

/* An address that others can reach: of IPv4, or of IPv6 and not of the link alone. */
static enum finding look_gid(struct doctor *doctor)
{
	char type[32], gid[64];
	int i;

	set_mend(doctor, "ip addr add ADDRESS/PREFIX dev %s", doctor->netdev);
	for (i = 0; i < 64; i++) {
		read_line(type, sizeof(type), "/sys/class/infiniband/%s/ports/1/gid_attrs/types/%d",
			  doctor->device, i);
		read_line(gid, sizeof(gid), "/sys/class/infiniband/%s/ports/1/gids/%d",
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

	read_line(mtu, sizeof(mtu), "/sys/class/net/%s/mtu", doctor->netdev);
	set_mend(doctor,
		 "ip link set %s mtu %d   (it is %s; then messages go in packets of 4096 bytes)",
		 doctor->netdev, ROCE_MTU, mtu);
	return !*mtu || atoi(mtu) >= ROCE_MTU ? GOOD : NOTE;
}

static enum finding look_memlock(struct doctor *doctor)
{
	struct rlimit limit;

	set_mend(
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
	{ "kernel has on-demand paging for RDMA", look_kernel, false },
	{ "module rodp is loaded", look_module, true },
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

static const char *const word[] = { "ok", "note", "unknown", "MISSING" };

static void add_finding(struct json_object *all, const struct doctor *doctor, const char *what,
			enum finding finding)
{
	struct json_object *one = json_object_new_object();

	json_add_text(one, "what", what);
	json_add_text(one, "finding", word[finding]);
	if (finding != GOOD)
		json_add_text(one, "mend", doctor->mend);
	json_object_array_add(all, one);
}

static void print_finding(const struct doctor *doctor, const char *what, enum finding finding)
{
	static const enum colour colour[] = { GREEN, YELLOW, YELLOW, RED };

	printf("%s%-8s%s %s\n", term_colour(colour[finding]), word[finding], term_colour(PLAIN),
	       what);
	if (finding != GOOD)
		printf("         %s%s%s\n", term_colour(BOLD), doctor->mend, term_colour(PLAIN));
}

static int run(const struct args *args)
{
	struct json_object *all = args->json ? json_object_new_array() : NULL;
	struct doctor doctor = {};
	enum finding finding;
	size_t i;

	for (i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		finding = looks[i].look(&doctor);
		if (args->json)
			add_finding(all, &doctor, looks[i].what, finding);
		else
			print_finding(&doctor, looks[i].what, finding);
		doctor.missing += finding == MISSING;
		if (finding == MISSING && looks[i].stops)
			break;
	}
	if (args->json)
		json_print(all);
	return !!doctor.missing;
}

static const struct argp_option options[] = { OPTION_JSON, {} };

const struct command command_doctor = {
	"doctor", "", "what is missing here to use rodp, and what mends it", options, run,
};
