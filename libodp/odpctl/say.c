// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "odpctl.h"

#define TEXTS 4

static char *next_text(void)
{
	static char text[TEXTS][16];
	static unsigned int n;

	return text[n++ % TEXTS];
}

int say_error(const char *format, ...)
{
	va_list args;

	fputs("odpctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return 1;
}

/* value in units of step, each of which has its name. */
static const char *say_scaled(uint64_t value, double step, const char *const *unit, size_t units)
{
	char *text = next_text();
	double scaled = value;
	size_t i;

	for (i = 0; scaled >= step && i + 1 < units; i++)
		scaled /= step;
	snprintf(text, 16, scaled < 10 && i ? "%.1f%s" : "%.0f%s", scaled, unit[i]);
	return text;
}

const char *say_bytes(uint64_t bytes)
{
	static const char *const unit[] = { " B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB" };

	return say_scaled(bytes, 1024, unit, 7);
}

const char *say_count(uint64_t count)
{
	static const char *const unit[] = { "", "k", "M", "G", "T", "P" };

	return say_scaled(count, 1000, unit, 6);
}

const char *say_ns(uint64_t ns)
{
	static const char *const unit[] = { " ns", " us", " ms", " s" };

	return say_scaled(ns, 1000, unit, 4);
}

void say_clean(char *text)
{
	mbstate_t state = {};
	wchar_t c;
	size_t n;

	for (; *text; text += n) {
		n = mbrtowc(&c, text, strnlen(text, MB_LEN_MAX), &state);
		if (n <= MB_LEN_MAX && !iswcntrl(c))
			continue;
		n = n <= MB_LEN_MAX ? n : 1;
		memset(text, '?', n);
		memset(&state, 0, sizeof(state));
	}
}
