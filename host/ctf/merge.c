// SPDX-License-Identifier: MIT
/*
 * A loser tree over the cursors of streams: each inner place holds the loser
 * of its match, the winner goes up. The next event costs one match per level.
 */
#include <stdlib.h>

#include "ctf/cursor.h"

struct input {
	struct ctf_cursor *cur;
	struct ctf_map map;
	uint32_t source;
	uint64_t time[BATCH];
};

struct ctf_merge {
	struct input **in;
	size_t n, cap;
	size_t size;		/* of the tree, a power of two */
	uint32_t *loser;	/* 1 .. size - 1 */
	uint64_t *key;		/* time of the head of each input */
	bool *done;		/* and whether there is one */
	uint32_t winner;
	int sources;
	bool started, pending;
	int error;
	struct ctf_error why;
	struct ctf_event ev;
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
	free(m->in);
	free(m->loser);
	free(m->key);
	free(m->done);
	free(m);
}

static int add(struct ctf_merge *m, const struct ctf_stream *s,
	       const struct ctf_map *map, const uint8_t *want, int source,
	       struct ctf_error *e)
{
	struct input *in;

	if (m->started)
		return fail(e, -EBUSY, "%s: added to a merge that has begun",
			    s->path);
	if (vec_grow(&m->in, &m->cap, m->n + 1, sizeof(*m->in)))
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
	in->source = (uint32_t)source;
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

static int refill(struct ctf_merge *m, uint32_t k)
{
	struct input *in = m->in[k];
	struct batch *b = &in->cur->batch;
	uint32_t i;
	int ret;

	ret = cursor_fill(in->cur, &m->why);
	if (ret < 0)
		return ret;
	if (!ret) {
		m->done[k] = true;
		m->key[k] = UINT64_MAX;
		return 0;
	}
	if (in->map.fn) {
		in->map.fn(in->map.ctx, b->clock, in->time, b->n);
	} else {
		const struct ctf_clock *c = in->cur->stream->sc->clock;

		if (c && c->freq == 1000000000) {
			uint64_t base = ctf_clock_ns(c, 0);

			for (i = 0; i < b->n; i++)
				in->time[i] = b->clock[i] + base;
		} else {
			for (i = 0; i < b->n; i++)
				in->time[i] = ctf_clock_ns(c, b->clock[i]);
		}
	}
	m->key[k] = in->time[0];
	return 0;
}

/* Whether input @a comes before @b. */
static inline bool before(const struct ctf_merge *m, uint32_t a, uint32_t b)
{
	if (m->key[a] != m->key[b])
		return m->key[a] < m->key[b];
	if (m->done[a] != m->done[b])
		return m->done[b];
	return a < b;
}

static int build(struct ctf_merge *m)
{
	uint32_t *win, i;
	int ret;

	for (m->size = 1; m->size < m->n; m->size *= 2)
		;
	m->loser = calloc(m->size, sizeof(*m->loser));
	m->key = calloc(m->size, sizeof(*m->key));
	m->done = calloc(m->size, sizeof(*m->done));
	win = calloc(2 * m->size, sizeof(*win));
	if (!m->loser || !m->key || !m->done || !win) {
		free(win);
		return fail_nomem(&m->why);
	}
	for (i = 0; i < m->size; i++) {
		win[m->size + i] = i;
		if (i < m->n) {
			ret = refill(m, i);
			if (ret) {
				free(win);
				return ret;
			}
		} else {
			m->done[i] = true;
			m->key[i] = UINT64_MAX;
		}
	}
	for (i = (uint32_t)m->size - 1; i >= 1; i--) {
		uint32_t a = win[2 * i], b = win[2 * i + 1];
		bool first = before(m, a, b);

		win[i] = first ? a : b;
		m->loser[i] = first ? b : a;
	}
	m->winner = m->size > 1 ? win[1] : 0;
	free(win);
	return 0;
}

/* The winner has a new head: plays its matches again. */
static inline void replay(struct ctf_merge *m)
{
	uint32_t w = m->winner;
	size_t i;

	for (i = (w + m->size) >> 1; i; i >>= 1) {
		uint32_t l = m->loser[i];

		if (before(m, l, w)) {
			m->loser[i] = w;
			w = l;
		}
	}
	m->winner = w;
}

static int advance(struct ctf_merge *m)
{
	struct input *in = m->in[m->winner];
	struct ctf_cursor *c = in->cur;
	int ret = 0;

	if (likely(++c->i < c->batch.n))
		m->key[m->winner] = in->time[c->i];
	else
		ret = refill(m, m->winner);
	if (likely(!ret))
		replay(m);
	return ret;
}

int ctf_merge_next(struct ctf_merge *m, const struct ctf_event **ev,
		   struct ctf_error *e)
{
	struct ctf_cursor *c;
	struct input *in;

	if (unlikely(!m->started)) {
		m->started = true;
		m->error = m->n ? build(m) : 0;
	} else if (m->pending && !m->error) {
		m->pending = false;
		m->error = advance(m);
	}
	if (unlikely(m->error)) {
		if (e)
			*e = m->why;
		return m->error;
	}
	if (unlikely(!m->n || m->done[m->winner]))
		return 0;
	in = m->in[m->winner];
	c = in->cur;
	c->ev.cls = &c->stream->trace->classes[c->batch.cls[c->i] & WALK_CLS]->pub;
	c->ev.clock = c->batch.clock[c->i];
	c->ev.time = in->time[c->i];
	c->ev.at = c->batch.at[c->i];
	c->ev.source = in->source;
	m->pending = true;
	*ev = &c->ev;
	return 1;
}
