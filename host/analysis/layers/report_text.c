// SPDX-License-Identifier: MIT
/* The report as text: of each track its states, then objects. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/layers/report.h"
#include "analysis/text.h"
#include "fuse/print.h"

#define ROWS 40u /* of a table, unless all are asked for */

static void ms(FILE *f, int64_t ns, int width)
{
	char buf[32];

	analysis_ms_text(ns, buf, sizeof(buf));
	fprintf(f, " %*s", width, buf);
}

static const char *name(const struct layers_report *r, uint32_t n)
{
	return layers_name_text(&r->engine->names, n);
}

/* Seen once at a place: there are the ways to it and from it. */
static bool is_instant(const struct layers_report *r, int64_t ns)
{
	return !ns && !r->all;
}

/* The last cell of a row: names may be long. */
static void state_name(FILE *f, const struct layers_report *r, uint32_t state,
		       uint32_t place)
{
	print_cut(f, name(r, state), 80);
	if (place == LAYERS_NO_NAME)
		return;
	fputs(" @ ", f);
	print_cut(f, name(r, place), 40);
}

static void sum_row(FILE *f, const struct layers_report *r,
		    const struct layers_sum *s)
{
	fprintf(f, "  %8" PRIu64, s->hist.count);
	ms(f, s->total_ns, 13);
	ms(f, s->self_ns, 13);
	ms(f, (int64_t)analysis_hist_percentile(&s->hist, 50), 11);
	ms(f, (int64_t)s->hist.max_ns, 12);
	fputs("  ", f);
	state_name(f, r, s->name, s->place);
	if (s->failed)
		fprintf(f, ", %" PRIu64 " FAILED", s->failed);
	if (s->unfinished)
		fprintf(f, ", %" PRIu64 " more without an end", s->unfinished);
	fputc('\n', f);
}

static void sums(FILE *f, const struct layers_report *r, uint32_t track,
		 bool nested)
{
	uint64_t rows = 0;
	size_t i;

	for (i = 0; i < r->sums.count; i++) {
		const struct layers_sum *s = &r->sums.at[i];

		if (s->track != track || s->nested != nested ||
		    (is_instant(r, s->total_ns) && !s->unfinished))
			continue;
		if (!rows)
			fprintf(f, "  %8s %13s %13s %11s %12s  %s\n", "ended",
				"total", "itself", "median", "longest",
				nested ? "operation" : "state");
		if (rows++ < ROWS || r->all)
			sum_row(f, r, s);
	}
	if (rows > ROWS && !r->all)
		fprintf(f, "  ... and %" PRIu64 " more: --all lists them\n",
			rows - ROWS);
}

static void links(FILE *f, const struct layers_report *r,
		  const struct layers_object *obj)
{
	size_t i;

	for (i = 0; i < obj->links.count; i++) {
		fprintf(f, "%s%s ", i ? ", " : "    with ",
			r->engine->tracks.at[obj->links.at[i].track].name);
		print_cut(f, obj->links.at[i].key, 60);
	}
	if (i)
		fputc('\n', f);
}

static void cause(FILE *f, const struct layers_report *r,
		  const struct layers_object *obj)
{
	if (!obj->cause)
		return;
	fputs("    FAILED", f);
	ms(f, obj->cause_ns - r->engine->from_ns, 1);
	fputs(" ms", f);
	if (obj->cause_place != LAYERS_NO_NAME) {
		fputs(" at ", f);
		print_cut(f, name(r, obj->cause_place), 30);
	}
	fputs(": ", f);
	print_cut(f, obj->cause, 200);
	if (obj->failures > 1)
		fprintf(f, " (the first of %" PRIu32 ")", obj->failures);
	fputc('\n', f);
}

/* Where an object's time went. */
struct share {
	uint32_t name;
	int64_t ns;
};

#define SHARES	    64 /* places and ways that are told apart */
#define SHARES_SAID 5

static int by_share(const void *x, const void *y)
{
	const struct share *a = x, *b = y;

	if (a->ns != b->ns)
		return a->ns > b->ns ? -1 : 1;
	return (a->name > b->name) - (a->name < b->name);
}

static size_t shares_of(const struct layers_object *obj, struct share *at)
{
	size_t i, k, n = 0;

	for (i = 0; i < obj->spans.count; i++) {
		const struct layers_span *s = &obj->spans.at[i];

		for (k = 0; k < n && at[k].name != s->name; k++)
			;
		if (k == SHARES)
			return 0;
		if (k == n)
			at[n++] = (struct share){ .name = s->name };
		at[k].ns += s->until_ns - s->from_ns;
	}
	qsort(at, n, sizeof(*at), by_share);
	return n;
}

static void shares(FILE *f, const struct layers_report *r,
		   const struct layers_object *obj)
{
	struct share at[SHARES];
	size_t i, n = 0;

	if (r->engine->tracks.at[obj->track].sightings && !obj->omitted)
		n = shares_of(obj, at);
	/* Fewer are seen at once in the rows. */
	if (n <= 3)
		return;
	for (i = 0; i < n && i < SHARES_SAID && at[i].ns; i++) {
		fputs(i ? "," : "    most:", f);
		ms(f, at[i].ns, 1);
		fputc(' ', f);
		print_cut(f, name(r, at[i].name), 50);
	}
	if (i)
		fputc('\n', f);
}

static void span_row(FILE *f, const struct layers_report *r,
		     const struct layers_span *s)
{
	int indent = 2 * (s->depth < 12 ? s->depth : 12);

	ms(f, s->from_ns - r->engine->from_ns, 16);
	ms(f, s->until_ns - s->from_ns, 12);
	if (s->flags & LAYERS_NESTED)
		ms(f, s->self_ns, 12);
	else
		fprintf(f, " %12s", "");
	fprintf(f, "  %*s", indent, "");
	state_name(f, r, s->name, s->place);
	if (s->flags & LAYERS_FAILED)
		fputs(", FAILED", f);
	if (s->flags & LAYERS_UNFINISHED)
		fputs(", no end", f);
	fputc('\n', f);
}

static void object(FILE *f, const struct layers_report *r,
		   const struct layers_object *obj)
{
	uint64_t most = r->all || r->wanted ? UINT64_MAX : ROWS, rows = 0;
	size_t i;

	fprintf(f, "\n  %s ", r->engine->tracks.at[obj->track].name);
	print_cut(f, obj->key, 60);
	if (obj->name) {
		fputs(" (", f);
		print_cut(f, obj->name, 30);
		fputc(')', f);
	}
	fputs(": from", f);
	ms(f, obj->first_ns - r->engine->from_ns, 1);
	fputs(" for", f);
	ms(f, obj->last_ns - obj->first_ns, 1);
	fputs(" ms\n", f);
	links(f, r, obj);
	cause(f, r, obj);
	shares(f, r, obj);
	for (i = 0; i < obj->spans.count && rows < most; i++) {
		const struct layers_span *s = &obj->spans.at[i];

		if (is_instant(r, s->until_ns - s->from_ns) && !s->flags)
			continue;
		span_row(f, r, s);
		rows++;
	}
	if (i < obj->spans.count || obj->omitted)
		fprintf(f,
			"    ... and %" PRIu64 " more; --object shows all of "
			"one\n",
			obj->spans.count - i + obj->omitted);
}

static void track(FILE *f, const struct layers_report *r, uint32_t n)
{
	const struct layers_track *t = &r->engine->tracks.at[n];
	const struct layers_listed *l = &r->listed[n];
	char said[512];
	size_t i;

	if (!t->ended)
		return;
	fprintf(f, "\n%s%s", t->name, t->about[0] ? ": " : "");
	print_cut(f, t->about, 70);
	fprintf(f, "; %" PRIu64 " of them\n", t->ended);
	if (layers_said(t, said, sizeof(said)))
		fprintf(f, "  %s\n", said);
	sums(f, r, n, false);
	sums(f, r, n, true);
	for (i = 0; i < l->objects.count; i++)
		object(f, r, l->objects.at[i]);
	if (l->objects.count < t->ended && !r->wanted)
		fprintf(f,
			"\n  ... and %" PRIu64 " more: --all lists them\n",
			t->ended - l->objects.count);
}

void layers_report_text(FILE *f, const struct layers_report *r)
{
	const struct layers_engine *g = r->engine;
	size_t i;

	for (i = 0; i < g->users.count; i++) {
		const struct layers_user *u = &g->users.at[i];
		char about[256];

		/* That it knows nothing of them goes without saying. */
		if (!u->matched && g->users.count > 1)
			continue;
		snprintf(about, sizeof(about), "%.*s", (int)u->layer->about.len,
			 u->layer->about.s);
		fprintf(f, "%.*s%s", (int)u->layer->name.len, u->layer->name.s,
			about[0] ? ": " : "");
		print_cut(f, about, 76);
		fprintf(f, "; %" PRIu64 " events\n", u->matched);
	}
	fprintf(f, "times in ms, from ");
	print_seconds(f, g->from_ns);
	fputs(" on, for", f);
	ms(f, g->until_ns - g->from_ns, 1);
	fputs(" ms\n", f);
	for (i = 0; i < g->tracks.count; i++)
		track(f, r, (uint32_t)i);
	if (g->names.overflowed || r->crowded)
		fprintf(f,
			"\n%" PRIu64 " times there were too many different "
			"states: they are \"(others)\"\n",
			g->names.overflowed + r->crowded);
}
