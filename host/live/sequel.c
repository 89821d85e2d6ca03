// SPDX-License-Identifier: MIT
#include "live/sequel.h"

#include <errno.h>

#include "live/head.h"

/* What LTTng writes into each packet, and a file is told by. */
#define TELLING (CTF_HAS_SEQ | CTF_HAS_INSTANCE)

static bool is_same(const struct live_growing_file *a, const struct live_growing_file *b)
{
	return a->known && b->known && a->trace == b->trace &&
	       a->stream_id == b->stream_id && a->instance == b->instance;
}

/* Its first packet, if that is there: 0 or a negative errno. */
static int begin(struct live_growing *g, struct live_growing_file *f, struct ctf_error *e)
{
	struct ctf_packet p;
	int ret = live_head_next(g, f, &p, e);

	if (ret <= 0)
		return ret == -EAGAIN ? 0 : ret;
	f->begun = true;
	f->known = (p.has & TELLING) == TELLING;
	f->seq = p.seq;
	f->stream_id = p.stream_id;
	f->instance = p.instance;
	return 0;
}

/* Whether it is a stream by another one's name: the first one of it has it. */
static bool has_other(const struct live_growing *g, const struct live_growing_file *f)
{
	size_t i;

	for (i = 0; i < g->files.count; i++) {
		const struct live_growing_file *o = &g->files.at[i];

		if (o != f && is_same(o, f) && (o->told || (o->begun && o->seq < f->seq)))
			return true;
	}
	return false;
}

int live_sequel_look(struct live_growing *g, struct ctf_error *e)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < g->files.count; i++) {
		struct live_growing_file *f = &g->files.at[i];

		if (f->metadata || !f->here)
			continue;
		if (f->any)
			continue; /* it is read, where that is seen */
		if ((f->passed || f->begun) && live_head_is_written(g, f)) {
			live_head_leave(f);
			f->here = true;
		}
		if (!f->begun && !f->passed)
			ret = begin(g, f, e);
	}
	for (i = 0; i < g->files.count; i++)
		g->files.at[i].sequel = !g->files.at[i].told &&
					has_other(g, &g->files.at[i]);
	return ret;
}

bool live_sequel_is_here(const struct live_growing *g, const struct live_growing_file *f)
{
	size_t i;

	for (i = 0; i < g->files.count; i++) {
		if (g->files.at[i].here && is_same(&g->files.at[i], f))
			return true;
	}
	return f->here;
}

/* A file before it may not have been there yet when it was looked for: once more. */
static bool is_doubtful(const struct live_growing *g, struct live_growing_file *stream,
			uint64_t seq)
{
	bool twice = stream->doubt == seq + 1;

	stream->doubt = seq + 1;
	return g->source->url.kind == LIVE_FOLLOW && stream->going &&
	       seq != stream->last + 1 && !twice;
}

bool live_sequel_next(struct live_growing *g, size_t stream)
{
	struct live_growing_file *s = &g->files.at[stream];
	size_t i, next = LIVE_GROWING_NONE;

	for (i = 0; s->known && i < g->files.count; i++) {
		const struct live_growing_file *f = &g->files.at[i];

		if (!f->here || !f->begun || f->any || f->passed || !is_same(f, s) ||
		    (s->going && f->seq <= s->last))
			continue;
		if (next == LIVE_GROWING_NONE || f->seq < g->files.at[next].seq)
			next = i;
	}
	if (next == LIVE_GROWING_NONE)
		return false;
	if (is_doubtful(g, s, g->files.at[next].seq))
		return false;
	if (s->now != LIVE_GROWING_NONE && s->now != next) {
		live_head_leave(&g->files.at[s->now]);
		g->files.at[s->now].here = g->files.at[s->now].passed = true;
	}
	s->now = next;
	return true;
}

void live_sequel_begins(struct live_growing *g, const struct live_growing_file *stream,
			const struct ctf_packet *p)
{
	uint64_t n = p->seq - stream->last - 1;

	/* Chunks that have gone were told of. */
	if (g->source->url.kind != LIVE_FOLLOW || !stream->going || (stream->known && !n))
		return;
	if (!stream->known) {
		live_say(g->source, "the session was cleared: what was not read is lost");
		return;
	}
	g->source->state.lost += n;
	live_say(g->source, "%s: packets were written over, or cleared, before they were read: "
			    "%llu, of %llu now", stream->name, (unsigned long long)n,
		 (unsigned long long)g->source->state.lost);
}
