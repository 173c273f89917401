// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis.h"

#define PAGE   4096
#define RECENT 4096 /* faults and waits that may be under way at once */

static size_t bin_of(const struct analysis *analysis, double at)
{
	const double part = (at - analysis->begin) / (analysis->end - analysis->begin);
	const size_t bin = part <= 0 ? 0 : part * ANALYSIS_BINS;

	return bin < ANALYSIS_BINS ? bin : ANALYSIS_BINS - 1;
}

/* ---- Faults ---- */

static void fault_begins(struct analysis *analysis, const struct event *event)
{
	analysis->fault[analysis->faults++] = (struct fault){
		.begin = event->at,
		.mirror = event->mirror,
		.va = event->va,
		.bytes = event->bytes,
		.done = event->va,
		.write = event->write,
	};
}

/* The job that this is of: under way, there, and queued when the event says. */
static struct fault *fault_of(struct analysis *analysis, const struct event *event)
{
	const double begun = event->at - event->ns / 1e9;
	struct fault *best = NULL;
	double off, best_off = 0;
	size_t i, n;

	for (i = analysis->faults, n = 0; i-- && n < RECENT; n++) {
		struct fault *fault = &analysis->fault[i];

		if (fault->end > 0 || fault->mirror != event->mirror || event->va < fault->va ||
		    event->va > fault->va + fault->bytes)
			continue;
		off = fault->begin > begun ? fault->begin - begun : begun - fault->begin;
		if (best && off >= best_off)
			continue;
		best = fault;
		best_off = off;
	}
	return best;
}

/* The thread of the event is the owner's, or else a kernel thread, whose name says nothing. */
static void fault_is_of(struct fault *fault, const struct recording *recording,
			const struct event *event)
{
	const char *name = event->comm;

	fault->tgid = event->tgid ? event->tgid : event->tid;
	if (event->owner && event->owner != fault->tgid) {
		fault->tgid = event->owner;
		name = recording_process(recording, event->owner);
	}
	snprintf(fault->comm, sizeof(fault->comm), "%s", name ? name : "a process");
}

static void fault_ends(struct analysis *analysis, const struct recording *recording,
		       const struct event *event)
{
	struct fault *fault = fault_of(analysis, event);

	if (!fault)
		return;
	fault->end = event->at;
	fault->done = event->va;
	fault->error = event->error;
	fault_is_of(fault, recording, event);
	analysis->faults_by_time[bin_of(analysis, event->at)] += (fault->done - fault->va) / PAGE;
}

static void fault_is_late(struct analysis *analysis, const struct event *event)
{
	const struct event without = { .at = event->at, .mirror = event->mirror, .va = event->va };
	struct fault *fault = fault_of(analysis, &without);

	if (fault)
		fault->late = true;
}

/* ---- Waits ---- */

static void wait_begins(struct analysis *analysis, const struct event *event)
{
	analysis->wait[analysis->waits++] = (struct wait){
		.begin = event->at,
		.seconds = -1,
		.qpn = event->qpn,
		.key = event->key,
		.send = event->send,
		.write = event->write,
		.iova = event->va,
		.bytes = event->bytes,
		.fault = -1,
	};
}

static void wait_ends(struct analysis *analysis, const struct event *event)
{
	size_t i, n;

	for (i = analysis->waits, n = 0; i-- && n < RECENT; n++) {
		struct wait *wait = &analysis->wait[i];

		if (wait->seconds >= 0 || wait->qpn != event->qpn || wait->send != event->send)
			continue;
		wait->seconds = event->ns / 1e9;
		wait->error = event->error;
		return;
	}
}

/*
 * The fault that was under way at the address, or else, where peers' addresses are others than the
 * process's, the one that began next to it.
 */
static void find_fault(struct analysis *analysis, struct wait *wait)
{
	const double end = wait->begin + wait->seconds;
	double best = 0;
	size_t i;

	for (i = 0; i < analysis->faults && analysis->fault[i].begin <= end; i++) {
		const struct fault *fault = &analysis->fault[i];
		const bool there = wait->iova >= fault->va && wait->iova < fault->va + fault->bytes;
		double score;

		if (fault->end > 0 && fault->end < wait->begin)
			continue;
		score = (there ? 2 : 1) - (fault->begin < wait->begin ? wait->begin - fault->begin
								      : fault->begin - wait->begin);
		if (wait->fault >= 0 && score <= best)
			continue;
		wait->fault = i;
		best = score;
	}
}

static void find_worst(struct analysis *analysis)
{
	size_t i, at;

	for (i = 0; i < analysis->waits; i++) {
		for (at = analysis->worst_n; at && analysis->wait[analysis->worst[at - 1]].seconds <
							   analysis->wait[i].seconds;
		     at--)
			if (at < ANALYSIS_WORST)
				analysis->worst[at] = analysis->worst[at - 1];
		if (at >= ANALYSIS_WORST)
			continue;
		analysis->worst[at] = i;
		analysis->worst_n += analysis->worst_n < ANALYSIS_WORST;
	}
	for (i = 0; i < analysis->worst_n; i++)
		find_fault(analysis, &analysis->wait[analysis->worst[i]]);
}

/* ---- Actors ---- */

uint32_t analysis_owner(const struct analysis *analysis, uint64_t mirror)
{
	size_t i;

	for (i = 0; i < analysis->owners && analysis->owner[i].mirror != mirror; i++)
		;
	return i < analysis->owners ? analysis->owner[i].tgid : 0;
}

/* Who serves the faults of an address space is of its process. */
static void find_owners(struct analysis *analysis)
{
	size_t i;

	for (i = 0; i < analysis->faults && analysis->owners < ANALYSIS_OWNERS; i++) {
		const struct fault *fault = &analysis->fault[i];

		if (fault->tgid && !analysis_owner(analysis, fault->mirror))
			analysis->owner[analysis->owners++] = (struct owner){ fault->mirror,
									      fault->tgid };
	}
}

/* The one of that name, or a new one. NULL: no memory. */
static struct actor *actor_of(struct actor **list, size_t *n, const char *name)
{
	struct actor *grown;
	size_t i;

	for (i = 0; i < *n; i++)
		if (!strcmp((*list)[i].name, name))
			return &(*list)[i];
	if (*n == ANALYSIS_ACTORS)
		return &(*list)[ANALYSIS_ACTORS - 1];
	if (*n == ANALYSIS_ACTORS - 1)
		name = "all others";
	grown = realloc(*list, (*n + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	*list = grown;
	grown[*n] = (struct actor){};
	snprintf(grown[*n].name, sizeof(grown->name), "%s", name);
	return &grown[(*n)++];
}

static const char *kind_of_memory(struct recording *recording, uint32_t pid, uint64_t va)
{
	const char *name = recording_area(recording, pid, va);

	return !name ? "memory that is mapped no more" : *name ? name : "anonymous memory";
}

static int count_fault(struct analysis *analysis, struct recording *recording,
		       const struct fault *fault)
{
	struct actor *actor;
	char name[160];

	if (!(fault->end > 0))
		return 0;
	snprintf(name, sizeof(name), "%s (%u), %.100s", fault->comm, fault->tgid,
		 kind_of_memory(recording, fault->tgid, fault->va));
	actor = actor_of(&analysis->faulter, &analysis->faulters, name);
	if (!actor)
		return -ENOMEM;
	actor->times++;
	actor->pages += (fault->done - fault->va) / PAGE;
	actor->seconds += fault->end - fault->begin;
	return 0;
}

static int count_invalidation(struct analysis *analysis, struct recording *recording,
			      const struct event *event)
{
	const uint32_t owner = analysis_owner(analysis, event->mirror);
	struct actor *actor;
	char name[160];

	snprintf(name, sizeof(name), "%s%s%.40s by %s: %.60s", event->reason,
		 event->symbol ? " in " : "", recording->symbol[event->symbol], event->comm,
		 kind_of_memory(recording, owner, event->va));
	actor = actor_of(&analysis->invalidator, &analysis->invalidators, name);
	if (!actor)
		return -ENOMEM;
	actor->times++;
	actor->pages += event->dropped;
	return 0;
}

static int by_pages(const void *a, const void *b)
{
	const struct actor *one = a, *other = b;

	return (one->pages < other->pages) - (one->pages > other->pages);
}

static int count_actors(struct analysis *analysis, struct recording *recording)
{
	size_t i;
	int err = 0;

	for (i = 0; i < analysis->faults && !err; i++)
		err = count_fault(analysis, recording, &analysis->fault[i]);
	for (i = 0; i < recording->events && !err; i++)
		if (recording->event[i].kind == EVENT_INVALIDATE && recording->event[i].dropped)
			err = count_invalidation(analysis, recording, &recording->event[i]);
	if (analysis->faulter)
		qsort(analysis->faulter, analysis->faulters, sizeof(struct actor), by_pages);
	if (analysis->invalidator)
		qsort(analysis->invalidator, analysis->invalidators, sizeof(struct actor),
		      by_pages);
	return err;
}

/* ---- The heat map ---- */

struct leaf {
	uint64_t mirror, first;
	size_t row;
};

struct leaves {
	struct leaf *leaf;
	size_t n;
};

static int by_address(const void *a, const void *b)
{
	const struct leaf *one = a, *other = b;

	if (one->mirror != other->mirror)
		return one->mirror < other->mirror ? -1 : 1;
	return (one->first > other->first) - (one->first < other->first);
}

/* Each leaf that something happened in, once, in order. */
static int find_leaves(const struct analysis *analysis, struct recording *recording,
		       struct leaves *leaves)
{
	size_t i, n = 0, room = analysis->faults + recording->events + 1;

	leaves->leaf = calloc(room, sizeof(*leaves->leaf));
	if (!leaves->leaf)
		return -ENOMEM;
	for (i = 0; i < analysis->faults; i++)
		leaves->leaf[n++] = (struct leaf){ analysis->fault[i].mirror,
						   analysis->fault[i].va & -LEAF, 0 };
	for (i = 0; i < recording->events; i++)
		if (recording->event[i].kind == EVENT_INVALIDATE && recording->event[i].dropped)
			leaves->leaf[n++] = (struct leaf){ recording->event[i].mirror,
							   recording->event[i].va & -LEAF, 0 };
	qsort(leaves->leaf, n, sizeof(*leaves->leaf), by_address);
	for (i = 0; i < n; i++)
		if (!leaves->n || by_address(&leaves->leaf[i], &leaves->leaf[leaves->n - 1]))
			leaves->leaf[leaves->n++] = leaves->leaf[i];
	return 0;
}

/*
 * Leaves side by side share a row where there are too many; those of two address spaces never. What
 * has none goes to one behind them all, which nobody sees.
 */
static int make_rows(struct analysis *analysis, struct recording *recording, struct leaves *leaves)
{
	const size_t each = (leaves->n + ANALYSIS_ROWS - 1) / ANALYSIS_ROWS;
	size_t i, in_row = 0;
	struct heat_row *row = NULL;

	analysis->row = calloc(leaves->n < ANALYSIS_MOST ? leaves->n + 1 : ANALYSIS_MOST,
			       sizeof(*analysis->row));
	if (!analysis->row)
		return -ENOMEM;
	for (i = 0; i < leaves->n; i++) {
		struct leaf *leaf = &leaves->leaf[i];

		if (!row || row->mirror != leaf->mirror || in_row == each) {
			if (analysis->rows == ANALYSIS_MOST)
				break;
			row = &analysis->row[analysis->rows++];
			row->mirror = leaf->mirror;
			row->first = leaf->first;
			row->name = recording_area(
				recording, analysis_owner(analysis, leaf->mirror), leaf->first);
			in_row = 0;
		}
		row->bytes = leaf->first + LEAF - row->first;
		leaf->row = analysis->rows - 1;
		in_row++;
	}
	for (; i < leaves->n; i++)
		leaves->leaf[i].row = analysis->rows;
	return 0;
}

/* Each leaf that something happened in is there. */
static size_t row_of(const struct leaves *leaves, uint64_t mirror, uint64_t va)
{
	const struct leaf key = { .mirror = mirror, .first = va & -LEAF };
	const struct leaf *leaf = bsearch(&key, leaves->leaf, leaves->n, sizeof(key), by_address);

	return leaf->row;
}

/* First what changed in each bin, then the sums. */
static void add_heat(struct analysis *analysis, struct recording *recording,
		     const struct leaves *leaves, int64_t (*change)[ANALYSIS_BINS])
{
	size_t i;

	for (i = 0; i < analysis->faults; i++) {
		const struct fault *fault = &analysis->fault[i];

		if (fault->end > 0)
			change[row_of(leaves, fault->mirror, fault->va)]
			      [bin_of(analysis, fault->end)] += (fault->done - fault->va) / PAGE;
	}
	for (i = 0; i < recording->events; i++) {
		const struct event *event = &recording->event[i];

		if (event->kind == EVENT_INVALIDATE && event->dropped)
			change[row_of(leaves, event->mirror, event->va)]
			      [bin_of(analysis, event->at)] -= event->dropped;
	}
}

/* What was present when the recording began is not known: a row begins at as much as it loses. */
static void sum_heat(struct heat_row *row, const int64_t *change)
{
	int64_t is = 0, least = 0;
	size_t i;

	for (i = 0; i < ANALYSIS_BINS; i++) {
		is += change[i];
		least = is < least ? is : least;
	}
	for (is = -least, i = 0; i < ANALYSIS_BINS; i++) {
		is += change[i];
		row->present[i] = is < INT32_MAX ? is : INT32_MAX;
	}
}

static int make_heat(struct analysis *analysis, struct recording *recording)
{
	int64_t(*change)[ANALYSIS_BINS];
	struct leaves leaves = {};
	int err = find_leaves(analysis, recording, &leaves);
	size_t i;

	if (!err)
		err = make_rows(analysis, recording, &leaves);
	change = calloc(analysis->rows + 1, sizeof(*change));
	if (!err && !change)
		err = -ENOMEM;
	if (!err) {
		add_heat(analysis, recording, &leaves, change);
		for (i = 0; i < analysis->rows; i++)
			sum_heat(&analysis->row[i], change[i]);
	}
	free(change);
	free(leaves.leaf);
	return err;
}

/* ---- All of it ---- */

static void take_event(struct analysis *analysis, const struct recording *recording,
		       const struct event *event)
{
	switch (event->kind) {
	case EVENT_FAULT_BEGIN:
		fault_begins(analysis, event);
		break;
	case EVENT_FAULT_LATE:
		fault_is_late(analysis, event);
		break;
	case EVENT_FAULT_END:
		fault_ends(analysis, recording, event);
		break;
	case EVENT_PARK:
		wait_begins(analysis, event);
		break;
	case EVENT_RESUME:
		wait_ends(analysis, event);
		break;
	default:
		analysis->lost_by_time[bin_of(analysis, event->at)] += event->dropped;
	}
}

static size_t count_kind(struct recording *recording, enum event_kind kind)
{
	size_t i, n = 0;

	for (i = 0; i < recording->events; i++)
		n += recording->event[i].kind == kind;
	return n;
}

static void set_bounds(struct analysis *analysis, struct recording *recording)
{
	size_t i;

	analysis->begin = recording->events ? recording->event[0].at : 0;
	analysis->end = analysis->begin;
	for (i = 0; i < recording->events; i++) {
		const double at = recording->event[i].at;

		analysis->begin = at < analysis->begin ? at : analysis->begin;
		analysis->end = at > analysis->end ? at : analysis->end;
	}
	analysis->end += 1e-6;
}

int analysis_make(struct analysis *analysis, struct recording *recording)
{
	size_t i;
	int err;

	*analysis = (struct analysis){};
	analysis->fault = calloc(count_kind(recording, EVENT_FAULT_BEGIN) + 1,
				 sizeof(*analysis->fault));
	analysis->wait = calloc(count_kind(recording, EVENT_PARK) + 1, sizeof(*analysis->wait));
	if (!analysis->fault || !analysis->wait)
		return -ENOMEM;
	set_bounds(analysis, recording);
	for (i = 0; i < recording->events; i++)
		take_event(analysis, recording, &recording->event[i]);
	find_owners(analysis);
	find_worst(analysis);
	err = count_actors(analysis, recording);
	return err ? err : make_heat(analysis, recording);
}

void analysis_free(struct analysis *analysis)
{
	free(analysis->fault);
	free(analysis->wait);
	free(analysis->faulter);
	free(analysis->invalidator);
	free(analysis->row);
	*analysis = (struct analysis){};
}

/* An invalidation of the same leaf while the fault was under way made it do a round again. */
static const struct event *collision(struct recording *recording, const struct fault *fault)
{
	size_t i;

	for (i = 0; i < recording->events; i++) {
		const struct event *event = &recording->event[i];

		if (event->kind == EVENT_INVALIDATE && event->mirror == fault->mirror &&
		    (event->va & -LEAF) == (fault->va & -LEAF) && event->at >= fault->begin &&
		    event->at <= fault->end)
			return event;
	}
	return NULL;
}

void analysis_cause(const struct analysis *analysis, struct recording *recording,
		    const struct wait *wait, char *text, size_t room)
{
	const struct fault *fault = wait->fault < 0 ? NULL : &analysis->fault[wait->fault];
	const struct event *event;

	if (!fault) {
		snprintf(text, room, "no fault of it was recorded");
		return;
	}
	event = fault->end > 0 ? collision(recording, fault) : NULL;
	if (fault->error)
		snprintf(text, room, "the fault failed: %s", strerror(-fault->error));
	else if (fault->late || !(fault->end > 0))
		snprintf(text, room, "the fault hung, in %.100s",
			 kind_of_memory(recording, fault->tgid, fault->va));
	else if (event)
		snprintf(text, room, "the fault met an invalidation (%s by %s)", event->reason,
			 event->comm);
	else
		snprintf(text, room, "a fault of %lu pages of %.100s, %.3f ms of %s",
			 (unsigned long)((fault->done - fault->va) / PAGE),
			 kind_of_memory(recording, fault->tgid, fault->va),
			 (fault->end - fault->begin) * 1e3, fault->comm);
}
