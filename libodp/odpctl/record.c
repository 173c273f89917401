// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * odpctl record: the driver's trace events, with what they were about, to a file. The kernel keeps
 * at most a bounded buffer of them, and this program none.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "odpctl.h"
#include "recording.h"
#include "rows.h"

#define TRACING	       "/sys/kernel/tracing"
#define DEFAULT_BUFFER 8 /* MiB */
#define BETWEEN_AREAS  1.0 /* seconds between two looks at what is mapped */
#define MOST_BYTES     (1ull << 30) /* of a recording */
#define MOST_BUFFER    (1ul << 20) /* MiB */
#define MOST_READS     256 /* between two looks at what else is to be done */
#define MOST_SEEN      1024

struct seen {
	uint32_t pid;
	uint64_t areas; /* a hash of what was mapped */
};

struct recorder {
	char dir[64]; /* a trace instance of our own; "": none yet */
	int pipe;
	FILE *out;
	uint64_t bytes;
	struct seen seen[MOST_SEEN]; /* processes whose areas are in the recording */
	size_t seens;
};

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
	(void)number;
	ended = 1;
}

/* A file below dir; 0 or -errno. */
static int set(const char *dir, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int set(const char *dir, const char *name, const char *format, ...)
{
	char path[192], text[64];
	va_list args;
	ssize_t done;
	int fd, len;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	done = write(fd, text, len);
	len = done < 0 ? -errno : 0;
	close(fd);
	return len;
}

static int instance_open(struct recorder *recorder, unsigned long buffer)
{
	const unsigned long cpus = sysconf(_SC_NPROCESSORS_CONF);
	char dir[sizeof(recorder->dir)], path[96];

	if (buffer > MOST_BUFFER)
		return say_error("a buffer has at most %lu MiB", MOST_BUFFER);
	if (access(TRACING "/events/rodp", F_OK))
		return say_error(
			"%s/events/rodp: %s; run odpctl as root, with the module rodp loaded",
			TRACING, strerror(errno));
	snprintf(dir, sizeof(dir), TRACING "/instances/odpctl-%d", getpid());
	if (mkdir(dir, 0700))
		return say_error("%s: %s", dir, strerror(errno));
	strcpy(recorder->dir, dir);
	set(recorder->dir, "trace_clock", "mono");
	set(recorder->dir, "options/record-tgid", "1");
	if (set(recorder->dir, "buffer_size_kb", "%lu", buffer * 1024 / cpus + 1))
		say_error("the kernel has no buffer of %lu MiB; it is smaller", buffer);
	snprintf(path, sizeof(path), "%s/trace_pipe", recorder->dir);
	recorder->pipe = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return recorder->pipe < 0 ? say_error("%s: %s", path, strerror(errno)) : 0;
}

static int instance_begin(const struct recorder *recorder)
{
	int err;

	/* Who caused an invalidation; some kernels have no stacks. */
	set(recorder->dir, "events/rodp/rodp_invalidate/trigger", "stacktrace");
	err = set(recorder->dir, "events/rodp/enable", "1");
	return err ? say_error("events/rodp/enable: %s", strerror(-err)) : 0;
}

/* The sum of a line of each CPU's statistics. */
static uint64_t lost_events(const struct recorder *recorder)
{
	const long cpus = sysconf(_SC_NPROCESSORS_CONF);
	uint64_t sum = 0, n;
	char path[128], line[128];
	FILE *file;
	long cpu;

	for (cpu = 0; cpu < cpus; cpu++) {
		snprintf(path, sizeof(path), "%s/per_cpu/cpu%ld/stats", recorder->dir, cpu);
		file = fopen(path, "re");
		while (file && fgets(line, sizeof(line), file))
			if (sscanf(line, "overrun: %lu", &n) == 1 ||
			    sscanf(line, "dropped events: %lu", &n) == 1)
				sum += n;
		if (file)
			fclose(file);
	}
	return sum;
}

static void instance_close(struct recorder *recorder)
{
	if (recorder->pipe >= 0)
		close(recorder->pipe);
	if (!*recorder->dir)
		return;
	set(recorder->dir, "events/rodp/rodp_invalidate/trigger", "!stacktrace");
	rmdir(recorder->dir);
}

/* ---- What is mapped ---- */

/* 64 bits of FNV-1a. */
static uint64_t hash(FILE *file)
{
	uint64_t hash = 0xcbf29ce484222325ull;
	int byte;

	while ((byte = getc(file)) != EOF)
		hash = (hash ^ byte) * 0x100000001b3ull;
	rewind(file);
	return hash;
}

/* What is the same as at the last look need not be written again. */
static bool is_seen(struct recorder *recorder, uint32_t pid, uint64_t areas)
{
	size_t i;
	bool same;

	for (i = 0; i < recorder->seens && recorder->seen[i].pid != pid; i++)
		;
	if (i == MOST_SEEN)
		return false;
	same = i < recorder->seens && recorder->seen[i].areas == areas;
	recorder->seens += i == recorder->seens;
	recorder->seen[i] = (struct seen){ pid, areas };
	return same;
}

static void write_areas(struct recorder *recorder, uint32_t pid)
{
	char path[32], line[512], name[400];
	unsigned long first, end;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	maps = fopen(path, "re");
	if (maps && is_seen(recorder, pid, hash(maps))) {
		fclose(maps);
		return;
	}
	while (maps && fgets(line, sizeof(line), maps)) {
		*name = 0;
		if (sscanf(line, "%lx-%lx %*s %*s %*s %*s %399[^\n]", &first, &end, name) >= 2)
			recorder->bytes += fprintf(recorder->out, "#area %u %lx %lx %s\n", pid,
						   first, end - 1, name);
	}
	if (maps)
		fclose(maps);
}

/* Of each process that has on-demand regions now. */
static void write_processes(struct recorder *recorder)
{
	const struct args all = { .mrn = -1, .sort = &sort_by_pid };
	const struct rows then = {};
	struct rows rows;
	uint32_t last = 0;
	char owner[16];
	size_t i;

	if (rows_look(&rows, &then, &all)) {
		rows_free(&rows);
		return;
	}
	for (i = 0; i < rows.n; i++) {
		const struct odp_mr_info *mr = rows.row[i].mr;

		if (!mr->pid || mr->pid == last || !mr->level)
			continue;
		last = mr->pid;
		row_owner(mr, owner, sizeof(owner));
		recorder->bytes += fprintf(recorder->out, "#process %u %s\n", mr->pid, owner);
		write_areas(recorder, mr->pid);
	}
	rows_free(&rows);
}

/* ---- The events ---- */

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static bool is_full(const struct recorder *recorder)
{
	return recorder->bytes > MOST_BYTES;
}

/*
 * What there is, in at most so many reads; 0 or 1. Lines stay whole, since ours go between two reads
 * of whole lines.
 */
static int drain(struct recorder *recorder, unsigned long reads)
{
	static char buffer[1 << 16];
	ssize_t n;

	while (!is_full(recorder) && reads-- &&
	       (n = read(recorder->pipe, buffer, sizeof(buffer))) > 0) {
		if (fwrite(buffer, 1, n, recorder->out) != (size_t)n)
			return say_error("the recording: %s", strerror(errno));
		recorder->bytes += n;
	}
	return 0;
}

static int follow(struct recorder *recorder, unsigned long seconds)
{
	struct pollfd fd = { .fd = recorder->pipe, .events = POLLIN };
	const double end = now() + seconds;
	double areas = 0;
	int status = 0;

	while (!status && !ended && !is_full(recorder) && (!seconds || now() < end)) {
		if (now() - areas >= BETWEEN_AREAS) {
			write_processes(recorder);
			areas = now();
		}
		poll(&fd, 1, 50);
		status = drain(recorder, MOST_READS);
	}
	return status;
}

static int record(struct recorder *recorder, const struct args *args)
{
	int status = instance_begin(recorder);

	if (status)
		return status;
	fprintf(recorder->out, RECORDING_MAGIC "\n");
	status = follow(recorder, args->seconds);
	set(recorder->dir, "events/rodp/enable", "0");
	if (!status)
		status = drain(recorder, ULONG_MAX);
	if (is_full(recorder))
		say_error("the recording is full, and ends early");
	write_processes(recorder);
	fprintf(recorder->out, "#lost %lu\n", (unsigned long)lost_events(recorder));
	return status;
}

/* An instance that nobody removes would go on tracing. What is ignored (nohup(1)) stays so. */
static void catch_signals(void)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	const struct sigaction action = { .sa_handler = on_signal };
	struct sigaction was;
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (!sigaction(ends[i], NULL, &was) && was.sa_handler != SIG_IGN)
			sigaction(ends[i], &action, NULL);
}

static int run(const struct args *args)
{
	const char *path = args->output ? args->output : "odp.trace";
	static struct recorder recorder = { .pipe = -1 };
	int status;

	catch_signals();
	status = instance_open(&recorder, args->buffer ? args->buffer : DEFAULT_BUFFER);
	if (!status) {
		/* For its owner alone: it tells where others' memory is. */
		recorder.out = file_create(path, 0600);
		status = recorder.out ? record(&recorder, args) : 1;
	}
	instance_close(&recorder);
	if (recorder.out)
		status |= file_close(recorder.out, path);
	if (!status)
		printf("%s: %lu bytes; odpctl report %s makes a page of it\n", path,
		       (unsigned long)recorder.bytes, path);
	return status;
}

static const struct argp_option options[] = {
	{ "output", 'O', "FILE", 0, "The recording [odp.trace]", 0 },
	{ "seconds", 's', "N", 0, "For N seconds [until it is interrupted]", 0 },
	OPTION_BUFFER,
	{},
};

const struct command command_record = {
	"record", "", "what paging does, to a file", options, run,
};
