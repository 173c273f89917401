// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "recording.h"

#define LINE		1024

#define RECORDING_BYTES (1ull << 47) /* of one event: all that a process has */
#define RECORDING_LEAF	512 /* pages */
#define RECORDING_NS	(1ull << 60)
#define RECORDING_TIME	1e9 /* seconds: a microsecond is still one there */
#define RECORDING_ERROR 4095

#define STACK_BACK	64 /* events, of other CPUs, between one and its stack */
#define AREA_BACK	64 /* areas that begin before an address, and may reach it */

/* A list grows by doubling; true: there is a place more. */
static bool grow(void *list, size_t n, size_t size)
{
	void **at = list, *grown;

	if (n & (n - 1) || (n && n < 16))
		return true;
	grown = realloc(*at, (n ? 2 * n : 16) * size);
	if (!grown)
		return false;
	*at = grown;
	return true;
}

static const struct {
	const char *name;
	enum event_kind kind;
} names[] = {
	{ "rodp_fault_begin", EVENT_FAULT_BEGIN },
	{ "rodp_fault_late", EVENT_FAULT_LATE },
	{ "rodp_fault_end", EVENT_FAULT_END },
	{ "rodp_invalidate", EVENT_INVALIDATE },
	{ "rodp_qp_park", EVENT_PARK },
	{ "rodp_qp_resume", EVENT_RESUME },
};

/* The text behind " name=", or NULL. */
static const char *field(const char *text, const char *name)
{
	char with[32];
	const char *at;

	snprintf(with, sizeof(with), " %s=", name);
	at = strstr(text, with);
	return at ? at + strlen(with) : NULL;
}

static uint64_t number(const char *text, const char *name)
{
	const char *at = field(text, name);

	return at ? strtoull(at, NULL, 0) : 0;
}

/* A hashed pointer, without 0x. */
static uint64_t pointer(const char *text, const char *name)
{
	const char *at = field(text, name);

	return at ? strtoull(at, NULL, 16) : 0;
}

static void word(const char *text, const char *name, char *to, size_t room)
{
	const char *at = field(text, name);

	snprintf(to, room, "%.*s", at ? (int)strcspn(at, " \n") : 0, at ? at : "");
}

static void read_fields(struct event *event, const char *text)
{
	char lane[8];

	event->mirror = pointer(text, "mirror");
	event->va = number(text, event->kind == EVENT_INVALIDATE ? "leaf"
				 : event->kind == EVENT_PARK	 ? "iova"
								 : "va");
	event->bytes = number(text, "bytes");
	event->ns = number(text, "ns");
	event->qpn = number(text, "qpn");
	event->key = number(text, "key");
	event->dropped = number(text, "dropped");
	event->error = (int32_t)number(text, "error");
	event->owner = number(text, "owner");
	event->write = number(text, "write");
	word(text, "lane", lane, sizeof(lane));
	event->send = !strcmp(lane, "send");
	word(text, "event", event->reason, sizeof(event->reason));
}

/* Before the blank that ends here: the beginning of the last word. */
static char *last_word(char *text, char *end)
{
	while (end > text && isspace((unsigned char)end[-1]))
		*--end = 0;
	while (end > text && !isspace((unsigned char)end[-1]))
		end--;
	return end;
}

/* "  COMM-TID   (TGID) [CPU] FLAGS TIME", from its end: the name may be anything. */
static bool read_head(struct event *event, char *head)
{
	char *at = last_word(head, head + strlen(head)), *dash;

	event->at = strtod(at, NULL);
	at = last_word(head, at); /* flags */
	at = last_word(head, at); /* [cpu] */
	if (*at != '[')
		return false;
	at = last_word(head, at);
	if (*at == '(') { /* "(  123)" may be two words */
		event->tgid = strtoul(at + 1, NULL, 10);
		at = last_word(head, at);
	} else if (*at && at[strlen(at) - 1] == ')') {
		event->tgid = strtoul(at, NULL, 10);
		at = last_word(head, last_word(head, at));
	}
	dash = strrchr(head, '-');
	if (!dash)
		return false;
	event->tid = strtoul(dash + 1, NULL, 10);
	*dash = 0;
	while (isspace((unsigned char)*head))
		head++;
	snprintf(event->comm, sizeof(event->comm), "%.15s", head);
	return event->at > 0;
}

/* No kernel says such things, and sums of them would not fit. A peer's address may be any. */
static bool is_absurd(const struct event *event)
{
	return event->bytes > RECORDING_BYTES || event->dropped > RECORDING_LEAF ||
	       (event->kind != EVENT_PARK && event->va > UINT64_MAX - RECORDING_BYTES) ||
	       event->ns > RECORDING_NS || event->at > RECORDING_TIME || event->error > 0 ||
	       event->error < -RECORDING_ERROR;
}

static int add_event(struct recording *recording, const struct event *event)
{
	if (is_absurd(event))
		return 0;
	if (recording->events == RECORDING_EVENTS) {
		recording->left_out++;
		return 0;
	}
	if (!grow(&recording->event, recording->events, sizeof(*event)))
		return -ENOMEM;
	recording->traced = recording->events;
	recording->event[recording->events++] = *event;
	return 0;
}

static int read_event(struct recording *recording, char *line)
{
	char *name = strstr(line, ": rodp_");
	struct event event = {};
	size_t i, length;

	if (!name)
		return 0;
	*name = 0;
	name += 2;
	length = strcspn(name, ":");
	for (i = 0; i < EVENT_KINDS; i++)
		if (strlen(names[i].name) == length && !strncmp(names[i].name, name, length))
			break;
	if (i == EVENT_KINDS || name[length] != ':')
		return 0;
	recording->traced = SIZE_MAX;
	event.kind = names[i].kind;
	read_fields(&event, name + length + 1);
	return read_head(&event, line) ? add_event(recording, &event) : 0;
}

/* What stands between the cause of an invalidation and rodp, and causes none. */
static bool is_plumbing(const char *symbol)
{
	static const char *const heads[] = { "rodp_",	    "mirror_",	      "leaf_",
					     "mn_",	    "__mmu_notifier", "mmu_notifier",
					     "trace_event", "__traceiter",    "event_trigger",
					     "stack_trace", "notifier_",      "ftrace" };
	size_t i;

	for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		if (!strncmp(symbol, heads[i], strlen(heads[i])))
			return true;
	return false;
}

static int find_symbol(struct recording *recording, const char *name, uint32_t *index)
{
	size_t i;

	for (i = 0; i < recording->symbols; i++)
		if (!strcmp(recording->symbol[i], name))
			break;
	*index = i;
	if (i < recording->symbols)
		return 0;
	if (!grow(&recording->symbol, recording->symbols, sizeof(char *)))
		return -ENOMEM;
	recording->symbol[i] = strdup(name);
	if (!recording->symbol[i])
		return -ENOMEM;
	recording->symbols++;
	return 0;
}

/* A stack is of the last event of its thread; others may have had some in between. */
static void read_stack(struct recording *recording, char *line)
{
	struct event head = {};
	size_t i, n;

	recording->traced = SIZE_MAX;
	if (!read_head(&head, line))
		return;
	for (i = recording->events, n = 0; i-- && n < STACK_BACK; n++) {
		if (recording->event[i].tid != head.tid)
			continue;
		recording->traced = i;
		return;
	}
}

/* " => symbol": the first that is no plumbing counts. */
static int read_frame(struct recording *recording, char *line)
{
	struct event *event;

	if (recording->traced >= recording->events || recording->symbols > 4096)
		return 0;
	event = &recording->event[recording->traced];
	if (event->kind != EVENT_INVALIDATE || event->symbol)
		return 0;
	line[strcspn(line, " +\n")] = 0;
	return is_plumbing(line) ? 0 : find_symbol(recording, line, &event->symbol);
}

static int read_area(struct recording *recording, const char *line)
{
	struct area_line area = { .line = recording->areas };
	char name[LINE] = "";

	if (recording->areas == RECORDING_AREAS)
		return 0;
	if (sscanf(line, "#area %u %lx %lx %1023[^\n]", &area.pid, &area.first, &area.last, name) <
	    3)
		return 0;
	if (!grow(&recording->area, recording->areas, sizeof(area)))
		return -ENOMEM;
	area.name = strdup(name);
	if (!area.name)
		return -ENOMEM;
	recording->area[recording->areas++] = area;
	return 0;
}

const char *recording_process(const struct recording *recording, uint32_t pid)
{
	size_t i;

	for (i = 0; i < recording->processes; i++)
		if (recording->process[i].pid == pid)
			return recording->process[i].comm;
	return NULL;
}

static int read_process(struct recording *recording, const char *line)
{
	struct process_line process = {};

	if (recording->processes == RECORDING_PROCESSES ||
	    sscanf(line, "#process %u %15[^\n]", &process.pid, process.comm) < 2 ||
	    recording_process(recording, process.pid))
		return 0;
	if (!grow(&recording->process, recording->processes, sizeof(process)))
		return -ENOMEM;
	recording->process[recording->processes++] = process;
	return 0;
}

static int read_line(struct recording *recording, char *line)
{
	char *stack;

	if (!strncmp(line, "#area ", 6))
		return read_area(recording, line);
	if (!strncmp(line, "#process ", 9))
		return read_process(recording, line);
	if (!strncmp(line, "#lost ", 6))
		recording->lost += strtoull(line + 6, NULL, 10);
	if (*line == '#')
		return 0;
	if (!strncmp(line, " => ", 4))
		return read_frame(recording, line + 4);
	stack = strstr(line, ": <stack trace>");
	if (!stack)
		return read_event(recording, line);
	*stack = 0;
	read_stack(recording, line);
	return 0;
}

static int by_first(const void *a, const void *b)
{
	const struct area_line *one = a, *other = b;

	if (one->pid != other->pid)
		return one->pid < other->pid ? -1 : 1;
	if (one->first != other->first)
		return one->first < other->first ? -1 : 1;
	if (one->last != other->last)
		return one->last < other->last ? -1 : 1;
	return (one->line > other->line) - (one->line < other->line);
}

/* In order, and of those that are the same the one that was seen last. */
static void sort_areas(struct recording *recording)
{
	struct area_line *area = recording->area;
	size_t i, n = 0;

	if (area)
		qsort(area, recording->areas, sizeof(*area), by_first);
	for (i = 0; i < recording->areas; i++) {
		if (n && area[n - 1].pid == area[i].pid && area[n - 1].first == area[i].first &&
		    area[n - 1].last == area[i].last)
			free(area[--n].name);
		area[n++] = area[i];
	}
	recording->areas = n;
}

int recording_read(struct recording *recording, FILE *file)
{
	char line[LINE];
	uint32_t none;
	int err;

	*recording = (struct recording){ .traced = SIZE_MAX };
	if (!fgets(line, sizeof(line), file) ||
	    strncmp(line, RECORDING_MAGIC, strlen(RECORDING_MAGIC)))
		return 1;
	err = find_symbol(recording, "", &none);
	while (!err && fgets(line, sizeof(line), file))
		err = read_line(recording, line);
	sort_areas(recording);
	return err;
}

void recording_free(struct recording *recording)
{
	size_t i;

	for (i = 0; i < recording->areas; i++)
		free(recording->area[i].name);
	for (i = 0; i < recording->symbols; i++)
		free(recording->symbol[i]);
	free(recording->area);
	free(recording->process);
	free(recording->symbol);
	free(recording->event);
	*recording = (struct recording){};
}

/* How many areas begin at the address or before it, those of earlier processes included. */
static size_t areas_before(const struct recording *recording, uint32_t pid, uint64_t va)
{
	const struct area_line key = {
		.pid = pid, .first = va, .last = UINT64_MAX, .line = SIZE_MAX
	};
	size_t low = 0, high = recording->areas, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (by_first(&recording->area[middle], &key) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const char *recording_area(const struct recording *recording, uint32_t pid, uint64_t va)
{
	const struct area_line *area, *last = NULL;
	size_t i, n;

	for (i = areas_before(recording, pid, va), n = 0; i-- && n < AREA_BACK; n++) {
		area = &recording->area[i];
		if (area->pid != pid)
			break;
		if (va <= area->last && (!last || area->line > last->line))
			last = area;
	}
	return last ? last->name : NULL;
}
