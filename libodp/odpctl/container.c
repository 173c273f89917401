// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * odpctl doctor --container: whether programs in another root directory can use rodp devices. They
 * bring a libibverbs of their own, which needs the provider for just its release; the host has one
 * for each (providers/rodp/layout), and a container gets it by a mount.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"

#define REGISTERS "verbs_register_driver_" /* in the name of what a library exports: the ABI */
#define GLIBC	  "GLIBC_2." /* in the names of versions that a C library has or a program wants */

struct container {
	struct doctor doctor;
	int root; /* a descriptor of its root directory; paths in it are its programs' */
	char providers[256];
	char library[512];
	unsigned int release, abi;
	char layout[32]; /* FIRST-LAST */
	char provider[512]; /* of the host */
	char inside[1024]; /* where the container's library looks for it */
};

/* The largest number behind a word in text, which is freed; 0: there is none, or no text. */
static unsigned int largest_number(char *text, size_t length, const char *word)
{
	const char *at, *end = text + length;
	unsigned int largest = 0;

	for (at = text; at && (at = memmem(at, end - at, word, strlen(word)));) {
		unsigned int number = 0, digits = 0;

		for (at += strlen(word); at < end && *at >= '0' && *at <= '9' && digits < 6;
		     at++, digits++)
			number = number * 10 + *at - '0';
		if (number > largest)
			largest = number;
	}
	free(text);
	return largest;
}

static unsigned int largest_inside(int root, const char *path, const char *word)
{
	size_t length = 0;
	char *text = inside_read(root, path, &length);

	return largest_number(text, length, word);
}

struct wanted {
	const char *pattern;
	char *path;
	size_t room;
};

static bool take_file(int root, const char *path, void *data)
{
	const struct wanted *wanted = data;

	snprintf(wanted->path, wanted->room, "%s", path);
	return inside_has(root, path);
}

static bool look_in_dir(int root, const char *path, void *data)
{
	const struct wanted *wanted = data;

	return inside_find(root, path, wanted->pattern, take_file, data);
}

/* The first file whose name fits, where distributions have libraries. */
static bool find_library(int root, const char *pattern, char *path, size_t room)
{
	static const char *const dirs[] = { "/usr/lib64", "/usr/lib", "/usr/local/lib64",
					    "/usr/local/lib" };
	struct wanted wanted = { pattern, path, room };
	bool found = inside_find(root, "/usr/lib", "*-linux-*", look_in_dir, &wanted);
	size_t i;

	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]) && !found; i++)
		found = look_in_dir(root, dirs[i], &wanted);
	return found;
}

/* libibverbs.so.1.MINOR.RELEASE.PATCH, and what it exports. */
static enum finding look_library(struct container *c)
{
	const char *name;

	doctor_set_mend(
		&c->doctor,
		"install libibverbs1 (Debian, Ubuntu) or libibverbs (Fedora, SUSE) in the image");
	if (!find_library(c->root, "libibverbs.so.1.*.*.*", c->library, sizeof(c->library)))
		return MISSING;
	name = strrchr(c->library, '/') + 1;
	if (sscanf(name, "libibverbs.so.1.%*5u.%5u", &c->release) == 1)
		c->abi = largest_inside(c->root, c->library, REGISTERS);
	return c->release && c->abi ? GOOD : MISSING;
}

/* The layout of that release, as the list beside the providers has it. */
static enum finding look_layout(struct container *c)
{
	unsigned int first, last, abi;
	char path[320], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/releases.list", c->providers);
	file = fopen(path, "re");
	doctor_set_mend(
		&c->doctor,
		"apt install ./rodp-providers_*.deb, or name their directory with --providers");
	if (!file)
		return MISSING;
	doctor_set_mend(
		&c->doctor,
		"build the provider in the image: nothing is known of rdma-core %u with provider ABI %u",
		c->release, c->abi);
	while (!*c->layout && fgets(line, sizeof(line), file))
		if (sscanf(line, "%u %u %u", &first, &last, &abi) == 3 && abi == c->abi &&
		    first <= c->release && c->release <= last)
			snprintf(c->layout, sizeof(c->layout), "%u-%u", first, last);
	fclose(file);
	return *c->layout ? GOOD : MISSING;
}

static enum finding look_host_provider(struct container *c)
{
	snprintf(c->provider, sizeof(c->provider), "%s/%s/librodp-rdmav%u.so", c->providers,
		 c->layout, c->abi);
	doctor_set_mend(&c->doctor, "build it: cmake -DRODP_LAYOUTS=%u", c->release);
	return access(c->provider, R_OK) ? MISSING : GOOD;
}

/* A provider that wants a newer C library than there is does not load. */
static enum finding look_glibc(struct container *c)
{
	unsigned int wants, has;
	size_t length = 0;
	char path[512], *provider = doctor_read_all(c->provider, &length);

	doctor_set_mend(&c->doctor, "build the provider in the image: its C library is not glibc");
	wants = largest_number(provider, length, GLIBC);
	if (!find_library(c->root, "libc.so.6", path, sizeof(path)))
		return MISSING;
	has = largest_inside(c->root, path, GLIBC);
	doctor_set_mend(
		&c->doctor,
		"build the provider in the image: its glibc is 2.%u, and the provider wants 2.%u",
		has, wants);
	return has < wants ? MISSING : GOOD;
}

static bool is_provider(const struct container *c)
{
	size_t a_length = 0, b_length = 0;
	char *a = inside_read(c->root, c->inside, &a_length),
	     *b = doctor_read_all(c->provider, &b_length);
	const bool same = a && b && a_length == b_length && !memcmp(a, b, a_length);

	free(a);
	free(b);
	return same;
}

/* The provider and the file that names it, where the container's library looks. */
static enum finding look_inside(struct container *c)
{
	snprintf(c->inside, sizeof(c->inside), "%.*s/libibverbs/librodp-rdmav%u.so",
		 (int)(strrchr(c->library, '/') - c->library), c->library, c->abi);
	doctor_set_mend(
		&c->doctor,
		"docker run --device=/dev/infiniband -v %s:%s:ro -v %s/rodp.driver:/etc/libibverbs.d/rodp.driver:ro ...",
		c->provider, c->inside, c->providers);
	return is_provider(c) && inside_has(c->root, "/etc/libibverbs.d/rodp.driver") ? GOOD
										      : MISSING;
}

static const struct {
	const char *what;
	enum finding (*look)(struct container *c);
} container_looks[] = {
	{ "there is a libibverbs", look_library },
	{ "its release is known", look_layout },
	{ "there is a provider for it on this host", look_host_provider },
	{ "its C library can load that", look_glibc },
	{ "the provider is in it", look_inside },
};

static bool is_number(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == 0;
}

/* Opens the root directory, or that of a process; false with errno set. */
static bool set_root(struct container *c, const char *root)
{
	char path[64];
	int top;

	snprintf(path, sizeof(path), "/proc/%.20s/root", root);
	c->root = open(is_number(root) ? path : root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (c->root < 0)
		return false;
	top = inside_open(c->root, "/", O_PATH | O_DIRECTORY);
	if (top < 0) /* such as ENOSYS: Linux before 5.6 cannot keep to a root */
		return false;
	close(top);
	return true;
}

/* A mount wants the whole path. */
static void set_providers(struct container *c, const char *dir)
{
	char *path = realpath(dir, NULL);

	snprintf(c->providers, sizeof(c->providers), "%s", path ? path : dir);
	free(path);
}

int container_look(const struct args *args)
{
	struct container c = { .doctor.json = args->json ? json_object_new_array() : NULL };
	enum finding finding;
	char what[640];
	size_t i;

	set_providers(&c, args->providers ? args->providers : ODPCTL_PROVIDERS);
	if (!set_root(&c, args->container))
		return say_error("%s is no directory and no process that can be looked into: %s",
				 args->container, strerror(errno));
	for (i = 0; i < sizeof(container_looks) / sizeof(container_looks[0]); i++) {
		finding = container_looks[i].look(&c);
		snprintf(what, sizeof(what), "%s", container_looks[i].what);
		if (!i && finding == GOOD)
			snprintf(what, sizeof(what),
				 "there is a libibverbs: of rdma-core %u, provider ABI %u",
				 c.release, c.abi);
		doctor_tell(&c.doctor, what, finding);
		if (finding == MISSING)
			break;
	}
	return doctor_end(&c.doctor);
}
