// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "odpctl.h"

void json_add_number(struct json_object *to, const char *name, uint64_t value)
{
	json_object_object_add(to, name, json_object_new_uint64(value));
}

void json_add_real(struct json_object *to, const char *name, double value)
{
	json_object_object_add(to, name, json_object_new_double(value));
}

void json_add_text(struct json_object *to, const char *name, const char *text)
{
	char *clean = strdup(text);

	if (clean)
		say_clean(clean);
	json_object_object_add(to, name, clean ? json_object_new_string(clean) : NULL);
	free(clean);
}

void json_add_bool(struct json_object *to, const char *name, bool value)
{
	json_object_object_add(to, name, json_object_new_boolean(value));
}

static void print(struct json_object *all, int flags)
{
	puts(json_object_to_json_string_ext(all, flags | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(all);
}

void json_print(struct json_object *all)
{
	print(all, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED);
}

void json_print_line(struct json_object *all)
{
	print(all, JSON_C_TO_STRING_SPACED);
}
