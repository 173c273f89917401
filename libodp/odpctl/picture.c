// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Residency as a picture: 64 cells a row, each of the same power of two of pages. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "map.h"

#define CELLS 64 /* a row */
#define ROWS  40 /* about as many at most, of all areas */

struct cell {
	size_t pages, present, writable, dirty;
};

static struct cell look(const struct area *area, size_t first, size_t pages)
{
	struct cell cell = {};
	size_t i;

	for (i = first; i < first + pages && i < area->pages; i++) {
		cell.pages++;
		cell.present += !!(area->page[i] & ODP_PAGE_PRESENT);
		cell.writable += !!(area->page[i] & ODP_PAGE_WRITABLE);
		cell.dirty += !!(area->page[i] & ODP_PAGE_DIRTY);
	}
	return cell;
}

static size_t rows_of(const struct area *area, size_t scale)
{
	return (area->pages + scale * CELLS - 1) / (scale * CELLS);
}

/* Pages a cell, so that all areas fit. */
static size_t scale_of(const struct areas *areas)
{
	size_t scale, rows, i;

	for (scale = 1;; scale *= 2) {
		for (rows = i = 0; i < areas->n; i++)
			rows += rows_of(&areas->area[i], scale);
		if (rows <= ROWS || rows == areas->n)
			return scale;
	}
}

static void print_cell(struct cell cell)
{
	static const char *const shade[] = { "░", "▒", "▓", "█" };
	const enum colour colour = cell.dirty ? RED : cell.writable ? GREEN : CYAN;

	if (!cell.pages)
		return;
	if (!cell.present)
		printf("%s·%s", term_colour(DIM), term_colour(PLAIN));
	else
		printf("%s%s%s", term_colour(colour), shade[(cell.present * 4 - 1) / cell.pages],
		       term_colour(PLAIN));
}

static void print_area(const struct area *area, size_t scale)
{
	const size_t size = sysconf(_SC_PAGESIZE);
	const struct cell all = look(area, 0, area->pages);
	size_t row, i;

	printf("\n%s%012lx-%012lx%s  %s of %s present, %s written  %s%s%s\n", term_colour(BOLD),
	       (unsigned long)area->first, (unsigned long)area->last, term_colour(PLAIN),
	       say_bytes(all.present * size), say_bytes(area->pages * size),
	       say_bytes(all.dirty * size), term_colour(DIM), area->name, term_colour(PLAIN));
	for (row = 0; row < rows_of(area, scale); row++) {
		printf("  %012lx ", (unsigned long)(area->first + row * CELLS * scale * size));
		for (i = 0; i < CELLS; i++)
			print_cell(look(area, (row * CELLS + i) * scale, scale));
		printf("\n");
	}
}

void picture_text(const struct areas *areas)
{
	const size_t scale = scale_of(areas);
	size_t i;

	printf("a cell is %s: %s█%s written by the device, %s█%s writable, %s█%s readable, ░▒▓ in part, · absent\n",
	       say_bytes(scale * sysconf(_SC_PAGESIZE)), term_colour(RED), term_colour(PLAIN),
	       term_colour(GREEN), term_colour(PLAIN), term_colour(CYAN), term_colour(PLAIN));
	for (i = 0; i < areas->n; i++)
		print_area(&areas->area[i], scale);
}

/* Absent 0, readable 1, writable 2, written 3; in part, less. Beyond the area nothing. */
static void plot_cell(FILE *plot, struct cell cell)
{
	if (cell.pages)
		fprintf(plot, "%g ",
			(double)(cell.present + cell.writable + cell.dirty) / cell.pages);
	else
		fputs("NaN ", plot);
}

static void plot_labels(FILE *plot, const struct areas *areas, size_t scale)
{
	const size_t size = sysconf(_SC_PAGESIZE);
	size_t i, row = 0;

	fprintf(plot, "set ytics (");
	for (i = 0; i < areas->n; i++) {
		fprintf(plot, "%s'%012lx' %zu", i ? ", " : "", (unsigned long)areas->area[i].first,
			row);
		row += rows_of(&areas->area[i], scale) + 1;
	}
	fprintf(plot, ")\nset xlabel 'a cell is %s'\n", say_bytes(scale * size));
}

/* Each area ends with an empty row. */
static void plot_rows(FILE *plot, const struct areas *areas, size_t scale)
{
	size_t area, row, i;

	for (area = 0; area < areas->n; area++) {
		const size_t rows = rows_of(&areas->area[area], scale);

		for (row = 0; row <= rows; row++) {
			for (i = 0; i < CELLS; i++)
				plot_cell(plot, look(&areas->area[area], (row * CELLS + i) * scale,
						     scale));
			fputc('\n', plot);
		}
	}
	fputs("e\n", plot);
}

int picture_png(const struct areas *areas, const char *title, const char *path)
{
	const size_t scale = scale_of(areas);
	/* It warns of what has no value, which is meant. */
	FILE *plot = popen("gnuplot 2>/dev/null", "w");

	if (!plot)
		return say_error("gnuplot: %s", strerror(errno));
	fprintf(plot,
		"set terminal png size 900,600\nset output '%s'\nset title '%s'\nset yrange [] reverse\n"
		"set cbrange [0:3]\nset palette defined (0 '#dddddd', 1 '#4aa3c7', 2 '#5cb85c', 3 '#d9534f')\n"
		"set cbtics ('absent' 0, 'readable' 1, 'writable' 2, 'written' 3)\nunset xtics\n",
		path, title);
	plot_labels(plot, areas, scale);
	fprintf(plot, "plot '-' matrix with image notitle\n");
	plot_rows(plot, areas, scale);
	if (pclose(plot))
		return say_error(
			"gnuplot did not make %s; is it installed (apt install gnuplot-nox)?",
			path);
	return 0;
}
