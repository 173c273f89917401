/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * json: what commands print for programs, over json-c.
 */
#ifndef ODPCTL_JSON_H
#define ODPCTL_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <json-c/json.h>

/* Texts are cleaned (say_clean()): JSON is UTF-8. */
void json_add_number(struct json_object *to, const char *name, uint64_t value);
void json_add_real(struct json_object *to, const char *name, double value);
void json_add_text(struct json_object *to, const char *name, const char *text);
void json_add_bool(struct json_object *to, const char *name, bool value);
/* One value, for people to read as well, or in one line; and it is gone. */
void json_print(struct json_object *all);
void json_print_line(struct json_object *all);

#endif
