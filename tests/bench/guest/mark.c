// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Speaks to the instruction counter (plugin/wire.h): `mark WORDS...` says the words as one line, `mark put NAME` says
 * its standard input as a file.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 256 functions of 8 bytes: the nop that carries the function's number, and ret. */
__asm__(".section .text\n"
	".balign 8\n"
	"nops:\n"
	".set byte, 0\n"
	".rept 256\n"
	".byte 0x0f, 0x1f, 0x80, byte, 0x00, 0x5a, 0x5a, 0xc3\n"
	".set byte, byte + 1\n"
	".endr\n");

extern const char nops[];

#define NOP_STRIDE 8

static void say_byte(uint8_t byte)
{
	((void (*)(void))(uintptr_t)(nops + NOP_STRIDE * byte))();
}

static void say(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		say_byte(bytes[i]);
}

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
