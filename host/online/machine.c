// SPDX-License-Identifier: MIT
#include "online/machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/event.h"
#include "ctf/part.h"
#include "fuse/fail.h"
#include "fuse/machine.h"
#include "fuse/reader.h"
#include "fuse/trace_clock.h"

static int run_keep(void *ctx, const struct ctf_event *ev,
		    const struct vmsync_role_class *c,
		    const struct vmsync_run_of *who, struct ctf_error *e)
{
	struct online_machine *m = ctx;

	if (online_ends_add(m->ends, who->tid, who->vcpu_id, (int64_t)ev->clock,
			    vmsync_role_end(c, ev)))
		return vmsync_fail_memory(e);
	return 0;
}

struct online_machine *online_machine_new(struct live_ledger *l, size_t session,
					  uint32_t number,
					  struct online_ends *ends)
{
	struct online_machine *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->ledger = l;
	m->session = session;
	m->number = number;
	m->ends = ends;
	m->gather = ctf_gather_new();
	if (ends) {
		m->records.runner = vmsync_runner_new();
		m->records.run = run_keep;
		m->records.run_ctx = m;
	}
	if (m->gather && (!ends || m->records.runner))
		return m;
	online_machine_free(m);
	return NULL;
}

void online_machine_free(struct online_machine *m)
{
	size_t i;

	if (!m)
		return;
	ctf_gather_free(m->gather);
	for (i = 0; i < m->streams.count; i++) {
		if (m->streams.at[i])
			online_stream_free(m->streams.at[i]);
	}
	vmsync_array_free(&m->streams);
	vmsync_array_free(&m->by_source);
	vmsync_array_free(&m->holes);
	vmsync_array_free(&m->lost);
	vmsync_records_free(&m->records);
	free(m->whole.file);
	free(m);
}

/* In the order of their begins. */
static int hole_put(struct online_machine *m, const struct online_stream *s,
		    int64_t from_ns, int64_t until_ns)
{
	size_t i = m->holes.count;

	if (!vmsync_array_add(&m->holes))
		return -ENOMEM;
	for (; i && m->holes.at[i - 1].from_ns > from_ns; i--)
		m->holes.at[i] = m->holes.at[i - 1];
	m->holes.at[i] = (struct online_hole){ s, from_ns, until_ns };
	return 0;
}

static int lost(void *ctx, const struct online_stream *s, int64_t from_ns,
		int64_t until_ns)
{
	struct online_machine *m = ctx;
	struct online_hole *place = vmsync_array_add(&m->lost);

	if (!place)
		return -ENOMEM;
	*place = (struct online_hole){ s, from_ns, until_ns };
	return s->tells ? hole_put(m, s, from_ns, until_ns) : 0;
}

/* The first trace tells whose it is. */
static void name_find(struct online_machine *m, const struct online_part *p)
{
	const struct ctf_trace *t = p->classes->trace;

	/* Not its texts, which go with the trace. */
	m->clock = *vmsync_trace_clock(t);
	vmsync_machine_name(t, &m->domain, m->name);
}

static int part_add(struct online_machine *m, struct online_stream *s,
		    const struct live_file *file, struct online_classes *like,
		    struct ctf_error *e)
{
	unsigned int beacons = m->ends ? VMSYNC_BEACONS_ALL :
					 VMSYNC_BEACONS_CALL;
	struct online_part *p = online_part_new(s, file, like, m->ends != NULL,
						beacons, e);
	struct online_part **place;
	struct ctf_gathered what = {
		.map = vmsync_raw_map,
		.source = (uint32_t)m->by_source.count,
	};

	if (!p)
		return e->code;
	place = vmsync_array_add(&m->by_source);
	if (!place)
		return vmsync_fail_memory(e);
	*place = p;
	p->source = what.source;
	p->machine = m->number;
	p->maps = m->maps;
	p->skip_ns = m->skip_ns;
	m->records.old |= vmsync_decoders_old(p->classes->decoders);
	what.stream = ctf_trace_stream(p->evidence, 0);
	what.want = p->classes->want;
	if (!m->name[0])
		name_find(m, p);
	return ctf_gather_add(m->gather, &what, e);
}

/* Classes of another stream of that trace, which has them compiled, or NULL. */
static struct online_classes *classes_like(const struct online_machine *m,
					   const struct live_file *file)
{
	size_t i;

	for (i = 0; i < m->streams.count; i++) {
		const struct online_stream *s = m->streams.at[i];
		struct online_part *p;

		if (!s || !s->parts.count)
			continue;
		p = *vmsync_array_last(&s->parts);
		if (p->classes->metadata == file->metadata &&
		    !strcmp(s->folder, file->folder))
			return p->classes;
	}
	return NULL;
}

static struct online_stream *stream_of(struct online_machine *m, size_t number,
				       const struct live_file *file)
{
	struct online_stream **place;

	while (m->streams.count <= number) {
		place = vmsync_array_add(&m->streams);
		if (!place)
			return NULL;
		*place = NULL;
	}
	place = &m->streams.at[number];
	if (!*place)
		*place = calloc(1, sizeof(**place));
	if (*place) {
		(*place)->folder = file->folder;
		(*place)->name = file->name;
	}
	return *place;
}

static void span(struct online_machine *m, const struct online_stream *s)
{
	if (!m->any || s->begin_ns < m->begin_ns)
		m->begin_ns = s->begin_ns;
	if ((int64_t)s->last.end > m->end_ns)
		m->end_ns = (int64_t)s->last.end;
	m->any = true;
}

static int packets_look(struct online_machine *m, struct online_stream *s,
			const struct live_file *file, struct ctf_error *e)
{
	struct online_part *p = s->parts.count ? *vmsync_array_last(&s->parts) :
						 NULL;
	int ret = 0;

	if (file->size == (s->any ? s->last.offset + s->last.size : 0))
		return 0;
	if (p && p->evidence && p->classes->metadata == file->metadata)
		ctf_part_grow(p->evidence, file->size);
	else
		ret = part_add(m, s, file, classes_like(m, file), e);
	if (!ret)
		ret = online_stream_packets(s, lost, m, e);
	if (!ret)
		span(m, s);
	return ret;
}

static int stream_look(struct online_machine *m, size_t number,
		       const struct live_file *file, struct ctf_error *e)
{
	struct online_stream *s = stream_of(m, number, file);
	int ret = s ? packets_look(m, s, file, e) : vmsync_fail_memory(e);

	if (!ret && online_stream_lost(s, (int64_t)file->lost_until, lost, m))
		ret = vmsync_fail_memory(e);
	return ret;
}

int online_machine_look(struct online_machine *m, struct ctf_error *e)
{
	int ret = live_ledger_look(m->ledger, m->session, &m->whole);
	size_t i;

	if (ret <= 0)
		return ret ? vmsync_fail_memory(e) : 0;
	for (i = 0, ret = 0; !ret && i < m->whole.n; i++) {
		if (m->whole.file[i].size)
			ret = stream_look(m, i, &m->whole.file[i], e);
	}
	ctf_gather_more(m->gather);
	return ret;
}

uint64_t online_machine_limit(const struct online_machine *m)
{
	return m->whole.ended || m->finished ? INT64_MAX : m->whole.until;
}

static void hole_missed(struct online_missed *m, const struct online_hole *h)
{
	if (!m->any || h->from_ns < m->from_ns)
		m->from_ns = h->from_ns;
	if (!m->any || h->until_ns > m->until_ns)
		m->until_ns = h->until_ns;
	m->any = true;
}

static void hole_record(struct online_machine *m, struct vmsync_evidence *ev)
{
	const struct online_hole *h = &m->holes.at[0];

	hole_missed(&m->missed, h);
	memset(ev, 0, sizeof(*ev));
	ev->kind = VMSYNC_EV_LOST;
	ev->stamp_ns = h->from_ns;
	ev->until_ns = h->until_ns;
	m->holes.count--;
	memmove(m->holes.at, m->holes.at + 1,
		m->holes.count * sizeof(m->holes.at[0]));
}

static bool hole_is_next(const struct online_machine *m, uint64_t until)
{
	int64_t from_ns;

	if (!m->holes.count)
		return false;
	from_ns = m->holes.at[0].from_ns;
	if (m->held)
		return (int64_t)m->held->clock >= from_ns;
	return from_ns < (int64_t)until;
}

int online_machine_next(struct online_machine *m, uint64_t until,
			struct vmsync_evidence *ev, struct ctf_error *e)
{
	int ret;

	for (;;) {
		if (!m->held &&
		    ctf_gather_next(m->gather, until, &m->held, e) < 0)
			return e->code;
		if (hole_is_next(m, until)) {
			hole_record(m, ev);
			return 1;
		}
		if (!m->held)
			return 0;
		ret = vmsync_records_take(
			&m->records,
			&m->by_source.at[m->held->source]->records, m->held, ev,
			e);
		m->held = NULL;
		if (ret)
			return ret;
	}
}

/* The part was read for evidence, and another one follows it. */
static void evidence_drop(struct online_machine *m, struct online_part *p)
{
	if (!p->evidence || !ctf_gather_dry(m->gather, p->source) ||
	    (m->held && m->held->source == p->source))
		return;
	ctf_gather_remove(m->gather, p->source);
	ctf_trace_close(p->evidence);
	p->evidence = NULL;
}

static bool part_drop(struct online_machine *m, struct online_stream *s,
		      size_t i, struct ctf_gather *analysis)
{
	struct online_part *p = s->parts.at[i];

	evidence_drop(m, p);
	if (p->evidence || (p->to != p->from && !p->analysis) ||
	    (p->analysis && !ctf_gather_dry(analysis, p->analysis_source)))
		return false;
	if (p->analysis)
		ctf_gather_remove(analysis, p->analysis_source);
	m->by_source.at[p->source] = NULL;
	online_part_free(p);
	s->parts.count--;
	memmove(&s->parts.at[i], &s->parts.at[i + 1],
		(s->parts.count - i) * sizeof(s->parts.at[0]));
	return true;
}

void online_machine_drop(struct online_machine *m, struct ctf_gather *analysis)
{
	size_t i, k;

	for (i = 0; i < m->streams.count; i++) {
		struct online_stream *s = m->streams.at[i];

		for (k = 0; s && k + 1 < s->parts.count;)
			k += !part_drop(m, s, k, analysis);
	}
}
