// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/layers/report.h"

/* More states and places than that are one row: each has a histogram. */
#define MAX_SUMS 16384u

static uint64_t sum_key(const struct layers_span *s)
{
	return ((uint64_t)s->track << 1 | (s->flags & LAYERS_NESTED)) << 40 |
	       (uint64_t)s->name << 20 | s->place;
}

static struct layers_sum *sum_of(struct layers_report *r,
				 const struct layers_span *s)
{
	uint32_t n = analysis_index_find(&r->index, sum_key(s));
	struct layers_span others = *s;
	struct layers_sum *sum;

	if (n != ANALYSIS_NONE)
		return &r->sums.at[n];
	if (r->sums.count >= MAX_SUMS && s->name != LAYERS_OTHERS) {
		r->crowded++;
		others.name = LAYERS_OTHERS;
		others.place = LAYERS_NO_NAME;
		return sum_of(r, &others);
	}
	if (analysis_index_add(&r->index, sum_key(s)) == ANALYSIS_NONE)
		return NULL;
	sum = vmsync_array_add(&r->sums);
	if (sum)
		*sum = (struct layers_sum){
			.track = s->track,
			.name = s->name,
			.place = s->place,
			.nested = s->flags & LAYERS_NESTED,
		};
	return sum;
}

/* Lengths that a trace claims may be any; the sum of many is the largest then.
 */
static void add(int64_t *sum, int64_t ns)
{
	if (__builtin_add_overflow(*sum, ns, sum))
		*sum = INT64_MAX;
}

static int span(void *ctx, const struct layers_object *obj,
		const struct layers_span *s)
{
	struct layers_report *r = ctx;
	struct layers_sum *sum = sum_of(r, s);
	int64_t ns = s->until_ns - s->from_ns;

	(void)obj;
	if (!sum)
		return -ENOMEM;
	add(&sum->total_ns, ns);
	add(&sum->self_ns, s->self_ns);
	sum->failed += (s->flags & LAYERS_FAILED) != 0;
	if (s->flags & LAYERS_UNFINISHED) {
		sum->unfinished++;
		return 0;
	}
	return analysis_hist_add(&sum->hist, (uint64_t)ns);
}

/* ----------------------------------------------------------------- objects */

static bool is_called(const char *s, const char *wanted)
{
	return s && !strncmp(s, wanted, strlen(wanted));
}

static bool is_wanted(const struct layers_report *r,
		      const struct layers_object *obj)
{
	size_t i;

	if (!r->wanted || is_called(obj->key, r->wanted) ||
	    is_called(obj->name, r->wanted))
		return true;
	for (i = 0; i < obj->links.count; i++) {
		if (is_called(obj->links.at[i].key, r->wanted))
			return true;
	}
	return false;
}

static void drop(struct layers_report *r, struct layers_object *obj)
{
	if (!r->engine->keep_all)
		r->engine->keep_spans += obj->spans.count;
	layers_object_free(obj);
}

static int64_t length(const struct layers_object *obj)
{
	return obj->last_ns - obj->first_ns;
}

static bool is_kept(const struct layers_report *r,
		    const struct layers_object *obj)
{
	return r->all || r->wanted || (r->keep && r->keep(r->ctx, obj));
}

/* The one that is least worth a look, of those that did not fail. */
static uint32_t least_of(const struct layers_report *r,
			 const struct layers_listed *l)
{
	uint32_t i, least = UINT32_MAX;

	for (i = 0; i < l->objects.count; i++) {
		const struct layers_object *obj = l->objects.at[i];

		if (!obj->cause && !is_kept(r, obj) &&
		    (least == UINT32_MAX ||
		     length(obj) < length(l->objects.at[least])))
			least = i;
	}
	return least;
}

/* Of failures the first ones stay, of the others the longest. */
static bool make_room(struct layers_report *r, struct layers_listed *l,
		      const struct layers_object *obj)
{
	uint64_t others = l->objects.count - l->failed - l->kept;
	uint32_t least;

	if (is_kept(r, obj))
		return true;
	if (obj->cause)
		return l->failed < LAYERS_LISTED;
	if (others < LAYERS_LISTED)
		return true;
	least = least_of(r, l);
	if (length(obj) <= length(l->objects.at[least]))
		return false;
	drop(r, l->objects.at[least]);
	l->objects.at[least] = l->objects.at[--l->objects.count];
	return true;
}

static int object(void *ctx, struct layers_object *obj)
{
	struct layers_report *r = ctx;
	struct layers_listed *l = &r->listed[obj->track];
	struct layers_object **at;

	if (!is_wanted(r, obj) || !make_room(r, l, obj)) {
		drop(r, obj);
		return 0;
	}
	at = vmsync_array_add(&l->objects);
	if (!at) {
		drop(r, obj);
		return -ENOMEM;
	}
	*at = obj;
	if (is_kept(r, obj))
		l->kept++;
	else
		l->failed += obj->cause != NULL;
	return 0;
}

int layers_report_init(struct layers_report *r, struct layers_engine *g)
{
	r->engine = g;
	r->listed = calloc(g->tracks.count + 1, sizeof(*r->listed));
	g->sink = (struct layers_sink){span, object, r};
	g->keep_all = r->all || r->wanted;
	g->keep_spans = LAYERS_KEPT_SPANS;
	return r->listed ? 0 : -ENOMEM;
}

static int by_begin(const void *x, const void *y)
{
	const struct layers_object *const *a = x, *const *b = y;

	if ((*a)->first_ns != (*b)->first_ns)
		return (*a)->first_ns < (*b)->first_ns ? -1 : 1;
	return strcmp((*a)->key, (*b)->key);
}

/* A state is told when it ends: those around it come later. */
static int by_from(const void *x, const void *y)
{
	const struct layers_span *a = x, *b = y;

	if (a->from_ns != b->from_ns)
		return a->from_ns < b->from_ns ? -1 : 1;
	if (a->depth != b->depth)
		return (int)a->depth - (int)b->depth;
	if (a->until_ns != b->until_ns)
		return a->until_ns < b->until_ns ? -1 : 1;
	return (a->name > b->name) - (a->name < b->name);
}

/* Most time first; names and not their numbers decide where that is the same.
 */
static const struct layers_names *sort_names;

static int by_total(const void *x, const void *y)
{
	const struct layers_sum *a = x, *b = y;
	int ret;

	if (a->track != b->track)
		return a->track < b->track ? -1 : 1;
	if (a->nested != b->nested)
		return a->nested ? 1 : -1;
	if (a->total_ns != b->total_ns)
		return a->total_ns > b->total_ns ? -1 : 1;
	ret = strcmp(layers_name_text(sort_names, a->name),
		     layers_name_text(sort_names, b->name));
	return ret ? ret :
		     strcmp(layers_name_text(sort_names, a->place),
			    layers_name_text(sort_names, b->place));
}

void layers_report_end(struct layers_report *r)
{
	size_t i, k;

	sort_names = &r->engine->names;
	if (r->sums.count)
		qsort(r->sums.at, r->sums.count, sizeof(*r->sums.at), by_total);
	for (i = 0; i < r->engine->tracks.count; i++) {
		struct layers_listed *l = &r->listed[i];

		if (l->objects.count)
			qsort(l->objects.at, l->objects.count,
			      sizeof(*l->objects.at), by_begin);
		for (k = 0; k < l->objects.count; k++) {
			struct layers_object *obj = l->objects.at[k];

			if (obj->spans.count)
				qsort(obj->spans.at, obj->spans.count,
				      sizeof(*obj->spans.at), by_from);
		}
	}
}

void layers_report_free(struct layers_report *r)
{
	size_t i, k;

	for (i = 0; r->listed && i < r->engine->tracks.count; i++) {
		for (k = 0; k < r->listed[i].objects.count; k++)
			layers_object_free(r->listed[i].objects.at[k]);
		vmsync_array_free(&r->listed[i].objects);
	}
	free(r->listed);
	for (i = 0; i < r->sums.count; i++)
		analysis_hist_free(&r->sums.at[i].hist);
	vmsync_array_free(&r->sums);
	analysis_index_free(&r->index);
}

bool layers_said(const struct layers_track *t, char *buf, size_t size)
{
	const struct {
		uint64_t n;
		const char *text;
	} said[] = {
		{ t->timed_out,
		  "silent for longer than the track's timeout and "
		  "let go" },
		{ t->crowded_out,
		  "let go because there were too many at a time" },
		{ t->orphans, "ends of states that had not begun" },
		{ t->restarted,
		  "states that began again before they had ended" },
	};
	size_t i, at = 0;

	buf[0] = '\0';
	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		if (said[i].n && at < size)
			at += (size_t)snprintf(buf + at, size - at,
					       "%s%" PRIu64 " %s",
					       at ? "; " : "", said[i].n,
					       said[i].text);
	}
	return at;
}
