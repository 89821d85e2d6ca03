// SPDX-License-Identifier: MIT
/* The join as JSON; Documentation/migration.rst says what each key means. */
#include <inttypes.h>

#include "analysis/state.h"
#include "base/json_string.h"
#include "join/join.h"

/* Of what is said of one migration. */
struct said {
	FILE *f;
	const struct join *j;
	const struct layers_engine *g;
};

static void text(FILE *f, const char *key, const char *s)
{
	fprintf(f, ",\"%s\":", key);
	vmsync_json_string(f, s);
}

/* A member with a comma first, since the first event that tells of a migration. */
static void time_ns(const struct said *s, const char *key, int64_t ns)
{
	fprintf(s->f, ",\"%s\":%" PRId64, key, ns - s->j->migrations->from_ns);
}

static void state(const struct said *s, const struct layers_span *span)
{
	const struct layers_names *names = &s->g->names;

	fputs("{\"state\":", s->f);
	vmsync_json_string(s->f, layers_name_text(names, span->name));
	text(s->f, "place", layers_name_text(names, span->place));
	time_ns(s, "from_ns", span->from_ns);
	time_ns(s, "until_ns", span->until_ns);
	fprintf(s->f, ",\"nested\":%s,\"failed\":%s,\"unfinished\":%s}",
		span->flags & LAYERS_NESTED ? "true" : "false",
		span->flags & LAYERS_FAILED ? "true" : "false",
		span->flags & LAYERS_UNFINISHED ? "true" : "false");
}

static void object_names(const struct said *s, const struct layers_object *obj)
{
	fputs("{\"track\":", s->f);
	vmsync_json_string(s->f, s->g->tracks.at[obj->track].name);
	text(s->f, "key", obj->key);
	if (obj->name)
		text(s->f, "name", obj->name);
	else
		fputs(",\"name\":null", s->f);
}

/* What the service's operation had before, in and after QEMU. */
static void operation(const struct said *s)
{
	const struct migration_side *side =
		migration_of(s->j->migrations, s->j->migration);
	const struct layers_object *obj = NULL;
	const struct layers_span *span = s->g ? join_operation(s->j, &obj) : NULL;

	fputs(",\"operation\":", s->f);
	if (!span) {
		fputs("null", s->f);
		return;
	}
	object_names(s, obj);
	fputs(",\"is\":", s->f);
	state(s, span);
	fprintf(s->f,
		",\"before_ns\":%" PRId64 ",\"qemu_ns\":%" PRId64
		",\"after_ns\":%" PRId64 "}",
		side->begin_ns - span->from_ns, side->end_ns - side->begin_ns,
		span->until_ns - side->end_ns);
}

static void object(const struct said *s, size_t number)
{
	const struct layers_object *obj = s->j->objects.at[number];
	size_t i;

	object_names(s, obj);
	fprintf(s->f, ",\"is_machine\":%s,\"failures\":%u",
		number < s->j->n_seeds ? "true" : "false", obj->failures);
	if (obj->cause)
		text(s->f, "cause", obj->cause);
	else
		fputs(",\"cause\":null", s->f);
	fputs(",\"states\":[", s->f);
	for (i = 0; i < obj->spans.count; i++) {
		fputs(i ? "," : "", s->f);
		state(s, &obj->spans.at[i]);
	}
	fputs("]}", s->f);
}

static void vcpu(const struct said *s, const struct join_vcpu *v)
{
	int64_t ns[ANALYSIS_STATES] = { 0 };
	int i, k;

	for (i = 0; i < JOIN_WINDOWS; i++) {
		for (k = 0; k < ANALYSIS_STATES; k++)
			ns[k] += v->windows[i].ns[k];
	}
	fputs("{\"name\":", s->f);
	vmsync_json_string(s->f, v->name);
	text(s->f, "machine",
	     s->j->migrations->machines.machine[v->machine].name);
	fprintf(s->f, ",\"side\":\"%s\"",
		v->is_source ? "source" : "destination");
	time_ns(s, "from_ns", s->j->near_from_ns);
	time_ns(s, "until_ns", s->j->near_until_ns);
	if (v->first_ns == INT64_MAX) {
		fputs(",\"first_in_guest_ns\":null,\"last_in_guest_ns\":null", s->f);
	} else {
		time_ns(s, "first_in_guest_ns", v->first_ns);
		time_ns(s, "last_in_guest_ns", v->last_ns);
	}
	fputs(",\"states_ns\":{", s->f);
	for (k = 0; k < ANALYSIS_STATES; k++)
		fprintf(s->f, "%s\"%s\":%" PRId64, k ? "," : "",
			analysis_state_key((enum analysis_state)k), ns[k]);
	fputs("}}", s->f);
}

static void one(const struct said *s, size_t number)
{
	int64_t down_ns;
	size_t i;

	fprintf(s->f, "{\"migration\":%zu", number);
	time_ns(s, "from_ns", s->j->from_ns);
	time_ns(s, "until_ns", s->j->until_ns);
	if (join_kernel_down(s->j, &down_ns))
		fprintf(s->f, ",\"kernel_down_ns\":%" PRId64, down_ns);
	else
		fputs(",\"kernel_down_ns\":null", s->f);
	operation(s);
	fputs(",\"objects\":[", s->f);
	for (i = 0; s->g && i < s->j->objects.count; i++) {
		fputs(i ? "," : "", s->f);
		object(s, i);
	}
	fputs("],\"qemu\":", s->f);
	migration_json(s->f, s->j->migrations, s->j->migration);
	fputs(",\"vcpus\":[", s->f);
	for (i = 0; i < s->j->vcpus.count; i++) {
		fputs(i ? "," : "", s->f);
		vcpu(s, &s->j->vcpus.at[i]);
	}
	fputs("]}", s->f);
}

void joins_json(FILE *f, const struct join *j, size_t n,
		const struct migrations *m, const struct layers_engine *g,
		const char (*notes)[400], size_t n_notes)
{
	size_t i;

	fprintf(f, "{\"schema\":%d,\"first_event_ns\":%" PRId64 ",\"notes\":[",
		JOIN_SCHEMA, m->from_ns == INT64_MAX ? 0 : m->from_ns);
	for (i = 0; i < n_notes; i++) {
		fputs(i ? "," : "", f);
		vmsync_json_string(f, notes[i]);
	}
	fputs("],\"processes\":", f);
	migrations_processes_json(f, m);
	fputs(",\"migrations\":[", f);
	for (i = 0; i < n; i++) {
		const struct said s = { f, &j[i], g };

		fputs(i ? "," : "", f);
		one(&s, i);
	}
	fputs("]}\n", f);
}
