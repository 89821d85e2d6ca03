// SPDX-License-Identifier: MIT
/* The join as JSON; Documentation/migration.rst says what each key means. */
#include <inttypes.h>

#include "analysis/state.h"
#include "base/json_string.h"
#include "join/join.h"

/* Of what is said of one migration, @j, or of operations; times are since @first_ns. */
struct said {
	FILE *f;
	int64_t first_ns;
	const struct join *j;
	const struct layers_engine *g;
};

static void text(FILE *f, const char *key, const char *s)
{
	fprintf(f, ",\"%s\":", key);
	vmsync_json_string(f, s);
}

/* A member with a comma first. */
static void time_ns(const struct said *s, const char *key, int64_t ns)
{
	fprintf(s->f, ",\"%s\":%" PRId64, key, ns - s->first_ns);
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

static void in_guest(const struct said *s, int64_t first_ns, int64_t last_ns)
{
	if (first_ns == INT64_MAX) {
		fputs(",\"first_in_guest_ns\":null,\"last_in_guest_ns\":null", s->f);
		return;
	}
	time_ns(s, "first_in_guest_ns", first_ns);
	time_ns(s, "last_in_guest_ns", last_ns);
}

static void states_ns(const struct said *s, const int64_t ns[ANALYSIS_STATES])
{
	int i;

	fputs(",\"states_ns\":{", s->f);
	for (i = 0; i < ANALYSIS_STATES; i++)
		fprintf(s->f, "%s\"%s\":%" PRId64, i ? "," : "",
			analysis_state_key((enum analysis_state)i), ns[i]);
	putc('}', s->f);
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
	in_guest(s, v->first_ns, v->last_ns);
	states_ns(s, ns);
	putc('}', s->f);
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

/* ---------------------------------------------------------------- operations */

static size_t migration_number(const struct migrations *m, size_t side)
{
	size_t i;

	for (i = 0; i < m->list.count; i++) {
		if (m->list.at[i].source == side ||
		    m->list.at[i].destination == side)
			break;
	}
	return i;
}

/* Stages of migrations that were going on in its time. */
static void stages(const struct said *s, const struct migrations *m,
		   const struct join_operation *op, size_t side, const char **sep)
{
	const struct migration_side *at = &m->sides.at[side];
	size_t i;

	for (i = 0; i < at->stages.count; i++) {
		int64_t from_ns = at->stages.at[i].ns;
		int64_t until_ns = i + 1 < at->stages.count ?
					   at->stages.at[i + 1].ns : at->end_ns;

		if (until_ns < op->span->from_ns || from_ns > op->span->until_ns)
			continue;
		fprintf(s->f,
			"%s{\"migration\":%zu,\"process\":%zu,\"side\":\"%s\"",
			*sep, migration_number(m, side), at->process,
			at->role == MIGRATION_SOURCE ? "source" : "destination");
		text(s->f, "stage", at->stages.at[i].name);
		time_ns(s, "from_ns", from_ns);
		time_ns(s, "until_ns", until_ns);
		putc('}', s->f);
		*sep = ",";
	}
}

static void did(const struct said *s, const struct migrations *m,
		const struct join_did *d)
{
	fputs("{\"name\":", s->f);
	vmsync_json_string(s->f, d->name);
	text(s->f, "machine", m->machines.machine[d->machine].name);
	fprintf(s->f, ",\"process\":%zu", d->process);
	in_guest(s, d->first_ns, d->last_ns);
	states_ns(s, d->ns);
	putc('}', s->f);
}

static void one_operation(const struct said *s, const struct migrations *m,
			  const struct join_operation *op)
{
	const char *sep = "";
	size_t i, k;

	object_names(s, op->object);
	fputs(",\"is\":", s->f);
	state(s, op->span);
	fprintf(s->f, ",\"depth\":%u,\"self_ns\":%" PRId64 ",\"processes\":[",
		op->span->depth, op->span->self_ns);
	for (i = 0; i < op->processes.count; i++)
		fprintf(s->f, "%s%zu", i ? "," : "", op->processes.at[i]);
	fputs("],\"qemu\":[", s->f);
	for (i = 0; i < m->sides.count; i++) {
		for (k = 0; k < op->processes.count; k++) {
			if (m->sides.at[i].process == op->processes.at[k])
				stages(s, m, op, i, &sep);
		}
	}
	fputs("],\"vcpus\":[", s->f);
	for (i = 0; i < op->vcpus.count; i++) {
		fputs(i ? "," : "", s->f);
		did(s, m, &op->vcpus.at[i]);
	}
	fputs("]}", s->f);
}

/* ----------------------------------------------------------------------- all */

/* Where nobody told of a migration, the recording's begin is as good. */
static int64_t first_of(const struct joins *all)
{
	if (all->migrations->from_ns != INT64_MAX)
		return all->migrations->from_ns;
	return all->layers ? all->layers->from_ns : 0;
}

void joins_json(FILE *f, const struct joins *all)
{
	struct said s = { f, first_of(all), NULL, all->layers };
	size_t i;

	fprintf(f, "{\"schema\":%d,\"first_event_ns\":%" PRId64 ",\"notes\":[",
		JOIN_SCHEMA, s.first_ns);
	for (i = 0; i < all->n_notes; i++) {
		fputs(i ? "," : "", f);
		vmsync_json_string(f, all->notes[i]);
	}
	fputs("],\"processes\":", f);
	migrations_processes_json(f, all->migrations);
	fputs(",\"migrations\":[", f);
	for (i = 0; i < all->n; i++) {
		s.j = &all->joins[i];
		fputs(i ? "," : "", f);
		one(&s, i);
	}
	fputs("],\"operations\":[", f);
	for (i = 0; i < all->operations->list.count; i++) {
		fputs(i ? "," : "", f);
		one_operation(&s, all->migrations, &all->operations->list.at[i]);
	}
	fputs("]}\n", f);
}
