// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Test vectors, see vectors.h. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vectors.h"

static void quit(const char *path, int line, const char *what)
{
	fprintf(stderr, "%s:%d: %s\n", path, line, what);
	exit(1);
}

static int nibble(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = memchr(digits, tolower((unsigned char)c), 16);

	return at ? (int)(at - digits) : -1;
}

/* The bytes of a line of hex, NULL when it is none. */
static uint8_t *parse(const char *text, size_t bytes)
{
	uint8_t *data = malloc(bytes);
	size_t i;

	for (i = 0; data && i < bytes; i++) {
		int high = nibble(text[2 * i]), low = nibble(text[2 * i + 1]);

		if (high < 0 || low < 0) {
			free(data);
			return NULL;
		}
		data[i] = high << 4 | low;
	}
	return data;
}

static void append(struct vectors *vectors, uint8_t *data, size_t bytes, int line)
{
	vectors->packet = realloc(vectors->packet, (vectors->count + 1) * sizeof(*vectors->packet));
	if (!vectors->packet)
		abort();
	vectors->packet[vectors->count++] = (struct packet){ data, bytes, line };
}

void vectors_load(struct vectors *vectors, const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t room = 0;
	int line;

	if (!file)
		quit(path, 0, "cannot be opened");
	memset(vectors, 0, sizeof(*vectors));
	for (line = 1; getline(&text, &room, file) > 0; line++) {
		size_t bytes = strcspn(text, "\n") / 2;
		uint8_t *data;

		if (text[0] == '#' || !bytes)
			continue;
		data = parse(text, bytes);
		if (!data)
			quit(path, line, "not hex");
		append(vectors, data, bytes, line);
	}
	free(text);
	fclose(file);
}

void vectors_free(struct vectors *vectors)
{
	size_t i;

	for (i = 0; i < vectors->count; i++)
		free(vectors->packet[i].data);
	free(vectors->packet);
}
