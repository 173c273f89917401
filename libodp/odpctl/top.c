// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* odpctl top: everybody's regions, as top(1) shows processes. */
#include <string.h>
#include <time.h>

#include "rows.h"

static void sleep_ms(unsigned long ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

static void change_sort(struct args *args, char letter)
{
	size_t i;

	for (i = 0; i < sort_key_count; i++)
		if (sort_keys[i].letter == letter)
			args->sort = &sort_keys[i];
}

static void change_kind(struct args *args)
{
	static const char *const kinds[] = { NULL, "implicit", "explicit", "pinned" };
	size_t i;

	for (i = 0; args->kind && strcmp(args->kind, kinds[i + 1]); i++)
		;
	i += !!args->kind;
	args->kind = kinds[(i + 1) % 4];
}

/* A PID by its digits, until something else is pressed; none: of all. */
static void ask_pid(struct args *args)
{
	int key;

	args->pid = 0;
	do {
		printf("\rPID: %lu\033[K", args->pid);
		fflush(stdout);
		key = term_key(60000);
		if (key >= '0' && key <= '9')
			args->pid = args->pid * 10 + key - '0';
	} while (key >= '0' && key <= '9');
}

static void take_key(struct args *args, int key)
{
	if (key == 'k')
		change_kind(args);
	else if (key == 'u')
		ask_pid(args);
	else
		change_sort(args, key);
}

static void print_head(const struct rows *rows, const struct args *args)
{
	size_t i;

	printf("%zu of %zu regions, every %.1f s, by %s", rows->n, rows->mrs,
	       args->interval / 1000.0, args->sort->name);
	if (args->pid)
		printf(", of PID %lu", args->pid);
	if (args->kind)
		printf(", %s", args->kind);
	printf("\033[K\n%sq end  u PID  k kind  sort:", term_colour(DIM));
	for (i = 0; i < sort_key_count; i++)
		printf(" %c %s", sort_keys[i].letter, sort_keys[i].name);
	printf("%s\033[K\n", term_colour(PLAIN));
}

static int live(struct args *args)
{
	struct rows then = {}, rows;
	unsigned int columns, lines;
	int status, key = 0;

	do {
		status = rows_look(&rows, &then, args);
		if (!status) {
			term_size(&columns, &lines);
			term_home();
			print_head(&rows, args);
			rows_print(&rows, lines > 5 ? lines - 4 : 1, "\033[K");
			term_end();
			key = term_key(args->interval);
			take_key(args, key);
		}
		rows_free(&then);
		then = rows;
	} while (!status && key != 'q');
	rows_free(&then);
	return status;
}

/* One after the other, for files and programs. */
static int in_turn(const struct args *args)
{
	struct rows then = {}, rows;
	unsigned long n;
	int status = rows_look(&then, &(struct rows){}, args);

	for (n = 0; !status && (!args->count || n < args->count); n++) {
		sleep_ms(args->interval);
		status = rows_look(&rows, &then, args);
		if (!status && args->json)
			json_print_line(rows_json(&rows, true));
		else if (!status)
			rows_print(&rows, rows.n, "");
		rows_free(&then);
		then = rows;
		status |= fflush(stdout) != 0;
	}
	rows_free(&then);
	return status;
}

static int run(const struct args *args)
{
	struct args mine = *args;
	int status;

	if (args->json || args->count || !term_enter())
		return in_turn(args);
	status = live(&mine);
	term_leave();
	return status;
}

static const struct argp_option options[] = {
	OPTION_JSON, OPTION_SORT,     OPTION_PID,   OPTION_MRN,
	OPTION_KIND, OPTION_INTERVAL, OPTION_COUNT, {},
};

const struct command command_top = {
	"top", "[DEV]", "everybody's regions, live", options, run,
};
