// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <sys/mman.h>

#include "score.h"
#include "vt.h"

struct score *score_make(unsigned int n)
{
	void *scores = mmap(NULL, n * sizeof(struct score), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	vt_check(scores != MAP_FAILED);
	return scores;
}

void score_add(struct score *score, int err)
{
	__atomic_add_fetch(&score->calls, 1, __ATOMIC_RELAXED);
	if (!err)
		__atomic_add_fetch(&score->good, 1, __ATOMIC_RELAXED);
	else
		__atomic_add_fetch(&score->failed[err < SCORE_ERRNOS ? err : SCORE_ERRNOS - 1], 1,
				   __ATOMIC_RELAXED);
}

/* The errno that came most often of those that came less than `before` or have a larger number. */
static int next_errno(const struct score *score, uint32_t before, int last)
{
	int best = 0;

	for (int err = 1; err < SCORE_ERRNOS; err++) {
		const uint32_t n = score->failed[err];

		if (!n || n > before || (n == before && err <= last))
			continue;
		if (!best || n > score->failed[best])
			best = err;
	}
	return best;
}

void score_print(const struct score *score, const char *name)
{
	char text[256] = "";
	size_t used = 0;
	int err = next_errno(score, UINT32_MAX, 0);

	for (int shown = 0; err && shown < 6 && used < sizeof(text) - 40; shown++) {
		used += snprintf(text + used, sizeof(text) - used, " %s %u",
				 strerrorname_np(err) ?: "?", score->failed[err]);
		err = next_errno(score, score->failed[err], err);
	}
	vt_note("%-26s %7u calls %7u good %s", name, score->calls, score->good, text);
}
