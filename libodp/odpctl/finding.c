// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* What odpctl doctor finds, and how it reads files. */
#include <dirent.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"

#define READ_MOST (64u << 20) /* bytes: no library and no module is larger */

void doctor_set_mend(struct doctor *doctor, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(doctor->mend, sizeof(doctor->mend), format, args);
	va_end(args);
}

static const char *const word[] = { "ok", "note", "unknown", "MISSING" };

static void add_finding(const struct doctor *doctor, const char *what, enum finding finding)
{
	struct json_object *one = json_object_new_object();

	json_add_text(one, "what", what);
	json_add_text(one, "finding", word[finding]);
	if (finding != GOOD)
		json_add_text(one, "mend", doctor->mend);
	json_object_array_add(doctor->json, one);
}

static void print_finding(const struct doctor *doctor, const char *what, enum finding finding)
{
	static const enum colour colour[] = { GREEN, YELLOW, YELLOW, RED };

	printf("%s%-8s%s %s\n", term_colour(colour[finding]), word[finding], term_colour(PLAIN),
	       what);
	if (finding != GOOD)
		printf("         %s%s%s\n", term_colour(BOLD), doctor->mend, term_colour(PLAIN));
}

void doctor_tell(struct doctor *doctor, const char *what, enum finding finding)
{
	if (doctor->json)
		add_finding(doctor, what, finding);
	else
		print_finding(doctor, what, finding);
	doctor->missing += finding == MISSING;
}

int doctor_end(struct doctor *doctor)
{
	if (doctor->json)
		json_print(doctor->json);
	return !!doctor->missing;
}

void doctor_read_line(char *text, size_t room, const char *format, ...)
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

bool doctor_find_entry(const char *dir, bool (*fits)(const char *name), char *name, size_t room)
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

char *doctor_read_file(FILE *file, size_t *length)
{
	size_t room = 1 << 16, got;
	char *text = malloc(room), *more;

	*length = 0;
	while (text && (got = fread(text + *length, 1, room - *length, file))) {
		*length += got;
		if (*length < room)
			continue;
		room *= 2;
		more = room <= READ_MOST ? realloc(text, room) : NULL;
		if (!more)
			free(text);
		text = more;
	}
	return text;
}

char *doctor_read_all(const char *path, size_t *length)
{
	FILE *file = fopen(path, "re");
	char *text;

	if (!file)
		return NULL;
	text = doctor_read_file(file, length);
	fclose(file);
	return text;
}

char *doctor_read_command(const char *command, size_t *length)
{
	FILE *file = popen(command, "re");
	char *text;

	if (!file)
		return NULL;
	text = doctor_read_file(file, length);
	if (!pclose(file))
		return text;
	free(text);
	return NULL;
}

bool doctor_is_packaged(void)
{
	char path[64];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	path[len > 0 ? len : 0] = 0;
	return !strcmp(path, "/usr/bin/odpctl");
}
