// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Any text behind the first line of a recording, and lines of events with any numbers in any order:
 * what is made of it is within its bounds, and adds up.
 */
#include <stdarg.h>

#include "fuzz.h"

#include "analysis.h"

#define MOST (1 << 16) /* bytes of a recording */

struct text {
	char at[MOST];
	size_t n;
};

static void say(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct text *text, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text->at + text->n, MOST - text->n, format, args);
	va_end(args);
	text->n = text->n + n < MOST ? text->n + n : MOST - 1;
}

/* An event of few address spaces and queue pairs, so that they meet. */
static void say_event(struct text *text, const uint8_t **data, size_t *size, uint8_t what)
{
	const unsigned int who = fuzz_take(data, size, 1);
	const unsigned long va = fuzz_take(data, size, 2) << 12 << (who & 15);
	const unsigned long n = fuzz_take(data, size, 3);

	say(text, "  prog-%u  (%7u) [000] ...1. %lu.%06lu: ", who, who / 2, n % 50, n);
	switch (what % 7) {
	case 0:
		say(text, "rodp_fault_begin: mirror=%x va=0x%lx bytes=%lu write=1\n", who % 3, va,
		    n);
		break;
	case 1:
		say(text, "rodp_fault_end: mirror=%x va=0x%lx error=-%lu ns=%lu\n", who % 3, va,
		    n % 40, n);
		break;
	case 2:
		say(text, "rodp_fault_late: mirror=%x va=0x%lx ns=%lu\n", who % 3, va, n);
		break;
	case 3:
		say(text,
		    "rodp_invalidate: mirror=%x event=clear start=0x%lx end=0x%lx leaf=0x%lx dropped=%lu\n => sym%u\n",
		    who % 3, va, va + n, va, n % 514, who);
		break;
	case 4:
		say(text, "rodp_qp_park: qpn=%u lane=send key=0x1 iova=0x%lx bytes=%lu write=0\n",
		    who % 4, va, n);
		break;
	case 5:
		say(text, "rodp_qp_resume: qpn=%u lane=send error=0 ns=%lu\n", who % 4, n);
		break;
	default:
		say(text, "\n#process %u prog\n#area %u %lx %lx /a/%u\n#lost %lu\n", who / 2,
		    who / 2, va, va + n, who, n);
	}
}

static void check(struct analysis *analysis, struct recording *recording)
{
	char cause[64];
	size_t i, bin;

	fuzz_check(analysis->waits + analysis->faults <= recording->events);
	fuzz_check(analysis->worst_n <= ANALYSIS_WORST && analysis->worst_n <= analysis->waits);
	for (i = 0; i < analysis->worst_n; i++) {
		const struct wait *wait = &analysis->wait[analysis->worst[i]];

		fuzz_check(!i || wait->seconds <= analysis->wait[analysis->worst[i - 1]].seconds);
		fuzz_check(wait->fault < (long)analysis->faults);
		analysis_cause(analysis, recording, wait, cause, sizeof(cause));
		fuzz_check(*cause && memchr(cause, 0, sizeof(cause)));
	}
	fuzz_check(analysis->rows <= ANALYSIS_ROWS + analysis->owners + 3);
	for (i = 0; i < analysis->rows; i++)
		for (bin = 0; bin < ANALYSIS_BINS; bin++)
			fuzz_check((int32_t)analysis->row[i].present[bin] >= 0);
	for (i = 1; i < analysis->faulters; i++)
		fuzz_check(analysis->faulter[i].pages <= analysis->faulter[i - 1].pages);
}

static void read_back(struct text *text)
{
	FILE *file = fmemopen(text->at, text->n, "r");
	struct recording recording;
	struct analysis analysis;

	fuzz_check(file);
	fuzz_check(!recording_read(&recording, file));
	fclose(file);
	fuzz_check(!analysis_make(&analysis, &recording));
	check(&analysis, &recording);
	analysis_free(&analysis);
	recording_free(&recording);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct text text;
	uint8_t what;

	text.n = 0;
	say(&text, RECORDING_MAGIC "\n");
	while (size && text.n < MOST - 1024) {
		what = fuzz_take(&data, &size, 1);
		if (what < 0xf0)
			say_event(&text, &data, &size, what);
		else
			say(&text, "%.*s\n", (int)(size < 64 ? size : 64), (const char *)data);
	}
	read_back(&text);
	return 0;
}
