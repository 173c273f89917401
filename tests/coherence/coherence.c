// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Runs cells of the coherence matrix, each in a process of its own, and prints a
 * line for each:
 *
 *	cell ROW MEMORY COLUMN ok|FAIL|skip SECONDS [REASON]
 *
 * Ends with 1 if one failed, with 77 if none ran, else with 0.
 */
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "co.h"

#define CELL_LIMIT_MS 120000
#define OUTPUT_BYTES  65536

static struct {
	const char *rows, *groups; /* between commas; NULL: all */
	const char *memory, *column;
	bool quick;
	int brief; /* -1: not given */
} options = { .brief = -1 };

static unsigned int passed, failed, skipped;

/* Whether a word is in a list with commas; a NULL list has all. */
static bool listed(const char *list, const char *word)
{
	const size_t len = strlen(word);

	while (list) {
		if (!strncmp(list, word, len) && (!list[len] || list[len] == ','))
			return true;
		list = strchr(list, ',');
		if (!list)
			return false;
		list++;
	}
	return true;
}

/*
 * A quick run has three columns of each row, one of them a writing one at least, with
 * explicit and implicit memory in turn: five rows on end have all of them.
 */
static bool is_quick(unsigned int row, enum co_memory memory, enum co_column column)
{
	return (row + column) % CO_COLUMNS < 3 && (row + column) % CO_MEMORIES == memory;
}

/* A brief run has one column of each row; runs with other numbers have others. */
static bool is_brief(unsigned int row, enum co_memory memory, enum co_column column)
{
	return options.brief < 0 || ((row + column + options.brief) % CO_COLUMNS == 0 &&
				     (row + column) % CO_MEMORIES == memory);
}

static bool wanted(unsigned int row, enum co_memory memory, enum co_column column)
{
	return (!options.quick || is_quick(row, memory, column)) && is_brief(row, memory, column) &&
	       listed(options.memory, co_memory_name(memory)) &&
	       listed(options.column, co_column_name(column));
}

static pid_t start_cell(const struct co_row *row, enum co_memory memory, enum co_column column,
			int output)
{
	struct co_cell cell = { .row = row, .memory = memory, .column = column };
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid)
		return pid;
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	close(output);
	co_cell_run(&cell);
}

/* Adds what there is to read; false at the end. */
static bool take_output(int fd, char *text, size_t room)
{
	const size_t used = strlen(text);
	char chunk[4096];
	ssize_t n;

	n = read(fd, chunk, sizeof(chunk));
	if (n > 0 && used + n < room) {
		memcpy(text + used, chunk, n);
		text[used + n] = 0;
	}
	return n > 0;
}

/* What the cell prints, until it ends or its time is up: then it is ended. */
static bool listen_to(pid_t pid, int fd, char *text, size_t room, int *status)
{
	const uint64_t end_ns = vt_now_ns() + CELL_LIMIT_MS * 1000000ull;
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	bool in_time = true;

	while (!waitpid(pid, status, WNOHANG)) {
		if (vt_now_ns() > end_ns) {
			in_time = false;
			kill(pid, SIGKILL);
		}
		if (poll(&pollfd, 1, 10) > 0 && (pollfd.revents & POLLIN))
			take_output(fd, text, room);
	}
	/* Only what belongs to this cell: it made itself a process group. */
	kill(-pid, SIGKILL);
	while (poll(&pollfd, 1, 0) > 0 && take_output(fd, text, room))
		;
	return in_time;
}

/* The last line, in place. */
static const char *last_line(char *text)
{
	size_t len = strlen(text);
	char *line;

	while (len && text[len - 1] == '\n')
		text[--len] = 0;
	line = strrchr(text, '\n');
	line = line ? line + 1 : text;
	if (!strncmp(line, "skipped: ", 9))
		line += 9;
	return line;
}

static void judge(const struct co_row *row, enum co_memory memory, enum co_column column,
		  int status, bool in_time, uint64_t ns, char *text)
{
	const char *word = "FAIL", *reason = last_line(text);

	if (!in_time) {
		reason = "ran into its limit";
	} else if (WIFSIGNALED(status)) {
		reason = strsignal(WTERMSIG(status));
	} else if (!WEXITSTATUS(status)) {
		word = "ok";
		reason = "";
	} else if (WEXITSTATUS(status) == 77) {
		word = "skip";
	}
	passed += *word == 'o';
	skipped += *word == 's';
	failed += *word == 'F';
	printf("cell %s %s %s %s %.1f %s\n", row->name, co_memory_name(memory),
	       co_column_name(column), word, ns / 1e9, reason);
	fflush(stdout);
}

static void run_cell(const struct co_row *row, enum co_memory memory, enum co_column column)
{
	const uint64_t start_ns = vt_now_ns();
	static char text[OUTPUT_BYTES];
	int fds[2], status;
	bool in_time;
	pid_t pid;

	text[0] = 0;
	if (pipe(fds))
		vt_fail("pipe: %m");
	pid = start_cell(row, memory, column, fds[1]);
	if (pid < 0)
		vt_fail("fork: %m");
	close(fds[1]);
	in_time = listen_to(pid, fds[0], text, sizeof(text), &status);
	close(fds[0]);
	co_guest_clean();
	judge(row, memory, column, status, in_time, vt_now_ns() - start_ns, text);
}

static void run_row(unsigned int i)
{
	enum co_memory memory;
	enum co_column column;

	for (memory = 0; memory < CO_MEMORIES; memory++) {
		for (column = 0; column < CO_COLUMNS; column++) {
			if (wanted(i, memory, column))
				run_cell(co_table[i].row, memory, column);
		}
	}
}

static void usage(int status)
{
	printf("usage: coherence [OPTION...]\n"
	       "  --row=ROW[,ROW...]         only these; --list prints their names\n"
	       "  --group=GROUP[,GROUP...]   only the rows of these (rows/table.c)\n"
	       "  --memory=explicit|implicit\n"
	       "  --column=COLUMN[,...]      local-read, local-write, remote-read, remote-write, atomic\n"
	       "  --quick                    three columns a row, explicit and implicit in turn\n"
	       "  --brief=N                  one column a row; 0 to 4: which one the first row has\n"
	       "The device is the environment's, RDMA_DEV; CO_DISK and CO_DAX are directories on\n"
	       "a disk and on persistent memory.\n");
	exit(status);
}

static void list_rows(void)
{
	unsigned int i;

	for (i = 0; co_table[i].row; i++) {
		if (listed(options.groups, co_table[i].group))
			puts(co_table[i].row->name);
	}
	exit(0);
}

static void take_options(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "row", required_argument, NULL, 'r' },
		{ "group", required_argument, NULL, 'g' },
		{ "memory", required_argument, NULL, 'm' },
		{ "column", required_argument, NULL, 'c' },
		{ "quick", no_argument, NULL, 'q' },
		{ "brief", required_argument, NULL, 'b' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (option) {
		case 'r':
			options.rows = optarg;
			break;
		case 'g':
			options.groups = optarg;
			break;
		case 'm':
			options.memory = optarg;
			break;
		case 'c':
			options.column = optarg;
			break;
		case 'q':
			options.quick = true;
			break;
		case 'b':
			options.brief = atoi(optarg);
			break;
		case 'l':
			list_rows();
			break;
		default:
			usage(option == 'h' ? 0 : 1);
		}
	}
}

static bool is_known(const char *word)
{
	unsigned int i;

	for (i = 0; co_table[i].row; i++) {
		if (!strcmp(word, co_table[i].row->name) || !strcmp(word, co_table[i].group))
			return true;
	}
	return false;
}

/* A name that is none would pass without a test. */
static void check_names(const char *list)
{
	char *words = strdup(list ? list : ""), *word, *rest = words;

	vt_check(words);
	while ((word = strsep(&rest, ","))) {
		if (*word && !is_known(word))
			vt_fail("there is no row and no group %s", word);
	}
	free(words);
}

int main(int argc, char **argv)
{
	char *only_name[] = { argv[0], NULL };
	unsigned int i;

	take_options(argc, argv);
	optind = 1;
	vt_init(1, only_name);
	check_names(options.rows);
	check_names(options.groups);
	for (i = 0; co_table[i].row; i++) {
		if (listed(options.rows, co_table[i].row->name) &&
		    listed(options.groups, co_table[i].group))
			run_row(i);
	}
	printf("%u cells ok, %u failed, %u skipped\n", passed, failed, skipped);
	if (failed)
		return 1;
	return passed ? 0 : 77;
}
