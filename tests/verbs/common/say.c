// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* How a program tells its fate. */
#include "vt.h"

static char current[256] = "setting up";
static unsigned int cases;

void vt_case(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(current, sizeof(current), format, args);
	va_end(args);
	cases++;
	if (vt_options.verbose) {
		printf("case: %s\n", current);
		fflush(stdout);
	}
}

void vt_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

void vt_figure(const char *key, const char *unit, double value)
{
	/* Three digits that count, but no exponent. */
	vt_note("figure %s = %.*f %s", key, value > -100 && value < 100 ? 3 : 0, value, unit);
}

_Noreturn void vt_fail(const char *format, ...)
{
	va_list args;

	printf("FAILED in case \"%s\": ", current);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	exit(1);
}

_Noreturn void vt_skip(const char *format, ...)
{
	va_list args;

	printf("skipped: ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	exit(77);
}

int vt_pass(void)
{
	if (!cases)
		vt_fail("no case ran");
	printf("passed: %u cases\n", cases);
	return 0;
}
