/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * page: a report as one page of HTML that needs nothing else (page.html with the data in it), or
 * as events for Perfetto's viewer, in the format of Chrome's traces.
 */
#ifndef ODPCTL_PAGE_H
#define ODPCTL_PAGE_H

#include <stdio.h>

#include "analysis.h"

void page_write(FILE *out, const struct analysis *analysis, struct recording *recording,
		const char *title);
void page_write_perfetto(FILE *out, const struct analysis *analysis, struct recording *recording);

#endif
