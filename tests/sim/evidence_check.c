// SPDX-License-Identifier: MIT
/*
 * Is what is recorded consistent with itself, as a real recording is?
 */
#include "evidence_check.h"

#include <string.h>

#include "stream.h"

static int64_t eval(const struct vmsync_evidence *ev, uint64_t tsc)
{
	if (ev->line.clocksource == VMSYNC_CLOCKSOURCE_KVMCLOCK)
		tsc = sim_page_read(&ev->pvclock, tsc);
	return sim_line_eval(&ev->line, tsc);
}

/* The clock's reading lies between the line at both readings of the TSC. */
static bool pair_fits(const struct vmsync_evidence *ev)
{
	return ev->pair.mono_ns >= eval(ev, ev->pair.tsc) - 1 &&
	       ev->pair.mono_ns <=
		       eval(ev, ev->pair.tsc + ev->pair.bracket) + 1;
}

static bool is_gh(const struct sim_record *r)
{
	return r->ev.kind == VMSYNC_EV_GH_GUEST ||
	       r->ev.kind == VMSYNC_EV_GH_HOST;
}

static uint64_t misfits(const struct sim_stream *s, uint64_t *checked)
{
	uint64_t bad = 0;

	for (size_t i = 0; i < s->count; i++) {
		if (!is_gh(&s->records[i]))
			continue;
		bad += !pair_fits(&s->records[i].ev);
		++*checked;
	}
	return bad;
}

static const struct vmsync_evidence *find(const struct sim_stream *s,
					  const struct vmsync_evidence *like,
					  enum vmsync_evidence_kind kind,
					  size_t *from)
{
	for (size_t i = *from; i < s->count; i++) {
		const struct vmsync_evidence *ev = &s->records[i].ev;

		if (ev->kind == kind && ev->vm_uid == like->vm_uid &&
		    ev->cnt / 2 == like->cnt / 2) {
			*from = i;
			return ev;
		}
	}
	return NULL;
}

/* The guest's TSC before, the host's scaled, the guest's after: in order. */
static uint64_t acausal(const struct sim_recording *rec, uint64_t *checked)
{
	const struct sim_stream *g = &rec->guests[0];
	size_t host = 0, back = 0;
	uint64_t bad = 0;

	for (size_t i = 0; i < g->count; i++) {
		const struct vmsync_evidence *a = &g->records[i].ev, *b, *c;
		uint64_t mid;

		if (a->kind != VMSYNC_EV_GH_GUEST)
			continue;
		b = find(&rec->host, a, VMSYNC_EV_GH_HOST, &host);
		c = find(g, a, VMSYNC_EV_HG_GUEST, &back);
		if (!b || !c)
			continue;
		mid = sim_scale_tsc(b->pair.tsc, &b->scaling) +
		      b->scaling.offset;
		bad += mid < a->pair.tsc + a->pair.bracket || mid > c->pair.tsc;
		bad += a->pair.tsc != b->guest_claim.tsc;
		++*checked;
	}
	return bad;
}

static bool in_order(const struct sim_stream *s)
{
	for (size_t i = 1; i < s->count; i++)
		if (s->records[i].h < s->records[i - 1].h)
			return false;
	return true;
}

void sim_evidence_check(struct sim_evidence_result *result,
			const struct sim_scenario *sc, uint64_t seed)
{
	static struct sim_world w;
	struct sim_recording rec;

	memset(result, 0, sizeof(*result));
	sim_world_build(&w, sc, seed);
	sim_record_world(&rec, &w, true);
	result->misfits = misfits(&rec.host, &result->pairs) +
			  misfits(&rec.guests[0], &result->pairs);
	result->acausal = acausal(&rec, &result->beacons);
	result->in_order = in_order(&rec.host) && in_order(&rec.guests[0]);
	sim_recording_free(&rec);
	sim_world_free(&w);
}
