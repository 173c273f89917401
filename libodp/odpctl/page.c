// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <string.h>

#include "json.h"
#include "page.h"

#define MOST_BARS 6000 /* of the timeline: the longest waits; the others are counted */

/* page.html, as a string. */
extern const char page_html[];
__asm__(".pushsection .rodata\n"
	".global page_html\n"
	"page_html:\n"
	".incbin \"" ODPCTL_PAGE "\"\n"
	".byte 0\n"
	".popsection\n");

#define DATA_MARK "/*DATA*/"

static struct json_object *real(double value)
{
	char text[32];

	/* Microseconds are exact enough, and short. */
	snprintf(text, sizeof(text), "%.6f", value);
	return json_object_new_double_s(value, text);
}

static void add(struct json_object *to, const char *name, struct json_object *value)
{
	json_object_object_add(to, name, value);
}

static struct json_object *bins(const uint32_t *bin)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; i < ANALYSIS_BINS; i++)
		json_object_array_add(list, json_object_new_int64(bin[i]));
	return list;
}

static struct json_object *hex(unsigned long value)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%lx", value);
	return json_object_new_string(text);
}

static struct json_object *wait_json(const struct analysis *analysis, const struct wait *wait)
{
	struct json_object *one = json_object_new_object();

	add(one, "at", real(wait->begin - analysis->begin));
	add(one, "s", wait->seconds < 0 ? NULL : real(wait->seconds));
	json_add_number(one, "qpn", wait->qpn);
	json_add_text(one, "lane", wait->send ? "send" : "recv");
	add(one, "key", hex(wait->key));
	add(one, "iova", hex(wait->iova));
	json_add_number(one, "bytes", wait->bytes);
	json_add_bool(one, "write", wait->write);
	json_add_number(one, "error", -wait->error);
	return one;
}

/* The shortest that still has a bar: what is shorter is left out where there are too many. */
static double least_bar(const struct analysis *analysis)
{
	double least = 0;
	size_t i, n;

	for (;; least = least > 0 ? 2 * least : 1e-6) {
		for (i = n = 0; i < analysis->waits; i++)
			n += analysis->wait[i].seconds < 0 || analysis->wait[i].seconds >= least;
		if (n <= MOST_BARS || least > 1e6)
			return least;
	}
}

static struct json_object *waits_json(const struct analysis *analysis)
{
	struct json_object *list = json_object_new_array();
	const double least = least_bar(analysis);
	size_t i;

	for (i = 0; i < analysis->waits; i++)
		if (analysis->wait[i].seconds < 0 || analysis->wait[i].seconds >= least)
			json_object_array_add(list, wait_json(analysis, &analysis->wait[i]));
	return list;
}

static struct json_object *worst_json(const struct analysis *analysis, struct recording *recording)
{
	struct json_object *list = json_object_new_array(), *one;
	char cause[256];
	size_t i;

	for (i = 0; i < analysis->worst_n; i++) {
		const struct wait *wait = &analysis->wait[analysis->worst[i]];

		one = wait_json(analysis, wait);
		analysis_cause(analysis, recording, wait, cause, sizeof(cause));
		json_add_text(one, "cause", cause);
		json_object_array_add(list, one);
	}
	return list;
}

static struct json_object *actors_json(const struct actor *actor, size_t n)
{
	struct json_object *list = json_object_new_array(), *one;
	size_t i;

	for (i = 0; i < n && i < 20; i++) {
		one = json_object_new_object();
		json_add_text(one, "name", actor[i].name);
		json_add_number(one, "times", actor[i].times);
		json_add_number(one, "pages", actor[i].pages);
		add(one, "s", real(actor[i].seconds));
		json_object_array_add(list, one);
	}
	return list;
}

static struct json_object *rows_of(const struct analysis *analysis)
{
	struct json_object *list = json_object_new_array(), *one;
	size_t i;

	for (i = 0; i < analysis->rows; i++) {
		const struct heat_row *row = &analysis->row[i];

		one = json_object_new_object();
		json_add_number(one, "pid", analysis_owner(analysis, row->mirror));
		add(one, "first", hex(row->first));
		json_add_number(one, "pages", row->bytes / 4096);
		json_add_text(one, "name", row->name ? row->name : "");
		add(one, "present", bins(row->present));
		json_object_array_add(list, one);
	}
	return list;
}

static struct json_object *all_of(const struct analysis *analysis, struct recording *recording,
				  const char *title)
{
	struct json_object *all = json_object_new_object();

	json_add_text(all, "title", title);
	add(all, "seconds", real(analysis->end - analysis->begin));
	json_add_number(all, "events", recording->events);
	json_add_number(all, "lost", recording->lost);
	json_add_number(all, "left_out", recording->left_out);
	json_add_number(all, "faults", analysis->faults);
	json_add_number(all, "waits_all", analysis->waits);
	add(all, "waits", waits_json(analysis));
	add(all, "worst", worst_json(analysis, recording));
	add(all, "faulters", actors_json(analysis->faulter, analysis->faulters));
	add(all, "invalidators", actors_json(analysis->invalidator, analysis->invalidators));
	add(all, "heat", rows_of(analysis));
	add(all, "faulted", bins(analysis->faults_by_time));
	add(all, "dropped", bins(analysis->lost_by_time));
	return all;
}

/* Within a page's script nothing of the data may end it: names of files are others' words. */
static void write_data(FILE *out, struct json_object *all)
{
	const char *text = json_object_to_json_string_ext(all, JSON_C_TO_STRING_NOSLASHESCAPE);

	for (; *text; text++) {
		if (*text == '<')
			fputs("\\u003c", out);
		else
			fputc(*text, out);
	}
}

void page_write(FILE *out, const struct analysis *analysis, struct recording *recording,
		const char *title)
{
	struct json_object *all = all_of(analysis, recording, title);
	const char *mark = strstr(page_html, DATA_MARK);

	fwrite(page_html, 1, mark - page_html, out);
	write_data(out, all);
	fputs(mark + strlen(DATA_MARK), out);
	json_object_put(all);
}

/* ---- Perfetto ---- */

/* A span of time on a track; tracks are numbered threads of numbered processes. */
static struct json_object *span(const char *name, double begin, double seconds, uint64_t pid,
				uint64_t tid, struct json_object *args)
{
	struct json_object *one = json_object_new_object();

	json_add_text(one, "name", name);
	json_add_text(one, "ph", "X");
	add(one, "ts", real(begin * 1e6));
	add(one, "dur", real(seconds * 1e6));
	json_add_number(one, "pid", pid);
	json_add_number(one, "tid", tid);
	add(one, "args", args);
	return one;
}

static struct json_object *name_of_track(const char *what, uint64_t pid, uint64_t tid,
					 const char *name)
{
	struct json_object *one = json_object_new_object(), *args = json_object_new_object();

	json_add_text(args, "name", name);
	json_add_text(one, "name", what);
	json_add_text(one, "ph", "M");
	json_add_number(one, "pid", pid);
	json_add_number(one, "tid", tid);
	add(one, "args", args);
	return one;
}

/* One event after the other: of a million there is no room for all at once. */
struct events {
	FILE *out;
	bool some;
};

static void write_event(struct events *events, struct json_object *one)
{
	fputs(events->some ? ",\n" : "\n", events->out);
	fputs(json_object_to_json_string_ext(one, JSON_C_TO_STRING_NOSLASHESCAPE), events->out);
	json_object_put(one);
	events->some = true;
}

/* Waits are of the device, which is no process: number 0. Two lanes a QP. */
static void write_waits(struct events *events, const struct analysis *analysis)
{
	char name[32];
	size_t i;

	write_event(events, name_of_track("process_name", 0, 0, "RDMA device"));
	for (i = 0; i < analysis->waits; i++) {
		const struct wait *wait = &analysis->wait[i];
		const uint64_t track = 2ull * wait->qpn + wait->send;

		if (wait->seconds < 0)
			continue;
		snprintf(name, sizeof(name), "QP %u %s", wait->qpn, wait->send ? "send" : "recv");
		write_event(events, name_of_track("thread_name", 0, track, name));
		write_event(events, span("wait", wait->begin, wait->seconds, 0, track,
					 wait_json(analysis, wait)));
	}
}

static void write_faults(struct events *events, const struct analysis *analysis)
{
	struct json_object *args;
	size_t i;

	for (i = 0; i < analysis->faults; i++) {
		const struct fault *fault = &analysis->fault[i];

		if (!(fault->end > 0))
			continue;
		args = json_object_new_object();
		add(args, "va", hex(fault->va));
		json_add_number(args, "pages", (fault->done - fault->va) / 4096);
		json_add_bool(args, "write", fault->write);
		write_event(events, span("fault", fault->begin, fault->end - fault->begin,
					 fault->tgid, fault->tgid, args));
	}
}

static struct json_object *invalidation(const struct recording *recording,
					const struct event *event)
{
	struct json_object *one = json_object_new_object(), *args = json_object_new_object();

	add(args, "leaf", hex(event->va));
	json_add_number(args, "pages", event->dropped);
	json_add_text(args, "in", recording->symbol[event->symbol]);
	json_add_text(one, "name", event->reason);
	json_add_text(one, "ph", "i");
	json_add_text(one, "s", "t");
	add(one, "ts", real(event->at * 1e6));
	json_add_number(one, "pid", event->tgid ? event->tgid : event->tid);
	json_add_number(one, "tid", event->tid);
	add(one, "args", args);
	return one;
}

void page_write_perfetto(FILE *out, const struct analysis *analysis, struct recording *recording)
{
	struct events events = { .out = out };
	size_t i;

	fputs("{\"traceEvents\":[", out);
	write_waits(&events, analysis);
	write_faults(&events, analysis);
	for (i = 0; i < recording->events; i++)
		if (recording->event[i].kind == EVENT_INVALIDATE)
			write_event(&events, invalidation(recording, &recording->event[i]));
	fputs("\n]}\n", out);
}
