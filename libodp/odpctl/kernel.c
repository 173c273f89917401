// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * odpctl doctor: the kernel, and whether the module is there, is let in, and is the one that is
 * installed.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "doctor.h"

#define ODP_WORD "CONFIG_INFINIBAND_ON_DEMAND_PAGING="

static const char *kernel_release(void)
{
	static struct utsname host;

	if (!*host.release)
		uname(&host);
	return host.release;
}

static bool is_loaded(void)
{
	return !access("/sys/module/rodp", F_OK);
}

/* Whether the configuration in text says yes. */
static enum finding config_finding(const char *text, size_t length)
{
	return memmem(text, length, "\n" ODP_WORD "y", strlen(ODP_WORD) + 2) ? GOOD : MISSING;
}

/* The configuration of the kernel that runs, by where distributions have it. */
static enum finding read_config(void)
{
	static const char *const path[][2] = { { "/boot/config-", "" },
					       { "/lib/modules/", "/config" } };
	enum finding finding = UNKNOWN;
	char name[320], *text = NULL;
	size_t i, length;

	for (i = 0; i < sizeof(path) / sizeof(path[0]) && !text; i++) {
		snprintf(name, sizeof(name), "%s%s%s", path[i][0], kernel_release(), path[i][1]);
		text = doctor_read_all(name, &length);
	}
	if (!text && !access("/proc/config.gz", R_OK))
		text = doctor_read_command("gzip -dc /proc/config.gz 2>/dev/null", &length);
	if (text)
		finding = config_finding(text, length);
	free(text);
	return finding;
}

enum finding doctor_look_kernel(struct doctor *doctor)
{
	enum finding finding;

	if (is_loaded())
		return GOOD; /* it would not be without */
	finding = read_config();
	if (finding == UNKNOWN)
		doctor_set_mend(doctor,
				"look for " ODP_WORD
				"y in the configuration of kernel %s: it is not in /boot",
				kernel_release());
	else
		doctor_set_mend(doctor, "boot a kernel with " ODP_WORD "y (Debian's have it)");
	return finding;
}

/* The word in brackets of /sys/kernel/security/lockdown, or "". */
static void read_lockdown(char *word, size_t room)
{
	char line[128], *begin;

	doctor_read_line(line, sizeof(line), "/sys/kernel/security/lockdown");
	begin = strchr(line, '[');
	snprintf(word, room, "%s", begin ? begin + 1 : "");
	word[strcspn(word, "]")] = 0;
}

static bool is_secure_boot(void)
{
	size_t length;
	char *text = doctor_read_all(
		"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
		&length);
	const bool is = text && length == 5 && text[4] == 1; /* behind four bytes of attributes */

	free(text);
	return is;
}

/* Whether a key that the kernel knows has to have signed a module. */
enum finding doctor_look_lockdown(struct doctor *doctor)
{
	char lockdown[32], enforce[8];

	read_lockdown(lockdown, sizeof(lockdown));
	doctor_read_line(enforce, sizeof(enforce), "/sys/module/module/parameters/sig_enforce");
	if (is_loaded() || ((!*lockdown || !strcmp(lockdown, "none")) && *enforce != 'Y'))
		return GOOD;
	doctor_set_mend(
		doctor,
		"mokutil --import /var/lib/dkms/mok.pub, and reboot   (lockdown: %s, Secure Boot: %s; where the key is not DKMS', sign rodp.ko with one that is enrolled)",
		*lockdown ? lockdown : "none", is_secure_boot() ? "on" : "off");
	return NOTE;
}

static bool is_dkms_source(const char *name)
{
	return !strncmp(name, "rodp-", 5);
}

/* The installed module's file, relative to its kernel's directory; "": there is none. */
static void read_module_path(char *path, size_t room)
{
	char name[320], line[1024], *colon;
	FILE *file;

	*path = 0;
	snprintf(name, sizeof(name), "/lib/modules/%s/modules.dep", kernel_release());
	file = fopen(name, "re");
	while (file && !*path && fgets(line, sizeof(line), file)) {
		colon = strchr(line, ':');
		if (!colon || !strstr(line, "/rodp.ko") || strstr(line, "/rodp.ko") > colon)
			continue;
		*colon = 0;
		snprintf(path, room, "%.*s", (int)room - 1, line);
	}
	if (file)
		fclose(file);
}

enum finding doctor_look_module(struct doctor *doctor)
{
	char path[256];

	if (is_loaded())
		return GOOD;
	read_module_path(path, sizeof(path));
	if (*path)
		doctor_set_mend(doctor, "modprobe rodp");
	else if (doctor_find_entry("/usr/src", is_dkms_source, path, sizeof(path)))
		doctor_set_mend(doctor,
				"apt install linux-headers-%s && dkms autoinstall && modprobe rodp",
				kernel_release());
	else if (doctor_is_packaged())
		doctor_set_mend(doctor,
				"apt install ./rodp-dkms_*.deb linux-headers-%s && modprobe rodp",
				kernel_release());
	else
		doctor_set_mend(doctor,
				"make -C kernel && make -C kernel install && modprobe rodp");
	return MISSING;
}

/* The installed module as it was linked, whatever it is packed with. NULL: it cannot be read. */
static char *read_module(const char *path, size_t *length)
{
	static const char *const tool[][2] = { { ".xz", "xz" },
					       { ".zst", "zstd" },
					       { ".gz", "gzip" } };
	char name[640], command[704];
	size_t i, end = strlen(path);

	if (strpbrk(path, "'\\\n"))
		return NULL; /* no name of a module */
	snprintf(name, sizeof(name), "/lib/modules/%s/%s", kernel_release(), path);
	for (i = 0; i < sizeof(tool) / sizeof(tool[0]); i++) {
		const size_t tail = strlen(tool[i][0]);

		if (end < tail || strcmp(path + end - tail, tool[i][0]) != 0)
			continue;
		snprintf(command, sizeof(command), "%s -dc '%s' 2>/dev/null", tool[i][1], name);
		return doctor_read_command(command, length);
	}
	return doctor_read_all(name, length);
}

/* The linker left a note with a hash of all the module in it, and the kernel shows it. */
enum finding doctor_look_loaded(struct doctor *doctor)
{
	enum finding finding = UNKNOWN;
	size_t note_length = 0, length;
	char path[256], *note, *module = NULL;

	note = doctor_read_all("/sys/module/rodp/notes/.note.gnu.build-id", &note_length);
	read_module_path(path, sizeof(path));
	if (*path)
		module = read_module(path, &length);
	doctor_set_mend(
		doctor, "%s",
		!*path ? "none is installed: what is loaded will not be there after a reboot"
		       : "the installed module cannot be read, or the kernel does not say what it loaded");
	if (note && note_length && module) {
		finding = memmem(module, length, note, note_length) ? GOOD : NOTE;
		doctor_set_mend(
			doctor,
			"reboot, or end what uses RDMA: modprobe -r rodp && modprobe rodp, and make the devices again");
	}
	free(note);
	free(module);
	return finding;
}
