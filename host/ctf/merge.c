// SPDX-License-Identifier: MIT
/*
 * Streams merged in the order of time, a block at a time.
 *
 * Each stream has a batch of events decoded and mapped. What comes before the
 * end of all batches cannot be overtaken any more: these events are merged,
 * two runs at a time and without a branch on who comes first, which is as good
 * as random. Then the batches that are used up are filled again.
 */
#include <stdlib.h>

#include "ctf/cursor.h"

#define REF_BITS	8	/* of a reference: place in the batch */

_Static_assert(BATCH == 1 << REF_BITS, "a reference holds a place in a batch");

struct input {
	struct ctf_cursor *cur;
	struct ctf_map map;
	uint32_t source;
	bool done;
	uint64_t time[BATCH];
	uint32_t ref[BATCH];	/* input << REF_BITS | place */
};

/* Events in order: times, and where the events are. */
struct sorted {
	uint64_t *time;
	uint32_t *ref;
};

struct slice {
	const uint64_t *time;
	const uint32_t *ref;
	size_t n;
};

struct ctf_merge {
	struct input **in;
	size_t n, cap;
	struct slice *runs;
	struct sorted buf[2];	/* levels of the merge take turns */
	struct slice block;	/* being given out */
	size_t at;
	int sources;
	bool started;
	int error;
	struct ctf_error why;
};

struct ctf_merge *ctf_merge_new(void)
{
	return calloc(1, sizeof(struct ctf_merge));
}

void ctf_merge_free(struct ctf_merge *m)
{
	size_t i;

	if (!m)
		return;
	for (i = 0; i < m->n; i++) {
		ctf_cursor_free(m->in[i]->cur);
		free(m->in[i]);
	}
	for (i = 0; i < 2; i++) {
		free(m->buf[i].time);
		free(m->buf[i].ref);
	}
	free(m->runs);
	free(m->in);
	free(m);
}

static int add(struct ctf_merge *m, const struct ctf_stream *s,
	       const struct ctf_map *map, const uint8_t *want, int source,
	       struct ctf_error *e)
{
	struct input *in;
	uint32_t i;

	if (m->started)
		return fail(e, -EBUSY, "%s: added to a merge that has begun",
			    s->path);
	if (m->n >= UINT32_MAX >> REF_BITS ||
	    vec_grow(&m->in, &m->cap, m->n + 1, sizeof(*m->in)))
		return fail_nomem(e);
	in = calloc(1, sizeof(*in));
	if (!in)
		return fail_nomem(e);
	in->cur = ctf_cursor_new(s, want, e);
	if (!in->cur) {
		free(in);
		return -ENOMEM;
	}
	if (map)
		in->map = *map;
	in->source = in->cur->ev.source = (uint32_t)source;
	for (i = 0; i < BATCH; i++)
		in->ref[i] = (uint32_t)m->n << REF_BITS | i;
	m->in[m->n++] = in;
	return source;
}

int ctf_merge_add_stream(struct ctf_merge *m, const struct ctf_stream *s,
			 const struct ctf_map *map, const uint8_t *want,
			 struct ctf_error *e)
{
	int ret = add(m, s, map, want, m->sources, e);

	if (ret >= 0)
		m->sources++;
	return ret;
}

int ctf_merge_add_want(struct ctf_merge *m, const struct ctf_trace *t,
		       const struct ctf_map *map, const uint8_t *want,
		       struct ctf_error *e)
{
	size_t i;
	int ret;

	for (i = 0; i < t->n_streams; i++) {
		ret = add(m, &t->streams[i], map, want, m->sources, e);
		if (ret < 0)
			return ret;
	}
	return m->sources++;
}

int ctf_merge_add(struct ctf_merge *m, const struct ctf_trace *t,
		  const struct ctf_map *map, struct ctf_error *e)
{
	return ctf_merge_add_want(m, t, map, NULL, e);
}

static void map_clock(struct input *in)
{
	const struct ctf_clock *c = in->cur->stream->sc->clock;
	const struct batch *b = &in->cur->batch;
	uint64_t base;
	uint32_t i;

	if (c && c->freq != 1000000000) {
		for (i = 0; i < b->n; i++)
			in->time[i] = ctf_clock_ns(c, b->clock[i]);
		return;
	}
	base = ctf_clock_ns(c, 0);
	for (i = 0; i < b->n; i++)
		in->time[i] = b->clock[i] + base;
}

/* Fetches the next batch of an input. */
static int refill(struct input *in, struct ctf_error *e)
{
	struct batch *b = &in->cur->batch;
	int ret;

	ret = cursor_fill(in->cur, e);
	if (ret < 0)
		return ret;
	in->done = !ret;
	if (in->map.fn && ret)
		in->map.fn(in->map.ctx, b->clock, in->time, b->n);
	else if (ret)
		map_clock(in);
	return 0;
}

/* The first place at or behind @from whose time is >= @t, or > @t. */
static uint32_t find(const struct input *in, uint64_t t, bool above)
{
	uint32_t lo = in->cur->i, hi = in->cur->batch.n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (in->time[mid] < t || (above && in->time[mid] == t))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/*
 * Cuts a run out of every batch: all that is before the end of the batch that
 * ends first. At that very time, inputs behind it have to wait: its next batch
 * may go on with the same time.
 */
static size_t cut_runs(struct ctf_merge *m)
{
	uint64_t t = UINT64_MAX;
	size_t first = SIZE_MAX, runs = 0, i;

	for (i = 0; i < m->n; i++) {
		const struct input *in = m->in[i];
		uint64_t last = in->done ? 0 :
					   in->time[in->cur->batch.n - 1];

		if (!in->done && (first == SIZE_MAX || last < t)) {
			t = last;
			first = i;
		}
	}
	for (i = 0; i < m->n && first != SIZE_MAX; i++) {
		struct input *in = m->in[i];
		uint32_t from = in->cur->i, to;

		if (in->done)
			continue;
		to = i == first ? in->cur->batch.n : find(in, t, i < first);
		if (to == from)
			continue;
		m->runs[runs++] = (struct slice){ in->time + from,
						  in->ref + from, to - from };
		in->cur->i = to;
	}
	return runs;
}

/* At equal times the first run comes first. */
static struct slice merge_two(const struct slice *a, const struct slice *b,
			      uint64_t *time, uint32_t *ref)
{
	const uint64_t *ta = a->time, *tb = b->time;
	const uint32_t *ra = a->ref, *rb = b->ref;
	size_t i = 0, k = 0, n = 0, rest;

	while (i < a->n && k < b->n) {
		uint64_t x = ta[i], y = tb[k], second = -(uint64_t)(y < x);
		uint32_t r = ra[i], s = rb[k];

		time[n] = x ^ ((x ^ y) & second);
		ref[n++] = r ^ ((r ^ s) & (uint32_t)second);
		k += second & 1;
		i += ~second & 1;
	}
	rest = a->n - i;
	memcpy(time + n, ta + i, rest * sizeof(*time));
	memcpy(ref + n, ra + i, rest * sizeof(*ref));
	n += rest;
	rest = b->n - k;
	memcpy(time + n, tb + k, rest * sizeof(*time));
	memcpy(ref + n, rb + k, rest * sizeof(*ref));
	return (struct slice){ time, ref, n + rest };
}

static void merge_runs(struct ctf_merge *m, size_t runs)
{
	unsigned int level = 0;

	for (; runs > 1; level ^= 1) {
		struct sorted *out = &m->buf[level];
		size_t i, n = 0, at = 0;

		for (i = 0; i + 1 < runs; i += 2) {
			m->runs[n] = merge_two(&m->runs[i], &m->runs[i + 1],
					       out->time + at, out->ref + at);
			at += m->runs[n++].n;
		}
		/* One without a partner has to be in the same buffer. */
		if (i < runs) {
			memcpy(out->time + at, m->runs[i].time,
			       m->runs[i].n * sizeof(*out->time));
			memcpy(out->ref + at, m->runs[i].ref,
			       m->runs[i].n * sizeof(*out->ref));
			m->runs[n++] = (struct slice){ out->time + at,
						       out->ref + at,
						       m->runs[i].n };
		}
		runs = n;
	}
	m->block = m->runs[0];
}

static int start(struct ctf_merge *m, struct ctf_error *e)
{
	size_t i;

	m->started = true;
	m->runs = calloc(m->n + 1, sizeof(*m->runs));
	for (i = 0; i < 2; i++) {
		m->buf[i].time = calloc(m->n + 1, BATCH * sizeof(uint64_t));
		m->buf[i].ref = calloc(m->n + 1, BATCH * sizeof(uint32_t));
		if (!m->buf[i].time || !m->buf[i].ref)
			return fail_nomem(e);
	}
	return m->runs ? 0 : fail_nomem(e);
}

/* The next block; an empty one at the end. */
static int fill_block(struct ctf_merge *m, struct ctf_error *e)
{
	size_t i, runs;
	int ret = m->started ? 0 : start(m, e);

	m->at = 0;
	m->block.n = 0;
	for (i = 0; i < m->n && !ret; i++) {
		struct input *in = m->in[i];

		if (!in->done && in->cur->i == in->cur->batch.n)
			ret = refill(in, e);
	}
	if (ret)
		return ret;
	runs = cut_runs(m);
	if (runs)
		merge_runs(m, runs);
	return 0;
}

int ctf_merge_next(struct ctf_merge *m, const struct ctf_event **ev,
		   struct ctf_error *e)
{
	struct ctf_cursor *c;
	struct batch *b;
	uint32_t ref, i;

	if (unlikely(m->at == m->block.n)) {
		if (!m->error)
			m->error = fill_block(m, &m->why);
		if (m->error && e)
			*e = m->why;
		if (m->error || !m->block.n)
			return m->error;
	}
	ref = m->block.ref[m->at];
	i = ref & (BATCH - 1);
	c = m->in[ref >> REF_BITS]->cur;
	b = &c->batch;
	c->ev.cls = &c->classes[b->cls[i] & WALK_CLS]->pub;
	c->ev.clock = b->clock[i];
	c->ev.time = m->block.time[m->at++];
	c->ev.at = b->at[i];
	*ev = &c->ev;
	return 1;
}
