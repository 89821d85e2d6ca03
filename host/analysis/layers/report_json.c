// SPDX-License-Identifier: MIT
/* The report as JSON; Documentation/layers.rst says what each key means. */
#include <inttypes.h>

#include "analysis/layers/report.h"
#include "base/json_string.h"

static void slice(FILE *f, struct layer_slice s)
{
	char text[256];

	snprintf(text, sizeof(text), "%.*s", (int)s.len, s.s);
	vmsync_json_string(f, text);
}

static void member(FILE *f, const char *key, const char *value)
{
	fprintf(f, ", \"%s\": ", key);
	vmsync_json_string(f, value);
}

static void state(FILE *f, const struct layers_report *r, uint32_t name,
		  uint32_t place)
{
	fputs("{\"state\": ", f);
	vmsync_json_string(f, layers_name_text(&r->engine->names, name));
	if (place != LAYERS_NO_NAME)
		member(f, "place", layers_name_text(&r->engine->names, place));
}

static void sum(FILE *f, const struct layers_report *r,
		const struct layers_sum *s)
{
	state(f, r, s->name, s->place);
	fprintf(f,
		", \"nested\": %s, \"count\": %" PRIu64
		", \"unfinished\": %" PRIu64 ", \"failed\": %" PRIu64
		", \"total_ns\": %" PRId64 ", \"self_ns\": %" PRId64
		", \"p50_ns\": %" PRIu64 ", \"p95_ns\": %" PRIu64
		", \"max_ns\": %" PRIu64 "}",
		s->nested ? "true" : "false", s->hist.count, s->unfinished,
		s->failed, s->total_ns, s->self_ns,
		analysis_hist_percentile(&s->hist, 50),
		analysis_hist_percentile(&s->hist, 95), s->hist.max_ns);
}

static void span(FILE *f, const struct layers_report *r,
		 const struct layers_span *s)
{
	state(f, r, s->name, s->place);
	fprintf(f, ", \"from_ns\": %" PRId64 ", \"until_ns\": %" PRId64,
		s->from_ns - r->engine->from_ns,
		s->until_ns - r->engine->from_ns);
	if (s->flags & LAYERS_NESTED)
		fprintf(f, ", \"self_ns\": %" PRId64 ", \"depth\": %d",
			s->self_ns, s->depth);
	if (s->flags & LAYERS_FAILED)
		fputs(", \"failed\": true", f);
	if (s->flags & LAYERS_UNFINISHED)
		fputs(", \"unfinished\": true", f);
	fputc('}', f);
}

static void object(FILE *f, const struct layers_report *r,
		   const struct layers_object *obj)
{
	size_t i;

	fputs("{\"key\": ", f);
	vmsync_json_string(f, obj->key);
	if (obj->name)
		member(f, "name", obj->name);
	fprintf(f,
		", \"from_ns\": %" PRId64 ", \"until_ns\": %" PRId64
		", \"links\": [",
		obj->first_ns - r->engine->from_ns,
		obj->last_ns - r->engine->from_ns);
	for (i = 0; i < obj->links.count; i++) {
		fprintf(f, "%s{\"track\": \"%s\"", i ? ", " : "",
			r->engine->tracks.at[obj->links.at[i].track].name);
		member(f, "key", obj->links.at[i].key);
		fputc('}', f);
	}
	fprintf(f, "], \"failures\": %" PRIu32, obj->failures);
	if (obj->cause) {
		member(f, "cause", obj->cause);
		fprintf(f, ", \"cause_ns\": %" PRId64,
			obj->cause_ns - r->engine->from_ns);
		member(f, "cause_place",
		       layers_name_text(&r->engine->names, obj->cause_place));
	}
	fprintf(f, ", \"omitted\": %" PRIu64 ", \"states\": [", obj->omitted);
	for (i = 0; i < obj->spans.count; i++) {
		fputs(i ? ",\n      " : "\n      ", f);
		span(f, r, &obj->spans.at[i]);
	}
	fputs("]}", f);
}

static void track(FILE *f, const struct layers_report *r, uint32_t n)
{
	const struct layers_track *t = &r->engine->tracks.at[n];
	const struct layers_listed *l = &r->listed[n];
	const char *sep = "\n    ";
	size_t i;

	fprintf(f, "  {\"name\": \"%s\", \"about\": ", t->name);
	vmsync_json_string(f, t->about);
	fprintf(f,
		", \"objects\": %" PRIu64 ", \"timed_out\": %" PRIu64
		", \"crowded_out\": %" PRIu64 ", \"not_begun\": %" PRIu64
		", \"restarted\": %" PRIu64 ",\n   \"sums\": [",
		t->ended, t->timed_out, t->crowded_out, t->orphans,
		t->restarted);
	for (i = 0; i < r->sums.count; i++) {
		if (r->sums.at[i].track != n)
			continue;
		fputs(sep, f);
		sum(f, r, &r->sums.at[i]);
		sep = ",\n    ";
	}
	fputs("],\n   \"listed\": [", f);
	for (i = 0; i < l->objects.count; i++) {
		fputs(i ? ",\n    " : "\n    ", f);
		object(f, r, l->objects.at[i]);
	}
	fputs("]}", f);
}

void layers_report_json(FILE *f, const struct layers_report *r)
{
	const struct layers_engine *g = r->engine;
	size_t i;

	fprintf(f,
		"{\"begin_ns\": %" PRId64 ", \"length_ns\": %" PRId64
		", \"events\": %" PRIu64 ",\n \"layers\": [",
		g->from_ns, g->until_ns - g->from_ns, g->events);
	for (i = 0; i < g->users.count; i++) {
		const struct layers_user *u = &g->users.at[i];

		fputs(i ? ",\n  {\"name\": " : "\n  {\"name\": ", f);
		slice(f, u->layer->name);
		fputs(", \"about\": ", f);
		slice(f, u->layer->about);
		member(f, "file", u->layer->path);
		fprintf(f, ", \"events\": %" PRIu64 "}", u->matched);
	}
	fputs("],\n \"tracks\": [", f);
	for (i = 0; i < g->tracks.count; i++) {
		fputs(i ? ",\n" : "\n", f);
		track(f, r, (uint32_t)i);
	}
	fprintf(f, "],\n \"others\": %" PRIu64 "}\n",
		g->names.overflowed + r->crowded);
}
