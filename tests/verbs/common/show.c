// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* What commands print, and rdma(8)'s JSON in it. */
#include "vt.h"

static char output[1 << 20];

const char *vt_run(const char *format, ...)
{
	char command[256];
	va_list args;
	size_t len;
	FILE *pipe;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	pipe = popen(command, "r");
	vt_check(pipe);
	len = fread(output, 1, sizeof(output) - 1, pipe);
	output[len] = 0;
	if (pclose(pipe))
		vt_fail("%s: failed", command);
	return output;
}

char *vt_object_with(const char *list, const char *member)
{
	static char object[4096];
	const char *at, *end;
	size_t len = strlen(member);

	for (at = strchr(list, '{'); at; at = strchr(at + 1, '{')) {
		end = strchr(at, '}');
		vt_check(end && (size_t)(end - at) < sizeof(object));
		memcpy(object, at, end - at + 1);
		object[end - at + 1] = 0;
		at = strstr(object, member);
		if (at && (at[len] == ',' || at[len] == '}'))
			return object;
		at = end;
	}
	vt_fail("rdma shows nothing with %s:\n%s", member, list);
}

uint64_t vt_number_of(const char *object, const char *name)
{
	char member[64];
	const char *at;

	snprintf(member, sizeof(member), "\"%s\":", name);
	at = strstr(object, member);
	if (!at)
		vt_fail("no \"%s\" in %s", name, object);
	return strtoull(at + strlen(member), NULL, 10);
}

/* The index is not told: a device that was made anew has another. */
static const char *objects(void)
{
	return vt_run("rdma resource show | sed 's/^[0-9]*: //' | sort");
}

char *vt_objects(void)
{
	char *text = strdup(objects());

	vt_check(text);
	return text;
}

void vt_expect_objects(const char *before, const char *what)
{
	uint64_t end_ns = vt_now_ns() + vt_options.wait_ms * 1000000ull;

	while (strcmp(objects(), before)) {
		if (vt_now_ns() > end_ns)
			vt_fail("%s: something is left.\nbefore:\n%safter:\n%s", what, before,
				objects());
		vt_sleep_ms(20);
	}
}
