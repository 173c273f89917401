// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Sequential prefetch: half a window at a time, so that calls are few and what is next is always
 * under way.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "domain.h"

#define DEFAULT_WINDOW (4ul << 20)

struct odp_stream {
	struct odp_domain *domain;
	const struct odp_key *key; /* or NULL */
	char *addr;
	size_t len, window;
	size_t at; /* where the work was */
	size_t ahead; /* prefetched up to this offset */
	enum odp_prefetch_how how;
};

int odp_stream_open(struct odp_domain *domain, const struct odp_key *key, void *addr, size_t len,
		    enum odp_prefetch_how how, size_t window, struct odp_stream **result)
{
	struct odp_want want;
	struct odp_stream *stream;
	ssize_t err;

	if (odp_want_range(&want, addr, len) || len > SSIZE_MAX)
		return -EINVAL;
	window = window ? window : DEFAULT_WINDOW;
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return -ENOMEM;
	*stream = (struct odp_stream){
		.domain = domain,
		.key = key,
		.addr = addr,
		.len = len,
		.window = window < len ? window : len,
		.how = how,
	};
	err = odp_stream_at(stream, 0);
	if (err < 0) {
		free(stream);
		return err;
	}
	*result = stream;
	return 0;
}

/* Where to prefetch from, for one who is at offset; and to. Equal: nothing to do. */
static size_t plan(const struct odp_stream *stream, size_t offset, size_t *from)
{
	const size_t left = stream->len - offset;
	const size_t to = offset + (left < stream->window ? left : stream->window);

	*from = stream->ahead;
	/* Beyond what is known, or further back than those who jump a little: begin anew. */
	if (offset > stream->ahead || offset + stream->window / 2 < stream->at)
		*from = offset;
	else if (stream->ahead - offset > stream->window / 2 || to < stream->ahead)
		return *from;
	return to;
}

ssize_t odp_stream_at(struct odp_stream *stream, size_t offset)
{
	struct iovec range;
	size_t from, to;
	int err;

	if (offset > stream->len)
		return -EINVAL;
	to = plan(stream, offset, &from);
	stream->at = offset;
	if (from == to)
		return stream->ahead;
	range.iov_base = stream->addr + from;
	range.iov_len = to - from;
	err = odp_prefetch(stream->domain, stream->key, &range, 1, stream->how, 0);
	if (err)
		return err;
	stream->ahead = to;
	return to;
}

void odp_stream_close(struct odp_stream *stream)
{
	free(stream);
}
