// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include "wire.h"

#include "window.h"

#include <inttypes.h>
#include <string.h>

static const char *dir;
static FILE *out;
static char line[512];
static size_t line_len;
static FILE *put_file;
static uint64_t put_left;

void wire_setup(const char *directory, FILE *file)
{
	dir = directory;
	out = file;
}

bool wire_is_nop(const uint8_t *code)
{
	static const uint8_t nop[WIRE_NOP_SIZE] = { 0x0f, 0x1f, 0x80, 0x00, 0x00, 0x5a, 0x5a };

	return !memcmp(code, nop, WIRE_NOP_BYTE) &&
	       !memcmp(code + WIRE_NOP_BYTE + 1, nop + WIRE_NOP_BYTE + 1,
		       WIRE_NOP_SIZE - WIRE_NOP_BYTE - 1);
}

static void say(const char *text)
{
	fprintf(out, "%s\n", text);
	fflush(out);
}

static void add_range(const char *args)
{
	uint64_t start, size;

	if (sscanf(args, "%" SCNx64 " %" SCNx64, &start, &size) != 2 ||
	    !window_add_range(start, size))
		say("error: a range that cannot be used");
}

static void put_begin(const char *args)
{
	char path[512], name[64];

	if (sscanf(args, "%63s %" SCNu64, name, &put_left) != 2 || strchr(name, '/')) {
		say("error: a file that cannot be put");
		put_left = 0;
		return;
	}
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	put_file = fopen(path, "w");
	if (!put_file)
		say("error: the file cannot be written");
}

static void put_byte(uint8_t byte)
{
	if (put_file)
		fputc(byte, put_file);
	if (--put_left || !put_file)
		return;
	fclose(put_file);
	put_file = NULL;
}

/* What follows @word and a space in the line, or NULL when the line begins otherwise. */
static const char *after(const char *word)
{
	size_t len = strlen(word);

	if (strncmp(line, word, len) || line[len] != ' ')
		return NULL;
	return line + len + 1;
}

static void command(void)
{
	const char *args;

	if (!strcmp(line, "end"))
		window_end();
	else if ((args = after("begin")))
		window_begin(args);
	else if ((args = after("range")))
		add_range(args);
	else if ((args = after("put")))
		put_begin(args);
	else if ((args = after("say")))
		say(args);
	else
		say("error: the guest said a line that nobody knows");
}

void wire_byte(uint8_t byte)
{
	if (put_left) {
		put_byte(byte);
		return;
	}
	if (byte != '\n') {
		if (line_len < sizeof(line) - 1)
			line[line_len++] = byte;
		return;
	}
	line[line_len] = '\0';
	line_len = 0;
	command();
}
