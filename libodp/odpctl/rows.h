/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * rows: the memory regions of everybody, as a table: which of them, in which order.
 */
#ifndef ODPCTL_ROWS_H
#define ODPCTL_ROWS_H

#include "json.h"
#include "odpctl.h"
#include "row.h"

struct rows {
	struct odp_mr_info *mr; /* of all regions */
	size_t mrs;
	struct row *row; /* of those that are wanted */
	size_t n;
	double at; /* seconds */
};

/* The program's name, or the kernel consumer's. */
void row_owner(const struct odp_mr_info *mr, char *name, size_t room);

/*
 * Looks; *then is an earlier look, or all zeros. Returns 0, or 1 after saying why not; rows are for
 * rows_free(), then or not.
 */
int rows_look(struct rows *rows, const struct rows *then, const struct args *args);
void rows_free(struct rows *rows);

/* At most `most` of them; lines end with what clears the rest of them on a screen. */
void rows_print(const struct rows *rows, size_t most, const char *eol);
/* rates: with those since the look before. */
struct json_object *rows_json(const struct rows *rows, bool rates);

#endif
