// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <errno.h>
#include <time.h>

#include "retry.h"

#define PAUSE_NS     1000l /* the first */
#define PAUSE_SHIFTS 16 /* the longest: 65 ms */

static void pause_for(unsigned int count)
{
	const struct timespec time = {
		.tv_nsec = PAUSE_NS << (count < PAUSE_SHIFTS ? count : PAUSE_SHIFTS),
	};

	nanosleep(&time, NULL);
}

bool odp_retry(struct odp_retry *retry, int err)
{
	if ((err != -EAGAIN && err != -EINTR) || retry->count >= ODP_RETRIES)
		return false;
	pause_for(retry->count++);
	return true;
}
