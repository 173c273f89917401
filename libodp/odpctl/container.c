// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * odpctl doctor --container: whether programs in another root directory can use rodp devices. They
 * bring a libibverbs of their own, which needs the provider for just its release; the host has one
 * for each (providers/rodp/layout), and a container gets it by a mount.
 */
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"

#define REGISTERS "verbs_register_driver_" /* in the name of what a library exports: the ABI */
#define GLIBC	  "GLIBC_2." /* in the names of versions that a C library has or a program wants */

struct container {
	struct doctor doctor;
	char root[256]; /* without a slash at the end */
	char providers[256];
	char library[512]; /* with root */
	unsigned int release, abi;
	char layout[32]; /* FIRST-LAST */
	char provider[512]; /* of the host */
	char inside[512]; /* where the container's library looks for it, without root */
};

/* The largest number behind a word in a file; 0: there is none. */
static unsigned int largest_number(const char *path, const char *word)
{
	const char *at, *end;
	unsigned int largest = 0;
	size_t length;
	char *text = doctor_read_all(path, &length);

	if (!text)
		return 0;
	end = text + length;
	for (at = text; (at = memmem(at, end - at, word, strlen(word)));) {
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

/* Where distributions have libraries. Links out of the root are not followed: usr is none. */
static const char *const library_dirs[] = {
	"/usr/lib/*-linux-*", "/usr/lib64", "/usr/lib", "/usr/local/lib64", "/usr/local/lib",
};

#define LIBRARY_DIRS (sizeof(library_dirs) / sizeof(library_dirs[0]))

/* The first plain file of that name in one of those directories. */
static bool find_library(const struct container *c, const char *name, char *path, size_t room)
{
	struct stat status;
	char pattern[512];
	glob_t found;
	size_t i, j;

	*path = 0;
	for (i = 0; i < LIBRARY_DIRS && !*path; i++) {
		snprintf(pattern, sizeof(pattern), "%s%s/%s", c->root, library_dirs[i], name);
		if (glob(pattern, GLOB_NOSORT, NULL, &found))
			continue;
		for (j = 0; j < found.gl_pathc; j++)
			if (!lstat(found.gl_pathv[j], &status) && S_ISREG(status.st_mode))
				snprintf(path, room, "%s", found.gl_pathv[j]);
		globfree(&found);
	}
	return *path;
}

/* libibverbs.so.1.MINOR.RELEASE.PATCH, and what it exports. */
static enum finding look_library(struct container *c)
{
	const char *name;

	doctor_set_mend(
		&c->doctor,
		"install libibverbs1 (Debian, Ubuntu) or libibverbs (Fedora, SUSE) in the image");
	if (!find_library(c, "libibverbs.so.1.*.*.*", c->library, sizeof(c->library)))
		return MISSING;
	name = strrchr(c->library, '/') + 1;
	if (sscanf(name, "libibverbs.so.1.%*u.%u", &c->release) == 1)
		c->abi = largest_number(c->library, REGISTERS);
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
	const unsigned int wants = largest_number(c->provider, GLIBC);
	unsigned int has;
	char path[512];

	doctor_set_mend(&c->doctor, "build the provider in the image: its C library is not glibc");
	if (!find_library(c, "libc.so.6", path, sizeof(path)) &&
	    !find_library(c, "libc-2.*.so", path, sizeof(path)))
		return MISSING;
	has = largest_number(path, GLIBC);
	doctor_set_mend(
		&c->doctor,
		"build the provider in the image: its glibc is 2.%u, and the provider wants 2.%u",
		has, wants);
	return has < wants ? MISSING : GOOD;
}

static bool same_file(const char *one, const char *other)
{
	size_t a_length, b_length;
	char *a = doctor_read_all(one, &a_length), *b = doctor_read_all(other, &b_length);
	const bool same = a && b && a_length == b_length && !memcmp(a, b, a_length);

	free(a);
	free(b);
	return same;
}

/* The provider and the file that names it, where the container's library looks. */
static enum finding look_inside(struct container *c)
{
	const char *dir = c->library + strlen(c->root);
	char path[1024], driver[320];

	snprintf(c->inside, sizeof(c->inside), "%.*s/libibverbs/librodp-rdmav%u.so",
		 (int)(strrchr(dir, '/') - dir), dir, c->abi);
	snprintf(path, sizeof(path), "%s%s", c->root, c->inside);
	snprintf(driver, sizeof(driver), "%s/etc/libibverbs.d/rodp.driver", c->root);
	doctor_set_mend(
		&c->doctor,
		"docker run --device=/dev/infiniband -v %s:%s:ro -v %s/rodp.driver:/etc/libibverbs.d/rodp.driver:ro ...",
		c->provider, c->inside, c->providers);
	return same_file(path, c->provider) && !access(driver, R_OK) ? GOOD : MISSING;
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

/* True: it is a directory. */
static bool set_root(struct container *c, const char *root)
{
	struct stat status;
	size_t length;

	if (strlen(root) >= sizeof(c->root) - 16)
		return false;
	snprintf(c->root, sizeof(c->root), is_number(root) ? "/proc/%s/root" : "%s", root);
	for (length = strlen(c->root); length && c->root[length - 1] == '/'; length--)
		c->root[length - 1] = 0;
	return !stat(*c->root ? c->root : "/", &status) && S_ISDIR(status.st_mode);
}

/* A mount wants the whole path. */
static void set_providers(struct container *c, const char *dir)
{
	char *path = realpath(dir, NULL);

	snprintf(c->providers, sizeof(c->providers), "%s", path ? path : dir);
	free(path);
}

int container_look(const char *root, const char *providers)
{
	struct container c = {};
	enum finding finding;
	char what[640];
	size_t i;

	set_providers(&c, providers ? providers : ODPCTL_PROVIDERS);
	if (!set_root(&c, root))
		return say_error("%s is neither a directory nor a process", root);
	for (i = 0; i < sizeof(container_looks) / sizeof(container_looks[0]); i++) {
		finding = container_looks[i].look(&c);
		snprintf(what, sizeof(what), "%s", container_looks[i].what);
		if (!i && finding == GOOD)
			snprintf(what, sizeof(what),
				 "there is a libibverbs: of rdma-core %u, provider ABI %u",
				 c.release, c.abi);
		doctor_print(&c.doctor, what, finding);
		if (finding == MISSING)
			return 1;
	}
	return 0;
}
