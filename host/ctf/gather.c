// SPDX-License-Identifier: MIT
/*
 * Few streams, and nobody in a hurry: which stream is next is looked for among all,
 * and then its events are given up to the first one of another. As in merge.c a
 * batch of each stream is decoded.
 */
#include <stdlib.h>

#include "ctf/gather.h"
#include "ctf/input.h"

/*
 * A stream. @dry: its input has nothing more, until it grows; @next: the time of its next
 * event that need not wait, UINT64_MAX: there is none
 */
struct member {
	struct input *in;
	const uint64_t *limit;
	uint32_t rank;
	bool dry;
	uint64_t next;
};

/*
 * Events of member @at up to @run_end are next. @known: of all others it is known what is
 * next, for nothing was taken of them since.
 */
struct ctf_gather {
	struct member *member; /* in the order of ties */
	size_t n, cap;
	size_t at;
	uint32_t run_end;
	bool known;
	uint64_t last;		/* time that was given */
	uint64_t all;		/* up to which all was said to be there */
	uint64_t late;
};

struct ctf_gather *ctf_gather_new(void)
{
	return calloc(1, sizeof(struct ctf_gather));
}

void ctf_gather_free(struct ctf_gather *g)
{
	size_t i;

	if (!g)
		return;
	for (i = 0; i < g->n; i++)
		input_free(g->member[i].in);
	free(g->member);
	free(g);
}

/* No run is being given: whatever there is may be next. */
static void run_forget(struct ctf_gather *g)
{
	g->at = 0;
	g->run_end = 0;
	g->known = false;
}

static bool is_behind(const struct member *a, uint32_t rank,
		      const struct ctf_stream *s)
{
	const struct ctf_stream *own = a->in->stream;
	int c;

	if (a->rank != rank)
		return a->rank > rank;
	c = strcmp(own->trace->path, s->trace->path);
	return (c ? c : stream_name_cmp(own->name, s->name)) > 0;
}

int ctf_gather_add(struct ctf_gather *g, const struct ctf_gathered *what,
		   struct ctf_error *e)
{
	struct input *in;
	size_t i = g->n;
	int ret;

	if (vec_grow(&g->member, &g->cap, g->n + 1, sizeof(*g->member)))
		return fail_nomem(e);
	in = input_new(what->stream, &what->map, what->want, what->source, e);
	if (!in)
		return -ENOMEM;
	in->take = what->take;
	in->take_ctx = what->take_ctx;
	in->note = (what->note + 7) / 8;
	ret = input_start(in, READ_MOST, false, NULL, e);
	if (ret) {
		input_free(in);
		return ret;
	}
	for (; i && is_behind(&g->member[i - 1], what->rank, what->stream); i--)
		g->member[i] = g->member[i - 1];
	g->member[i] = (struct member){ .in = in,
					.limit = what->limit,
					.rank = what->rank };
	g->n++;
	run_forget(g);
	return 0;
}

void ctf_gather_remove(struct ctf_gather *g, uint32_t source)
{
	size_t i;

	for (i = 0; i < g->n; i++) {
		if (g->member[i].in->source != source)
			continue;
		input_free(g->member[i].in);
		g->n--;
		memmove(&g->member[i], &g->member[i + 1],
			(g->n - i) * sizeof(*g->member));
		run_forget(g);
		return;
	}
}

bool ctf_gather_dry(const struct ctf_gather *g, uint32_t source)
{
	size_t i;

	for (i = 0; i < g->n; i++) {
		if (g->member[i].in->source == source)
			return g->member[i].dry;
	}
	return true;
}

void ctf_gather_more(struct ctf_gather *g)
{
	size_t i;

	for (i = 0; i < g->n; i++) {
		if (g->member[i].dry)
			cursor_more(g->member[i].in->cur);
		if (g->member[i].limit)
			input_map_again(g->member[i].in);
		g->member[i].dry = false;
	}
	run_forget(g);
}

uint64_t ctf_gather_late(const struct ctf_gather *g)
{
	return g->late;
}

/* Event @i of its batch is there, and need not wait. */
static bool may_go(const struct member *m, uint32_t i)
{
	const struct input *in = m->in;

	return i < in->n &&
	       (!m->limit || in->now->block.batch.clock[i] < *m->limit);
}

/* What is next of a stream, of whose next batch where all of the last one was given. */
static int look(struct member *m, struct ctf_error *e)
{
	struct input *in = m->in;

	if (!m->dry && in->i >= in->n) {
		int ret = input_refill(in, READ_MOST, e);

		if (ret < 0)
			return ret;
		m->dry = !ret;
	}
	m->next = may_go(m, in->i) ? in->now->time[in->i] : UINT64_MAX;
	return 0;
}

static int look_all(struct ctf_gather *g, struct ctf_error *e)
{
	size_t i;
	int ret = 0;

	if (g->known)
		return look(&g->member[g->at], e);
	for (i = 0; !ret && i < g->n; i++)
		ret = look(&g->member[i], e);
	g->known = !ret && g->n;
	return ret;
}

/* Which member has the next event; the first one of those that have it. */
static size_t find_first(const struct ctf_gather *g)
{
	size_t i, at = 0;

	for (i = 1; i < g->n; i++) {
		if (g->member[i].next < g->member[at].next)
			at = i;
	}
	return at;
}

/*
 * Up to where member @at is alone: at the same time those in front of it come
 * first, and those behind it later.
 */
static uint64_t alone_until(const struct ctf_gather *g, size_t at, uint64_t until)
{
	size_t i;

	for (i = 0; i < g->n; i++) {
		uint64_t time = g->member[i].next;

		if (i != at && time < until)
			until = time + (i > at);
	}
	return until;
}

/* Which events are next: false where there is none before @until. */
static bool choose(struct ctf_gather *g, uint64_t until)
{
	const struct member *m;
	size_t at;

	g->run_end = 0;
	if (!g->n)
		return false;
	at = find_first(g);
	m = &g->member[at];
	if (m->next >= until)
		return false;
	until = alone_until(g, at, until);
	g->at = at;
	g->run_end = m->in->i + 1;
	while (may_go(m, g->run_end) && m->in->now->time[g->run_end] < until)
		g->run_end++;
	return true;
}

/* 1, 0 where nothing is before @until, or an error. */
static int find_run(struct ctf_gather *g, uint64_t until, struct ctf_error *e)
{
	int ret = 0;

	if (g->run_end && g->member[g->at].in->i < g->run_end)
		return 1;
	ret = look_all(g, e);
	if (ret || choose(g, until))
		return ret ? ret : 1;
	if (until > g->all && until < INT64_MAX)
		g->all = until;
	return 0;
}

static uint64_t in_order(struct ctf_gather *g, uint64_t time)
{
	g->late += time < g->last || time < g->all;
	if (time > g->last)
		g->last = time;
	return g->last;
}

int ctf_gather_next(struct ctf_gather *g, uint64_t until,
		    const struct ctf_event **ev, struct ctf_error *e)
{
	int ret = find_run(g, until, e);
	const struct timed *now;
	struct ctf_cursor *c;
	struct input *in;
	uint32_t i;

	if (ret <= 0)
		return ret;
	in = g->member[g->at].in;
	i = in->i++;
	now = in->now;
	c = in->cur;
	c->ev.cls = &c->classes[now->block.batch.cls[i] & WALK_CLS]->pub;
	c->ev.clock = now->block.batch.clock[i];
	c->ev.time = in_order(g, now->time[i]);
	c->ev.at = now->block.batch.at[i];
	*ev = &c->ev;
	return 1;
}

int ctf_gather_notes(struct ctf_gather *g, uint64_t until,
		     struct ctf_noted *out, uint32_t most, struct ctf_error *e)
{
	int ret = find_run(g, until, e);
	struct input *in;
	uint32_t n;

	if (ret <= 0)
		return ret;
	in = g->member[g->at].in;
	for (n = 0; n < most && in->i < g->run_end; n++, in->i++) {
		out[n].time = in_order(g, in->now->time[in->i]);
		out[n].note = in->now->note + in->i * in->note;
	}
	return (int)n;
}
