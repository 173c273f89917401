// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Speaks to the instruction counter (plugin/wire.h): `mark WORDS...` says the words as one line, `mark put NAME` says
 * its standard input as a file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nops.h"

static char *read_all(FILE *file, size_t *len)
{
	size_t room = 1 << 16, got;
	char *data = malloc(room);

	*len = 0;
	while (data && (got = fread(data + *len, 1, room - *len, file))) {
		*len += got;
		if (*len == room)
			data = realloc(data, room *= 2);
	}
	return data;
}

static int put(const char *name)
{
	char line[128];
	size_t len;
	char *data = read_all(stdin, &len);

	if (!data || !len)
		return EXIT_FAILURE;
	say(line, snprintf(line, sizeof(line), "put %s %zu\n", name, len));
	say(data, len);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "put"))
		return put(argv[2]);
	for (int i = 1; i < argc; i++) {
		say(argv[i], strlen(argv[i]));
		say(i == argc - 1 ? "\n" : " ", 1);
	}
	return EXIT_SUCCESS;
}
