// SPDX-License-Identifier: MIT
/*
 * Streams merged in the order of time, a block at a time.
 *
 * Each stream has a batch of events decoded and mapped. What comes before the
 * end of all batches cannot be overtaken any more: these events are merged,
 * two runs at a time and without a branch on who comes first, which is as good
 * as random. Then the batches that are used up are filled again: with other
 * threads to help, each stream's next batch is decoded while this one is used.
 */
#include <stdlib.h>

#include "ctf/ahead.h"
#include "ctf/cursor.h"

#define REF_BITS	11	/* of a reference: place in the batch */

_Static_assert(BATCH == 1 << REF_BITS, "a reference holds a place in a batch");

/* A block with the times that its events are merged by. */
struct timed {
	struct block block;
	uint64_t time[BATCH];
	uint32_t ref[BATCH];	/* input << REF_BITS | place */
	uint64_t (*digest)[2];	/* BATCH, or NULL where nobody asked */
};

struct input {
	struct task fill;	/* of the next block; first, see fill_task() */
	struct ctf_cursor *cur;
	struct ctf_map map;
	void (*digest)(void *ctx, struct ctf_event *ev);
	void *digest_ctx;
	uint32_t source;
	bool done;
	bool apart;		/* the next block is not this one */
	unsigned int now;	/* which block is being given out */
	uint32_t i, n;		/* its next event; how many it has */
	int got;		/* what came of filling the next one */
	struct ctf_error why;
	struct timed *timed[2];	/* the second one only where it is used */
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
	unsigned int jobs;
	struct ahead *ahead;	/* NULL: everything is done here */
	bool started;
	int error;
	struct ctf_error why;
};

struct ctf_merge *ctf_merge_new(void)
{
	return calloc(1, sizeof(struct ctf_merge));
}

static void timed_free(struct timed *t)
{
	if (t)
		free(t->digest);
	free(t);
}

void ctf_merge_free(struct ctf_merge *m)
{
	size_t i;

	if (!m)
		return;
	ahead_free(m->ahead);
	for (i = 0; i < m->n; i++) {
		ctf_cursor_free(m->in[i]->cur);
		timed_free(m->in[i]->timed[0]);
		timed_free(m->in[i]->timed[1]);
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

void ctf_merge_jobs(struct ctf_merge *m, unsigned int jobs)
{
	m->jobs = jobs;
}

void ctf_merge_digest(struct ctf_merge *m, int source,
		      void (*fn)(void *ctx, struct ctf_event *ev), void *ctx)
{
	size_t i;

	for (i = 0; i < m->n; i++) {
		if (m->in[i]->source != (uint32_t)source)
			continue;
		m->in[i]->digest = fn;
		m->in[i]->digest_ctx = ctx;
	}
}

static void map_clock(const struct input *in, const struct batch *b,
		      uint64_t *time)
{
	const struct ctf_clock *c = in->cur->stream->sc->clock;
	uint64_t base;
	uint32_t i;

	if (c && c->freq != 1000000000) {
		for (i = 0; i < b->n; i++)
			time[i] = ctf_clock_ns(c, b->clock[i]);
		return;
	}
	base = ctf_clock_ns(c, 0);
	for (i = 0; i < b->n; i++)
		time[i] = b->clock[i] + base;
}

static unsigned int next_of(const struct input *in)
{
	return in->apart ? !in->now : in->now;
}

static void digest_all(struct input *in, struct timed *t)
{
	const struct block *b = &t->block;
	struct reader reader = { .slot = in->cur->slot };
	struct ctf_event ev = {
		.stream = in->cur->stream,
		.packet = &b->packet,
		.cpu = b->packet.cpu,
		.source = in->source,
		.data = b->data,
		.state = &reader,
	};
	uint32_t i;

	for (i = 0; i < b->batch.n; i++) {
		ev.cls = &in->cur->classes[b->batch.cls[i] & WALK_CLS]->pub;
		ev.clock = b->batch.clock[i];
		ev.at = b->batch.at[i];
		in->digest(in->digest_ctx, &ev);
		memcpy(t->digest[i], ev.digest, sizeof(ev.digest));
	}
	reader_free(&reader);
}

/* Fetches the next block of an input. */
static void fill_next(struct input *in)
{
	struct timed *next = in->timed[next_of(in)];
	struct block *b = &next->block;

	in->got = cursor_fill(in->cur, b,
			      in->apart ? &in->timed[in->now]->block : NULL,
			      &in->why);
	if (in->got <= 0)
		return;
	if (in->map.fn)
		in->map.fn(in->map.ctx, b->batch.clock, next->time, b->batch.n);
	else
		map_clock(in, &b->batch, next->time);
	if (in->digest)
		digest_all(in, next);
}

static void fill_task(struct task *t)
{
	fill_next((struct input *)t);
}

/* Gives out the next block of an input, and has the one behind it fetched. */
static int refill(struct ctf_merge *m, struct input *in, struct ctf_error *e)
{
	if (in->apart)
		ahead_wait(m->ahead, &in->fill);
	else
		fill_next(in);
	if (in->got < 0) {
		if (e)
			*e = in->why;
		return in->got;
	}
	in->done = !in->got;
	if (in->done)
		return 0;
	in->now = next_of(in);
	in->i = 0;
	in->n = in->timed[in->now]->block.batch.n;
	cursor_use(in->cur, &in->timed[in->now]->block);
	if (in->apart)
		ahead_push(m->ahead, &in->fill);
	return 0;
}

/* The first place at or behind @from whose time is >= @t, or > @t. */
static uint32_t find(const struct input *in, uint64_t t, bool above)
{
	const uint64_t *time = in->timed[in->now]->time;
	uint32_t lo = in->i, hi = in->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (time[mid] < t || (above && time[mid] == t))
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
					   in->timed[in->now]->time[in->n - 1];

		if (!in->done && (first == SIZE_MAX || last < t)) {
			t = last;
			first = i;
		}
	}
	for (i = 0; i < m->n && first != SIZE_MAX; i++) {
		struct input *in = m->in[i];
		const struct timed *now = in->timed[in->now];
		uint32_t from = in->i, to;

		if (in->done)
			continue;
		to = i == first ? in->n : find(in, t, i < first);
		if (to == from)
			continue;
		m->runs[runs++] = (struct slice){ now->time + from,
						  now->ref + from, to - from };
		in->i = to;
	}
	return runs;
}

/* The one of @x and @y that @second tells, 0 or all ones. */
#define CHOOSE(x, y, second) ((x) ^ (((x) ^ (y)) & (second)))

/*
 * At equal times the first run comes first. From both ends at once: what comes
 * next depends on what came before, and so two such chains take no longer than
 * one.
 */
static struct slice merge_two(const struct slice *a, const struct slice *b,
			      uint64_t *time, uint32_t *ref)
{
	const uint64_t *ta = a->time, *tb = b->time;
	const uint32_t *ra = a->ref, *rb = b->ref;
	size_t i = 0, k = 0, n = 0, rest;
	size_t ie = a->n, ke = b->n, total = ie + ke, end = total;

	while (i + 1 < ie && k + 1 < ke) {
		uint64_t x = ta[i], y = tb[k], second = -(uint64_t)(y < x);
		uint64_t u = ta[ie - 1], v = tb[ke - 1];
		uint64_t last = -(uint64_t)(u <= v);

		time[n] = CHOOSE(x, y, second);
		ref[n++] = CHOOSE(ra[i], rb[k], (uint32_t)second);
		k -= second;
		i += second + 1;
		time[--end] = CHOOSE(u, v, last);
		ref[end] = CHOOSE(ra[ie - 1], rb[ke - 1], (uint32_t)last);
		ke += last;
		ie -= last + 1;
	}
	while (i < ie && k < ke) {
		uint64_t second = -(uint64_t)(tb[k] < ta[i]);

		time[n] = CHOOSE(ta[i], tb[k], second);
		ref[n++] = CHOOSE(ra[i], rb[k], (uint32_t)second);
		k -= second;
		i += second + 1;
	}
	rest = ie - i;
	memcpy(time + n, ta + i, rest * sizeof(*time));
	memcpy(ref + n, ra + i, rest * sizeof(*ref));
	n += rest;
	rest = ke - k;
	memcpy(time + n, tb + k, rest * sizeof(*time));
	memcpy(ref + n, rb + k, rest * sizeof(*ref));
	return (struct slice){ time, ref, total };
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

static struct timed *timed_new(uint32_t input, bool digest)
{
	struct timed *t = malloc(sizeof(*t));
	uint32_t i;

	if (!t)
		return NULL;
	t->digest = digest ? malloc(BATCH * sizeof(*t->digest)) : NULL;
	if (digest && !t->digest) {
		free(t);
		return NULL;
	}
	t->block.batch.n = 0;
	for (i = 0; i < BATCH; i++)
		t->ref[i] = input << REF_BITS | i;
	return t;
}

static int start_input(struct ctf_merge *m, uint32_t i)
{
	struct input *in = m->in[i];

	in->fill.run = fill_task;
	in->timed[0] = timed_new(i, in->digest);
	in->apart = m->ahead && cursor_part_ways(in->cur);
	if (in->apart)
		in->timed[1] = timed_new(i, in->digest);
	if (!in->timed[0] || (in->apart && !in->timed[1]))
		return -ENOMEM;
	if (in->apart)
		ahead_push(m->ahead, &in->fill);
	return 0;
}

static int sorted_new(struct sorted *s, size_t inputs)
{
	s->time = malloc(inputs * BATCH * sizeof(*s->time));
	s->ref = malloc(inputs * BATCH * sizeof(*s->ref));
	return s->time && s->ref ? 0 : -ENOMEM;
}

static int start(struct ctf_merge *m, struct ctf_error *e)
{
	uint32_t i;

	m->started = true;
	m->runs = calloc(m->n + 1, sizeof(*m->runs));
	if (!m->runs)
		return fail_nomem(e);
	if (m->n > 1 &&
	    (sorted_new(&m->buf[0], m->n) || sorted_new(&m->buf[1], m->n)))
		return fail_nomem(e);
	if (m->jobs > 1 && m->n)
		m->ahead = ahead_new(m->jobs - 1, (unsigned int)m->n);
	for (i = 0; i < m->n; i++) {
		if (start_input(m, i))
			return fail_nomem(e);
	}
	return 0;
}

/* The next block; an empty one at the end. Apart, to keep what calls it small. */
static __attribute__((noinline)) int fill_block(struct ctf_merge *m, struct ctf_error *e)
{
	size_t i, runs;
	int ret = m->started ? 0 : start(m, e);

	m->at = 0;
	m->block.n = 0;
	for (i = 0; i < m->n && !ret; i++) {
		struct input *in = m->in[i];

		if (!in->done && in->i == in->n)
			ret = refill(m, in, e);
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
	const struct batch *b;
	struct ctf_cursor *c;
	struct input *in;
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
	in = m->in[ref >> REF_BITS];
	c = in->cur;
	b = &in->timed[in->now]->block.batch;
	c->ev.cls = &c->classes[b->cls[i] & WALK_CLS]->pub;
	c->ev.clock = b->clock[i];
	c->ev.time = m->block.time[m->at++];
	c->ev.at = b->at[i];
	if (in->digest)
		memcpy(c->ev.digest, in->timed[in->now]->digest[i],
		       sizeof(c->ev.digest));
	*ev = &c->ev;
	return 1;
}
