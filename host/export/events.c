// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>

#include "export/events.h"
#include "export/fields.h"
#include "fuse/stream_map.h"

#define ROOM 4096

/* Texts of the event at hand, each with its NUL. */
struct texts {
	struct out context;
	struct out fields;
};

bool export_events_wanted(const struct export_options *o)
{
	return o->raw ||
	       (o->table && export_table_find(o->table) == EXPORT_EVENTS);
}

static int fail(struct export_job *j, const struct ctf_error *e)
{
	snprintf(j->why, sizeof(j->why), "%.190s", e->msg);
	return e->code;
}

/* False: there is no time on the host's clock. */
static bool map_of(const struct export_job *j, uint32_t machine, uint32_t cpu,
		   struct ctf_map *map)
{
	const struct vmsync_session_guest *g = NULL;

	if (machine != ANALYSIS_HOST)
		g = &j->analysis->session->guests[machine - 1];
	return vmsync_stream_to_host(g, cpu, map);
}

static const struct vmsync_machine *machine_of(const struct export_job *j,
					       uint32_t machine)
{
	const struct vmsync_session *s = j->analysis->session;

	return machine == ANALYSIS_HOST ? s->host :
					  s->guests[machine - 1].machine;
}

/*
 * Calls @each for all streams of all machines that are asked for. Return: 0 or
 * the first one's error.
 */
struct stream_visit {
	int (*each)(struct stream_visit *v, const struct ctf_stream *s,
		    const struct ctf_packet *first, const struct ctf_map *map,
		    uint32_t machine, struct ctf_error *e);
	struct export_job *job;
};

static int trace_visit(struct stream_visit *v, const struct ctf_trace *t,
		       uint32_t machine, struct ctf_error *e)
{
	size_t i;

	for (i = 0; i < ctf_trace_streams(t); i++) {
		const struct ctf_stream *s = ctf_trace_stream(t, i);
		struct ctf_packet first;
		struct ctf_map map;
		int ret = ctf_stream_packet(s, NULL, &first, e);

		if (ret > 0 && map_of(v->job, machine, first.cpu, &map))
			ret = v->each(v, s, &first, &map, machine, e);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int streams_visit(struct stream_visit *v, struct ctf_error *e)
{
	uint32_t i, n = (uint32_t)v->job->analysis->session->n_guests;
	size_t k;
	int ret = 0;

	for (i = 0; i <= n; i++) {
		const struct vmsync_machine *m = machine_of(v->job, i);

		if (!export_wants_machine(v->job, i))
			continue;
		for (k = 0; !ret && k < m->n; k++)
			ret = trace_visit(v, m->traces[k], i, e);
	}
	return ret;
}

/* Return: 0 or a negative errno. */
static int texts_make(struct texts *t, const struct ctf_event *ev,
		      struct ctf_error *e)
{
	const struct ctf_value *v;
	long n = ctf_event_values(ev, &v);

	t->context.p = t->context.start;
	t->fields.p = t->fields.start;
	if (n >= 0) {
		fields_json(&t->context, v, n, false);
		fields_json(&t->fields, v, n, true);
		out_put(&t->context, "", 1);
		out_put(&t->fields, "", 1);
	}
	if (n >= 0 && !t->context.error && !t->fields.error)
		return 0;
	e->code = n < 0 && n != -ENOMEM ? (int)n : -ENOMEM;
	snprintf(e->msg, sizeof(e->msg), "%.100s: an event cannot be read",
		 ev->cls->name);
	return e->code;
}

static bool texts_new(struct texts *t)
{
	*t = (struct texts){0};
	return out_new(&t->context, ROOM, -1) && out_new(&t->fields, ROOM, -1);
}

static void texts_free(struct texts *t)
{
	out_free(&t->context);
	out_free(&t->fields);
}

/* -------------------------------------------------------------------- rows */

struct reading {
	struct stream_visit visit;
	struct ctf_merge *merge;
	VMSYNC_ARRAY(uint32_t) machines; /* [source] */
};

static int stream_add(struct stream_visit *v, const struct ctf_stream *s,
		      const struct ctf_packet *first, const struct ctf_map *map,
		      uint32_t machine, struct ctf_error *e)
{
	struct reading *r = (struct reading *)v;
	int ret = ctf_merge_add_stream(r->merge, s, map, NULL, e);
	uint32_t *p;

	(void)first;
	if (ret < 0)
		return ret;
	p = vmsync_array_add(&r->machines);
	if (!p)
		return -ENOMEM;
	*p = machine;
	return 0;
}

static int event_row(const struct export_rows *rows, const struct ctf_event *ev,
		     uint32_t machine, const struct texts *t)
{
	char name[256];
	const struct export_value v[EXPORT_COLUMNS] = {
		{ .number = (int64_t)ev->time },
		{ .number = machine },
		{ .number = ev->cpu, .none = ev->cpu == UINT32_MAX },
		{ .text = export_text(ev->cls->name, name, sizeof(name)) },
		{ .text = t->context.start },
		{ .text = t->fields.start },
	};

	return rows->row(rows->ctx, EXPORT_EVENTS, v);
}

static int events_write(struct reading *r, const struct export_rows *rows,
			struct texts *t, struct ctf_error *e)
{
	const struct analysis *a = r->visit.job->analysis;
	/* The host's last event ends its recording, and is part of it. */
	int64_t last_ns = a->totals.until_ns - (a->totals.until_ns < a->end_ns);
	const struct ctf_event *ev;
	int ret;

	while ((ret = ctf_merge_next(r->merge, &ev, e)) > 0) {
		if ((int64_t)ev->time < a->totals.from_ns)
			continue;
		if ((int64_t)ev->time > last_ns)
			return 0;
		if (!export_limit_event(&r->visit.job->limit))
			continue;
		ret = texts_make(t, ev, e);
		if (ret)
			return ret;
		ret = event_row(rows, ev, r->machines.at[ev->source], t);
		if (ret) {
			/* Of writing: the job has, or finds, the words. */
			e->msg[0] = '\0';
			return e->code = ret;
		}
	}
	return ret;
}

int export_events(struct export_job *j, const struct export_rows *rows)
{
	struct reading r = { .visit = { stream_add, j },
			     .merge = ctf_merge_new() };
	struct ctf_error e = { 0 };
	struct texts t;
	int ret = texts_new(&t) && r.merge ? 0 : -ENOMEM;

	if (!ret) {
		ctf_merge_pool(r.merge, j->analysis->session->pool);
		ret = streams_visit(&r.visit, &e);
	}
	if (!ret)
		ret = events_write(&r, rows, &t, &e);
	if (ret && e.msg[0])
		fail(j, &e);
	ctf_merge_free(r.merge);
	vmsync_array_free(&r.machines);
	texts_free(&t);
	return ret;
}

/* -------------------------------------------------------------------- size */

struct measure {
	struct stream_visit visit;
	struct texts texts;
	unsigned int each;
	double bytes;
};

static int64_t mapped(const struct ctf_map *map, uint64_t value)
{
	uint64_t ns;

	map->fn(map->ctx, &value, &ns, 1);
	return (int64_t)ns;
}

static double bits_of_events(const struct ctf_packet *p)
{
	return p->content > p->events_at ? (double)(p->content - p->events_at) :
					   0;
}

/* Bits of the stream's packets that are in the time that was asked for. */
static int bits_of(const struct measure *m, const struct ctf_stream *s,
		   const struct ctf_map *map, double *bits, struct ctf_error *e)
{
	const struct analysis_totals *time = &m->visit.job->analysis->totals;
	struct ctf_packet p;
	int ret;

	*bits = 0;
	for (ret = ctf_stream_packet(s, NULL, &p, e); ret > 0;
	     ret = ctf_stream_packet(s, &p, &p, e)) {
		if (!(p.has & CTF_HAS_BEGIN) || !(p.has & CTF_HAS_END) ||
		    (mapped(map, p.end) >= time->from_ns &&
		     mapped(map, p.begin) < time->until_ns))
			*bits += bits_of_events(&p);
	}
	return ret;
}

static int stream_measure(struct stream_visit *v, const struct ctf_stream *s,
			  const struct ctf_packet *first,
			  const struct ctf_map *map, uint32_t machine,
			  struct ctf_error *e)
{
	struct measure *m = (struct measure *)v;
	struct ctf_cursor *c = ctf_cursor_new(s, NULL, e);
	const struct ctf_event *ev;
	double rows = 0, bits = 0, of = 0;
	int ret = c ? bits_of(m, s, map, &bits, e) : e->code;
	uint64_t at = 0;

	(void)machine;
	while (!ret && (ret = ctf_cursor_next(c, &ev, e)) > 0) {
		/* All of the first packet that has events, but the last one. */
		if (of > 0 && ev->packet->offset != at)
			break;
		at = ev->packet->offset;
		of = bits_of_events(ev->packet);
		ret = texts_make(&m->texts, ev, e);
		rows += m->each + (double)strlen(ev->cls->name) +
			(double)(m->texts.context.p - m->texts.context.start) +
			(double)(m->texts.fields.p - m->texts.fields.start);
	}
	if (of > 0)
		m->bytes += rows / of * bits;
	(void)first;
	ctf_cursor_free(c);
	return ret < 0 ? ret : 0;
}

int64_t export_events_size(struct export_job *j, unsigned int each)
{
	struct measure m = { .visit = { stream_measure, j }, .each = each };
	struct ctf_error e = { 0 };
	int ret = texts_new(&m.texts) ? streams_visit(&m.visit, &e) : -ENOMEM;

	if (ret && e.msg[0])
		fail(j, &e);
	texts_free(&m.texts);
	return ret ? ret : (int64_t)m.bytes;
}
