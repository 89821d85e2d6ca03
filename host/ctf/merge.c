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

/* A head in the tree. An input that has ended has the key NO_KEY. */
struct head {
	uint64_t key;
	uint32_t index;
};

#define NO_KEY	UINT64_MAX

struct ctf_merge {
	struct input **in;
	size_t n, cap;
	size_t size;		/* of the tree, a power of two */
	uint64_t *key;		/* of the losers, 1 .. size - 1 */
	uint32_t *loser;	/* and which inputs they are */
	struct head winner;
	int sources;
	bool started, pending;
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
	free(m->in);
	free(m->loser);
	free(m->key);
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

/* The last instant of all is taken for the one before it. */
static inline uint64_t head_key(uint64_t time)
{
	return time - (time == NO_KEY);
}

/* Fetches the next batch of an input and gives its new head. */
static int refill(struct ctf_merge *m, struct head *h)
{
	struct input *in = m->in[h->index];
	struct batch *b = &in->cur->batch;
	uint32_t i;
	int ret;

	ret = cursor_fill(in->cur, &m->why);
	if (ret < 0)
		return ret;
	if (!ret) {
		h->key = NO_KEY;
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
	h->key = head_key(in->time[0]);
	return 0;
}

/* Equal times: the input that was added first. */
static inline bool before(uint64_t a, uint32_t i, uint64_t b, uint32_t k)
{
	return (a < b) | ((a == b) & (i < k));
}

static int build(struct ctf_merge *m)
{
	struct head *win;
	size_t i;
	int ret = 0;

	for (m->size = 1; m->size < m->n; m->size *= 2)
		;
	m->loser = calloc(m->size, sizeof(*m->loser));
	m->key = calloc(m->size, sizeof(*m->key));
	win = calloc(2 * m->size, sizeof(*win));
	if (!m->loser || !m->key || !win) {
		free(win);
		return fail_nomem(&m->why);
	}
	for (i = 0; i < m->size && !ret; i++) {
		win[m->size + i] = (struct head){ NO_KEY, (uint32_t)i };
		if (i < m->n)
			ret = refill(m, &win[m->size + i]);
	}
	for (i = m->size - 1; i >= 1; i--) {
		const struct head *a = &win[2 * i], *b = &win[2 * i + 1];
		bool first = before(a->key, a->index, b->key, b->index);

		win[i] = first ? *a : *b;
		m->key[i] = first ? b->key : a->key;
		m->loser[i] = first ? b->index : a->index;
	}
	m->winner = win[1];
	free(win);
	return ret;
}

/*
 * The winner has a new head: plays its matches again. Who wins is as good as
 * random, so the two change places without a branch.
 */
static inline void replay(struct ctf_merge *m, struct head w)
{
	uint64_t *key = m->key, kw = w.key;
	uint32_t *loser = m->loser, iw = w.index;
	size_t i;

	for (i = (iw + m->size) >> 1; i; i >>= 1) {
		uint64_t kl = key[i];
		uint32_t il = loser[i];
		uint64_t swap = -(uint64_t)before(kl, il, kw, iw);
		uint64_t dk = (kl ^ kw) & swap;
		uint32_t di = (il ^ iw) & (uint32_t)swap;

		key[i] = kl ^ dk;
		loser[i] = il ^ di;
		kw ^= dk;
		iw ^= di;
	}
	m->winner = (struct head){ kw, iw };
}

static inline int advance(struct ctf_merge *m)
{
	struct head w = m->winner;
	struct input *in = m->in[w.index];
	struct ctf_cursor *c = in->cur;
	int ret = 0;

	if (likely(++c->i < c->batch.n))
		w.key = head_key(in->time[c->i]);
	else
		ret = refill(m, &w);
	if (likely(!ret))
		replay(m, w);
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
	if (unlikely(!m->n || m->winner.key == NO_KEY))
		return 0;
	in = m->in[m->winner.index];
	c = in->cur;
	c->ev.cls = &c->classes[c->batch.cls[c->i] & WALK_CLS]->pub;
	c->ev.clock = c->batch.clock[c->i];
	c->ev.time = in->time[c->i];
	c->ev.at = c->batch.at[c->i];
	c->ev.source = in->source;
	m->pending = true;
	*ev = &c->ev;
	return 1;
}
