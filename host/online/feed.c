// SPDX-License-Identifier: MIT
#include "online/feed.h"

#include <errno.h>
#include <string.h>

#include "ctf/part.h"
#include "fuse/fail.h"

#define GIVE_EVENTS 64 /* that are asked for at a time */

void online_feed_free(struct online_feed *f)
{
	ctf_gather_free(f->gather);
	vmsync_array_free(&f->lost);
}

static int events_take(void *ctx, struct ctf_some *some, struct ctf_error *e)
{
	const struct online_part *p = ctx;
	uint32_t i;

	(void)e;
	for (i = 0; i < some->n; i++) {
		struct analysis_event *ev = (struct analysis_event *)some->note;

		if (some->clock[i] < p->skip_ns)
			continue;
		if (!analysis_kinds_event(p->classes->kinds, some, i, ev))
			analysis_kinds_slow(p->classes->kinds,
					    ctf_some_event(some, i), ev);
		ev->machine = p->machine;
		ev->cpu = some->ev.cpu;
		ctf_some_keep(some, i);
	}
	return 0;
}

/* What is settled stays, however often maps are made; what is not waits. */
static void map_values(void *ctx, const uint64_t *in, uint64_t *out, size_t n)
{
	const struct online_part *p = ctx;
	const struct vmsync_map *map =
		p->maps ? vmsync_guest_map_of(p->maps, p->cpu) : NULL;

	if (map)
		vmsync_map_eval_batch(map, in, out, n);
	else
		memcpy(out, in, n * sizeof(*out));
}

static int part_open(struct online_feed *f, const struct online_stream *s,
		     struct online_part *p, struct ctf_error *e)
{
	const struct ctf_part part = {
		.name = s->name,
		.metadata = p->classes->metadata,
		.from = p->from,
		.to = p->to,
		.behind = p->has_behind ? &p->behind : NULL,
	};
	struct ctf_gathered what = {
		.rank = p->machine,
		.source = f->sources++,
		.map = { map_values, p },
		.limit = p->maps ? &p->limit_ns : NULL,
		.want = p->classes->kinds->want,
		.take = events_take,
		.take_ctx = p,
		.note = sizeof(struct analysis_event),
	};

	p->analysis = ctf_part_open(s->folder, &part, p->classes->trace, e);
	if (!p->analysis)
		return e->code;
	p->analysis_source = what.source;
	what.stream = ctf_trace_stream(p->analysis, 0);
	return ctf_gather_add(f->gather, &what, e);
}

static int stream_ready(struct online_feed *f, const struct online_stream *s,
			int64_t limit_ns, struct ctf_error *e)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < s->parts.count; i++) {
		struct online_part *p = s->parts.at[i];

		p->limit_ns = (uint64_t)limit_ns;
		if (p->machine == ANALYSIS_HOST)
			f->wakeups |= p->classes->kinds->have[ANALYSIS_EV_WAKEUP];
		if (p->analysis)
			ctf_part_grow(p->analysis, p->to);
		else if (p->to != p->from)
			ret = part_open(f, s, p, e);
	}
	return ret;
}

int online_feed_ready(struct online_feed *f, struct online_machine *m,
		      int64_t limit_ns, struct ctf_error *e)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < m->streams.count; i++) {
		if (m->streams.at[i])
			ret = stream_ready(f, m->streams.at[i], limit_ns, e);
	}
	return ret;
}

int online_feed_lost(struct online_feed *f, const struct online_lost *l)
{
	size_t i = f->lost.count;

	if (!vmsync_array_add(&f->lost))
		return -ENOMEM;
	for (; i && f->lost.at[i - 1].from_ns > l->from_ns; i--)
		f->lost.at[i] = f->lost.at[i - 1];
	f->lost.at[i] = *l;
	return 0;
}

/* All stretches that begin by @ns; what was told too late begins now. */
static void give_lost(struct online_feed *f, int64_t ns,
		      void (*take)(void *ctx, struct analysis_event *ev),
		      void *ctx)
{
	size_t i;

	for (i = 0; i < f->lost.count && f->lost.at[i].from_ns <= ns; i++) {
		const struct online_lost *l = &f->lost.at[i];
		struct analysis_event ev = {
			.ns = l->from_ns > f->given_ns ? l->from_ns : f->given_ns,
			.until_ns = l->until_ns,
			.machine = l->machine,
			.cpu = l->cpu,
			.kind = ANALYSIS_EV_LOST,
			.current = ANALYSIS_NOT_SAID,
		};

		f->given_ns = ev.ns;
		take(ctx, &ev);
	}
	if (!i)
		return;
	f->lost.count -= i;
	memmove(f->lost.at, f->lost.at + i,
		f->lost.count * sizeof(f->lost.at[0]));
}

int online_feed_give(struct online_feed *f, int64_t until_ns,
		     void (*take)(void *ctx, struct analysis_event *ev),
		     void *ctx, struct ctf_error *e)
{
	struct ctf_noted noted[GIVE_EVENTS];
	int i, n;

	if (until_ns <= 0)
		return 0;
	ctf_gather_more(f->gather);
	while ((n = ctf_gather_notes(f->gather, (uint64_t)until_ns, noted,
				     GIVE_EVENTS, e)) > 0) {
		for (i = 0; i < n; i++) {
			struct analysis_event *ev = noted[i].note;

			ev->ns = (int64_t)noted[i].time;
			give_lost(f, ev->ns, take, ctx);
			if (ev->ns < f->given_ns)
				ev->ns = f->given_ns;
			f->given_ns = ev->ns;
			take(ctx, ev);
		}
	}
	if (n < 0)
		return n;
	give_lost(f, until_ns - 1, take, ctx);
	return 0;
}
